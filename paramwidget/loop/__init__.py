"""When: edits wait for a safe moment, looks follow a pulse, browsers come and go."""

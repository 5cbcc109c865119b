"""Every kind of edit: what it asks for, how it is done, and what it leaves to the journal."""

"""The small language of a tensor's formula: parsed, evaluated, never run as Python."""

"""Initializers: which there are, their arguments, their requirements and what they draw."""

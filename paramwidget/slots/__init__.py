"""Reads a model: its tree, its ties, what a target selects, and what has changed.

Nothing in this package writes to a tensor.
"""

"""What is there: the tree of a model, its ties, what a target means, whether content changed.

Nothing in this room writes to a tensor.
"""

"""Ways to fill a tensor: which there are, their arguments, what they need and what they draw."""

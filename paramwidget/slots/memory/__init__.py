"""Where tensors are in memory and whether they overlap, from addresses alone."""

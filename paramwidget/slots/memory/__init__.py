"""Where tensors lie and whether they overlap, from addresses alone."""

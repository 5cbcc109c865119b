"""Pictures: a tensor as a plane of at most H x W cells, and the numbers beside it."""

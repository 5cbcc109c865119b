"""Has the content of a tensor changed, and since when."""

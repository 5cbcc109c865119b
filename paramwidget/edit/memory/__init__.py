"""The only code that changes a tensor's bytes, and the inverses of those changes."""

"""One widget's messages in and out; it needs only a bench and a send function."""

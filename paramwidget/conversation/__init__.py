"""What is said: one widget's messages in and out, over a bench and a send function only."""

"""What is in the training split, before any model."""

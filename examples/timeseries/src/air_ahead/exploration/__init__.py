"""A look at the training split: what is in the data, before any model."""

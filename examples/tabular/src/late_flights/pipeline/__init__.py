"""The stages of the DVC pipeline, and the hyperparameter search."""

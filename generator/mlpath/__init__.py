"""mlpath creates working machine-learning projects, and keeps them up to date."""

__version__ = "0.17.0"

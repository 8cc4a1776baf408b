"""mlpath: from an empty folder to a working machine-learning project."""

__version__ = "0.8.4"

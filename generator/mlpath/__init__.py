"""mlpath: from an empty folder to a working machine-learning project."""

__version__ = "0.9.0.dev0"

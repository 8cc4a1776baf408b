"""`mlpath new-project`: from answers to a committed project."""

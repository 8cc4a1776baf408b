"""`mlpath new-project`: creates a committed project from answers and data."""

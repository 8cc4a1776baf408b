"""`mlpath update`, `status` and `add`: merge a newer template into a project."""

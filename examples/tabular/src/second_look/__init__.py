"""Second look."""

TITLE = "Second look"

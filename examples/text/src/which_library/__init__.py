"""Which library."""

TITLE = "Which library"

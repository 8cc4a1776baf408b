"""Air ahead."""

TITLE = "Air ahead"

"""Digit reader."""

TITLE = "Digit reader"

"""Versions of the template, its questions, rendering, and recorded answers."""

"""Silent bugs to try on a copy of the project: `uv run sabotage`."""

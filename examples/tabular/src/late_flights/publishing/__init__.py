"""`uv run publish`: the demo as a Hugging Face Space."""

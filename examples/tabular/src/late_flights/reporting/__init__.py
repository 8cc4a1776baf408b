"""The model card, and the generated parts of README and article."""

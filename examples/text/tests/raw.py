"""The raw data of the small project: what the project starts from."""

from importlib import import_module

from .package import Layout, data


def write(layout: Layout) -> None:
    """Fill `data/raw/` as the stage does."""
    import_module(f"{data.__package__}.fetch").main(layout)

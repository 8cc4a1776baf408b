"""Read a table or a query of an SQLite file: shop.db#orders."""

from __future__ import annotations

from mlpath.dataset.sources.database import read_file as convert

__all__ = ["convert"]

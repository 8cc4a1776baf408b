"""Missing and broken values among numbers and dates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.names import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlpath.dataset.results import ColumnStats
    from mlpath.dataset.sql import Table

MAX_STRAY = 0.02
"""Up to this share of texts among numbers are broken values rather than categories."""
MAX_UNPARSED = 300
"""Values that are examined if they are not numbers."""
_MAX_WORDS, _MAX_WORD_SHARE, _MIN_DISTINCT = 2, 0.3, 20
"""A word for a missing value that is not in the vocabulary: one or two, among many numbers."""


def split_missing(values: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the values that stand for a missing one, and the others."""
    missing = [value for value in values if value.lower() in vocabulary.MISSING_VALUES]
    return missing, [value for value in values if value not in missing]


def without_strays(table: Table, column: ColumnStats) -> ColumnStats | None:
    """Return a column of numbers or dates whose other values count as missing, if they are few."""
    value, text = sql.value(column), sql.present(column)
    parsed, present, integers = table.aggregate(
        f"count({value}), count({text}), count(*) FILTER ({value} = floor({value}))"
    )
    strays = table.select(
        f"{text}, count(*)",
        f"WHERE {text} IS NOT NULL AND {value} IS NULL GROUP BY 1 ORDER BY 2 DESC, 1 "
        f"LIMIT {MAX_UNPARSED}",
    )
    texts, count = [str(text) for text, _ in strays], present - parsed
    if not parsed or not _are_missing(column, texts, count / present):
        return None
    note = f"{count} values are not {column.type}s ({listed(texts[:3])}) and count as missing"
    first = table.select(sql.text(column.name), "LIMIT 1")[0][0]
    return replace(
        column, count=parsed, integer=column.type == "number" and parsed == integers,
        missing_values=(*column.missing_values, *texts), starts_with_text=first in texts,
        notes=(*column.notes, note) if count else column.notes,
    )  # fmt: skip


def _are_missing(column: ColumnStats, texts: list[str], share: float) -> bool:
    if column.type == "date" and any(map(str.isdecimal, texts)):
        # The missing values of all columns are read alike.
        return False
    if share <= MAX_STRAY or share * column.count <= 1 or not split_missing(texts)[1]:
        return True
    is_word = len(texts) <= _MAX_WORDS and not any(map(str.isdecimal, "".join(texts)))
    return is_word and share <= _MAX_WORD_SHARE and column.distinct > _MIN_DISTINCT

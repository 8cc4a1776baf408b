"""Choose the target column: by name, or the one that its name or position suggests."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from mlpath.dataset import vocabulary
from mlpath.dataset.columns import MAX_CLASSES
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlpath.dataset.results import Column


def find_column(path: Path, columns: Sequence[Column], name: str) -> Column:
    """Return the column that the user named, without regard to case if that is unambiguous.

    Raises:
        MlpathError: There is none, or more than one.
    """
    exact = [column for column in columns if column.name == name]
    variants = exact or _case_variants(columns, name.strip().lower())
    if len(variants) == 1:
        return variants[0]
    if variants:
        listed = " or ".join(repr(column.name) for column in variants)
        raise MlpathError(
            f"{path}: target column {name!r} is ambiguous: {listed}",
            hint="Write it as the header does.",
        )
    known = [column.name for column in columns]
    close = difflib.get_close_matches(name, known, 1, 0.5)
    suggestion = f"; did you mean {close[0]!r}?" if close else ""
    raise MlpathError(
        f"{path}: target column {name!r} not found{suggestion}",
        hint=f"Columns: {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}",  # noqa: PLR2004
    )


def _case_variants(columns: Sequence[Column], lower: str) -> list[Column]:
    # DuckDB makes names unique without regard to case: "Size" and "size" are Size and size_1.
    variant = re.compile(re.escape(lower) + r"(_\d+)?")
    variants = [column for column in columns if variant.fullmatch(column.name.lower())]
    exact = any(column.name.lower() == lower for column in variants)
    return variants if exact else []


def rank_targets(columns: Sequence[Column]) -> list[Column]:
    """Return the plausible targets, best first."""
    plausible = filter(_is_plausible, columns)
    return sorted(plausible, key=lambda column: -_score(column.name, columns[-1].name))


def _is_plausible(column: Column) -> bool:
    usable = column.role != "left_out" and column.count > 1
    return usable and (column.type == "number" or has_few_classes(column))


def has_few_classes(column: Column) -> bool:
    """Return whether a column's values can be classes."""
    is_class = column.type in {"category", "number"}
    return is_class and 2 <= column.distinct <= min(MAX_CLASSES, max(2, column.rows // 5))  # noqa: PLR2004


def _score(name: str, last: str) -> int:
    """Return how much a column's name and position suggest that it is the target."""
    word = name.strip().lower().replace(" ", "_")
    score = 3 * (word in vocabulary.STRONG_TARGET_NAMES) + 2 * (word in vocabulary.TARGET_NAMES)
    if not score and vocabulary.TIME_AND_PLACE_NAMES.search(name):
        return -1
    return score + (name == last)


def choose_target(
    path: Path, candidates: Sequence[Column], last: str
) -> tuple[Column | None, tuple[str, ...]]:
    """Return the best candidate, and what is ambiguous about it.

    Args:
        path: The file, for messages.
        candidates: Plausible targets, best first.
        last: Last column of the table.
    """
    if not candidates:
        return None, (f"{path.name}: no column looks like a target",)
    scores = [_score(column.name, last) for column in candidates]
    equal = candidates[: scores.count(scores[0])]
    if scores[0] > 0 and len(equal) > 1:
        return candidates[0], (f"{path.name}: {_listed(equal)} could be the target",)
    if scores[0] <= 0 and len(candidates) > 1:
        return candidates[0], (f"{path.name}: unclear which is the target: {_listed(candidates)}",)
    return candidates[0], ()


def _listed(columns: Sequence[Column]) -> str:
    *others, last = [repr(column.name) for column in columns[:4]]
    return f"{', '.join(others)} or {last}"

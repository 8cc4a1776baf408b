"""Choose the target column: by name, or the one that its name or position suggests."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from mlpath.dataset.columns import MAX_CLASSES
from mlpath.dataset.vocabulary import STRONG_TARGET_NAMES, TARGET_NAMES, TIME_AND_PLACE_NAMES
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlpath.dataset.results import Column, ColumnStats, TableStats


def find_column(path: Path, columns: Sequence[Column], name: str) -> str:
    """Return the column that the user named, without regard to case if that is unambiguous.

    Raises:
        MlpathError: There is none, or more than one.
    """
    known = [column.name for column in columns]
    if name in known:
        return name
    # DuckDB makes names unique without regard to case: "Size" and "size" are Size and size_1.
    lower = name.strip().lower()
    variants = [one for one in known if re.fullmatch(re.escape(lower) + r"(_\d+)?", one.lower())]
    if lower not in {variant.lower() for variant in variants}:
        variants = []
    if len(variants) == 1:
        return variants[0]
    if variants:
        raise MlpathError(
            f"{path}: target column {name!r} is ambiguous: {' or '.join(map(repr, variants))}",
            hint="Write it as the header does.",
        )
    close = difflib.get_close_matches(name, known, 1, 0.5)
    suggestion = f"; did you mean {close[0]!r}?" if close else ""
    raise MlpathError(
        f"{path}: target column {name!r} not found{suggestion}",
        hint=f"Columns: {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}",  # noqa: PLR2004
    )


def rank_targets(table: TableStats, columns: Sequence[Column]) -> list[str]:
    """Return the plausible targets, best first."""
    plausible = [
        column.name for column in columns if _is_plausible(column, table.by_name[column.name])
    ]
    return sorted(plausible, key=lambda name: -_score(name, columns[-1].name))


def _is_plausible(column: Column, stats: ColumnStats) -> bool:
    if column.role == "left_out" or column.type in {"date", "text"} or stats.count < 2:  # noqa: PLR2004
        return False
    return column.type == "number" or has_few_classes(stats)


def has_few_classes(stats: ColumnStats) -> bool:
    """Return whether a column's values can be classes."""
    return 2 <= stats.distinct <= min(MAX_CLASSES, max(2, stats.rows // 5))  # noqa: PLR2004


def _score(name: str, last: str) -> int:
    """Return how much a column's name and position suggest that it is the target."""
    normalized = name.strip().lower().replace(" ", "_")
    score = 3 if normalized in STRONG_TARGET_NAMES else 2 if normalized in TARGET_NAMES else 0
    if not score and TIME_AND_PLACE_NAMES.search(name):
        return -1
    return score + (name == last)


def choose_target(
    path: Path, candidates: Sequence[str], last: str
) -> tuple[str | None, tuple[str, ...]]:
    """Return the best candidate, and what is ambiguous about it.

    Args:
        path: The file, for messages.
        candidates: Plausible targets, best first.
        last: Last column of the table.
    """
    if not candidates:
        return None, (f"{path.name}: no column looks like a target",)
    best = _score(candidates[0], last)
    equal = [name for name in candidates if _score(name, last) == best]
    if best > 0 and len(equal) > 1:
        return candidates[0], (f"{path.name}: {_listed(equal)} could be the target",)
    if best <= 0 and len(candidates) > 1:
        return candidates[0], (f"{path.name}: unclear which is the target: {_listed(candidates)}",)
    return candidates[0], ()


def _listed(names: Sequence[str]) -> str:
    *others, last = map(repr, names[:4])
    return f"{', '.join(others)} or {last}"

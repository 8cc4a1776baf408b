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
    names = [column.name for column in columns]
    plausible = filter(_is_plausible, columns)
    return sorted(plausible, key=lambda column: _rank(column.name, names), reverse=True)


def _is_plausible(column: Column) -> bool:
    usable = column.role != "left_out" and column.count > 1
    return usable and (column.type == "number" or has_few_classes(column))


def has_few_classes(column: Column) -> bool:
    """Return whether a column's values can be classes."""
    is_class = column.type in {"category", "number"}
    return is_class and 2 <= column.distinct <= min(MAX_CLASSES, max(2, column.rows // 5))  # noqa: PLR2004


_STRONG, _NAMED, _WORD, _UNNAMED, _TIME_OR_PLACE = 3, 2, 1, 0, -1


def _rank(name: str, names: Sequence[str]) -> tuple[int, bool]:
    return name_tier(name, names), name == names[-1]


def name_tier(name: str, names: Sequence[str]) -> int:
    """Return how much a column's name suggests that it is the target, from -1 to 3."""
    words, others = vocabulary.words(name), {other.strip().lower() for other in names}
    word = "_".join(words)
    if vocabulary.PAIRED_NAMES.get(word, "") in others and len(names) > 2:  # noqa: PLR2004
        return _TIME_OR_PLACE if word == "y" else _NAMED
    if word in vocabulary.STRONG_TARGET_NAMES:
        return _STRONG
    if {word, name.strip().lower()} & vocabulary.TARGET_NAMES:
        return _NAMED
    if vocabulary.TARGET_WORDS.intersection(words):
        return _WORD
    return _TIME_OR_PLACE if vocabulary.TIME_AND_PLACE_NAMES.search(name) else _UNNAMED


def choose_target(
    path: Path, candidates: Sequence[Column], names: Sequence[str]
) -> tuple[Column | None, tuple[str, ...]]:
    """Return the best candidate, and what is ambiguous about it; `names` are of all columns."""
    if not candidates:
        return None, (f"{path.name}: no column looks like a target",)
    best, *others = candidates
    rivals = _rivals(best, others, names)
    if not rivals:
        return best, ()
    return best, (f"{path.name}: unclear which is the target: {_listed([best, *rivals])}",)


def _rivals(best: Column, others: Sequence[Column], names: Sequence[str]) -> Sequence[Column]:
    """Return the candidates that are as plausible as the best one."""
    tier, is_last = _rank(best.name, names)
    equal = [column for column in others if name_tier(column.name, names) == tier]
    if tier > _WORD:
        return equal
    if tier == _WORD:
        return [] if is_last else equal or _last_number(best, others, names)
    is_last_of_others = tier == _UNNAMED and is_last and not _is_category(best, others)
    return _first_pair(best, others, names) if is_last_of_others else others


def _first_pair(best: Column, others: Sequence[Column], names: Sequence[str]) -> list[Column]:
    """Return the first column if it has two categories, and the best candidate is a number.

    Many tables begin with their target, but one of people may begin with their sex.
    """
    first = [column for column in others if column.name == names[0]]
    is_pair = all(column.type == "category" and column.distinct == 2 for column in first)  # noqa: PLR2004
    is_sex = vocabulary.SEX.intersection(vocabulary.words(names[0]))
    return first if is_pair and not is_sex and best.type == "number" and best.distinct > 2 else []  # noqa: PLR2004


def _last_number(best: Column, others: Sequence[Column], names: Sequence[str]) -> list[Column]:
    """Return the last column if the best candidate has many values and a telling word only."""
    last = [column for column in others if column.name == names[-1]]
    return [] if has_few_classes(best) else last


def _is_category(best: Column, others: Sequence[Column]) -> bool:
    """Return whether another column is named a category, and all are categories."""
    is_named = any("category" in vocabulary.words(column.name) for column in others)
    return is_named and all(column.type == "category" for column in (best, *others))


def _listed(columns: Sequence[Column]) -> str:
    *others, last = [repr(column.name) for column in columns[:4]]
    return f"{', '.join(others)} or {last}"

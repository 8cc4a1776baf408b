"""Parts of `schema.yaml` that several domains share."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlpath.dataset import MAX_PROJECT_ROWS, ReadOptions
from mlpath.dataset.columns import MIN_CATEGORY_ROWS
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Column, DatasetProfile

MIN_ROWS = 50
MIN_CLASS_ROWS = MIN_CATEGORY_ROWS
MAX_CLASS_SLICES = 12
"""With more classes, metrics are not reported per class."""


def read_options(profile: DatasetProfile) -> dict[str, Any]:
    """Return how the table is read, without the defaults, and how many rows of a large one."""
    options = profile.read_options
    assert options is not None  # noqa: S101 - only images have none
    defaults = asdict(ReadOptions(file=""))
    changed = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(options).items()
        if value != defaults[key]
    }
    is_large = profile.rows > MAX_PROJECT_ROWS
    return changed | ({"most_rows": MAX_PROJECT_ROWS} if is_large else {})


def column_entry(column: Column, **others: Any) -> dict[str, Any]:
    """Return the entry of a column, with its header if that differs from its name."""
    header = {"column": column.name} if column.name != column.key else {}
    return {"name": column.key, **others, **header}


def unit(column: Column) -> dict[str, str]:
    """Return the entry of a number's unit or currency, if the file writes one beside it."""
    names = [
        text.strip()
        for text, replacement in column.replace
        if not replacement and any(map(_names_unit, text))
    ]
    if column.type != "number" or len({name.lower().rstrip("s.") for name in names}) != 1:
        return {}  # several currencies
    name = min(names, key=lambda name: (len(name), name))
    # With the unit h, a schema means a time of day.
    return {"unit": "hours" if name == "h" else name}


def _names_unit(character: str) -> bool:
    return character in "%‰°" or unicodedata.category(character) in {"Ll", "Lu", "Sc"}


def left_out(profile: DatasetProfile) -> list[dict[str, str]]:
    """Return the columns that are left out, with their reasons."""
    return [
        {"column": column.name, "reason": column.reason}
        for column in profile.columns
        if column.role == "left_out"
    ]


def require_target(profile: DatasetProfile) -> Column:
    """Return the target column.

    Raises:
        MlpathError: There is none, or the table has too few rows.
    """
    if profile.target_column is None:
        raise MlpathError(
            f"{profile.path.name}: no column looks like a target",
            hint="Choose one: --target COLUMN",
        )
    require_rows(profile, "rows")
    return profile.target_column


def require_rows(profile: DatasetProfile, noun: str) -> None:
    """Check the number of rows or images.

    Raises:
        MlpathError: There are too few.
    """
    if profile.rows < MIN_ROWS:
        raise MlpathError(
            f"{profile.path.name} has {profile.rows} {noun}; training and testing need at least "
            f"{MIN_ROWS}",
            hint=f"Add more {noun}.",
        )


def rare_classes(profile: DatasetProfile) -> list[str]:
    """Return the classes with too few rows for three splits.

    Values that stand for a missing number in the target are included: such rows have no class.

    Raises:
        MlpathError: Fewer than two classes are left.
    """
    if profile.task != "classification":
        return []
    rare = [name for name, count in profile.classes if count < MIN_CLASS_ROWS]
    if len(profile.classes) - len(rare) < 2:  # noqa: PLR2004
        images = profile.kind == "images"
        classes = "folders" if images else f"values of {profile.target!r}"
        noun = "images" if images else "rows"
        raise MlpathError(
            f"{profile.path.name}: fewer than two {classes} have at least {MIN_CLASS_ROWS} {noun}",
            hint=f"Add more {noun} of each class{'' if images else ', or use another --target'}.",
        )
    target = profile.target_column
    return [*rare, *(target.missing_values if target else ())]


def class_names(profile: DatasetProfile) -> list[str]:
    """Return the classes that are not too rare."""
    rare = rare_classes(profile)
    return [name for name, _ in profile.classes if name not in rare]


def class_answers(profile: DatasetProfile, class_slice: str, slices: list[str]) -> dict[str, Any]:
    """Return metric and slices of a classifier: accuracy, or F1 if a class is rare.

    `class_slice` is used beside the other slices if the classes are balanced and not too many.
    """
    names = class_names(profile)
    counts = [count for name, count in profile.classes if name in names]
    if min(counts) < sum(counts) / len(counts) / 2:
        return {"metric": "f1", "slices": slices}
    by_class = [class_slice] if len(names) <= MAX_CLASS_SLICES else []
    return {"metric": "accuracy", "slices": [*by_class, *slices]}

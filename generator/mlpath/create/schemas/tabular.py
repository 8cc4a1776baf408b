"""Schema of a table: target and features with their types, ranges and categories."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import common
from mlpath.dataset import sql
from mlpath.dataset.columns import MAX_FEATURES, frequent_categories
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlpath.dataset import Column, DatasetProfile

COMMENT = """\
# Ranges and categories are those in the data: widen them where other values are possible, add units
# and better labels, and move columns between `features` and `left_out`.
"""
_RARE_CLASS = 0.05
"""Below this share of the rarer class, ROC AUC overstates the quality of a model."""
_MIN_COMBINATIONS = 20
"""With fewer different combinations of values per row, equal rows are not duplicates."""


def build_schema(profile: DatasetProfile, source: str, license_name: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: The table is not enough to train a model.
    """
    target, features = common.require_target(profile), _features(profile)
    rare = common.rare_classes(profile)
    if not features:
        raise MlpathError(
            f"{profile.path.name} has no column to predict {target.name!r} from",
            hint="`mlpath inspect` lists the columns that were left out, and why.",
        )
    reading, hours = common.read_options(profile), _hours_of_dates(profile, features)
    if hours:
        computed = {entry["name"]: expression for entry, expression in hours}
        reading["computed"] = reading.get("computed", {}) | computed
    entries = [_feature_entry(column) for column in features] + [entry for entry, _ in hours]
    schema: dict[str, Any] = {
        "source": source,
        "licence": license_name,
        "reading": reading,
        "target": _target_entry(target, profile),
        "features": entries[:MAX_FEATURES],
        "left_out": _left_out(profile, features),
    }
    if profile.positive:
        schema["positive"] = profile.positive
    if rare:
        schema["too_rare"] = rare
    if _rows_repeat(profile, features[:MAX_FEATURES]):
        schema["repeats"] = True
    return schema | _group(profile, features[:MAX_FEATURES])


def _group(profile: DatasetProfile, features: list[Column]) -> dict[str, Any]:
    copied = [column.key for column in features if column.name in profile.copied]
    names = [profile.group] if profile.group else copied
    return {"group": names} if names else {}


def data_answers(profile: DatasetProfile) -> dict[str, Any]:
    """Return metric, number of rows, and slices: by two columns, preferably of few categories."""
    features = _features(profile)[:MAX_FEATURES]
    few = [column for column in features if column.type == "category" and column.distinct <= 10]  # noqa: PLR2004
    numbers = [column for column in features if column.type == "number"]
    slices = [column.key for column in (*few, *numbers)][:2]
    return {"metric": _metric(profile), "rows": profile.rows, "slices": slices}


def _features(profile: DatasetProfile) -> list[Column]:
    return [
        column
        for column in profile.columns
        if column.role in {"feature", "time"}
        and (column.type in {"number", "date"} or (column.type == "category" and column.top_values))
    ]


def _hours_of_dates(
    profile: DatasetProfile, features: list[Column]
) -> list[tuple[dict[str, Any], str]]:
    """Return the hour of each date with different times, and its SQL: a date itself is a day."""
    taken = {name.lower() for column in profile.columns for name in (column.name, column.key)}
    dates = [
        column
        for column in features
        if column.type == "date" and not column.replace and _has_times(column)
    ]
    return [
        (
            {"name": name, "label": f"{column.label}: hour", "kind": "number", "whole": True}
            | {"minimum": 0, "maximum": 23}
            | _nullable(column),
            _hour(column),
        )
        for column in dates[: max(MAX_FEATURES - len(features), 0)]
        if (name := f"{column.key}_hour") not in taken
    ]


def _hour(column: Column) -> str:
    cell, date_format = sql.identifier(column.name), column.date_format
    if not date_format:
        return f"hour(TRY_CAST({cell} AS TIMESTAMP))"
    return f"hour(try_strptime(trim(CAST({cell} AS VARCHAR)), {sql.literal(date_format)}))"


def _has_times(column: Column) -> bool:
    # Not the median, which may be between two days.
    ends = (column.minimum, column.maximum)
    return len({value % 1 for value in ends if value is not None}) > 1


def _left_out(profile: DatasetProfile, features: list[Column]) -> list[dict[str, str]]:
    spare = features[MAX_FEATURES:]
    unused = [c for c in profile.columns if c.role != "target" and c not in features]
    reasons = {column.name: column.reason or _unusable(column) for column in unused}
    reasons |= {column.name: f"more than {MAX_FEATURES} features" for column in spare}
    return [{"column": name, "reason": reason} for name, reason in reasons.items()]


def _unusable(column: Column) -> str:
    return "free text" if column.type == "text" else "empty in the first rows"


def _target_entry(target: Column, profile: DatasetProfile) -> dict[str, Any]:
    if profile.task != "classification":
        return _feature_entry(target)
    entry = common.column_entry(target, label=target.label, kind="category")
    return entry | {"choices": common.class_names(profile)} | _nullable(target)


def _feature_entry(column: Column) -> dict[str, Any]:
    entry = common.column_entry(column, label=column.label, kind=column.type)
    if column.type == "category":
        return entry | _categories(column) | _nullable(column)
    entry |= common.unit(column)
    if column.integer:
        entry["whole"] = True
    entry |= _range(column)
    if column.date_format:
        entry["date_format"] = column.date_format
    return entry | _nullable(column)


def _nullable(column: Column) -> dict[str, Any]:
    return {"nullable": True} if column.missing else {}


def _categories(column: Column) -> dict[str, Any]:
    choices = frequent_categories(column)
    return {"choices": choices} | ({"others": True} if column.distinct > len(choices) else {})


def _range(column: Column) -> dict[str, Any]:
    """Return the range of the values, rounded outwards; it starts at 0 if none is negative."""
    if column.minimum is None or column.maximum is None:
        return {}
    if column.type == "date":
        return {"minimum": math.floor(column.minimum), "maximum": math.ceil(column.maximum)}
    low = 0 if column.minimum >= 0 else _rounded(column.minimum, math.floor)
    high = _rounded(column.maximum, math.ceil)
    if column.integer:
        return {"minimum": int(low), "maximum": int(high)}
    return {"minimum": low, "maximum": high}


def _rounded(value: float, rounding: Callable[[float], int], digits: int = 3) -> float:
    if not value or not math.isfinite(value):
        return 0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    scaled = rounding(value * 10.0**places)
    return float(scaled * 10**-places if places <= 0 else scaled / 10**places)


def _rows_repeat(profile: DatasetProfile, features: list[Column]) -> bool:
    combinations = math.prod(float(column.distinct + (column.missing > 0)) for column in features)
    duplicates = profile.duplicate_rows or 0
    few = combinations < _MIN_COMBINATIONS * profile.rows
    return few or duplicates > profile.rows // 20 or profile.lookalikes > duplicates


def _metric(profile: DatasetProfile) -> str:
    if profile.task == "regression":
        return "r2"
    counts = [count for _, count in profile.classes if count >= common.MIN_CLASS_ROWS]
    if len(counts) > 2:  # noqa: PLR2004
        return "f1"
    is_rare = min(counts, default=0) < _RARE_CLASS * sum(counts)
    return "average_precision" if is_rare else "roc_auc"

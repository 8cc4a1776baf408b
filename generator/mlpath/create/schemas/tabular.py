"""The schema of a table: its columns, what they may hold, and which of them no model is to see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import LEAST_OF_A_CLASS, reading_of, target_of, too_rare
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlpath.dataset import Column, Findings

ADVICE = """\
# Ranges and categories are those that were seen: widen what may well be otherwise, put units and
# better labels in, and move a column between `features` and `left_out` as you see fit.
"""
MOST_FEATURES = 100
"""A page with more inputs is none that anybody fills in."""
MOST_CHOICES = 30
RARE = 0.05
"""Below this share of the rarer class, a ranking of mostly easy cases flatters every model."""
_COMBINATIONS = 20
"""Where the columns allow fewer different rows than this times the rows there are, equal rows are
no copies of each other."""


def document(findings: Findings, source: str, licence: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: There is too little to learn from.
    """
    target = target_of(findings)
    features, spare = _features(findings)[:MOST_FEATURES], _features(findings)[MOST_FEATURES:]
    if not features:
        raise MlpathError(
            f"{findings.path.name} has no column to predict {target.name!r} from",
            hint="mlpath inspect names each column that was left out, and why.",
        )
    rare = too_rare(findings)
    written: dict[str, Any] = {
        "source": source,
        "licence": licence,
        "reading": reading_of(findings.reading),
        "target": _described(target, findings, rare),
        "features": [_described(column, findings) for column in features],
        "left_out": [
            {"column": column.name, "reason": column.reason or _unfit(column)}
            for column in findings.columns
            if column.role != "target" and column not in features and column not in spare
        ]
        + [
            {"column": column.name, "reason": f"the first {MOST_FEATURES} inputs are enough"}
            for column in spare
        ],
    }
    if findings.task == "classification" and findings.positive:
        written["positive"] = findings.positive
    if rare:
        written["too_rare"] = rare
    if _rows_repeat(findings, features):
        written["repeats"] = True
    return written


def turned(findings: Findings) -> dict[str, Any]:
    """Return which metric decides, and on which columns the quality is told apart."""
    return {"metric": _metric(findings), "slices": _slices(findings)}


def _features(findings: Findings) -> list[Column]:
    return [
        column
        for column in findings.columns
        if column.role in {"feature", "time"}
        and (column.type in {"number", "date"} or (column.type == "category" and column.choices))
    ]


def _unfit(column: Column) -> str:
    return "free text" if column.type == "text" else "empty in the first rows"


def _described(column: Column, findings: Findings, rare: list[str] | None = None) -> dict[str, Any]:
    is_class = column.role == "target" and findings.task == "classification"
    kind = "category" if is_class else column.type
    described: dict[str, Any] = {"name": column.key, "label": column.label, "kind": kind}
    if column.name != column.key:
        described["column"] = column.name
    if kind == "category":
        counted = findings.classes if is_class else column.choices
        described |= _categories(column, counted, findings.rows, rare)
    else:
        described |= ({"whole": True} if column.integer else {}) | _range(column)
        if column.date_format:
            described["date_format"] = column.date_format
    if column.missing:
        described["nullable"] = True
    return described


def _categories(
    column: Column, counted: tuple[tuple[str, int], ...], rows: int, rare: list[str] | None
) -> dict[str, Any]:
    if rare is not None:
        return {"choices": [name for name, _ in counted if name not in rare]}
    # A category that a split may well not have is learnt as one of the others.
    least = max(LEAST_OF_A_CLASS, rows // 1000)
    kept = [name for name, count in counted if count >= least][:MOST_CHOICES] or [counted[0][0]]
    return {"choices": kept} | ({"others": True} if column.distinct > len(kept) else {})


def _range(column: Column) -> dict[str, Any]:
    """Return the range that was seen, rounded outwards; what was never negative starts at zero."""
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
    """Return a number of few digits beside the value, as a person would write a limit."""
    if not value or not math.isfinite(value):
        return 0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    scaled = rounding(value * 10.0**places)
    return float(scaled * 10**-places if places <= 0 else scaled / 10**places)


def _rows_repeat(findings: Findings, features: list[Column]) -> bool:
    kinds = 1.0
    for column in features:
        kinds *= column.distinct + (column.missing > 0)
    copies = findings.duplicates or 0
    return kinds < _COMBINATIONS * findings.rows or copies > findings.rows // 20


def _metric(findings: Findings) -> str:
    if findings.task == "regression":
        return "r2"
    counts = [count for _, count in findings.classes if count >= LEAST_OF_A_CLASS]
    if len(counts) > 2:  # noqa: PLR2004
        return "f1"
    return "average_precision" if min(counts, default=0) < RARE * sum(counts) else "roc_auc"


def _slices(findings: Findings) -> list[str]:
    """Return two columns: those of few categories say most to a reader, then the numbers."""
    features = _features(findings)[:MOST_FEATURES]
    few = [one for one in features if one.type == "category" and 2 <= one.distinct <= 10]  # noqa: PLR2004
    numbers = [one for one in features if one.type == "number"]
    return [column.key for column in (*few, *numbers)][:2]

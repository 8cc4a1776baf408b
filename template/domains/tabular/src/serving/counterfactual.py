"""The smallest change of one input that changes the decision, found by trying values over the input's range."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from .prediction import Prediction, explained_scores, is_decisive, to_prediction
from .predictor import Predictor, Row

# The most important inputs, and the values tried for each of them.
INPUTS, STEPS = 12, 64

Column = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A new value of one input."""

    column: Column
    old: Any
    new: Any
    prediction: Prediction  # with the new value
    shift: float  # by how much it differs, in the unit of the explanation
    decisive: bool  # whether it differs enough to be another decision


def smallest_change(predictor: Predictor, row: Row) -> Change | None:
    """Return the smallest decisive change of one of the most important inputs; without one, that of the largest effect.

    The size of a change is relative to the input's range; a change of a category counts as the whole range. The other
    inputs stay the same, so the changed row may be one that never occurs. None if no input has another value.
    """
    complete = predictor.complete(row)
    columns = [column for column in predictor.inputs[:INPUTS] if complete[column["name"]] is not None]
    pairs = [(column, value) for column in columns for value in _values(column, complete[column["name"]])]
    scores = predictor.scores([complete, *({**complete, column["name"]: value} for column, value in pairs)])
    record = predictor.champion.record
    explained, decisive = explained_scores(scores, record), is_decisive(scores, record)
    changes = [
        Change(
            column=column,
            old=complete[column["name"]],
            new=value,
            prediction=to_prediction(scores[index], record),
            shift=float(explained[index] - explained[0]),
            decisive=bool(decisive[index]),
        )
        for index, (column, value) in enumerate(pairs, start=1)
    ]
    if any(change.decisive for change in changes):
        return min((change for change in changes if change.decisive), key=_size)
    return max(changes, key=lambda change: abs(change.shift), default=None)


def _values(column: Column, old: Any) -> list[Any]:
    """Return the other categories, or values over the range, rounded as they are shown."""
    if column["kind"] == "category":
        return [choice for choice in column["choices"] if choice != old]
    low, high = _place(column, column["minimum"]), _place(column, column["maximum"])
    places: list[float] = np.linspace(low, high, STEPS).tolist()
    if column["kind"] == "date":
        return [date.fromordinal(round(place)).isoformat() for place in places]
    rounded = [float(round(place)) if column["whole"] else float(f"{place:.4g}") for place in places]
    return [float(np.clip(value, low, high)) for value in rounded]


def _size(change: Change) -> float:
    column = change.column
    if column["kind"] == "category":
        return 1.0
    low, high = _place(column, column["minimum"]), _place(column, column["maximum"])
    return abs(_place(column, change.new) - _place(column, change.old)) / max(high - low, 1e-9)


def _place(column: Column, value: Any) -> float:
    """Return the value as a number on the input's range."""
    return float(date.fromisoformat(value).toordinal() if column["kind"] == "date" else value)

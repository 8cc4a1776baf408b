"""The smallest change of one input that changes the decision, found by trying values over the input's range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from .prediction import Prediction, explained_scores, is_decisive, to_prediction
from .predictor import Predictor, Row

# The most important inputs, and the values tried for each of them.
INPUTS, STEPS = 12, 32

Column = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A new value of one input.

    Attributes:
        column: the input.
        old: its value.
        new: its new value.
        prediction: the prediction with the new value.
        shift: by how much it differs, in the unit of the explanation.
        decisive: whether it differs enough to be another decision.
    """

    column: Column
    old: Any
    new: Any
    prediction: Prediction
    shift: float
    decisive: bool


def smallest_change(predictor: Predictor, row: Row) -> Change | None:
    """Return the smallest decisive change of one of the most important inputs; without one, that of the largest effect.

    The size of a change is relative to the input's range; a change of a category counts as the whole range. The other
    inputs stay the same, so the changed row may be one that never occurs. None if no input has another value.
    """
    complete = predictor.complete(row)
    columns = [column for column in predictor.inputs[:INPUTS] if complete[column["name"]] is not None]
    changes = _try(predictor, complete, [(column, _values(column, complete[column["name"]])) for column in columns])
    decisive = [change for change in changes if change.decisive]
    if not decisive:
        return max(changes, key=lambda change: abs(change.shift), default=None)
    return _shorten(predictor, complete, min(decisive, key=_size))


def _shorten(predictor: Predictor, complete: Row, change: Change) -> Change:
    """Return the first decisive change on the way from the old value to the new one, in smaller steps."""
    column = change.column
    if column["kind"] == "category":
        return change
    path = _between(column, _place(column, change.old), _place(column, change.new))
    return next((step for step in _try(predictor, complete, [(column, path)]) if step.decisive), change)


def _try(predictor: Predictor, complete: Row, options: Sequence[tuple[Column, Sequence[Any]]]) -> list[Change]:
    """Return a change for each value of some inputs, in order."""
    pairs = [(column, value) for column, values in options for value in values]
    scores = predictor.scores([complete, *({**complete, column["name"]: value} for column, value in pairs)])
    record = predictor.champion.record
    explained, decisive = explained_scores(scores, record), is_decisive(scores, record)
    return [
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


def _values(column: Column, old: Any) -> list[Any]:
    if column["kind"] == "category":
        return [choice for choice in column["choices"] if choice != old]
    return _between(column, _place(column, column["minimum"]), _place(column, column["maximum"]))


def _between(column: Column, start: float, end: float) -> list[Any]:
    """Return values from start to end, rounded as they are shown; the last one is the end itself."""
    places: list[float] = np.linspace(start, end, STEPS)[:-1].tolist()
    if column["kind"] == "date":
        return [date.fromordinal(round(place)).isoformat() for place in [*places, end]]
    places = [float(round(place)) if column["whole"] else float(f"{place:.4g}") for place in places]
    return [*(float(np.clip(place, column["minimum"], column["maximum"])) for place in places), end]


def _size(change: Change) -> float:
    column = change.column
    if column["kind"] == "category":
        return 1.0
    low, high = _place(column, column["minimum"]), _place(column, column["maximum"])
    return abs(_place(column, change.new) - _place(column, change.old)) / max(high - low, 1e-9)


def _place(column: Column, value: Any) -> float:
    """Return the value as a number on the input's range."""
    return float(date.fromisoformat(value).toordinal() if column["kind"] == "date" else value)

"""Serving: check an input row, predict, explain. Needs NumPy and ONNX Runtime, nothing of the training side."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .champion import Champion, load_champion, of_another_make

Row = Mapping[str, Any]
EPOCH = date(1970, 1, 1)
_MIDNIGHT = re.compile(r"[ T]00:00(:00)?$")
# What a record says of each input.
_SAID = frozenset({"name", "label", "kind", "unit", "whole", "nullable", "others", "choices", "default"})
# As `data.py` names what is empty, and what is not among the choices.
MISSING, OTHER = "(missing)", "(other)"


class InvalidInputError(ValueError):
    """An input that the model must not be asked about; the message is for the person who typed it."""


@dataclass(frozen=True)
class Answer:
    """What the model says of one row: probabilities by class (classification), or a number (regression)."""

    label: str
    probabilities: dict[str, float]
    value: float | None
    unit: str


@dataclass(frozen=True)
class Contribution:
    """How far one input moves the answer away from what its typical value would give."""

    name: str
    label: str
    shift: float


class Predictor:
    """The champion, ready to answer."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one row at a time: more threads only wait for each other
        self.champion = champion
        self.inputs: tuple[Mapping[str, Any], ...] = tuple(champion.record["inputs"])
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name

    def complete(self, row: Row) -> dict[str, Any]:
        """The row with defaults for what it leaves out, checked and typed.

        Raises:
            InvalidInputError: an unknown name, something that is no finite number, or a choice that does not exist.
        """
        known = {column["name"] for column in self.inputs}
        if unknown := sorted(set(row) - known):
            raise InvalidInputError(f"There is no input called {', '.join(unknown)}.")
        return {column["name"]: _check(column, row.get(column["name"], column["default"])) for column in self.inputs}

    def scores(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Probabilities of shape (rows, classes), or numbers of shape (rows,), for complete rows."""
        feeds = {
            column["name"]: np.array(
                [[_as_served(column, row[column["name"]])] for row in rows],
                dtype=object if column["kind"] == "category" else np.float32,
            )
            for column in self.inputs
        }
        output = np.asarray(self._session.run([self._output], feeds)[0], dtype=np.float64)
        return output if self.classes else output.reshape(len(rows))

    def predict(self, row: Row) -> Answer:
        """The answer for one row; inputs that are left out take their typical value."""
        scores = self.scores([self.complete(row)])[0]
        target = self.champion.record["target"]
        if not self.classes:
            return Answer(label=target["label"], probabilities={}, value=float(scores), unit=target["unit"])
        probabilities = {name: float(score) for name, score in zip(self.classes, scores, strict=True)}
        likeliest = max(probabilities, key=probabilities.__getitem__)
        return Answer(label=likeliest, probabilities=probabilities, value=None, unit="")

    def explain(self, row: Row) -> list[Contribution]:
        """Each input's pull on the answer, strongest first.

        One input at a time is set back to its typical value (the training median) and the change of the answer is
        read off: the probability of the positive (or likeliest) class, or the number. Inputs that only act together
        share no credit this way; it is a sensitivity, not a cause.
        """
        complete = self.complete(row)
        typical = [complete | {column["name"]: column["default"]} for column in self.inputs]
        scores = self.scores([complete, *typical])
        if self.classes:
            scores = scores[:, self.explained_class(scores[0])]
        contributions = [
            Contribution(column["name"], column["label"], float(scores[0] - score))
            for column, score in zip(self.inputs, scores[1:], strict=True)
        ]
        return sorted(contributions, key=lambda one: -abs(one.shift))

    def explained_class(self, probabilities: NDArray[np.float64]) -> int:
        """The class that an explanation is about: the positive one of two, else the likeliest."""
        positive = self.champion.record["positive"]
        return self.classes.index(positive) if positive in self.classes else int(probabilities.argmax())


def _as_served(column: Mapping[str, Any], value: Any) -> float | str:
    """A checked value as the model takes it: a date as days since 1970-01-01, a missing number as nan."""
    if column["kind"] == "category":
        return str(value)
    if value is None:
        return math.nan
    return float((date.fromisoformat(value) - EPOCH).days) if column["kind"] == "date" else float(value)


def _check(column: Mapping[str, Any], value: Any) -> float | str | None:
    # As `reading.py` strips the cells of the table.
    value = value.strip(" ") if isinstance(value, str) else value
    missing = value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    if column["kind"] == "category":
        return _check_category(column, MISSING if missing else str(value))
    if missing and column["nullable"]:
        return None
    return _check_date(column, value) if column["kind"] == "date" else _check_number(column, value)


def _check_category(column: Mapping[str, Any], value: str) -> str:
    if value in column["choices"]:
        return value
    if column["others"] and value != MISSING:
        return OTHER
    raise InvalidInputError(f"{column['label']} must be one of {', '.join(column['choices'])}.")


def _check_date(column: Mapping[str, Any], value: Any) -> str:
    try:
        # Rows of the splits hold days; a calendar may write midnight behind its date.
        written = _MIDNIGHT.sub("", str(value))
        day = EPOCH + timedelta(days=int(value)) if isinstance(value, float) else date.fromisoformat(written)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{column['label']} must be a date such as {column['default']}.") from None
    if not date.fromisoformat(column["minimum"]) <= day <= date.fromisoformat(column["maximum"]):
        raise InvalidInputError(f"{column['label']} must lie between {column['minimum']} and {column['maximum']}.")
    return day.isoformat()


def _check_number(column: Mapping[str, Any], value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{column['label']} must be a number.") from None
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise InvalidInputError(f"{column['label']} must be a finite number.")
    low, high = column["minimum"], column["maximum"]
    if not low <= number <= high:
        raise InvalidInputError(
            f"{column['label']} must lie between {low:g} and {high:g}; the model knows nothing of {number:g}."
        )
    if column["whole"] and number != int(number):
        raise InvalidInputError(f"{column['label']} must be a whole number; {number:g} is not.")
    return number


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, not the file that `champion.json` was written for, or of an older make.
    """
    champion, model = load_champion(folder)
    for column in champion.record["inputs"]:
        if unsaid := sorted(_SAID - set(column)):
            raise of_another_make(", ".join(unsaid))
    return Predictor(champion, model)

"""Serving: check an input row, predict, explain. Needs NumPy and ONNX Runtime, nothing of the training side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .champion import Champion, load_champion

Row = Mapping[str, Any]


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
                [[row[column["name"]]] for row in rows],
                dtype=np.float32 if column["kind"] == "number" else object,
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


def _check(column: Mapping[str, Any], value: Any) -> float | str:
    if column["kind"] == "category":
        if str(value) not in column["choices"]:
            raise InvalidInputError(f"{column['label']} must be one of {', '.join(column['choices'])}.")
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"{column['label']} must be a number.") from None
    if not math.isfinite(number):
        raise InvalidInputError(f"{column['label']} must be a finite number.")
    low, high = column["minimum"], column["maximum"]
    if not low <= number <= high:
        raise InvalidInputError(
            f"{column['label']} must lie between {low:g} and {high:g}; the model knows nothing of {number:g}."
        )
    return number


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, or not the file that `champion.json` was written for.
    """
    champion, model = load_champion(folder)
    return Predictor(champion, model)

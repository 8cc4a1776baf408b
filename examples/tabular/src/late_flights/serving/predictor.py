"""Prediction and explanation with the champion. Needs NumPy and ONNX Runtime only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..data.features import DERIVED, derive
from ..models.outputs import convert_output
from .champion import Champion, ChampionError, load_champion
from .inputs import KEYS, InvalidInputError, check_input, encode_input
from .prediction import Prediction, explained_scores, to_prediction

__all__ = ["Contribution", "InvalidInputError", "Prediction", "Predictor", "load_predictor"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Contribution:
    """By how much an input changes the prediction, compared with its default value."""

    name: str
    label: str
    shift: float


class Predictor:
    """The loaded champion."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more threads slow down a single row
        self.champion = champion
        self.inputs: tuple[Mapping[str, Any], ...] = tuple(champion.record["inputs"])
        self._names = frozenset(column["name"] for column in self.inputs)
        self._numbers = [column["name"] for column in self.inputs if column["kind"] == "number"]
        self._others = [column for column in self.inputs if column["kind"] != "number"]
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name
        self.model_inputs = {entry.name for entry in self._session.get_inputs()}

    def complete(self, row: Row) -> dict[str, Any]:
        """Return the row with defaults for missing inputs, checked and typed.

        Raises:
            InvalidInputError: an input is unknown or has an invalid value.
        """
        if not row.keys() <= self._names:
            unknown = sorted(row.keys() - self._names)
            names = ", ".join(sorted(self._names))
            raise InvalidInputError(f"Unknown input: {', '.join(unknown)}. Inputs are {names}.")
        return {
            column["name"]: check_input(column, row.get(column["name"], column["default"])) for column in self.inputs
        }

    def scores(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Return the model's output for complete rows: probabilities (rows, classes) or values (rows,)."""
        inputs = self._encode(rows)
        outputs = self._session.run([self._output], inputs | derive(inputs))
        return convert_output(np.asarray(outputs[0], dtype=np.float64))

    def _encode(self, rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
        """Return an array (rows, 1) for each input; those of the numbers are created at once, which is faster."""
        # A missing number, None, becomes nan.
        numbers = np.array([[row[name] for name in self._numbers] for row in rows], np.float32)
        encoded: dict[str, NDArray[Any]] = dict(zip(self._numbers, numbers.T[..., np.newaxis], strict=True))
        for column in self._others:
            values = [[encode_input(column, row[column["name"]])] for row in rows]
            encoded[column["name"]] = np.array(values, object if column["kind"] == "category" else np.float32)
        return encoded

    def predict(self, row: Row) -> Prediction:
        """Return the prediction for a row; missing inputs have their default."""
        return to_prediction(self.scores([self.complete(row)])[0], self.champion.record)

    def explain(self, row: Row) -> list[Contribution]:
        """Return the contribution of each input, the largest first.

        The contribution is the mean of two changes of the prediction: between the row with the input's default (the
        training median) and the row, and between the row of all defaults and that with the input's value. Where inputs
        interact in pairs at most, this is their Shapley value. It says nothing about causes.
        """
        complete, default = self.complete(row), self.complete({})
        names = [column["name"] for column in self.inputs]
        without = [complete | {name: default[name]} for name in names]
        alone = [default | {name: complete[name]} for name in names]
        scores = explained_scores(self.scores([complete, default, *without, *alone]), self.champion.record)
        of_row, of_default, (of_without, of_alone) = scores[0], scores[1], scores[2:].reshape(2, -1)
        shifts = ((of_row - of_without) + (of_alone - of_default)) / 2
        contributions = [
            Contribution(column["name"], column["label"], float(shift))
            for column, shift in zip(self.inputs, shifts, strict=True)
        ]
        return sorted(contributions, key=lambda contribution: -abs(contribution.shift))


def load_predictor(folder: Path) -> Predictor:
    """Load the champion in `folder`.

    Raises:
        ChampionError: it is missing or damaged, or was written by another version.
    """
    champion, model = load_champion(folder)
    champion.require({"inputs", "examples", "classes", "positive", "target"})
    for column in champion.record["inputs"]:
        champion.require(KEYS, column)
        if column["kind"] != "category":
            champion.require({"minimum", "maximum"}, column)
    predictor = Predictor(champion, model)
    if others := sorted(predictor.model_inputs ^ {column["name"] for column in predictor.inputs} ^ set(DERIVED)):
        raise ChampionError(f"the model was trained with other inputs: {', '.join(others)}. Run: uv run dvc repro")
    return predictor

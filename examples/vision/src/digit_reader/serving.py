"""Serving: a picture becomes what the model learnt from, then predict, explain.

Needs NumPy, Pillow, pydantic and ONNX Runtime, nothing of the training side.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from . import pictures
from .champion import Champion, load_champion, of_another_make
from .pictures import Array, Grid, InvalidInputError, Reading

__all__ = ["Answer", "InvalidInputError", "Predictor", "Reading", "load_predictor"]

UNSURE = 0.6  # below this probability the answer is a guess, and the page says so


@dataclass(frozen=True)
class Answer:
    """What the model says of one picture: probabilities by class, what it was shown, and reasons for distrust."""

    label: str
    probabilities: dict[str, float]
    reading: Reading
    doubts: tuple[str, ...]


class Predictor:
    """The champion, ready to answer."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one picture at a time: more threads only wait for each other
        self.champion = champion
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self.grid = Grid(**champion.record["grid"])
        self._default: str = champion.record["inputs"][0]["default"]
        self._typical = np.stack([from_text(text) for text in champion.record["typical"]])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name

    def read(self, picture: bytes | None = None) -> Reading:
        """The picture as the model takes it; without one, the picture that the page starts from.

        Raises:
            InvalidInputError: it is no picture, too large, or no drawing where one is asked for.
        """
        return pictures.read(pictures.from_url(self._default) if picture is None else picture, self.grid)

    def scores(self, pixels: Array) -> NDArray[np.float64]:
        """Probabilities of shape (rows, classes), for pictures of shape (rows, height, width, channels)."""
        cells = np.ascontiguousarray(pixels, dtype=np.float32).reshape(len(pixels), -1)
        return np.asarray(self._session.run([self._output], {"picture": cells})[0], dtype=np.float64)

    def predict(self, picture: bytes | None = None) -> Answer:
        """The answer for one picture, a file's bytes; without one, for the picture that the page starts from.

        Raises:
            InvalidInputError: it is no picture, too large, or no drawing where one is asked for.
        """
        return self.answer(self.read(picture))

    def answer(self, reading: Reading) -> Answer:
        """The answer for a picture that was read, with the reasons to distrust it."""
        scores = self.scores(reading.pixels[None])[0]
        probabilities = {name: float(score) for name, score in zip(self.classes, scores, strict=True)}
        likeliest = max(probabilities, key=probabilities.__getitem__)
        doubts = [*reading.doubts]
        if self.strangeness(reading.pixels) > 1:
            doubts.append(
                "It looks unlike the pictures that the model learnt from: it may be none of these, whatever the "
                "percentages say."
            )
        elif probabilities[likeliest] < UNSURE:
            doubts.append("The model is not sure: take this as a guess.")
        return Answer(likeliest, probabilities, reading, tuple(doubts))

    def strangeness(self, pixels: Array) -> float:
        """The distance to the nearest typical picture; 1 is where 99 % of real pictures end."""
        nearest = distances(grey(pixels[None], self.grid), self._typical)[0]
        return float(nearest / self.champion.record["familiar_within"])

    def explain(self, pixels: Array) -> NDArray[np.float64]:
        """How much the likeliest class owes to each cell of the picture. Shape (height, width).

        Squares of 2 × 2 blocks are wiped out in turn and the fall of the probability read off (occlusion: M. Zeiler and
        R. Fergus, 2014); a block has the mean of its squares. Negative where it speaks against the answer. Wiped is a
        drawing to paper, any other picture to its mean colour.
        """
        side = self.grid.block
        down, across = self.grid.height // side, self.grid.width // side
        corners = [(row, column) for row in range(-1, down) for column in range(-1, across)]
        squares = [np.s_[max(row, 0) : row + 2, max(column, 0) : column + 2] for row, column in corners]
        wiped = np.repeat(pixels[None], len(squares) + 1, axis=0)
        nothing = 0 if self.grid.drawn else pixels.mean(axis=(0, 1))
        for position, (rows, columns) in enumerate(squares, start=1):
            down_to = slice(rows.start * side, rows.stop * side)
            wiped[position, down_to, columns.start * side : columns.stop * side] = nothing
        scores = self.scores(wiped)
        falls = scores[0].max() - scores[1:, scores[0].argmax()]
        shifts = np.zeros((down, across))
        for fall, square in zip(falls, squares, strict=True):
            shifts[square] += fall / 4  # each block lies in four squares
        return shifts.repeat(side, axis=0).repeat(side, axis=1)


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, not the file that `champion.json` was written for, or of an older make.
    """
    champion, model = load_champion(folder)
    try:
        return Predictor(champion, model)
    except KeyError as error:
        raise of_another_make(str(error)) from error


def grey(pixels: Array, grid: Grid) -> Array:
    """The mean of each block in whole steps of the grid's maximum, without colour. Shape (rows, down, across)."""
    return np.asarray(np.round(pictures.blocks(pixels, grid).mean(axis=-1) * grid.maximum), dtype=np.float64)


def distances(some: Array, typical: Array) -> NDArray[np.float64]:
    """How far each picture is from the nearest typical one (Euclidean). Shape (rows,), of two of `grey`."""
    flat, centres = (part.reshape(len(part), -1) for part in (some, typical))
    squared = (flat**2).sum(axis=1)[:, None] - 2 * flat @ centres.T + (centres**2).sum(axis=1)
    return np.asarray(np.sqrt(squared.clip(0).min(axis=1)))


def as_text(counts: Array) -> str:
    """Whole numbers of shape (down, across) as a person can read them: rows divided by bars."""
    return " | ".join(" ".join(str(int(count)) for count in row) for row in counts)


def from_text(text: str) -> Array:
    """What `as_text` wrote."""
    return np.array([row.split() for row in text.split("|")], dtype=np.float64)

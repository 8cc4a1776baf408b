"""Serving: check a text, predict, explain. Needs NumPy, ONNX Runtime and tokenizers alone."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from .champion import Champion, load_champion

# The entry of the ONNX file's metadata that holds the tokenizer.
TOKENIZER = "tokenizer"
# Tokens below are no words: what fills up a row (the model ignores it), a word it does not know, the start of a row.
PAD, FIRST_WORD = 0, 3
# Questions answered at once; an explanation asks one for each word.
BATCH = 32


class InvalidInputError(ValueError):
    """An input that the model must not be asked about; the message is for the person who typed it."""


@dataclass(frozen=True)
class Answer:
    """What the model says of a question: the likeliest class, and the probability of each."""

    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Piece:
    """A part of the question, and how far it moves the answer; None where the model sees nothing in it."""

    text: str
    shift: float | None


@dataclass(frozen=True)
class Explanation:
    """The pieces of the question, in order and whole, and the class whose probability they move.

    `unread` is what comes after them: a model may have an end to what it reads.
    """

    label: str
    pieces: tuple[Piece, ...]
    unread: str


class Predictor:
    """The champion, ready to answer."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one question at a time: more threads only wait for each other
        self.champion = champion
        self.input: Mapping[str, Any] = champion.record["inputs"][0]
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_str(self._session.get_modelmeta().custom_metadata_map[TOKENIZER])

    def complete(self, question: Any = None) -> str:
        """The question, checked; the default for none.

        Raises:
            InvalidInputError: no text, too long, characters that are no text, or no word that the model knows.
        """
        return self._checked(self.input["default"] if question is None else question)[0]

    def _checked(self, question: Any) -> tuple[str, Encoding]:
        label, most = self.input["label"], self.input["maximum"]
        if not isinstance(question, str):
            raise InvalidInputError(f"{label} must be text.")
        if len(question) > most:
            raise InvalidInputError(
                f"{label} must have at most {most:,} characters, not {len(question):,}. Leave some of it out."
            )
        odd = [one for one in question if unicodedata.category(one) in ("Cc", "Cs") and one not in "\t\r\n"]
        if odd:
            raise InvalidInputError(
                f"{label} must be plain text; it has a character that nobody types (U+{ord(odd[0]):04X}). Type it anew."
            )
        if not any(one.isalnum() for one in question):
            raise InvalidInputError(self._advised(f"{label} must have words in it."))
        encoded = self._tokenizer.encode(question)
        if max(encoded.ids) < FIRST_WORD:
            raise InvalidInputError(self._advised(f"{label} must have a word that the model knows, and has none."))
        return question, encoded

    def _advised(self, refusal: str) -> str:
        return f"{refusal} {self.input.get('advice', '')}".rstrip()

    def scores(self, questions: list[str]) -> NDArray[np.float64]:
        """Probabilities of shape (questions, classes), for checked questions."""
        parts = [questions[start : start + BATCH] for start in range(0, len(questions), BATCH)]
        return np.concatenate([self._run([one.ids for one in self._tokenizer.encode_batch(part)]) for part in parts])

    def _run(self, rows: Any) -> NDArray[np.float64]:
        """Probabilities of rows of tokens, all of one length; they sum to one in double precision, too."""
        answer = np.asarray(self._session.run(None, {"tokens": np.array(rows, dtype=np.int64)})[0], dtype=np.float64)
        probabilities: NDArray[np.float64] = answer / answer.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, question: Any = None) -> Answer:
        """The answer for one question, or for the default."""
        scores = self.scores([self.complete(question)])[0]
        probabilities = {name: float(score) for name, score in zip(self.classes, scores, strict=True)}
        return Answer(max(probabilities, key=probabilities.__getitem__), probabilities)

    def explain(self, question: Any = None) -> Explanation:
        """The question in pieces, each word with its pull on the probability of the likeliest class.

        One word at a time is blotted out, and the change of the answer is read off (occlusion). Words that only act
        together share no credit this way; it is a sensitivity, not a cause.
        """
        text, encoded = self._checked(self.input["default"] if question is None else question)
        words = self._words(encoded)
        tokens = np.array(encoded.ids, dtype=np.int64)
        rows = np.tile(tokens, (len(words) + 1, 1))
        for row, (places, _, _) in enumerate(words, start=1):
            rows[row, places] = PAD
        scores = np.concatenate([self._run(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)])
        likeliest = int(scores[0].argmax())
        scores = scores[:, likeliest]
        pieces, end = [], 0
        for (_, start, stop), score in zip(words, scores[1:], strict=True):
            if start > end:
                pieces.append(Piece(text[end:start], None))
            pieces.append(Piece(text[start:stop], float(scores[0] - score)))
            end = stop
        read = max(stop for _, stop in encoded.offsets) if encoded.overflowing else len(text)
        if end < read:
            pieces.append(Piece(text[end:read], None))
        return Explanation(self.classes[likeliest], tuple(pieces), text[read:])

    def _words(self, encoded: Encoding) -> list[tuple[list[int], int, int]]:
        """The words that the model knows: where their tokens are, and where they stand in the text, in order."""
        words: dict[int, list[int]] = {}
        for place, (word, token) in enumerate(zip(encoded.word_ids, encoded.ids, strict=True)):
            if word is not None and token >= FIRST_WORD:
                words.setdefault(word, []).append(place)
        spans = [[encoded.offsets[place] for place in places] for places in words.values()]
        return [
            (places, min(start for start, _ in span), max(stop for _, stop in span))
            for places, span in zip(words.values(), spans, strict=True)
        ]


def load_predictor(folder: Path) -> Predictor:
    """The champion in `folder`.

    Raises:
        ChampionError: it is missing, or not the file that `champion.json` was written for.
    """
    champion, model = load_champion(folder)
    return Predictor(champion, model)

"""Input validation, prediction and explanation for the champion; needs NumPy, ONNX Runtime and tokenizers only."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from ..data.description import describe_text
from ..models.special_tokens import BATCH_SIZE, PAD, SPECIAL_TOKENS, TOKENIZER_KEY
from .champion import Champion, load_champion
from .odds import log_odds


class InvalidInputError(ValueError):
    """The input is not a text that the model can classify; the message is shown to the user."""


@dataclass(frozen=True)
class Prediction:
    """The most likely class, and the probability of each class."""

    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Piece:
    """A part of the text and its contribution to the probability; None if the model ignores it."""

    text: str
    contribution: float | None


@dataclass(frozen=True)
class Explanation:
    """The pieces of the text, in order, and the class to whose log-odds they contribute.

    `truncated` is the rest of the text, beyond the maximum length of the model.
    """

    label: str
    pieces: tuple[Piece, ...]
    truncated: str


class Predictor:
    """The champion, loaded for predictions."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # single texts: more threads only wait for each other
        self.champion = champion
        self.input: Mapping[str, Any] = champion.record["inputs"][0]
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_str(self._session.get_modelmeta().custom_metadata_map[TOKENIZER_KEY])

    def validate(self, text: Any = None) -> str:
        """Return the text after checking it, or the default for None.

        Raises:
            InvalidInputError: not a string, too long, control characters, or no word that the model knows.
        """
        return self._encode(text)[0]

    def _encode(self, text: Any) -> tuple[str, Encoding]:
        text = self.input["default"] if text is None else text
        if problem := _format_problem(text, self.input["maximum"]):
            raise InvalidInputError(f"{self.input['label']} must {problem}")
        encoding = self._tokenizer.encode(text)
        if max(encoding.ids) < len(SPECIAL_TOKENS):
            problem = "a word that the model knows" if any(map(str.isalnum, text)) else "words"
            advice = self.input.get("advice", "")
            raise InvalidInputError(f"{self.input['label']} must contain {problem}. {advice}".rstrip())
        return text, encoding

    def describe(self, text: str) -> dict[str, float]:
        """Return numbers that describe a text."""
        return describe_text(text, self._tokenizer.encode(text).ids)

    def predict_proba(self, texts: list[str]) -> NDArray[np.float64]:
        """Return probabilities of shape (texts, classes), for validated texts."""
        batches = [texts[start : start + BATCH_SIZE] for start in range(0, len(texts), BATCH_SIZE)]
        encodings = [self._tokenizer.encode_batch(batch) for batch in batches]
        return np.concatenate([self._run([encoding.ids for encoding in batch]) for batch in encodings])

    def _run(self, tokens: Any) -> NDArray[np.float64]:
        output = self._session.run(None, {"tokens": np.array(tokens, dtype=np.int64)})[0]
        probabilities = np.asarray(output, dtype=np.float64)
        normalized: NDArray[np.float64] = probabilities / probabilities.sum(axis=1, keepdims=True)
        return normalized

    def predict(self, text: Any = None) -> Prediction:
        """Classify one text, or the default."""
        scores = self.predict_proba([self.validate(text)])[0]
        probabilities = {name: float(score) for name, score in zip(self.classes, scores, strict=True)}
        return Prediction(max(probabilities, key=probabilities.__getitem__), probabilities)

    def explain(self, text: Any = None) -> Explanation:
        """Return the contribution of each word to the log-odds of the most likely class, by occlusion.

        A word's contribution is the change of the log-odds when the word alone is masked. It measures sensitivity,
        not cause, and misses effects of words that act together.
        """
        text, encoding = self._encode(text)
        known = _known_words(encoding)
        rows = np.tile(np.array(encoding.ids, dtype=np.int64), (len(known) + 1, 1))
        for row, (positions, _) in enumerate(known, start=1):
            rows[row, positions] = PAD
        batches = [self._run(rows[start : start + BATCH_SIZE]) for start in range(0, len(rows), BATCH_SIZE)]
        scores = np.concatenate(batches)
        likeliest = int(scores[0].argmax())
        whole, *masked = log_odds(scores[:, likeliest])
        contributions = whole - np.array(masked)
        end = max(stop for _, stop in encoding.offsets) if encoding.overflowing else len(text)
        pieces = _pieces(text[:end], [span for _, span in known], contributions)
        return Explanation(self.classes[likeliest], pieces, text[end:])


def _format_problem(text: Any, max_length: int) -> str:
    if not isinstance(text, str):
        return "be text."
    if len(text) > max_length:
        return f"have at most {max_length:,} characters, not {len(text):,}. Shorten it."
    control = [char for char in text if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n"]
    if control:
        return f"be plain text without control characters (found U+{ord(control[0]):04X}). Remove them."
    return ""


def _known_words(encoding: Encoding) -> list[tuple[list[int], tuple[int, int]]]:
    """Return for each word in the vocabulary the positions of its tokens, and its span in the text."""
    positions_by_word: dict[int, list[int]] = {}
    for position, (word, token) in enumerate(zip(encoding.word_ids, encoding.ids, strict=True)):
        if word is not None and token >= len(SPECIAL_TOKENS):
            positions_by_word.setdefault(word, []).append(position)
    words = []
    for positions in positions_by_word.values():
        starts, stops = zip(*(encoding.offsets[position] for position in positions), strict=True)
        words.append((positions, (min(starts), max(stops))))
    return words


def _pieces(text: str, spans: list[tuple[int, int]], contributions: NDArray[np.float64]) -> tuple[Piece, ...]:
    pieces, end = [], 0
    for (start, stop), contribution in zip(spans, contributions, strict=True):
        pieces += [Piece(text[end:start], None), Piece(text[start:stop], float(contribution))]
        end = stop
    pieces.append(Piece(text[end:], None))
    return tuple(piece for piece in pieces if piece.text)


def load_predictor(folder: Path) -> Predictor:
    """Load the champion in `folder`.

    Raises:
        ChampionError: it is missing, incomplete, or differs from the file that `champion.json` describes.
    """
    champion, model = load_champion(folder)
    champion.require(["inputs", "classes", "target"])
    champion.require(["name", "label", "default", "maximum"], champion.record["inputs"][0])
    return Predictor(champion, model)

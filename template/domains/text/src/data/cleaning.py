"""Text cleaning: normalization, words, and removal of code and of names that reveal a class.

The tokenizers in `models/tokenizer.py` apply the same patterns to the text at prediction time.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable

import pandas as pd

from .schema import Schema

# What is removed unless `schema.code`, in this order. Valid for Python's `re` and for the tokenizers' expressions.
CODE = (
    r"``[^`]*``|`[^`]*`",
    r"%\([^)]*\)[sdrf]|\{[^}]*\}",  # placeholders of format strings
    r"https?://\S+",
    r"\S*(?:[a-z][A-Z]|[_\\=]|\w\.\w|\w\()\S*",  # camelCase, snake_case, a.dotted.name, a call(, LaTeX
    r"[*`]+",  # emphasis and unbalanced quotes
)
ACCENTS = "[\u0300-\u036f]"
# Python lowercases Σ at the end of a word to ς, tokenizers always to σ.
FINAL_SIGMA = ("ς", "σ")

_LETTERS = re.compile(r"[^\W\d_]+")
# The demo rejects these; a raw file may contain them.
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(text: str, schema: Schema) -> str:
    """Return the text without control characters and, unless `schema.code`, without code."""
    text = _CONTROL_CHARACTERS.sub(" ", text)
    if not schema.code:
        for pattern in CODE:
            text = re.sub(pattern, " ", text)
    return text.strip()


def words_of(text: str, schema: Schema) -> list[str]:
    """Return the normalized words of a text in order."""
    return [match[0] for match in re.finditer(schema.word, normalize(text))]


def normalize(text: str) -> str:
    """Return the text in lower case, without accents and compatibility characters: É becomes e, ﬁ becomes fi."""
    if text.isascii():
        return text.lower()
    without_accents = re.sub(ACCENTS, "", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", without_accents).lower().replace(*FINAL_SIGMA)


def find_names(table: pd.DataFrame, texts: Iterable[str], schema: Schema) -> tuple[str, ...]:
    """Return the words that reveal a class: `schema.names`, and names in the column `schema.names_in`.

    A name that the texts of several classes use (figure, tree, signal) is a word of the field and is not returned.
    """
    listed = {normalize(name) for name in schema.names}
    if not schema.names_in:
        return tuple(sorted(listed))
    classes = classes_by_key((words_of(text, schema) for text in texts), table[schema.target_column])
    names = {normalize(name) for name in " ".join(table[schema.names_in].dropna()).split()}
    revealing = {name for name in names if len(classes[name]) == 1}
    plurals = {f"{name}s" for name in revealing}
    return tuple(sorted(listed | revealing | {name for name in plurals if len(classes[name]) == 1}))


def classes_by_key(keys: Iterable[Iterable[str]], labels: Iterable[str]) -> dict[str, set[str]]:
    """Return which classes use a word or sentence, from those of each text and the texts' classes."""
    classes: dict[str, set[str]] = defaultdict(set)
    for of_text, label in zip(keys, labels, strict=True):
        for key in of_text:
            classes[key].add(label)
    return classes


def names_pattern(names: Iterable[str]) -> str:
    """Return one case-insensitive regular expression that matches each name as a whole word."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return rf"(?i)(?<![^\W\d_])(?:{'|'.join(re.escape(name) for name in longest_first)})(?![^\W\d_])"


def remove_names(text: str, names: Collection[str]) -> str:
    """Replace each name by a space.

    Equivalent to `names_pattern`; looking up word by word is ten times as fast.
    """
    if phrases := [name for name in names if not name.isalpha()]:
        text = re.sub(names_pattern(phrases), " ", text)
    return _LETTERS.sub(lambda match: " " if normalize(match[0]) in names else match[0], text) if names else text

"""The data: docstrings of installed libraries, what is taken out of them, and how they are split.

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
scikit-learn and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from .params import Evaluate, Prepare

RAW_FILE = "docstrings.jsonl"
NAMES_FILE = "names.txt"
SPLITS = ("train", "validation", "test")
RAW_COLUMNS = ("library", "version", "module", "name", "docstring")
_STRICT = ConfigDict(extra="forbid")

# What stands in quotes of code, and what only code looks like: camelCase, snake_case, a.dotted.name, a call(, LaTeX.
# Read alike by Python's `re` and by the tokenizers' regular expressions, which do the same to a question.
QUOTED = r"``[^`]*``|`[^`]*`"
CODE_FORM = r"\S*(?:[a-z][A-Z]|[_\\=]|\w\.\w|\w\()\S*"
WORD = r"[a-z]{2,}"

_HEADING = re.compile(r"^([^\n]+)\n[ \t]*[-=~^]{3,}[ \t]*$", re.MULTILINE)
_NO_PROSE = ("see also", "references", "examples", "example", "methods")
_FIELDS = ("parameters", "other parameters", "returns", "yields", "receives", "raises", "warns", "attributes")
_MARKUP = (
    re.compile(r"^([ \t]*)\.\.[ \t].*(?:\n(?:[ \t]*\n)*\1[ \t]+.*)*", re.MULTILINE),  # directives and comments
    re.compile(r"::[ \t]*\n(?:[ \t]*\n)*(?:[ \t]+.*\n?(?:[ \t]*\n)*)+", re.MULTILINE),  # literal blocks
    re.compile(r"^[ \t]*(?:>>>|\.\.\.).*(?:\n[ \t]*\S.*)*", re.MULTILINE),  # sessions of Python
)
_INLINE = (
    re.compile(r":[a-z:+-]+:`[^`]*`"),  # roles
    re.compile(QUOTED),
    re.compile(r"%\([^)]*\)[sdrf]|\{[^}]*\}"),  # what the library fills in when it is imported
    re.compile(r"https?://\S+"),
    re.compile(CODE_FORM),
    re.compile(r"[*`]+"),  # emphasis, and quotes that do not close
)
_WORD = re.compile(WORD)
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")


class DataError(ValueError):
    """The data is not what `schema.yaml` says; the message lists each difference."""


@dataclass(frozen=True, config=_STRICT)
class Target:
    """What is predicted."""

    name: str
    label: str
    unit: str = ""


@dataclass(frozen=True, config=_STRICT)
class Library:
    """A library, and the names that give it away."""

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, config=_STRICT)
class Question:
    """A question in a person's words, and the library that answers it."""

    ask: str
    library: str


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """The libraries between which the model decides."""

    source: str
    licence: str
    target: Target
    libraries: tuple[Library, ...]
    questions: tuple[Question, ...]

    @property
    def inputs_in_words(self) -> str:
        """What the model reads."""
        return "a question in English"

    @property
    def task(self) -> Literal["classification"]:
        """A text belongs to one library."""
        return "classification"

    @property
    def classes(self) -> tuple[str, ...]:
        """The libraries, in the order of the model's probabilities."""
        return tuple(sorted(library.name for library in self.libraries))

    @property
    def positive(self) -> None:
        """No library is the one that the scores are about."""
        return


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Documents of one split: `text`, `module`, `version` of each, and its library in the same order.

    `names` are the words that no model may see, in a question neither.
    """

    features: pd.DataFrame
    target: pd.Series
    names: tuple[str, ...]


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`."""
    return TypeAdapter(Schema).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


# fetch: docstrings as they stand in the source files


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:  # noqa: ARG001  # every domain is asked alike
    """The raw docstrings, one row each; all columns are text as it stands there."""
    with (folder / RAW_FILE).open(encoding="utf-8") as file:
        return pd.DataFrame([json.loads(line) for line in file])


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table, once every value has been checked.

    Raises:
        DataError: lists each missing or unknown column, each column with values that are not allowed, and each
            library without a docstring.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    text = pa.Column(str, pa.Check.str_contains(r"\S"), nullable=False)
    columns = {
        "library": pa.Column(str, pa.Check.isin(schema.classes), nullable=False),
        "version": text,
        "module": text,
        "name": pa.Column(str, nullable=False),
        "docstring": text,
    }
    problems: list[str] = []
    try:
        pa.DataFrameSchema(columns, strict=True).validate(table, lazy=True)
    except SchemaErrors as errors:
        problems += _in_words(errors.failure_cases)
    if "library" in table:
        missing = sorted(set(schema.classes) - set(table["library"]))
        problems += [f"library {name!r} of schema.yaml has no docstring" for name in missing]
    if problems:
        raise DataError("\n".join(problems))
    return table


def _in_words(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], dropna=False, sort=False):
        if check == "column_in_dataframe":
            yield f"column {group.failure_case.iloc[0]!r} is missing"
        elif check == "column_in_schema":
            yield f"column {group.failure_case.iloc[0]!r} is not in schema.yaml"
        else:
            shown = ", ".join(str(value)[:40] for value in group.failure_case.head(5))
            where = ", ".join(str(row) for row in list(group["index"])[:5])
            yield f"column {column!r} fails {check} in {len(group)} row(s): {shown} (rows {where}, counted from 0)"


def prose(docstring: str) -> str:
    """What a docstring says in words: no code, no markup, no examples, no lists of other functions or of literature.

    The layout follows the numpydoc guide: https://numpydoc.readthedocs.io/en/latest/format.html
    """
    opening, *sections = _HEADING.split(docstring)
    kept = [_without(_MARKUP, opening)]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        heading = title.strip().lower()
        if heading not in _NO_PROSE:
            text = _without(_MARKUP, body)
            # A field begins with a line "name : type"; what it means is indented below.
            kept.append(re.sub(r"^\S.*$", "", text, flags=re.MULTILINE) if heading in _FIELDS else text)
    return without_accents(_without(_INLINE, "\n\n".join(kept))).strip()


def _without(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    for pattern in patterns:
        text = pattern.sub("\n" if pattern.flags & re.MULTILINE else " ", text)
    return text


def words_of(text: str) -> list[str]:
    """The words in order: two letters or more, in lower case, without accents."""
    return _WORD.findall(without_accents(text).lower())


def without_accents(text: str) -> str:
    """The text in plain letters where there are such: é is e, and ﬁ is fi."""
    if text.isascii():
        return text
    return "".join(one for one in unicodedata.normalize("NFKD", text) if unicodedata.category(one) != "Mn")


def own_names(table: pd.DataFrame, texts: pd.Series, schema: Schema) -> tuple[str, ...]:
    """The words that give a library away: those of `schema.yaml`, and names of modules and classes of its own.

    A word that names a public module or class is the library's own if only its documents use it; one that others use
    too (figure, tree, signal) is a word of the field.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for library, text in zip(table["library"], texts, strict=True):
        for word in set(words_of(text)):
            users[word].add(library)
    names = {part for module in table["module"].unique() for part in module.split(".")}
    names |= {part for name in table["name"].unique() for part in name.split(".") if part[:1].isupper()}
    public = {name.lower() for name in names if not name.startswith("_")}
    own = {name for name in public if len(users[name]) == 1}
    own |= {f"{name}s" for name in own if len(users[f"{name}s"]) == 1}
    return tuple(sorted(own | {name for library in schema.libraries for name in library.names}))


def names_pattern(names: Iterable[str]) -> str:
    """One regular expression for all names, as whole words, in lower or upper case."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return rf"(?i)(?<![a-z])(?:{'|'.join(re.escape(name) for name in longest_first)})(?![a-z])"


def without_names(text: str, names: frozenset[str]) -> str:
    """The text with a blank for each name: what `names_pattern` does, word by word, which is ten times as quick."""
    phrases = [name for name in names if not name.isalpha()]
    if phrases:
        text = re.sub(names_pattern(phrases), " ", text)
    return re.sub(r"[A-Za-z]+", lambda found: " " if found[0].lower() in names else found[0], text)


def unique_sentences(texts: list[str], libraries: list[str], params: Prepare) -> list[str]:
    """The texts with each longer sentence left in one document only, and out of all if two libraries use it.

    Libraries repeat themselves ("Pass an int for reproducible output"): seen in training, such a sentence would be
    recognised in the test instead of understood.
    """
    split_up = [[(one, " ".join(words_of(one))) for one in _SENTENCE.split(text)] for text in texts]
    users: dict[str, set[str]] = defaultdict(set)
    for sentences, library in zip(split_up, libraries, strict=True):
        for _, key in sentences:
            users[key].add(library)
    seen: set[str] = set()
    kept_texts = []
    for sentences in split_up:
        kept = []
        for sentence, key in sentences:
            short = len(key.split()) < params.sentence_words
            if key and (short or (len(users[key]) == 1 and key not in seen)):
                plain = " ".join(sentence.split())
                kept.append(plain if plain[-1] in ".!?:" else f"{plain}.")
                seen.add(key)
        kept_texts.append(" ".join(kept))
    return kept_texts


def near_duplicates(texts: Iterable[str], params: Prepare) -> NDArray[np.int64]:
    """The number of each text's group; texts that are alike, directly or by way of others, share one. Shape (texts,).

    Alike is a Jaccard similarity of their sets of shingles (Broder, 1997), computed for all pairs.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import CountVectorizer

    size = params.shingle_words
    shingles = CountVectorizer(analyzer=lambda text: _shingles(text, size), binary=True).fit_transform(texts)
    common = (shingles.astype(np.int64) @ shingles.T.astype(np.int64)).tocoo()
    count = np.asarray(shingles.sum(axis=1)).ravel()
    alike = common.data >= params.similarity * (count[common.row] + count[common.col] - common.data)
    pairs = coo_array((common.data[alike], (common.row[alike], common.col[alike])), shape=common.shape)
    groups: NDArray[np.int64] = connected_components(pairs, directed=False)[1].astype(np.int64)
    return groups


def _shingles(text: str, size: int) -> list[str]:
    words = words_of(text)
    return [" ".join(words[start : start + size]) for start in range(max(1, len(words) - size + 1))]


def documents(table: pd.DataFrame, schema: Schema, params: Prepare) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What the models may read: a row a document (library, text, module, version), and the names taken out of them."""
    texts = table["docstring"].map(prose)
    names = own_names(table, texts, schema)
    masked = [without_names(text, frozenset(names)) for text in texts]
    clean = table.assign(text=unique_sentences(masked, table["library"].tolist(), params))
    clean = clean[clean["text"].map(lambda text: len(words_of(text)) >= params.least_words)]
    first = ~pd.Series(near_duplicates(clean["text"], params), index=clean.index).duplicated()
    return clean.loc[first, ["library", "text", "module", "version"]].reset_index(drop=True), names


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common module; each library keeps its shares in each, as nearly as whole modules allow."""
    rows, names = documents(table, schema, params)
    part_of = assign_modules(rows, params)
    parts = rows["module"].map(part_of)
    return {
        name: Split(
            features=rows.loc[parts == name, ["text", "module", "version"]].reset_index(drop=True),
            target=rows.loc[parts == name, "library"].rename(schema.target.name).reset_index(drop=True),
            names=names,
        )
        for name in SPLITS
    }


def assign_modules(rows: pd.DataFrame, params: Prepare) -> dict[str, str]:
    """The split of each module: in random order to the test split while it fits, then to validation, else to train."""
    rng = np.random.default_rng(params.seed)
    part_of: dict[str, str] = {}
    for _, group in rows.groupby("library"):
        sizes = group["module"].value_counts(sort=False).sort_index()
        room = {"test": params.test_share * len(group), "validation": params.validation_share * len(group)}
        for position in rng.permutation(len(sizes)):
            module, size = str(sizes.index[position]), int(sizes.iloc[position])
            part = next((part for part in room if size <= room[part]), "train")
            part_of[module] = part
            if part in room:
                room[part] -= size
    return part_of


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One Parquet file a split, and the names, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        table = part.features.assign(**{str(part.target.name): part.target})
        table.to_parquet(folder / f"{name}.parquet", index=False)
    names = splits["train"].names
    (folder / NAMES_FILE).write_text("".join(f"{name}\n" for name in names), encoding="utf-8", newline="\n")


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """The splits that `write_splits` wrote."""
    names = tuple((folder / NAMES_FILE).read_text(encoding="utf-8").splitlines())
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    return {
        name: Split(features=table.drop(columns=schema.target.name), target=table[schema.target.name], names=names)
        for name, table in tables.items()
    }


# what the other stages ask


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.int64]:
    """The index of each document's library among the classes. Shape (rows,)."""
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.asarray(target.map(index), dtype=np.int64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:
    """The slice of each test document, for what `evaluate.slices` names: its library, its length."""
    labels = {"library": schema.target.label, "length": "Length"}
    if unknown := sorted(set(params.slices) - set(labels)):
        raise ValueError(f"evaluate.slices names {', '.join(unknown)}; known are {', '.join(labels)}")
    test, train = splits["test"], splits["train"]
    slices = {
        "library": pd.Categorical(test.target, categories=schema.classes),
        "length": _lengths(test.features, train.features),
    }
    return {label: slices[name] for name, label in labels.items() if name in params.slices}


def _lengths(features: pd.DataFrame, train: pd.DataFrame) -> pd.Categorical:
    """The third of the training documents' lengths that each document falls in."""
    low, high = (int(limit) for limit in train["text"].map(lambda text: len(words_of(text))).quantile([1 / 3, 2 / 3]))
    labels = [f"up to {low} words", f"{low + 1} to {high} words", f"over {high} words"]
    count = features["text"].map(lambda text: len(words_of(text)))
    return pd.Categorical(np.select([count <= low, count <= high], labels[:2], labels[2]), categories=labels)


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Documents and libraries as one table, as MLflow keeps a data set."""
    return split.features.assign(**{schema.target.name: split.target})


def signature_rows(split: Split, schema: Schema, count: int) -> dict[str, NDArray[np.int64]]:  # noqa: ARG001  # as above
    """The model's input, from which MLflow reads its name, type and shape: numbers of tokens, (rows, length)."""
    return {"tokens": np.zeros((min(count, len(split.target)), 1), dtype=np.int64)}

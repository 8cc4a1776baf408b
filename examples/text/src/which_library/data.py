"""The data: texts with the class of each, what is taken out of them, and how they are split.

Every stage is a process of its own and imports this module, so what one function alone needs is imported there:
scikit-learn and pandera take longer to load than to do their work here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from .mistakes import UserError, checked, read_yaml
from .params import Evaluate, Prepare

RAW_FILE = "docstrings.jsonl"
NAMES_FILE = "names.txt"
SPLITS = ("train", "validation", "test")
# The column of a class in `data/prepared/`.
LABEL = "label"
# Each split needs one text of a class at least.
LEAST_OF_A_CLASS = 3
# So many texts are compared with all others at once, and so many pairs counted: it bounds the memory.
_BLOCK, _PAIRS = 2_000, 200_000
_STRICT = ConfigDict(extra="forbid")

# What stands in quotes of code, and what only code looks like: camelCase, snake_case, a.dotted.name, a call(, LaTeX.
# These and the words are read alike by Python's `re` and by the tokenizers' regular expressions, which do the same to a
# question.
QUOTED = r"``[^`]*``|`[^`]*`"
CODE_FORM = r"\S*(?:[a-z][A-Z]|[_\\=]|\w\.\w|\w\()\S*"
ACCENTS = "[\u0300-\u036f]"
# Of the two small letters of Σ, Python writes the one that ends a word where it does, and the tokenizers never.
FINAL_SIGMA = ("ς", "σ")
# Scripts that put no blanks between words (Thai, Lao, Burmese, Khmer, Chinese, Japanese): each character is a word, and
# runs of them say the rest. The marks are vowels and the like, which stand between letters in other scripts.
_UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_MARKS = "[\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0963\u0971-\u0df3]"
ANY_WORD = rf"{_UNSPACED}|(?:(?!{_UNSPACED})(?:[^\W_]|{_MARKS}))+"

_INLINE = (
    re.compile(QUOTED),
    re.compile(r"%\([^)]*\)[sdrf]|\{[^}]*\}"),  # what is filled in when the code runs
    re.compile(r"https?://\S+"),
    re.compile(CODE_FORM),
    re.compile(r"[*`]+"),  # emphasis, and quotes that do not close
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")
# What no keyboard writes; the demo refuses it, and a raw file may hold it.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class DataError(UserError):
    """The data is not what `schema.yaml` says; the message lists each difference."""

    heading = "The data is not what schema.yaml says:"


@dataclass(frozen=True, config=_STRICT)
class Target:
    """What is predicted.

    Attributes:
        name: an identifier.
        label: for people.
        choices: the classes.
        column: what the file calls it, if that is not the name.
        nullable: whether it may be empty; such rows are left out.
        unit: none; every domain is asked.
    """

    name: str
    label: str
    choices: tuple[str, ...]
    column: str = ""
    nullable: bool = False
    unit: str = ""


@dataclass(frozen=True, config=_STRICT)
class Text:
    """What is read.

    Attributes:
        name: an identifier, by which the API asks for it.
        label: for people.
        column: what the file calls it, if that is not the name.
        advice: a sentence that tells people what to ask, and what not.
    """

    name: str
    label: str
    column: str = ""
    advice: str = ""


@dataclass(frozen=True, config=_STRICT)
class Question:
    """A text in a person's words, and the class that it belongs to."""

    ask: str
    answer: str


@dataclass(frozen=True, config=_STRICT)
class LeftOut:
    """A column of the file that no model sees, and why."""

    column: str
    reason: str


@dataclass(frozen=True, config=_STRICT)
class Schema:
    """The texts and their classes, and how to read them.

    Attributes:
        source: where the data comes from.
        licence: under which it may be used.
        target: the class of a text.
        text: the text.
        reading: the file and its format (see `reading.py`); none for what `fetch` wrote.
        left_out: the columns of the file that are neither.
        too_rare: classes with too few texts to learn, validate and test; they are left out.
        questions: the demo starts from them, and a test asks them.
        extracts: whether the demo offers extracts of texts of the test split, too; `champion.json` publishes them.
        names: words and names that give a class away. No model sees them, in a question neither.
        names_in: a column of names with blanks between them; one that a single class uses in its texts gives it away.
        group: a column whose equal values go into one split: a thread, an author, a module.
        version: a column that says of which version of its class's source a text is.
        word: what counts as a word, in lower case and without accents, as a regular expression.
        code: whether code, addresses and markup are read like words; else they are taken out.
    """

    source: str
    licence: str
    target: Target
    text: Text
    reading: dict[str, Any] | None = None
    left_out: tuple[LeftOut, ...] = ()
    too_rare: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    extracts: bool = True
    names: tuple[str, ...] = ()
    names_in: str = ""
    group: str = ""
    version: str = ""
    word: str = ANY_WORD
    code: bool = True

    @property
    def inputs_in_words(self) -> str:
        """What the model reads."""
        return "a text"

    @property
    def cases(self) -> str:
        """What is counted where a model learns or is measured."""
        return "texts"

    @property
    def task(self) -> Literal["classification"]:
        """A text belongs to one class."""
        return "classification"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the model's probabilities."""
        return tuple(sorted(self.target.choices))

    @property
    def positive(self) -> None:
        """No class is the one that the scores are about."""
        return

    @property
    def text_column(self) -> str:
        """The text's column in the file."""
        return self.text.column or self.text.name

    @property
    def target_column(self) -> str:
        """The target's column in the file."""
        return self.target.column or self.target.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that are read."""
        every = (self.target_column, self.text_column, self.group, self.version, self.names_in)
        return tuple(dict.fromkeys(column for column in every if column))


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Split:
    """Texts of one split: `text` and `group` of each (`version`, where there are any), its class in the same order.

    `names` are the words that no model may see, in a question neither.
    """

    features: pd.DataFrame
    target: pd.Series
    names: tuple[str, ...]

    @property
    def groups(self) -> NDArray[np.int64]:
        """The number of each text's group: texts of one module, thread or author are alike. Shape (texts,)."""
        return np.asarray(pd.factorize(self.features["group"])[0], dtype=np.int64)


def load_schema(path: Path) -> Schema:
    """Read and check `schema.yaml`.

    Raises:
        UserError: an entry is missing, unknown, or not what it should be, or two contradict each other.
    """
    schema = read_yaml(path, Schema)
    if unknown := sorted({one.answer for one in schema.questions} - set(schema.classes)):
        raise UserError(f"schema.yaml: questions are answered by {', '.join(unknown)}, which is none of the classes")
    if not schema.questions and not schema.extracts:
        raise UserError("schema.yaml: without extracts the demo needs questions to start from; write one at least")
    return schema


# prepare: the table


def read_raw(folder: Path, schema: Schema) -> pd.DataFrame:
    """The raw table under the file's own names, as the text that stands there ("01" stays "01", "NA" stays a word).

    A column of the file that the schema doesn't know comes along empty, so that `validate` can complain of it. Rows
    without a class are left out where the schema expects them, and so are those of classes that are too rare to learn.

    Raises:
        DataError: the file is not there, or can't be read.
    """
    if schema.reading is None:
        with (folder / RAW_FILE).open(encoding="utf-8") as file:
            table = pd.DataFrame([json.loads(line) for line in file])
    else:
        table = _read_as_said(folder, schema)
    if (target := schema.target_column) in table:
        table = table[table[target].notna()] if schema.target.nullable else table
        table = table[~table[target].isin(schema.too_rare)]
    return table.reset_index(drop=True)


def _read_as_said(folder: Path, schema: Schema) -> pd.DataFrame:
    # Only a project of a person's own data has the module, and the library that it needs.
    reading = import_module(".reading", __package__)
    wanted = [reading.Wanted(column, column, "category") for column in schema.columns]
    said = checked(schema.reading, reading.Reading, "schema.yaml, reading")
    try:
        raw = reading.read(folder, said, wanted, schema.target_column)
    except reading.ReadingError as error:
        raise DataError(str(error)) from error
    known = {*schema.columns, *(one.column for one in schema.left_out)}
    frame: pd.DataFrame = raw.frame.assign(**{name: None for name in raw.columns if name not in known})
    return frame


def validate(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The table, once every column and every class has been checked; a text may be empty.

    Raises:
        DataError: lists each missing or unknown column, each class that is not allowed, and each that has no text.
    """
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    if columns := list(_other_columns(table, schema)):
        raise DataError("\n".join(columns))
    target = pa.Column(str, pa.Check.isin(schema.classes), nullable=False)
    try:
        pa.DataFrameSchema({schema.target_column: target}).validate(table, lazy=True)
    except SchemaErrors as errors:
        problems = list(_in_words(errors.failure_cases))
    else:
        problems = []
    missing = sorted(set(schema.classes) - set(table[schema.target_column]))
    problems += [f"{schema.target.label} {name!r} of schema.yaml has no text" for name in missing]
    if problems:
        raise DataError("\n".join(problems))
    return table


def _other_columns(table: pd.DataFrame, schema: Schema) -> Iterable[str]:
    yield from (f"column {name!r} is missing" for name in schema.columns if name not in table)
    yield from (f"column {name!r} is not in schema.yaml" for name in table if name not in schema.columns)


def _in_words(failures: pd.DataFrame) -> Iterable[str]:
    for (column, check), group in failures.groupby(["column", "check"], dropna=False, sort=False):
        wrong = "is empty" if check == "not_nullable" else "holds classes that schema.yaml does not list"
        counted = group.failure_case.astype(str).str[:40].value_counts(sort=False)
        shown = ", ".join(counted.index[:5])
        where = ", ".join(str(row) for row in list(group["index"])[:5])
        yield f"column {column!r} {wrong} in {len(group)} row(s): {shown} (rows {where}, counted from 0)"


# prepare: what of a text is read


def plain(text: str, schema: Schema) -> str:
    """The text without characters that nobody types and, where code is no matter of the texts, without code."""
    text = _CONTROLS.sub(" ", text)
    if not schema.code:
        for pattern in _INLINE:
            text = pattern.sub(" ", text)
    return text.strip()


def words_of(text: str, schema: Schema) -> list[str]:
    """The words in order, in lower case and without accents."""
    return [found[0] for found in re.finditer(schema.word, folded(text))]


def folded(text: str) -> str:
    """The text in lower case and in plain letters where there are such: É is e, and ﬁ is fi."""
    if text.isascii():
        return text.lower()
    plain_letters = unicodedata.normalize("NFC", re.sub(ACCENTS, "", unicodedata.normalize("NFKD", text)))
    return plain_letters.lower().replace(*FINAL_SIGMA)


def names_of(table: pd.DataFrame, texts: Iterable[str], schema: Schema) -> tuple[str, ...]:
    """The words that give a class away: those of `schema.yaml`, and those of the column `names_in`.

    One that the texts of several classes use (figure, tree, signal) is a word of the field, and stays.
    """
    given = {folded(name) for name in schema.names}
    if not schema.names_in:
        return tuple(sorted(given))
    users: dict[str, set[str]] = defaultdict(set)
    for label, text in zip(table[schema.target_column], texts, strict=True):
        for word in set(words_of(text, schema)):
            users[word].add(label)
    found = {folded(name) for cell in table[schema.names_in].dropna().unique() for name in cell.split()}
    own = {name for name in found if len(users[name]) == 1}
    own |= {f"{name}s" for name in own if len(users[f"{name}s"]) == 1}
    return tuple(sorted(own | given))


def names_pattern(names: Iterable[str]) -> str:
    """One regular expression for all names, as whole words, in lower or upper case."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return rf"(?i)(?<![^\W\d_])(?:{'|'.join(re.escape(name) for name in longest_first)})(?![^\W\d_])"


def without_names(text: str, names: frozenset[str]) -> str:
    """The text with a blank for each name: what `names_pattern` does, word by word, which is ten times as quick."""
    phrases = [name for name in names if not name.isalpha()]
    if phrases:
        text = re.sub(names_pattern(phrases), " ", text)
    return _LETTERS.sub(lambda found: " " if folded(found[0]) in names else found[0], text) if names else text


def unique_sentences(texts: list[str], labels: list[str], schema: Schema, params: Prepare) -> list[str]:
    """The texts with each longer sentence left in one of them only, and out of all if two classes use it.

    Manuals repeat themselves ("Pass an int for reproducible output"): seen in training, such a sentence would be
    recognised in the test instead of understood.
    """
    split_up = [[(one, " ".join(words_of(one, schema))) for one in _SENTENCE.split(text)] for text in texts]
    users: dict[str, set[str]] = defaultdict(set)
    for sentences, label in zip(split_up, labels, strict=True):
        for _, key in sentences:
            users[key].add(label)
    seen: set[str] = set()
    kept_texts = []
    for sentences in split_up:
        kept = []
        for sentence, key in sentences:
            short = len(key.split()) < params.sentence_words
            if key and (short or (len(users[key]) == 1 and key not in seen)):
                one_line = " ".join(sentence.split())
                kept.append(one_line if one_line[-1] in ".!?:" else f"{one_line}.")
                seen.add(key)
        kept_texts.append(" ".join(kept))
    return kept_texts


def near_duplicates(texts: Iterable[str], schema: Schema, params: Prepare) -> NDArray[np.int64]:
    """The number of each text's group; texts that are alike, directly or by way of others, share one. Shape (texts,).

    Alike is a Jaccard similarity of their sets of shingles (Broder, 1997) of `params.similarity` or more. Two such sets
    have one of their rarest shingles in common, so only texts that do are compared (Bayardo and others, 2007).
    """
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import CountVectorizer

    first, same = np.unique([" ".join(words_of(text, schema)) for text in texts], return_inverse=True)
    size = params.shingle_words
    counted = CountVectorizer(analyzer=lambda words: _shingles(words, size), binary=True)
    shingles = csr_array(counted.fit_transform(first))
    count = np.diff(shingles.indptr)
    row = np.repeat(np.arange(len(first)), count)
    by_rarity = np.lexsort((shingles.indices, np.bincount(shingles.indices)[shingles.indices], row))
    place = np.arange(len(row)) - shingles.indptr[row]
    # Alike means that so many are common at least; one of them is among those that are left without all but one.
    common_at_least = np.ceil(params.similarity * count - 1e-9).astype(int)
    chosen = place <= (count - common_at_least)[row]
    rare = csr_array(
        (np.ones(int(chosen.sum()), np.int32), (row[chosen], shingles.indices[by_rarity][chosen])), shape=shingles.shape
    )
    pairs: list[NDArray[np.int64]] = []
    for start in range(0, len(first), _BLOCK):
        met = (rare[start : start + _BLOCK] @ rare.T).tocoo()
        one, other = met.coords[0] + start, met.coords[1]
        one, other = one[one < other], other[one < other]
        for at in range(0, len(one), _PAIRS):
            left, right = one[at : at + _PAIRS], other[at : at + _PAIRS]
            common = np.asarray(shingles[left].multiply(shingles[right]).sum(axis=1)).ravel()
            alike = common >= params.similarity * (count[left] + count[right] - common)
            pairs.append(np.stack([left[alike], right[alike]]))
    found = np.concatenate([np.empty((2, 0), dtype=np.int64), *pairs], axis=1)
    linked = coo_array((np.ones(found.shape[1]), (found[0], found[1])), shape=(len(first), len(first)))
    groups: NDArray[np.int64] = connected_components(linked, directed=False)[1][same].astype(np.int64)
    return groups


def _shingles(words: str, size: int) -> list[str]:
    every = words.split()
    return [" ".join(every[start : start + size]) for start in range(max(1, len(every) - size + 1))]


def documents(table: pd.DataFrame, schema: Schema, params: Prepare) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What the models may read: a row a text (label, text, group, version), and the names taken out of them.

    Texts that are empty or too short are left out, and so is every near-duplicate of another.

    Raises:
        DataError: nothing is left of a class.
    """
    texts = [plain(text, schema) for text in table[schema.text_column].fillna("")]
    names = names_of(table, texts, schema)
    masked = [without_names(text, frozenset(names)).strip() for text in texts]
    labels = table[schema.target_column]
    if params.sentence_words:
        masked = unique_sentences(masked, labels.tolist(), schema, params)
    rows = pd.DataFrame({LABEL: labels.astype(object), "text": masked}, index=table.index)
    # A text without a group is one by itself.
    alone = pd.Series([f"text {row}" for row in range(len(table))], index=table.index)
    rows["group"] = table[schema.group].fillna(alone) if schema.group else alone
    if schema.version:
        rows["version"] = table[schema.version]
    rows = rows[rows["text"].map(lambda text: len(words_of(text, schema))) >= params.least_words]
    _check_classes(rows, schema)
    first = ~pd.Series(near_duplicates(rows["text"], schema, params), index=rows.index).duplicated()
    _check_classes(rows[first], schema)
    short, alike = len(table) - len(rows), int((~first).sum())
    print(f"{len(table)} texts; left out: {short} that are empty or short, {alike} that nearly repeat another")
    return rows[first].reset_index(drop=True), names


def _check_classes(rows: pd.DataFrame, schema: Schema) -> None:
    counts = rows[LABEL].value_counts().reindex(schema.classes, fill_value=0)
    few = [f"{name!r} ({count})" for name, count in counts.items() if count < LEAST_OF_A_CLASS]
    if few:
        raise DataError(
            f"once empty texts and near-duplicates are left out, too few texts remain of {', '.join(few)}; "
            f"each class needs {LEAST_OF_A_CLASS} at least: bring more, or list it under `too_rare` in schema.yaml"
        )


def split(table: pd.DataFrame, schema: Schema, params: Prepare) -> dict[str, Split]:
    """Three splits without a common group; each class keeps its share in each, as nearly as whole groups allow.

    Raises:
        DataError: a class is too small for three splits.
    """
    rows, names = documents(table, schema, params)
    parts = rows["group"].map(assign_groups(rows, params))
    if missing := sorted(set(schema.classes) - set(rows.loc[parts == "train", LABEL])):
        few = ", ".join(map(repr, missing))
        raise DataError(f"no text of {few} is left to train on: the groups of {schema.group!r} are too large")
    return {
        name: Split(
            features=rows[parts == name].drop(columns=LABEL).reset_index(drop=True),
            target=rows.loc[parts == name, LABEL].rename(schema.target.name).reset_index(drop=True),
            names=names,
        )
        for name in SPLITS
    }


def assign_groups(rows: pd.DataFrame, params: Prepare) -> dict[str, str]:
    """The split of each group: in random order to the test split while it fits, then to validation, else to train."""
    rng = np.random.default_rng(params.seed)
    part_of: dict[str, str] = {}
    for _, members in rows.groupby(LABEL):
        sizes = members["group"].value_counts(sort=False).sort_index()
        shares = {"test": params.test_share, "validation": params.validation_share}
        # Of a small class, too, each split has one.
        room = {part: max(1.0, share * len(members)) for part, share in shares.items()}
        for position in rng.permutation(len(sizes)):
            group, size = str(sizes.index[position]), int(sizes.iloc[position])
            # A group may hold texts of several classes.
            part = part_of.get(group) or next((name for name in room if size <= room[name]), "train")
            part_of[group] = part
            if part in room:
                room[part] -= size
    return part_of


def write_splits(splits: dict[str, Split], folder: Path) -> None:
    """One Parquet file a split, and the names, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in splits.items():
        part.features.assign(**{LABEL: part.target}).to_parquet(folder / f"{name}.parquet", index=False)
    names = splits["train"].names
    (folder / NAMES_FILE).write_text("".join(f"{name}\n" for name in names), encoding="utf-8", newline="\n")


def read_splits(folder: Path, schema: Schema) -> dict[str, Split]:
    """The splits that `write_splits` wrote."""
    names = tuple((folder / NAMES_FILE).read_text(encoding="utf-8").splitlines())
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS}
    return {
        name: Split(table.drop(columns=LABEL), table[LABEL].rename(schema.target.name), names)
        for name, table in tables.items()
    }


# what the other stages ask


def encode_target(target: pd.Series, schema: Schema) -> NDArray[np.int64]:
    """The index of each text's class. Shape (rows,)."""
    index = {label: position for position, label in enumerate(schema.classes)}
    return np.asarray(target.map(index), dtype=np.int64)


def slices_of(splits: dict[str, Split], schema: Schema, params: Evaluate) -> dict[str, pd.Categorical]:
    """The slice of each test text, for what `evaluate.slices` names: its class (by the target's name), its length."""
    labels = {schema.target.name: schema.target.label, "length": "Length"}
    if unknown := sorted(set(params.slices) - set(labels)):
        raise UserError(f"params.yaml: evaluate.slices names {', '.join(unknown)}; known are {', '.join(labels)}")
    test, train = splits["test"], splits["train"]
    slices = {
        schema.target.name: pd.Categorical(test.target, categories=schema.classes),
        "length": _lengths(test.features, train.features, schema),
    }
    return {label: slices[name] for name, label in labels.items() if name in params.slices}


def _lengths(features: pd.DataFrame, train: pd.DataFrame, schema: Schema) -> pd.Categorical:
    """The third of the training texts' lengths that each text falls in; fewer slices where many are of one length."""
    counts, counted = (part["text"].map(lambda text: len(words_of(text, schema))) for part in (features, train))
    limits = sorted({int(limit) for limit in counted.quantile([1 / 3, 2 / 3])})
    middle = [f"{low + 1} to {high} words" for low, high in pairwise(limits)]
    labels = [f"up to {limits[0]} words", *middle, f"over {limits[-1]} words"]
    place = np.searchsorted(limits, counts, side="left")
    return pd.Categorical([labels[at] for at in place], categories=labels)


def table_of(split: Split, schema: Schema) -> pd.DataFrame:
    """Texts and classes as one table, as MLflow keeps a data set."""
    return split.features.assign(**{schema.target.name: split.target})

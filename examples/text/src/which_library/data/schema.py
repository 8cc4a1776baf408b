"""The schema of the data: the texts, their classes, and how to clean them."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic.dataclasses import dataclass

from ..config import LAX, load_yaml
from .excluded import ExcludedColumn
from .words import ANY_WORD

# Of the files in an archive, for the data card.
RECORD_TYPE = "text/csv"


@dataclass(frozen=True, config=LAX)
class Target:
    """The class to predict.

    Attributes:
        name: an identifier.
        label: the name on the page and in reports.
        choices: the classes.
        column: the column in the file, if it differs from `name`.
        nullable: whether it may be empty; such rows are left out.
        unit: not used for classes.
    """

    name: str
    label: str
    choices: tuple[str, ...]
    column: str = ""
    nullable: bool = False
    unit: str = ""


@dataclass(frozen=True, config=LAX)
class TextColumn:
    """The input.

    Attributes:
        name: an identifier, the parameter's name in the API.
        label: the name on the page.
        column: the column in the file, if it differs from `name`.
        advice: a sentence on the page about what to enter.
    """

    name: str
    label: str
    column: str = ""
    advice: str = ""


@dataclass(frozen=True, config=LAX)
class Question:
    """An example input of the demo and its class."""

    ask: str
    answer: str


@dataclass(frozen=True, config=LAX)
class Schema:
    """The contents of `schema.yaml`.

    Attributes:
        source: where the data comes from.
        licence: the license of the data.
        target: the class of a text.
        text: the text.
        reading: the file and its format, for a data set of your own (see `data/tables.py`).
        left_out: excluded columns of the file.
        too_rare: classes with too few texts for three splits; their texts are left out.
        questions: example inputs for the demo; a test checks their predictions.
        extracts: whether `champion.json` may publish extracts of test texts as examples.
        names: words that reveal a class; removed from every text, at prediction time, too.
        names_in: a column of space-separated names; those that a single class uses in its texts are removed, too.
        group: a column whose equal values go into one split, such as a thread, an author or a module.
        version: a column with the version of the source of each text.
        word: a regular expression for a word, applied to lowercase text without accents.
        code: whether code, addresses and markup are kept.
    """

    source: str
    licence: str
    target: Target
    text: TextColumn
    reading: dict[str, Any] | None = None
    left_out: tuple[ExcludedColumn, ...] = ()
    too_rare: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    extracts: bool = True
    names: tuple[str, ...] = ()
    names_in: str = ""
    group: str = ""
    version: str = ""
    word: str = ANY_WORD
    code: bool = True
    task: ClassVar[Literal["classification"]] = "classification"
    positive: ClassVar[str | None] = None
    sample_noun: ClassVar[str] = "texts"
    input_summary: ClassVar[str] = "a text"

    def __post_init__(self) -> None:
        if unknown := sorted({question.answer for question in self.questions} - set(self.classes)):
            raise ValueError(
                f"questions have the answer {', '.join(unknown)}, which is not among target.choices; "
                f"use one of {', '.join(self.classes)}"
            )
        if not self.questions and not self.extracts:
            raise ValueError("with `extracts: false` the demo has no example; add at least one entry to `questions`")

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the classes in the order of the models' probabilities."""
        return tuple(sorted(self.target.choices))

    @property
    def text_column(self) -> str:
        """Return the text's column in the file."""
        return self.text.column or self.text.name

    @property
    def target_column(self) -> str:
        """Return the target's column in the file."""
        return self.target.column or self.target.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the file that are read."""
        columns = (self.target_column, self.text_column, self.group, self.version, self.names_in)
        return tuple(dict.fromkeys(column for column in columns if column))


def load_schema(path: Path) -> Schema:
    """Load `schema.yaml`.

    Raises:
        UserError: an entry is missing, unknown or invalid.
    """
    return load_yaml(path, Schema)


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    texts = {
        schema.text_column: schema.text.label,
        schema.target_column: schema.target.label,
        schema.group: "Texts with equal values are in one split.",
        schema.version: "Version of the source of the text.",
        schema.names_in: "Names, separated by blanks, that may reveal the class.",
    } | {entry.column: f"Not used: {entry.reason}" for entry in schema.left_out}
    return [
        {"name": name, "description": text, "dataType": "sc:Text", "source": {"extract": {"column": name}}}
        for name, text in texts.items()
        if name
    ]

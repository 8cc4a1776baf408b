"""The schema of the images and their classes, read from `schema.yaml`."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic.dataclasses import dataclass

from ..config import LAX, load_yaml
from .images import ImageSpec

# Of the files in an archive, for the data card.
RECORD_TYPE = "image/png"


@dataclass(frozen=True, config=LAX)
class Target:
    """The classes; `choices` are the names of their folders."""

    name: str
    label: str
    choices: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, config=LAX)
class Reading:
    """Where the images are: a folder or zip archive in `data/raw/` with one subfolder per class.

    If there are more than `most_pictures`, a stratified sample is used.
    """

    file: str
    most_pictures: int | None = None


@dataclass(frozen=True, config=LAX)
class Schema:
    """The content of `schema.yaml`.

    Attributes:
        source: Where the images come from.
        licence: Their license.
        reading: Where the files are.
        picture: The size and color depth of the model's input.
        target: The classes.
        too_rare: Class folders to ignore because they contain too few images.
        examples: Whether `champion.json`, which is published, may contain test images.
    """

    source: str
    licence: str
    reading: Reading
    picture: ImageSpec
    target: Target
    too_rare: tuple[str, ...] = ()
    examples: bool = True

    task: ClassVar[Literal["classification"]] = "classification"
    positive: ClassVar[str | None] = None
    sample_noun: ClassVar[str] = "images"

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the model's outputs."""
        return tuple(sorted(self.target.choices))

    @property
    def input_summary(self) -> str:
        """The model's input, as a phrase for the model card."""
        kind = "color" if self.picture.channels == 3 else "grayscale"
        return f"a {kind} image of {self.picture.height} × {self.picture.width} pixels"


def load_schema(path: Path) -> Schema:
    """Load `schema.yaml`.

    Raises:
        UserError: An entry is missing, unknown or has the wrong type.
    """
    return load_yaml(path, Schema)


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of image and class, in the terms of Croissant."""
    folder = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": ".*?([^/]+)/[^/]+$"}}
    return [
        {
            "name": "image",
            "description": schema.input_summary,
            "dataType": "sc:ImageObject",
            "source": {"extract": {"fileProperty": "content"}},
        },
        {
            "name": schema.target.name,
            "description": f"{schema.target.label}: the name of the image's folder",
            "dataType": "sc:Text",
            "source": folder,
        },
    ]

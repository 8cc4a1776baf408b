"""Loading of the raw images from the zip archive that `data/source.py` wrote."""

import zipfile
from functools import partial
from pathlib import Path, PurePosixPath

from .images import RawImage
from .schema import Schema
from .source import ARCHIVE


def read_raw(folder: Path, schema: Schema) -> list[RawImage]:
    """Return the raw images, sorted by name; the name of an image's folder is its class."""
    archive = zipfile.ZipFile(folder / ARCHIVE)  # stays open: each file is read when it is decoded
    return [
        RawImage(name, PurePosixPath(name).parent.name, partial(archive.read, name))
        for name in sorted(archive.namelist())
    ]

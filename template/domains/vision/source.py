"""The data that the project starts from: the digits that scikit-learn carries, written to `data/raw/`."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from .mistakes import UserError
from .params import Fetch

ARCHIVE = "digits.zip"
MOST_INK = 16  # in a cell: the pixels that it has


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write the pictures that scikit-learn carries, a folder of the archive for each digit; returns what was written.

    The makers published counts of ink; 0 is a white pixel here, and the most a black one. Nothing is downloaded.

    Source: E. Alpaydin, C. Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository.
    """
    from sklearn.datasets import load_digits

    if params.source != "digits":
        raise UserError(f"params.yaml: fetch.source is {params.source!r}; known is 'digits'")
    bunch = load_digits()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        for number, (counts, digit) in enumerate(zip(bunch.images, bunch.target, strict=True)):
            tones = (255 - np.round(counts * (255 / MOST_INK))).astype(np.uint8)
            # Not packed and without a date: the same pictures give the same bytes on every machine.
            archive.writestr(zipfile.ZipInfo(f"{digit}/{number:04}.png"), file_of(tones))
    return f"{len(bunch.target)} pictures of {params.source} in data/raw/{ARCHIVE}"


def file_of(tones: np.typing.NDArray[np.uint8]) -> bytes:
    """Tones of shape (height, width) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(tones).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()

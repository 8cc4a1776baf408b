"""The bundled data set: handwritten digits that scikit-learn contains."""

import io
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic.dataclasses import dataclass
from sklearn.datasets import load_digits

from ..config import STRICT

ARCHIVE = "digits.zip"
MAX_INK = 16  # per pixel: each counts the ink in a block of 4 × 4


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """The data set to write to `data/raw/`."""

    source: Literal["digits"]


def write_raw(folder: Path, fetch: Fetch) -> str:
    """Write the images to a zip archive with one folder per digit and return a summary. Nothing is downloaded.

    Source: E. Alpaydin, C. Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository.
    """
    digits = load_digits()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        for number, (counts, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
            tones = (255 - np.round(counts * (255 / MAX_INK))).astype(np.uint8)
            # Neither compressed nor dated, so that the archive is the same on every machine.
            archive.writestr(zipfile.ZipInfo(f"{digit}/{number:04}.png"), _png(tones))
    return f"{len(digits.target)} images of {fetch.source} in data/raw/{ARCHIVE}"


def _png(tones: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(tones).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()

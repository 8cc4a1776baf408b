"""Validation of the raw images against the schema, and conversion to arrays."""

import zipfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from ..errors import DataError
from . import preprocessing
from .images import ImageSpec, InvalidInputError, Pixels, RawImage, decode_image
from .schema import Schema
from .splits import Split

_MAX_LISTED = 5


def validate(raw: Sequence[RawImage], schema: Schema) -> Split:
    """Decode the images. A few unreadable files are reported and left out (see `preprocessing.MAX_UNREADABLE`).

    Raises:
        DataError: Class folders are missing or unknown, or too many files are unreadable.
    """
    _check_classes(raw, schema)
    pixels = np.empty((len(raw), *schema.picture.shape), dtype=np.float32)
    errors: dict[int, str] = {}
    with ThreadPoolExecutor() as threads:  # Pillow releases the GIL while it decodes
        for row, result in enumerate(threads.map(partial(_decode, spec=schema.picture), raw)):
            if isinstance(result, str):
                errors[row] = result
            else:
                pixels[row] = result
    if errors:
        _report_unreadable([f"{raw[row].name}: {error}" for row, error in errors.items()], len(raw))
        pixels = np.delete(pixels, list(errors), axis=0)
    valid = [image for row, image in enumerate(raw) if row not in errors]
    labels = np.array([image.label for image in valid], dtype=np.str_)
    return Split(pixels, labels, tuple(image.name for image in valid))


def _check_classes(raw: Sequence[RawImage], schema: Schema) -> None:
    counts = Counter(image.label for image in raw)
    problems = []
    if unknown := [f"{label} ({counts[label]} images)" for label in sorted({*counts} - {*schema.classes})]:
        problems.append(f"folders that are not listed as classes: {', '.join(unknown)}; add them to `choices`")
    if missing := [label for label in schema.classes if label not in counts]:
        problems.append(f"classes without images: {', '.join(missing)}; add images or remove them from `choices`")
    if problems:
        raise DataError("\n".join(problems))


def _decode(image: RawImage, spec: ImageSpec) -> Pixels | str:
    try:
        return preprocessing.preprocess_raw(decode_image(image.read()), spec)
    except (InvalidInputError, OSError, zipfile.BadZipFile) as error:
        return str(error) or type(error).__name__


def _report_unreadable(errors: list[str], total: int) -> None:
    message = "\n".join(
        [f"{len(errors)} of {total} images can't be used:", *errors[:_MAX_LISTED]]
        + (["..."] if len(errors) > _MAX_LISTED else [])
    )
    if len(errors) > preprocessing.MAX_UNREADABLE * total:
        raise DataError(message)
    print(f"{message}\nThey are left out.")

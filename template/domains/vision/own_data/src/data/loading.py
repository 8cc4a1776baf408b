"""Loading of the raw images: a folder or a zip archive with one subfolder per class."""

import random
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from ..errors import UserError
from .images import RawImage
from .schema import Schema
from .splits import MIN_CLASS_SIZE

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm")


def read_raw(folder: Path, schema: Schema) -> list[RawImage]:
    """Return the raw images, sorted by name; the name of an image's folder is its class.

    Raises:
        UserError: The folder or archive is missing.
    """
    path = folder / schema.reading.file
    if not path.exists():
        raise UserError(f"data/raw/{schema.reading.file} is missing; run: uv run dvc pull")
    files = _folder_files(path) if path.is_dir() else _archive_files(path)
    images = [RawImage(str(name), name.parent.name, read) for name, read in files if _is_image(name)]
    images = [image for image in sorted(images, key=_name) if image.label not in schema.too_rare]
    return stratified_sample(images, schema.reading.most_pictures)


def _name(image: RawImage) -> str:
    return image.name


def _folder_files(folder: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes]]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes


def _archive_files(path: Path) -> Iterator[tuple[PurePosixPath, Callable[[], bytes]]]:
    archive = zipfile.ZipFile(path)  # stays open: each file is read when it is decoded
    for name in archive.namelist():
        yield PurePosixPath(name), partial(archive.read, name)


def _is_image(name: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return name.suffix.lower() in SUFFIXES and len(name.parts) > 1 and not hidden


def stratified_sample(images: list[RawImage], size: int | None) -> list[RawImage]:
    """Return about `size` images, always the same; classes keep their shares, but at least `MIN_CLASS_SIZE` images."""
    if size is None or len(images) <= size:
        return images
    sample: list[RawImage] = []
    for label in sorted({image.label for image in images}):
        members = [image for image in images if image.label == label]
        count = min(len(members), max(round(size / len(images) * len(members)), MIN_CLASS_SIZE))
        sample += random.Random(0).sample(members, count)  # noqa: S311 - not for cryptography
    print(f"sampled {len(sample):,} of {len(images):,} images (`most_pictures` in schema.yaml)")
    return sorted(sample, key=_name)

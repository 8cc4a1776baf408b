"""Inspect images in a folder or zip archive with one sub-folder per class."""

from __future__ import annotations

import io
import os
import statistics
import warnings
import zipfile
import zlib
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from mlpath.dataset.detect import IMAGE_SUFFIXES, files_of, is_system_file
from mlpath.dataset.names import listed
from mlpath.dataset.results import DatasetProfile
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL import Image

    from mlpath.dataset.detect import FileFormat

MAX_OPENED = 1000
"""Images that are opened; all are counted."""
# Pillow raises these for damaged files; its own exceptions are OSErrors.
_UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
_DRAFT_SIZE, _COLOR_SIZE = (256, 256), (16, 16)
_MAX_NOISE = 12
"""Difference of the channels, of 255, that JPEG may add to gray."""
_MAX_STRAY = 0.02
"""Up to this share of color images, a data set counts as gray."""
_MIN_IMAGES = 5
_HINT = "Put each image into a sub-folder named after its class: cats/1.jpg, dogs/7.jpg."


def inspect_images(path: Path, file_format: FileFormat, target: str | None) -> DatasetProfile:
    """Return the profile of images by class.

    Raises:
        MlpathError: There are no images, or fewer than two classes.
    """
    if target is not None:
        raise MlpathError(
            "images have no columns: their folders name the classes", hint="Leave out --target."
        )
    by_class: dict[str, list[str]] = defaultdict(list)
    size = loose = 0
    for name, length in sorted(_find_images(path, file_format.compression)):
        if folder := PurePosixPath(name).parent.name:
            by_class[folder].append(name)
            size += length
        else:
            loose += 1
    _check_classes(path, list(by_class), loose)
    counts = [(name, len(files)) for name, files in by_class.items()]
    classes = tuple(sorted(counts, key=lambda item: (-item[1], item[0])))
    opened = _open_images(path, file_format.compression, by_class)
    return DatasetProfile(
        path=path, kind="images", read_options=None, target=None,
        bytes=path.stat().st_size if file_format.compression else size,
        rows=sum(count for _, count in classes), sampled_rows=opened["opened"],
        duplicate_rows=None, columns=(), domain="vision", task="classification",
        classes=classes, notes=tuple(_notes(opened, classes, loose)), images=opened,
    )  # fmt: skip


def _check_classes(path: Path, classes: Sequence[str], loose: int) -> None:
    if not classes:
        found = f"{loose} images and no sub-folders" if loose else "no images"
        raise MlpathError(f"{path} contains {found}", hint=_HINT)
    if len(classes) == 1:
        raise MlpathError(
            f"{path} contains images of one class, {classes[0]!r}; at least two are required",
            hint=_HINT,
        )


def _notes(opened: dict[str, Any], classes: Sequence[tuple[str, int]], loose: int) -> Iterator[str]:
    total = sum(count for _, count in classes)
    if opened["opened"] < total:
        yield f"{opened['opened']:,} of the {total:,} images were opened, some of each class."
    if opened["unread"]:
        names = ", ".join(opened["unreadable"][:5])
        yield f"{opened['unread']} files can't be read as images: {names}."
    if loose:
        yield f"{loose} images are in no sub-folder and are ignored."
    if similar := _differ_in_case([name for name, _ in classes]):
        yield f"Classes that differ only in case: {listed(similar[:6])}."
    if rare := [name for name, count in classes if count < _MIN_IMAGES]:
        yield f"Classes with fewer than {_MIN_IMAGES} images: {listed(rare)}."


def _differ_in_case(names: Sequence[str]) -> list[str]:
    folded = Counter(name.casefold() for name in names)
    return sorted(name for name in names if folded[name.casefold()] > 1)


def images_below(path: Path) -> list[str]:
    """Return the images in the sub-folders of a folder, as paths relative to it."""
    return [name for name, _ in _find_images(path, "") if PurePosixPath(name).parent.name]


def _find_images(path: Path, compression: str) -> Iterator[tuple[str, int]]:
    if compression == "zip":
        with zipfile.ZipFile(path) as archive:
            files = [(member.filename, member.file_size) for member in files_of(archive)]
    else:
        files = [
            (file.relative_to(path).as_posix(), file.stat().st_size)
            for file in path.rglob("*")
            if file.is_file()
        ]
    for name, size in files:
        _check_name(path, name)
        if name.lower().endswith(IMAGE_SUFFIXES) and not is_system_file(name):
            yield name, size


def _check_name(path: Path, name: str) -> None:
    """Refuse names that DVC can't write to its files."""
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="replace")
        raise MlpathError(
            f"{path}: the file name {shown!r} is not UTF-8",
            hint="Rename it, or pack the folder as zip.",
        ) from None


def _open_images(path: Path, compression: str, by_class: dict[str, list[str]]) -> dict[str, Any]:
    from PIL import Image  # noqa: PLC0415 - needed only for images

    per_class = max(MAX_OPENED // len(by_class), 5)
    sizes: list[tuple[int, int]] = []
    modes, formats, unreadable = Counter[str](), Counter[str](), []
    colored = 0
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(path)) if compression == "zip" else None
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # about palettes and sizes
        for name in (file for files in by_class.values() for file in files[:per_class]):
            try:
                source = io.BytesIO(archive.read(name)) if archive else path / name
                with Image.open(source) as image:
                    size, mode = image.size, image.mode
                    image.draft(None, _DRAFT_SIZE)  # decodes JPEG at a reduced size
                    colored += _has_color(image.convert("RGB").resize(_COLOR_SIZE))
            except (*_UNREADABLE, Image.DecompressionBombError):
                unreadable.append(name)
                continue
            sizes.append(size)
            modes[mode] += 1
            formats[str(image.format)] += 1
    if not sizes:
        raise MlpathError(
            f"{path}: none of its images can be read", hint="Export them as PNG or JPEG."
        )
    return {
        "opened": len(sizes) + len(unreadable),
        "width": _spread([width for width, _ in sizes]),
        "height": _spread([height for _, height in sizes]),
        "modes": dict(modes),
        "formats": dict(formats),
        "color": colored > _MAX_STRAY * len(sizes),
        "unread": len(unreadable),
        "unreadable": unreadable[:20],
    }


def _spread(values: Sequence[int]) -> list[int]:
    return [min(values), statistics.median_low(values), max(values)]


def _has_color(image: Image.Image) -> bool:
    red, green, blue = (band.tobytes() for band in image.split())
    return any(
        max(channels) - min(channels) > _MAX_NOISE
        for channels in zip(red, green, blue, strict=True)
    )

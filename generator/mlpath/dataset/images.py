"""Looks at pictures in one sub-folder a class, in a folder or in a zip archive."""

from __future__ import annotations

import io
import os
import statistics
import warnings
import zipfile
import zlib
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlpath.dataset import detect as kinds
from mlpath.dataset.findings import Findings
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from mlpath.dataset.detect import Kind

MOST_OPENED = 1000
"""Pictures that are opened; all are counted."""
# What Pillow raises for files that are damaged; its own errors are OSError and these.
_UNREADABLE = (
    OSError, SyntaxError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip
_ENOUGH, _TINY = (256, 256), (16, 16)
_FAINTEST = 12
"""Of 255, the difference between the channels that is no noise of a JPEG."""
_MOSTLY_GREY = 0.02
"""A stray picture in colour makes no data set one of colours."""
_REMEDY = "Put each picture into a sub-folder named after its class: cats/1.jpg, dogs/7.jpg."


def look(path: Path, kind: Kind, target: str | None) -> Findings:
    """Look at pictures by class.

    Raises:
        MlpathError: There are none, or fewer than two classes.
    """
    if target is not None:
        raise MlpathError(
            "pictures have no columns: their folders name the classes",
            hint="Leave out --target.",
        )
    by_class: dict[str, list[str]] = defaultdict(list)
    size, loose = 0, 0
    for one, length in sorted(_pictures(path, kind)):
        if PurePosixPath(one).parent.name:
            by_class[PurePosixPath(one).parent.name].append(one)
            size += length
        else:
            loose += 1
    size = path.stat().st_size if kind.packed else size
    if not by_class:
        what = f"{loose} pictures and no sub-folders" if loose else "no pictures"
        raise MlpathError(f"{path} holds {what}", hint=_REMEDY)
    if len(by_class) == 1:
        raise MlpathError(
            f"{path} has pictures of one class, {next(iter(by_class))!r}; there is nothing to tell",
            hint=_REMEDY,
        )
    classes = tuple(sorted(((one, len(files)) for one, files in by_class.items()), key=_by_count))
    found = _opened(path, kind, by_class)
    total = sum(count for _, count in classes)
    return Findings(
        path=path, kind="pictures", reading=None, bytes=size, rows=total, looked_at=found["opened"],
        duplicates=None, columns=(), domain="vision", target=None, task="classification",
        classes=classes, positive=None, notes=tuple(_notes(found, classes, loose)), pictures=found,
    )  # fmt: skip


def _notes(
    found: dict[str, Any], classes: tuple[tuple[str, int], ...], loose: int
) -> Iterator[str]:
    total = sum(count for _, count in classes)
    if found["opened"] < total:
        yield f"{found['opened']:,} of the {total:,} pictures were opened, of each class some."
    if found["unread"]:
        named = ", ".join(found["unreadable"][:5])
        yield f"{found['unread']} files can't be read as pictures: {named}."
    if loose:
        yield f"{loose} pictures lie outside of every sub-folder and are passed over."
    alike = Counter(one.casefold() for one, _ in classes)
    if torn := sorted(one for one, _ in classes if alike[one.casefold()] > 1):
        yield f"Classes that differ in case alone: {', '.join(map(repr, torn[:6]))}."
    if few := [one for one, count in classes if count < 5]:  # noqa: PLR2004
        yield f"Too few pictures to learn from: {', '.join(map(repr, few))}."


def _by_count(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]


def below(path: Path) -> list[str]:
    """Return the pictures that lie in a sub-folder of a folder, as paths relative to it."""
    return [one for one, _ in _pictures(path, None) if PurePosixPath(one).parent.name]


def _pictures(path: Path, kind: Kind | None) -> Iterator[tuple[str, int]]:
    """Give the path of each picture in a folder or an archive, and its size."""
    if kind is not None and kind.packed == "zip":
        with zipfile.ZipFile(path) as archive:
            found = [(one.filename, one.file_size) for one in kinds.contents(archive)]
    else:
        files = (file for file in path.rglob("*") if file.is_file())
        found = [(file.relative_to(path).as_posix(), file.stat().st_size) for file in files]
    for name, size in found:
        _check_name(path, name)
        if name.lower().endswith(kinds.PICTURES) and not kinds.is_junk(name):
            yield name, size


def _check_name(path: Path, name: str) -> None:
    """Refuse a name that DVC, which is to keep the pictures, can't write down."""
    try:
        name.encode()
    except UnicodeEncodeError:
        told = os.fsencode(name).decode(errors="replace")
        raise MlpathError(
            f"{path}: the name {told!r} is not in UTF-8",
            hint="Rename it, or pack all of it as zip.",
        ) from None


def _opened(path: Path, kind: Kind, by_class: dict[str, list[str]]) -> dict[str, Any]:
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    each = max(MOST_OPENED // len(by_class), 5)
    widths, heights, modes, formats, unreadable = [], [], Counter[str](), Counter[str](), []
    coloured = 0
    archive = zipfile.ZipFile(path) if kind.packed == "zip" else None
    for one in (file for files in by_class.values() for file in files[:each]):
        try:
            source = io.BytesIO(archive.read(one)) if archive else path / one
            with warnings.catch_warnings(), Image.open(source) as picture:
                warnings.simplefilter("ignore")  # of odd palettes and of sizes
                size, mode = picture.size, picture.mode
                picture.draft(None, _ENOUGH)  # reads a JPEG at a fraction of its size
                coloured += _has_colour(picture.convert("RGB").resize(_TINY))
            widths.append(size[0])
            heights.append(size[1])
            modes[mode] += 1
            formats[str(picture.format)] += 1
        except (*_UNREADABLE, Image.DecompressionBombError):
            unreadable.append(one)
    if archive:
        archive.close()
    if not widths:
        raise MlpathError(
            f"{path}: none of its pictures can be read", hint="Export them as PNG or JPEG."
        )
    return {
        "opened": len(widths) + len(unreadable),
        "width": [min(widths), statistics.median_low(widths), max(widths)],
        "height": [min(heights), statistics.median_low(heights), max(heights)],
        "modes": dict(modes),
        "formats": dict(formats),
        "colour": coloured > _MOSTLY_GREY * len(widths),
        "unread": len(unreadable),
        "unreadable": unreadable[:20],
    }


def _has_colour(picture: Image.Image) -> bool:
    """Tell whether a picture in RGB is more than shades of grey."""
    red, green, blue = (band.tobytes() for band in picture.split())
    return any(
        max(shades) - min(shades) > _FAINTEST for shades in zip(red, green, blue, strict=True)
    )

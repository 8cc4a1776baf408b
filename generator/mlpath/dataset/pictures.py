"""Looks at pictures in one sub-folder a class, in a folder or in a zip archive."""

from __future__ import annotations

import io
import statistics
import zipfile
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlpath.dataset import kinds
from mlpath.dataset.findings import Findings
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.kinds import Kind

MOST_OPENED = 2000
"""Pictures that are opened; all are counted."""
# What Pillow raises for files that are damaged; its own errors are OSError and these.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError)
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
    for one, length in _files(path, kind):
        size += length
        if not one.lower().endswith(kinds.PICTURES):
            continue
        parts = PurePosixPath(one).parts
        if len(parts) < 2:  # noqa: PLR2004 - a folder and a file
            loose += 1
        else:
            by_class[parts[-2]].append(one)
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
    notes = []
    if broken := found["unreadable"]:
        notes.append(f"{len(broken)} files can't be read as pictures: {', '.join(broken[:5])}.")
    if loose:
        notes.append(f"{loose} pictures lie outside of every sub-folder and are passed over.")
    few = [one for one, count in classes if count < 5]  # noqa: PLR2004
    if few:
        notes.append(f"Too few pictures to learn from: {', '.join(map(repr, few))}.")
    total = sum(count for _, count in classes)
    return Findings(
        path=path, kind="pictures", reading=None, bytes=size, rows=total, looked_at=found["opened"],
        duplicates=None, columns=(), domain="vision", target=None, task="classification",
        classes=classes, positive=None, notes=tuple(notes), pictures=found,
    )  # fmt: skip


def _by_count(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]


def _files(path: Path, kind: Kind) -> Iterator[tuple[str, int]]:
    if kind.packed == "zip":
        with zipfile.ZipFile(path) as archive:
            for one in kinds.contents(archive):
                yield one.filename, one.file_size
        return
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield inside.as_posix(), file.stat().st_size


def _opened(path: Path, kind: Kind, by_class: dict[str, list[str]]) -> dict[str, Any]:
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    each = max(MOST_OPENED // len(by_class), 5)
    widths, heights, modes, formats, unreadable = [], [], Counter[str](), Counter[str](), []
    archive = zipfile.ZipFile(path) if kind.packed == "zip" else None
    for one in (file for files in by_class.values() for file in files[:each]):
        try:
            source = io.BytesIO(archive.read(one)) if archive else path / one
            with Image.open(source) as picture:
                picture.load()
                widths.append(picture.width)
                heights.append(picture.height)
                modes[picture.mode] += 1
                formats[str(picture.format)] += 1
        except _UNREADABLE:
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
        "unreadable": unreadable[:20],
    }

"""The schema of pictures: where they are, what their folders name, what a model is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import LEAST_ROWS, MOST_SLICES, balanced, too_rare
from mlpath.dataset import names
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Findings

ADVICE = """\
# A model is shown the middle of each picture in the size that `picture` says (multiples of 4): more
# cells show more, and take longer to learn. `examples: false` keeps test pictures out of the demo.
"""
LONGEST, SHORTEST = 32, 8
"""Cells of a side. Of larger pictures a network on two cores would learn for hours."""
SMALL = 48
"""Pictures up to this size are shown as they are."""
MOST_PICTURES = 20_000


def document(findings: Findings, source: str, licence: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: There is too little to learn from.
    """
    if findings.rows < LEAST_ROWS:
        raise MlpathError(
            f"{findings.path.name} has {findings.rows} pictures; a model that is measured on "
            f"pictures it has not seen takes {LEAST_ROWS} at least",
            hint="Bring more.",
        )
    rare = too_rare(findings)
    reading: dict[str, Any] = {"file": names.file_name(findings.path.resolve())}
    if findings.rows > MOST_PICTURES:
        reading["most_pictures"] = MOST_PICTURES
    written: dict[str, Any] = {
        "source": source,
        "licence": licence,
        "reading": reading,
        "picture": grid(findings),
        "target": {
            "name": "label",
            "label": "Class",
            "choices": [name for name, _ in findings.classes if name not in rare],
        },
    }
    return written | ({"too_rare": rare} if rare else {})


def grid(findings: Findings) -> dict[str, int]:
    """Return the size in which a model is shown a picture: of the proportions that most have."""
    wide, high = findings.pictures["width"][1], findings.pictures["height"][1]
    shrunk = 1.0 if max(wide, high) <= SMALL else LONGEST / max(wide, high)

    def cells(pixels: int) -> int:
        return max(SHORTEST, round(pixels * shrunk / 4) * 4)

    channels = 3 if findings.pictures["colour"] else 1
    return {"height": cells(high), "width": cells(wide), "channels": channels}


def turned(findings: Findings) -> dict[str, Any]:
    """Return which metric decides, and what the quality is told apart by."""
    light = ["brightness", "contrast"]
    if not balanced(findings):
        return {"metric": "f1", "slices": light}
    count = len(findings.classes) - len(too_rare(findings))
    return {"metric": "accuracy", "slices": ["class", *light] if count <= MOST_SLICES else light}

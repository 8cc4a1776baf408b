"""The sample that stands for a raw table of too many rows."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The key in the attributes of the raw table.
SAMPLING = "sampling"
FILE = "sampling.json"


@dataclass(frozen=True)
class Sampling:
    """How a raw table was sampled: the rows of the sample and of the table, and the seed of the draw.

    `rare` has the share of the rows that were kept of each class that is too rare for the share of the others.
    """

    rows: int
    total: int
    seed: int
    rare: dict[str, float] = field(default_factory=dict)


def write_sampling(raw: Any, folder: Path) -> None:
    """Write how the raw data were sampled to the folder of the splits; nothing if they were used whole."""
    if sampling := getattr(raw, "attrs", {}).get(SAMPLING):
        (folder / FILE).write_text(json.dumps(sampling) + "\n", encoding="utf-8")


def read_sampling(folder: Path) -> Sampling | None:
    """Read what `write_sampling` wrote; None if the raw data were used whole."""
    path = folder / FILE
    return Sampling(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

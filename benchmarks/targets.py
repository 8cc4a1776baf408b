"""Suggested domain and target of real data sets: python benchmarks/targets.py [--folder FOLDER].

benchmarks/real_data.py states what a person would choose. A suggestion agrees if domain and target
are the same, or if the target is among those that `inspect` asks about. FOLDER keeps the data.
Exits with 1 if fewer than 90 % agree.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import real_data
from measure import parser

AT_LEAST = 0.9
DATASETS = [
    dataset
    for dataset in (*real_data.DATASETS, *real_data.INSPECTED)
    if dataset.domain != "vision" and not dataset.address
]


def main(folder: Path) -> int:
    """Print a row of Markdown per data set; return whether too few agree."""
    real_data.install(folder)
    agreed = 0
    for dataset in DATASETS:
        path, _ = real_data.export(dataset, folder)
        result = real_data.compare_target(dataset, real_data.inspect(str(path)))
        agreed += result in {"right", "asked"}
        name = f"`{dataset.source}` `{dataset.file}`"
        print(f"| {name} | {dataset.domain} | `{dataset.target}` | {result} |", flush=True)
    print(f"{agreed} of {len(DATASETS)} agree; target: {AT_LEAST:.0%}")
    return agreed < AT_LEAST * len(DATASETS)


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, help="what a later run goes on with")
    given = command.parse_args().folder
    with tempfile.TemporaryDirectory(prefix="mlpath-data-") as temporary:
        sys.exit(main((given or Path(temporary)).resolve()))

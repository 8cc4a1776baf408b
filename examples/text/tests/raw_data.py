"""Raw data for the tests: every fourth docstring of the data that the project starts from, to save time."""

import os
import shutil

from which_library.data.source import RAW_FILE
from which_library.paths import ProjectPaths
from which_library.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`; `uv run sabotage` runs the tests many times, and names the data that was fetched."""
    if fetched := os.environ.get("RAW_DATA"):
        shutil.copytree(fetched, paths.raw)
    else:
        fetch.main(paths)
    path = paths.raw / RAW_FILE
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[::4]), encoding="utf-8", newline="\n")

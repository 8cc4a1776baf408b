"""Air ahead."""

from pathlib import Path

TITLE = "Air ahead"

# `dvc exp run --queue` runs the stages in a copy of the project, below .dvc/tmp, and means the code and the parameters
# of that copy. Python finds those of the project that is installed.
_INSTALLED = Path(__file__).resolve().parent
_COPY = Path("src", _INSTALLED.name).resolve()
if _INSTALLED.parents[1] / ".dvc" / "tmp" in _COPY.parents and _COPY.is_dir():
    __path__ = [str(_COPY)]

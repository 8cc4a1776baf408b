"""Which library."""

from pathlib import Path

TITLE = "Which library"

# `dvc exp run --queue` runs the stages in a copy of the project below .dvc/tmp. They must use the code of that copy,
# but Python would import the installed code.
_installed = Path(__file__).resolve().parent
_copy = Path("src", _installed.name).resolve()
if _installed.parents[1] / ".dvc" / "tmp" in _copy.parents and _copy.is_dir():
    __path__ = [str(_copy)]

"""A bug that raises no error, and how it gets into a copy of the project."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError


@dataclass(frozen=True)
class Bug:
    """A change of the code after which everything runs and the result is wrong.

    Attributes:
        module: the changed file, below the package.
        mistake: what the code does now, as a sentence.
        lesson: why the score does not show it, and what does.
        test: the test that catches it; the others run if it does not.
        metric: the metric that is shown; by default the one that models are compared by.
        concerns: whether it changes anything for the data that a schema describes.
    """

    name: str
    module: str
    before: str
    after: str
    mistake: str
    lesson: str
    test: str
    metric: str = ""
    concerns: Callable[[Any], bool] = bool


def copy_project(root: Path, destination: Path) -> None:
    """Copy the files that git has or would add: not the raw data, the MLflow store and the environment.

    Raises:
        UserError: the project is not in a git repository.
    """
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        raise UserError(f"{root} is not in a git repository, whose files are copied. Run: git init")
    for name in filter(None, listing.stdout.split("\0")):
        if (root / name).is_file():  # not deleted since
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, destination / name)


def inject(bug: Bug, package: Path) -> None:
    """Replace the correct code below the folder of the package.

    Raises:
        UserError: the file does not contain the correct code exactly once.
    """
    path = package / bug.module
    text = path.read_text(encoding="utf-8")
    if text.count(bug.before) != 1:
        raise UserError(
            f"{bug.name} replaces code that {bug.module} does not have (any more); adapt the bug in src/*/sabotage/"
        )
    path.write_text(text.replace(bug.before, bug.after), encoding="utf-8", newline="\n")

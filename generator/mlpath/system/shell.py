"""Text for a shell."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path


def quote_path(path: Path) -> str:
    """Return a path for a command line: quoted, and relative to the current folder if below it."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))

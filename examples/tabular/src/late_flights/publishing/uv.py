"""Running uv."""

import os
import subprocess

from ..errors import UserError


def run_uv(*arguments: str, stdin: str = "") -> str:
    """Run uv and return its output.

    Raises:
        UserError: uv is missing or failed; names the last line that it printed.
    """
    try:
        process = subprocess.run(
            [os.environ.get("UV", "uv"), *arguments],  # `uv run` sets UV to its own path
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except FileNotFoundError:
        raise UserError("uv not found; install it from https://docs.astral.sh/uv/") from None
    if process.returncode:
        raise UserError(f"uv {' '.join(arguments[:2])} failed: {last_line(process.stderr)}")
    return process.stdout


def last_line(text: str) -> str:
    """Return the last line of a program's output, without indentation."""
    return (text.strip().splitlines() or ["no output"])[-1].strip()

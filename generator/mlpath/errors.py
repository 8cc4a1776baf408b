"""Errors that a user can fix. Any other exception is a bug and keeps its traceback."""

from __future__ import annotations

import os


class MlpathError(Exception):
    """What is wrong, in one line; `hint` is how to fix it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class AnswerError(MlpathError):
    """An answer that the template cannot use; `key` is the name of its question."""

    def __init__(self, key: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.key = key


def from_os_error(error: OSError) -> MlpathError:
    """Return an `OSError` as an error for the user."""
    path = os.fsdecode(error.filename) if error.filename is not None else "a file or folder"
    return MlpathError(
        f"{path}: {error.strerror or error}",
        hint="Check that it exists, its permissions, and the free disk space.",
    )

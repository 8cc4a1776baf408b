"""What can go wrong for a user, as opposed to a bug, which keeps its traceback."""

from __future__ import annotations

import os


class MlpathError(Exception):
    """One line that says what is wrong, and a `hint` that says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def of_the_system(error: OSError) -> MlpathError:
    """Return what the system says of a file, or of the folder that one is in, in a line."""
    what = error.filename if error.filename is not None else "a file or folder"
    return MlpathError(
        f"{os.fsdecode(what) if isinstance(what, bytes) else what}: {error.strerror or error}",
        hint="Look whether it is there, whether you may read and write it, and what room is left.",
    )


class AnswerError(MlpathError):
    """An answer that the template does not take; `key` names its question."""

    def __init__(self, key: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.key = key

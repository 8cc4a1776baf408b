"""Errors that a user can fix. Any other exception is a bug and keeps its traceback."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    def __reduce__(self) -> tuple[Any, ...]:  # for worker processes
        return type(self), (self.key, str(self)), {"hint": self.hint}


class UnknownQuestion(AnswerError):  # noqa: N818 - named like Copier's own terms
    """An answer to a question that the template does not have."""


class RejectedAnswer(AnswerError):  # noqa: N818
    """An answer that its question does not accept."""


def from_os_error(error: OSError) -> MlpathError:
    """Return an `OSError` as an error for the user."""
    path = os.fsdecode(error.filename) if error.filename is not None else "a file or folder"
    return MlpathError(
        f"{path}: {error.strerror or error}",
        hint="Check that it exists, its permissions, and the free disk space.",
    )


@contextmanager
def reporting_os_errors() -> Iterator[None]:
    """Convert an `OSError`, such as a full disk or a file name too long, to an `MlpathError`."""
    try:
        yield
    except OSError as error:
        path = f"{error.filename}: " if error.filename else ""
        raise MlpathError(f"cannot write {path}{error.strerror or error}") from None

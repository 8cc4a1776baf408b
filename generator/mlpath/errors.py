"""What can go wrong for a user, as opposed to a bug, which keeps its traceback."""

from __future__ import annotations


class MlpathError(Exception):
    """One line that says what is wrong, and a `hint` that says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class AnswerError(MlpathError):
    """An answer that the template does not take; `key` names its question."""

    def __init__(self, key: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.key = key

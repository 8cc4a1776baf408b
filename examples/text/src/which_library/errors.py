"""Errors that the user of the project can fix: printed as a message, without a traceback."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:  # the demo needs no pydantic
    from pydantic import ValidationError

DISK_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no EDQUOT
NO_SPACE = "No space left on the disk, or in your quota. Free some"
SQLITE_PROBLEMS = {
    "database or disk is full": NO_SPACE,
    "database is locked": "A database of this project is locked by another program. Wait for it, or end it",
}


class UserError(ValueError):
    """A problem in `params.yaml`, in `schema.yaml` or in the data; the message says how to fix it.

    Attributes:
        heading: a line printed above the message.
    """

    heading: ClassVar[str] = ""


class DataError(UserError):
    """The data does not match `schema.yaml`; the message lists each difference."""

    heading = "The data does not match schema.yaml:"


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Exit with status 1 and the message of a `UserError`, or of a full disk, without a traceback."""
    try:
        yield
    except UserError as error:
        sys.exit(f"{error.heading}\n{error}".lstrip())
    except Exception as error:
        if not (problem := find_machine_problem(error)):
            raise
        sys.exit(f"{problem}, then run the same command again.")


def find_machine_problem(error: BaseException | None) -> str:
    """Return what an exception, or one that caused it, says about the disk or a database in use, and its fix."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return NO_SPACE
        for words, problem in SQLITE_PROBLEMS.items():  # which MLflow passes on
            if words in str(error):
                return problem
        error = error.__cause__ or error.__context__
    return ""


def format_errors(error: ValidationError, prefix: str = "") -> list[str]:
    """Return pydantic's errors, one line per entry, each starting with the entry's path below `prefix`."""
    return [_format_error(details, prefix) for details in error.errors(include_url=False)]


def _format_error(details: Any, prefix: str) -> str:
    path, value = ".".join([*filter(None, [prefix]), *map(str, details["loc"])]), details["input"]
    if details["type"] == "missing":
        return f"{path} is missing"
    if details["type"] == "unexpected_keyword_argument":
        return f"{path} is unknown; remove it or fix its spelling"
    if details["type"] == "value_error":
        return ": ".join([*filter(None, [path]), str(details["ctx"]["error"])])
    given = "" if isinstance(value, dict | list) else f", not {json.dumps(value, ensure_ascii=False)}"
    message = details["msg"].removeprefix("Input ").removeprefix("List ")
    return f"{path or 'the document'} {message}{given}"

"""What the owner of the project can write wrongly, told in a line each instead of a traceback."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

Form = TypeVar("Form")


class UserError(ValueError):
    """Something in `params.yaml`, in `schema.yaml` or in the data that is for its owner to mend; the message says what.

    Attributes:
        heading: what stands above the message, if it is a list that needs one.
    """

    heading: ClassVar[str] = ""


class _Loader(yaml.SafeLoader):
    """Takes `1e-05` for the number that it is to DVC, which writes it so; PyYAML wants a point in it."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+][0-9]+$"), list("-+0123456789")
)


@contextmanager
def in_words() -> Iterator[None]:
    """End the program with the message of a mistake: where in the code it was noticed helps nobody."""
    try:
        yield
    except UserError as mistake:
        sys.exit(f"{mistake.heading}\n{mistake}".lstrip())


def read_yaml(path: Path, form: type[Form]) -> Form:
    """A YAML file as the dataclass that says what must stand there.

    Raises:
        UserError: the file is not there or is no YAML, or an entry is missing, unknown, or not what it should be.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a safe one
    except FileNotFoundError:
        raise UserError(f"{path.name} is not there; `git restore {path.name}` brings it back") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is no YAML: {error}") from error
    return checked(document, form, path.name)


def checked(document: Any, form: type[Form], name: str) -> Form:
    """What was read from YAML, as the dataclass that says what must stand there; `name` is that of the file.

    Raises:
        UserError: names each entry that is missing, unknown, or not what it should be.
    """
    # By way of JSON: in strict mode pydantic takes a dataclass from JSON, but not from a dict.
    try:
        text = json.dumps(document, default=str)
    except (TypeError, ValueError) as error:  # YAML can say more: a date as a key, a list that holds itself
        raise UserError(f"{name}: {error}") from error
    try:
        return TypeAdapter(form).validate_json(text)
    except ValidationError as error:
        raise UserError("\n".join(f"{name}: {said}" for said in problems(error))) from error


def problems(error: ValidationError) -> list[str]:
    """What is wrong by pydantic, a sentence an entry."""
    return [_said(problem) for problem in error.errors(include_url=False)]


def _said(problem: Any) -> str:
    """One of pydantic's errors, the entry's place in front."""
    place, given = ".".join(map(str, problem["loc"])), problem["input"]
    if problem["type"] == "missing":
        return f"{place} is missing"
    if problem["type"] == "unexpected_keyword_argument":
        return f"{place} is unknown"
    if problem["type"] == "value_error":
        return ": ".join([*[place] * bool(place), str(problem["ctx"]["error"])])
    shown = "" if isinstance(given, dict | list) else f", and is {json.dumps(given, ensure_ascii=False)}"
    return f"{place or 'it'} {problem['msg'].removeprefix('Input ').removeprefix('List ')}{shown}"

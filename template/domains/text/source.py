"""The data that the project starts from: docstrings of installed libraries, written to `data/raw/`."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from .data import RAW_FILE
from .mistakes import UserError
from .params import Fetch

_HEADING = re.compile(r"^([^\n]+)\n[ \t]*[-=~^]{3,}[ \t]*$", re.MULTILINE)
_NO_PROSE = ("see also", "references", "examples", "example", "methods")
_FIELDS = ("parameters", "other parameters", "returns", "yields", "receives", "raises", "warns", "attributes")
_MARKUP = (
    re.compile(r"^([ \t]*)\.\.[ \t].*(?:\n(?:[ \t]*\n)*\1[ \t]+.*)*", re.MULTILINE),  # directives and comments
    re.compile(r"::[ \t]*\n(?:[ \t]*\n)*(?:[ \t]+.*\n?(?:[ \t]*\n)*)+", re.MULTILINE),  # literal blocks
    re.compile(r"^[ \t]*(?:>>>|\.\.\.).*(?:\n[ \t]*\S.*)*", re.MULTILINE),  # sessions of Python
)
_ROLE = re.compile(r":[a-z:+-]+:`[^`]*`")


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write a line of JSON a docstring, sorted by library and file; returns what was written, in words.

    Raises:
        UserError: a library is not installed.
    """
    count, found = 0, []
    with (folder / RAW_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for library in params.libraries:
            version, records = read_library(library, params.skip)
            for module, name, docstring in records:
                record = {"library": library, "version": version, "module": module}
                record |= {"names": " ".join(public_names(module, name)), "text": prose(docstring)}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
            found.append(f"{library} {version}")
    return f"{count} docstrings of {', '.join(found)} in data/raw/{RAW_FILE}"


def read_library(name: str, skip: Iterable[str]) -> tuple[str, Iterator[tuple[str, str, str]]]:
    """The installed version of a library, and (module, name, docstring) of all that is public in its source files.

    The files are parsed, not imported: it is quick, and nothing of the library runs.
    """
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        raise UserError(f"params.yaml: fetch.libraries names {name!r}, which is not installed") from None
    passed = {*skip, ".."}
    files = sorted(path.as_posix() for path in installed.files or [] if path.suffix == ".py")
    wanted = [path for path in files if not passed & set(PurePosixPath(path).with_suffix("").parts)]
    return installed.version, (
        (module_of(path), *record)
        for path in wanted
        for record in docstrings(Path(str(installed.locate_file(path))).read_text(encoding="utf-8"))
    )


def module_of(path: str) -> str:
    """The dotted name of a source file: `scipy/stats/__init__.py` is `scipy.stats`."""
    return ".".join(part for part in PurePosixPath(path).with_suffix("").parts if part != "__init__")


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """The name and the docstring of a module (its name is empty) and of its public classes, functions and methods.

    Docstrings that are given to compiled functions by a call of `add_newdoc` count as well; blank ones don't.
    """
    return ((name, text) for name, text in _all_docstrings(source) if text.strip())


def _all_docstrings(source: str) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a wrong escape in a library's docstring is no business of ours
        tree = ast.parse(source)
    if text := ast.get_docstring(tree):
        yield "", text
    yield from _public(tree, prefix="")
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _given(node.value)


def _public(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if text := ast.get_docstring(node):
                yield prefix + node.name, text
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


def _given(call: ast.Call) -> Iterator[tuple[str, str]]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if function == "add_newdoc" and len(texts) > 1 and not texts[0].startswith("_"):
        yield texts[0], texts[-1]


def public_names(module: str, name: str) -> list[str]:
    """The names that a docstring belongs to: of packages and modules, and of classes; functions have names of words."""
    parts = [*module.split("."), *(part for part in name.split(".") if part[:1].isupper())]
    return [part for part in parts if not part.startswith("_")]


def prose(docstring: str) -> str:
    """What a docstring says in words: no markup, no examples, no lists of other functions or of literature.

    The layout follows the numpydoc guide: https://numpydoc.readthedocs.io/en/latest/format.html
    """
    opening, *sections = _HEADING.split(docstring)
    kept = [_without_markup(opening)]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        heading = title.strip().lower()
        if heading not in _NO_PROSE:
            text = _without_markup(body)
            # A field begins with a line "name : type"; what it means is indented below.
            kept.append(re.sub(r"^\S.*$", "", text, flags=re.MULTILINE) if heading in _FIELDS else text)
    return _ROLE.sub(" ", "\n\n".join(kept)).strip()


def _without_markup(text: str) -> str:
    for pattern in _MARKUP:
        text = pattern.sub("\n", text)
    return text

"""The data that the project starts from: docstrings of installed libraries, written to `data/raw/`."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from .data import RAW_COLUMNS, RAW_FILE, DataError
from .params import Fetch


def fetch_raw(folder: Path, params: Fetch) -> str:
    """Write a line of JSON a docstring, sorted by library and file; returns what was written, in words.

    Raises:
        DataError: a library is not installed.
    """
    count, found = 0, []
    with (folder / RAW_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for library in params.libraries:
            version, records = read_library(library, params.skip)
            for module, name, docstring in records:
                values = (library, version, module, name, docstring)
                file.write(json.dumps(dict(zip(RAW_COLUMNS, values, strict=True)), ensure_ascii=False) + "\n")
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
        raise DataError(f"fetch.libraries in params.yaml names {name!r}, which is not installed") from None
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


# prepare: what a document is

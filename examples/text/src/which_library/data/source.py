"""The bundled data: docstrings of installed libraries, written to `data/raw/`."""

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from pydantic.dataclasses import dataclass

from ..config import STRICT
from ..errors import UserError

RAW_FILE = "docstrings.jsonl"
_HEADING = re.compile(r"^([^\n]+)\n[ \t]*[-=~^]{3,}[ \t]*$", re.MULTILINE)
_SKIPPED_SECTIONS = ("see also", "references", "examples", "example", "methods")
_FIELD_SECTIONS = ("parameters", "other parameters", "returns", "yields", "receives", "raises", "warns", "attributes")
_MARKUP = (
    re.compile(r"^([ \t]*)\.\.[ \t].*(?:\n(?:[ \t]*\n)*\1[ \t]+.*)*", re.MULTILINE),  # directives and comments
    re.compile(r"::[ \t]*\n(?:[ \t]*\n)*(?:[ \t]+.*\n?(?:[ \t]*\n)*)+", re.MULTILINE),  # literal blocks
    re.compile(r"^[ \t]*(?:>>>|\.\.\.).*(?:\n[ \t]*\S.*)*", re.MULTILINE),  # interactive sessions
)
_ROLE = re.compile(r":[a-z:+-]+:`[^`]*`")


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """Parameters of the stage `fetch`: the libraries, and names of folders and modules to skip."""

    libraries: list[str]
    skip: list[str]


def write_raw(folder: Path, params: Fetch) -> str:
    """Write one JSON line per docstring, sorted by library and file; return a summary.

    Raises:
        UserError: a library is not installed.
    """
    count, versions = 0, []
    with (folder / RAW_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for library in params.libraries:
            version, docstrings = read_library(library, params.skip)
            for module, name, docstring in docstrings:
                record = {
                    "library": library,
                    "version": version,
                    "module": module,
                    "names": " ".join(public_names(module, name)),
                    "text": prose(docstring),
                }
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
            versions.append(f"{library} {version}")
    return f"{count} docstrings of {', '.join(versions)} in data/raw/{RAW_FILE}"


def read_library(name: str, skip: Iterable[str]) -> tuple[str, Iterator[tuple[str, str, str]]]:
    """Return the installed version of a library and (module, name, docstring) of its public objects.

    The source files are parsed, not imported.
    """
    try:
        library = distribution(name)
    except PackageNotFoundError:
        raise UserError(
            f"params.yaml: fetch.libraries has {name!r}, which is not installed; run: uv add {name}"
        ) from None
    skipped = {*skip, ".."}
    files = sorted(path.as_posix() for path in library.files or [] if path.suffix == ".py")
    modules = [path for path in files if not skipped & set(PurePosixPath(path).with_suffix("").parts)]
    return library.version, (
        (module_name(path), *docstring)
        for path in modules
        for docstring in extract_docstrings(Path(str(library.locate_file(path))).read_text(encoding="utf-8"))
    )


def module_name(path: str) -> str:
    """Return the dotted name of a source file: `scipy/stats/__init__.py` is `scipy.stats`."""
    return ".".join(part for part in PurePosixPath(path).with_suffix("").parts if part != "__init__")


def extract_docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of the module (empty name) and of public classes, functions and methods.

    Includes docstrings that `add_newdoc` attaches to compiled functions; blank docstrings are skipped.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escape sequences in the library's docstrings
        tree = ast.parse(source)
    calls = [node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    module = ("", ast.get_docstring(tree) or "")
    for name, text in [module, *_public_docstrings(tree, prefix=""), *map(_newdoc, calls)]:
        if text.strip():
            yield name, text


def _public_docstrings(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str]]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                yield from _public_docstrings(node, f"{prefix}{node.name}.")


def _newdoc(call: ast.Call) -> tuple[str, str]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    is_public = function == "add_newdoc" and len(texts) > 1 and not texts[0].startswith("_")
    return (texts[0], texts[-1]) if is_public else ("", "")


def public_names(module: str, name: str) -> list[str]:
    """Return the names of the packages, modules and classes that contain a docstring; function names are words."""
    parts = [*module.split("."), *(part for part in name.split(".") if part[:1].isupper())]
    return [part for part in parts if not part.startswith("_")]


def prose(docstring: str) -> str:
    """Return a docstring without markup, examples, and lists of functions or literature.

    For the sections see https://numpydoc.readthedocs.io/en/latest/format.html
    """
    summary, *sections = _HEADING.split(docstring)
    kept = [_remove_markup(summary)]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        heading = title.strip().lower()
        if heading not in _SKIPPED_SECTIONS:
            text = _remove_markup(body)
            # A field starts with a line "name : type"; its description is indented below.
            kept.append(re.sub(r"^\S.*$", "", text, flags=re.MULTILINE) if heading in _FIELD_SECTIONS else text)
    return _ROLE.sub(" ", "\n\n".join(kept)).strip()


def _remove_markup(text: str) -> str:
    for pattern in _MARKUP:
        text = pattern.sub("\n", text)
    return text

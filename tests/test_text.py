"""Free text is escaped for the format of every file that contains it."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from conftest import files_below, mlpath

TEXTS = {
    "quotes": """Zq says "double", 'single', `tick`, \"\"\"three\"\"\" and '''three''' qZ""",
    "backslashes": r"Zq \ \\ \n \" \' \u0041 \x41 C:\new\table ends in \qZ",
    "template": "Zq {{ 7*7 }} {% raw %} {# no #} ${HOME} $(id) `id` %(x)s {0} %s qZ",
    "markup": "Zq <b>bold</b> &amp; <script>alert(1)</script> *a* _b_ [c](d) # e | f <!-- g --> qZ",
    "yaml": "Zq: - a: [b, {c: d}] #comment &anchor *alias !!tag > | %TAG @at `x` --- ... qZ",
    "unicode": "Zq é ñ ß 漢字 العربية 🎉 👩‍🔬 “curly” — dash \u00a0 nbsp qZ",
    "leading": "- Zq starts as a list would qZ",
    "number": "1e3",
    "boolean": "yes",
    "null": "~",
    "end": 'Zq ends in a quote qZ"',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_is_unchanged_in_every_file(folder: Path, text: str) -> None:
    texts = {"problem": text[:100], "author_name": text[:100].replace("Zq", "Zk")}
    given = [part for question, text in texts.items() for part in ("-d", f"{question}={text}")]
    result = mlpath("new-project", "demo", "-l", "-q", "--no-lock", *given)
    assert result.exit_code == 0, result.output
    files = files_below(folder / "demo")
    answers = yaml.safe_load(files[".copier-answers.yml"])
    metadata = tomllib.loads(files["pyproject.toml"].decode())["project"]
    shown = {"problem": metadata["description"], "author_name": metadata["authors"][0]["name"]}
    assert {question: answers[question] for question in texts} == texts
    assert shown == texts
    for mark, given_text in zip((b"Zq", b"Zk"), texts.values(), strict=True):
        showing = {name: content.decode() for name, content in files.items() if mark in content}
        assert ("README.md" in showing) == (mark in given_text.encode())
        for name, content in showing.items():
            assert any(given_text in found for found in texts_in(name, content)), name


def texts_in(name: str, content: str) -> Iterator[str]:
    """Yield the strings in a file, as a parser of its format reads them."""
    kind = name.rpartition(".")[2].lower()
    if kind == "toml":
        yield from strings(tomllib.loads(content))
    elif kind in {"yml", "yaml", "cff"}:
        yield from strings(list(yaml.safe_load_all(content)))
    elif kind in {"json", "ipynb"}:
        yield from strings(json.loads(content))
    elif kind == "py":
        constants = (
            node for node in ast.walk(ast.parse(content)) if isinstance(node, ast.Constant)
        )
        yield from (node.value for node in constants if isinstance(node.value, str))
    elif kind == "md":
        for block in MarkdownIt("commonmark").enable("table").parse(content):
            yield "".join(part.content for part in block.children or [])
    elif name.endswith("Dockerfile"):
        for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', content):
            yield re.sub(r"\\(.)", r"\1", quoted)
    else:
        yield content


def strings(value: Any) -> Iterator[str]:
    """Yield every string in parsed data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)

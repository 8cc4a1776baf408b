"""Sections of Markdown files that an author and the pipeline write together.

The pipeline writes between two markers: `<!-- NAME: written by ... -->` and `<!-- end of NAME -->`. What only the
author can write is a prompt: `<!-- yours: ... -->`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

START, END = "<!-- {name}: written by `dvc repro`, do not edit -->", "<!-- end of {name} -->"
BLOCK = re.compile("({}).*?({})".format(START.format(name=r"(\w+)"), END.format(name=r"\2")), re.DOTALL)
RELATIVE_LINK = re.compile(r"(?<!\\)\]\((?![a-z]+:|[#/])")
PROMPT = re.compile(r"<!--\s*yours:")
# The files with blocks and prompts, and where `reports/` is from there.
API_GUIDE = "docs/api.md"
AUTHORED = {"README.md": "reports/", "docs/post.md": "../reports/", API_GUIDE: "../reports/"}


def fill_blocks(text: str, blocks: Mapping[str, str], reports: str) -> str:
    """Return the text with new lines between the markers of each block; their links are relative to `reports/`.

    Blocks without both markers, and markers of other names, stay as they are. `reports` is relative to the file.
    """

    def fill(found: re.Match[str]) -> str:
        if found[2] not in blocks:
            return found[0]
        block = RELATIVE_LINK.sub(f"]({reports}", blocks[found[2]])
        return f"{found[1]}\n{block}\n{found[3]}"

    return BLOCK.sub(fill, text)


def read_section(text: str, title: str) -> str:
    """Return what stands below a heading of the second level, up to the next one; empty without such a heading."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def find_prompts(root: Path) -> list[str]:
    """Return where the prompts are that the author has neither answered nor deleted, as `file:line`."""
    files = [name for name in AUTHORED if (root / name).is_file()]
    return [
        f"{name}:{number}"
        for name in files
        for number, line in enumerate((root / name).read_text(encoding="utf-8").splitlines(), start=1)
        if PROMPT.search(line)
    ]

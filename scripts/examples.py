"""Render `examples/`: one project per folder, from the answers in its `.copier-answers.yml`.

python scripts/examples.py            render them
python scripts/examples.py --check    exit 1 if one is out of date
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from mlpath.template import answers, render, store

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def rendered(example: Path) -> dict[str, bytes]:
    """Render an example; return its files by relative path."""
    values = answers.read_answers(example / answers.ANSWERS_FILE)
    with tempfile.TemporaryDirectory() as scratch, store.open_version() as release:
        folder = Path(scratch) / "project"
        render.render(release, folder, values, defaults=True)
        return files_of(folder)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def outdated(example: Path) -> list[str]:
    """Return the files of an example that differ from a new render."""
    old, new = files_of(example), rendered(example)
    return sorted(name for name in old | new if old.get(name) != new.get(name))


def write(example: Path) -> None:
    """Replace an example by a new render."""
    files = rendered(example)
    shutil.rmtree(example)
    for name, content in files.items():
        path = example / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def main() -> int:
    """Render the examples, or check them."""
    parser = argparse.ArgumentParser(description="Render examples/ from their answers.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    check = parser.parse_args().check
    status = 0
    for example in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        changed = outdated(example)
        if changed and not check:
            write(example)
        elif changed:
            status = 1
        sys.stdout.write(f"{example.name}: {', '.join(changed) or 'current'}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())

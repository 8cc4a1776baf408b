"""The command `uv run publish`."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi

from ..errors import exit_on_user_error
from ..paths import ProjectPaths
from ..serving.champion import load_champion
from ..tracking.lineage import Lineage, find_commit
from . import check, hub, space

START, END = "<!-- published: written by `uv run publish` -->", "<!-- end of published -->"
BADGE = "https://huggingface.co/datasets/huggingface/badges/resolve/main/open-in-hf-spaces-md.svg"


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run publish`."""
    options = parse_arguments(arguments)
    paths = paths or ProjectPaths()
    folder = (options.output or paths.cache("space")).resolve()
    _warn_if_uncommitted(paths)
    if options.dry_run:
        space.build(paths, folder, options.space)
        _check(folder, options)
        print(folder)
        return
    api = HfApi()
    name = hub.choose_space(api, options.space)
    space.build(paths, folder, name)
    _check(folder, options)
    address = hub.upload(api, folder, name)
    write_address(paths.root / "README.md", address)
    print(address)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="publish", description="Publish the demo of the champion as a Space on Hugging Face."
    )
    parser.add_argument("--dry-run", action="store_true", help="write the files and print their folder, upload nothing")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to write the files (.cache/space)")
    parser.add_argument(
        "--space", metavar="OWNER/NAME", help="the Space (by default the token's user and the project's name)"
    )
    parser.add_argument("--no-check", action="store_true", help="don't serve the files in a fresh environment first")
    return parser.parse_args(arguments)


def write_address(readme: Path, address: str) -> None:
    """Put badge and address between the markers of the README; without markers, with them before its first section."""
    text = readme.read_bytes().decode()  # keeps the line endings
    lines = (START, f"[![Open in Spaces]({BADGE})]({address})", "", f"Try it: <{address}>", END)
    newline = "\r\n" if "\r\n" in text else "\n"
    link = newline.join(lines)
    marked = re.search(f"{re.escape(START)}.*?{re.escape(END)}", text, re.DOTALL)
    if marked:
        text = f"{text[: marked.start()]}{link}{text[marked.end() :]}"
    elif heading := re.search(r"^## ", text, re.MULTILINE):
        text = f"{text[: heading.start()]}{link}{newline}{newline}{text[heading.start() :]}"
    readme.write_bytes(text.encode())


def _check(folder: Path, options: argparse.Namespace) -> None:
    if not options.no_check:
        print(check.check(folder), file=sys.stderr)


def _warn_if_uncommitted(paths: ProjectPaths) -> None:
    champion, _ = load_champion(paths.champion)
    if not find_commit(paths.root, champion.record["model"], Lineage.from_record(champion.lineage)):
        print("warning: no commit has the code and the parameters of the champion; commit them", file=sys.stderr)

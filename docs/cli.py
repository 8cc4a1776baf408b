"""Writes docs/cli.md from the program itself: `python docs/cli.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlpath.cli import main

TARGET = Path(__file__).with_name("cli.md")
HEAD = """\
# Commands

Made from the program by `python docs/cli.py`; a test fails when it is out of date.

Errors are one line and a hint on stderr. The exit status is 0 for success, 1 for something that
you can mend, 2 for a wrong use of a command, and 130 after Ctrl-C. Conflicts after an update are
something that you can mend; `status --exit-code` uses 2 for a project that is out of date.
"""


def reference() -> str:
    """Return the help of every command, as Markdown."""
    parts = [HEAD]
    settings = {"terminal_width": 100, **main.context_settings}
    group = click.Context(main, info_name="mlpath", **settings)
    parts.append(_section("mlpath", main.get_help(group)))
    for name in sorted(main.commands):
        command = main.commands[name]
        context = click.Context(command, parent=group, info_name=name, terminal_width=100)
        parts.append(_section(f"mlpath {name}", command.get_help(context)))
    return "\n".join(parts)


def _section(title: str, text: str) -> str:
    return f"## `{title}`\n\n```text\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="utf-8") != reference():
            sys.exit(f"{TARGET.name} is out of date; run: python docs/cli.py")
    else:
        TARGET.write_text(reference(), encoding="utf-8", newline="\n")

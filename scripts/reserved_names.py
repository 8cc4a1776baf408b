"""Writes template/reserved.jinja, the names that no project may take.

    python scripts/reserved_names.py [--check] [PYTHON ...]

A project called `numpy` would hide NumPy from itself, and one called `con` cannot be checked out
on Windows. Each PYTHON is an interpreter to ask: for its standard library, and, where it belongs to
a virtual environment, for what is installed there. So `uv sync` a generated project and give its
`.venv/bin/python`, and one interpreter for each supported version of Python. The one that runs
this script is always asked for its standard library.

Names that the file holds already stay: which machine writes it next makes no difference. To take
one back, edit it out by hand and run this again.
"""

from __future__ import annotations

import argparse
import json
import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path

TARGET = Path(__file__).parents[1] / "template" / "reserved.jinja"
WIDTH = 110

DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
}
"""Windows takes none of these as the name of a file or a folder."""

PROJECT = {"conftest", "pip", "sitecustomize", "src", "test", "tests", "usercustomize", "uv"}
"""What else a project's own folders, its tools and Python itself import or run."""

NEWER = {"annotationlib", "compression"}
"""Standard library of Python 3.14, where no such interpreter is at hand."""

OPTIONS = {
    *("adlfs", "aiobotocore", "azure", "bcrypt", "boto3", "botocore", "dvc_azure", "dvc_gs"),
    *("dvc_s3", "dvc_ssh", "gcsfs", "google", "jmespath", "msal", "pkg_resources", "s3fs"),
    *("s3transfer", "sshfs", "torch", "uvloop", "waitress", "wheel", "win32api", "wrapt"),
}
"""Dependencies that an answer or another system adds to a project's environment."""

ALLOWED = {"demo", "my_first_ml_project"}
"""Names of the documentation and of the defaults."""

QUESTION = """\
import importlib.metadata, json, sys
names = set(sys.stdlib_module_names)
if sys.prefix != sys.base_prefix:
    # The project itself is installed too, as an editable package; its own name is its to take.
    here = {
        found.metadata["Name"]
        for found in importlib.metadata.distributions()
        if '"editable"' not in (found.read_text("direct_url.json") or "")
    }
    names |= here
    for name, owners in importlib.metadata.packages_distributions().items():
        if here.intersection(owners):
            names.add(name)
print(json.dumps(sorted(names)))
"""


def collect(interpreters: list[str]) -> set[str]:
    """Return every name that is known not to be free, as projects spell their packages."""
    names = {*keyword.kwlist, *sys.stdlib_module_names, *DEVICES, *PROJECT, *NEWER, *OPTIONS}
    for interpreter in interpreters:
        done = subprocess.run(
            [interpreter, "-I", "-c", QUESTION], check=True, capture_output=True, text=True
        )
        names.update(json.loads(done.stdout))
    if TARGET.exists():
        names |= current()
    spelt = {re.sub(r"[-.]", "_", name.lower()) for name in names}
    # What begins with an underscore is refused already, by the rule for project names.
    return {name for name in spelt if name.isidentifier() and name[0] != "_"} - ALLOWED


def current() -> set[str]:
    """Return the names that the file holds."""
    return set(TARGET.read_text(encoding="utf-8").partition('"')[2].rpartition('"')[0].split())


def rendered(names: set[str]) -> str:
    """Return the file's text."""
    lines = textwrap.wrap(
        " ".join(sorted(names)), WIDTH, break_long_words=False, break_on_hyphens=False
    )
    head = "{#- Made by scripts/reserved_names.py: what a project must not be called. -#}"
    return "\n".join([head, '{% set reserved = "', *lines, '" %}', ""])


def main() -> None:
    """Write the file, or tell what is missing from it."""
    parser = argparse.ArgumentParser(description="Write template/reserved.jinja.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    parser.add_argument("interpreters", metavar="PYTHON", nargs="*", help="an interpreter to ask")
    arguments = parser.parse_args()
    names = collect(arguments.interpreters)
    text = rendered(names)
    if not arguments.check:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
    elif missing := names - current():
        sys.exit(f"{TARGET.name} lacks: {' '.join(sorted(missing))}")
    elif TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET.name} is not as scripts/reserved_names.py writes it")


if __name__ == "__main__":
    main()

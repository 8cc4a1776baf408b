"""Replace the raw data by a newer version: `uv run update-data`, then `uv run dvc repro`."""

import argparse
import filecmp
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import yaml

from ..data.loading import read_raw
from ..data.schema import Schema, load_schema
from ..data.validation import validate
from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths

HUB_FILE = re.compile(r"hf://datasets/([^/@]+/[^/@]+)/([^@]+)(?:@(.+))?")


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run update-data`."""
    parser = argparse.ArgumentParser(
        prog="update-data", description="Replace the raw data by a newer version that matches schema.yaml."
    )
    parser.add_argument("source", nargs="?", help="file or address; default: meta.url in data/raw.dvc")
    paths = ProjectPaths()
    source = parser.parse_args(arguments).source or recorded_url(paths)
    print(*update_data(paths, source), sep="\n")


def recorded_url(paths: ProjectPaths) -> str:
    """Return the address of the raw data in `data/raw.dvc`.

    Raises:
        UserError: it has none.
    """
    document = yaml.safe_load(paths.raw.with_suffix(".dvc").read_text(encoding="utf-8"))
    url = (document.get("meta") or {}).get("url")
    if not url:
        raise UserError("data/raw.dvc has no meta.url; name a file or an address: uv run update-data SOURCE")
    return str(url)


def update_data(paths: ProjectPaths, source: str) -> list[str]:
    """Replace the raw file, and return what changed.

    Raises:
        UserError: the source can't be read, or doesn't match `schema.yaml`; the raw file stays as it is.
    """
    schema = load_schema(paths.schema)
    raw = paths.raw / str((schema.reading or {}).get("file"))
    temporary = paths.root / ".dvc" / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as folder:
        new = Path(folder, raw.name)
        _download(source, new)
        before, after = read_raw(paths.raw, schema), read_raw(new.parent, schema)
        if filecmp.cmp(raw, new, shallow=False):
            return ["nothing changed"]
        validate(after, schema)
        new.replace(raw)
    return [*describe_changes(before, after, schema), "Next: uv run dvc repro"]


def download_address(source: str) -> str:
    """Return the path or address by which DVC reads a file; one of the Hugging Face hub is at a web server.

    Raises:
        UserError: DVC can't read it.
    """
    if found := HUB_FILE.fullmatch(source):
        name, file, revision = found.groups()
        server = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        return f"{server}/datasets/{name}/resolve/{revision or 'main'}/{file}"
    if source.startswith(("hf:", "openml:", "kaggle:")) or "#" in source or Path(source).is_dir():
        raise UserError(
            f"{source} is not a file that DVC can download; save the table in the form of the file in data/raw/, "
            "and name that file"
        )
    return source


def _download(source: str, path: Path) -> None:
    """Download a file with DVC, which knows web servers and object stores."""
    command = [sys.executable, "-m", "dvc", "get-url", "--", download_address(source), str(path)]
    if subprocess.run(command, check=False).returncode != 0:
        raise UserError(f"{source} can't be read; DVC's message above says why")


def describe_changes(before: pd.DataFrame, after: pd.DataFrame, schema: Schema) -> Iterator[str]:
    """Yield the number of rows and how the target is distributed, each with the value before."""
    yield f"rows: {len(after):,} (before: {len(before):,})"
    name = schema.target.name if schema.target.name in after else schema.target.column
    if schema.classes:
        for label in schema.classes:
            yield f"{name} {label!r}: {(after[name] == label).sum():,} (before: {(before[name] == label).sum():,})"
        return
    for statistic in ("min", "median", "max"):
        new, old = (pd.to_numeric(table[name], errors="coerce").agg(statistic) for table in (after, before))
        yield f"{name}, {statistic}: {new:g} (before: {old:g})"

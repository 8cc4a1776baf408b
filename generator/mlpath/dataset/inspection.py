"""Looks at a path: what it is, what it holds, and what can be made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from mlpath.dataset import detect as kinds
from mlpath.dataset import dialect as sniff
from mlpath.dataset import header, profile
from mlpath.dataset import images as pictures
from mlpath.dataset import infer as judge
from mlpath.dataset.infer import Seen
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset.detect import Kind
    from mlpath.dataset.findings import Findings, Reading
    from mlpath.dataset.profile import Facts

_WIDE = 500
"""Columns from which on each needs room of its own, though the rows be few."""


def inspect(
    path: Path, *, target: str | None = None, domain: str | None = None, task: str | None = None
) -> Findings:
    """Look at a data set.

    Args:
        path: A table, or a folder or zip archive of one sub-folder of pictures a class.
        target: The column to predict; None: the one that stands out.
        domain: What kind of project it is for; None: the one that fits.
        task: classification or regression; None: the one that fits.

    Raises:
        MlpathError: It can't be read, or holds nothing to learn; says why, and what to do.
    """
    path = Path(os.path.expanduser(path))  # noqa: PTH111 - ~b.csv may be a name, and no user's home
    if path.parts[:1] and path.parts[0].startswith("~"):
        path = path.absolute()  # or DuckDB would look for that user
    if path.name in {"", ".."}:  # this folder or one above it: what is said needs a name
        path = path.resolve()
    kind = kinds.kind_of(path)
    if kind.format == "pictures":
        if domain not in {None, "vision"}:
            raise MlpathError(
                f"{path} holds pictures, of which no {domain} project is made",
                hint="Leave out the domain, or name a table.",
            )
        return pictures.look(path, kind, target)
    if domain == "vision":
        raise MlpathError(
            f"{path} is a table, not pictures",
            hint="For pictures name a folder, or a zip, of one sub-folder a class.",
        )
    before = kinds.stamp(path)
    found = _table(path, kind, before[0], target, domain, task)
    if kinds.stamp(path) != before:
        raise MlpathError(
            f"{path} changed while it was read",
            hint="Wait until nothing writes to it, or copy it first; then try again.",
        )
    notes = [f"{path} is a link to {path.resolve()}."] if path.is_symlink() else []
    encoding = found.reading.encoding if found.reading else "utf-8"
    if not encoding.startswith("utf"):
        notes.append(f"Nothing states its encoding; it reads well as {encoding}.")
    return replace(found, notes=(*notes, *kind.notes, *found.notes))


def _table(
    path: Path, kind: Kind, size: int, target: str | None, domain: str | None, task: str | None
) -> Findings:
    try:
        return _look(path, kind, size, target, domain, task)
    except sniff.NotUtf8Error:
        # Its beginning was; what came later was not.
        head = kinds.first_that_is_not_utf8(path, kind)
        other = replace(kind, encoding=kinds.encoding_of(path, head), head=kind.head)
        if other.encoding == kind.encoding:
            raise MlpathError(
                f"{path}: its encoding can't be told",
                hint="Convert it: iconv -f ENCODING -t UTF-8 FILE > NEW",
            ) from None
        return _look(path, other, size, target, domain, task)


def _look(
    path: Path, kind: Kind, size: int, target: str | None, domain: str | None, task: str | None
) -> Findings:
    with sniff.connect() as database:
        try:
            with sniff.readable(database, path, kind) as (dialect, sql):
                seen = _facts(database, path, dialect, sql, size)
                found = judge.table(database, path, seen, target=target, domain=domain, task=task)
                above = header.notes(kind.head, dialect, [one.name for one in found.columns])
                return replace(found, notes=(*above, *found.notes))
        except (duckdb.OutOfMemoryException, MemoryError):
            raise MlpathError(
                f"{path} takes more memory to look at than there is",
                hint="Write it as Parquet, or keep fewer columns.",
            ) from None
        except UnicodeDecodeError as error:
            raise MlpathError(
                f"{path} is no {error.encoding} at byte {error.start:,}",
                hint="Convert it: iconv -f ENCODING -t UTF-8 FILE > NEW",
            ) from None
        except OSError as error:
            raise MlpathError(f"{path} can't be read: {error.strerror or error}") from None


def _facts(
    database: duckdb.DuckDBPyConnection, path: Path, reading: Reading, sql: str, size: int
) -> Seen:
    columns = sniff.columns_of(database, path, sql)
    if len(columns) <= _WIDE:
        # DuckDB would fill what it is given, and be no faster for it.
        database.execute("SET memory_limit = '256MB'")
    held = size <= profile.WHOLE_BYTES and not path.name.lower().endswith((".gz", ".zst", ".zip"))
    held = held and reading.format != "parquet"
    if held and len(columns) > _WIDE:
        # Many queries of few rows: a second thread has nothing to do but to be waited for.
        database.execute("SET threads = 1")
    limit = "" if held else f" LIMIT {profile.SAMPLE}"
    try:
        database.execute(f"CREATE TABLE looked AS SELECT * FROM {sql}{limit}")  # noqa: S608
        looked_at = int((database.execute("SELECT count(*) FROM looked").fetchone() or (0,))[0])
        if not looked_at:
            raise MlpathError(
                f"{path} has {'a header and no rows' if columns else 'no rows'}",
                hint="Look whether it was written to its end.",
            )
        held = held or looked_at < profile.SAMPLE
        facts, rows = profile.facts_of(
            database, "looked", columns, "looked" if held else sql,
            reading.delimiter if reading.format == "csv" else "",
        )  # fmt: skip
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise sniff.refusal(database, path, sql, error) from None
    if rows == 1:
        raise MlpathError(f"{path} has one row", hint="A model learns from many: bring more.")
    if not rows:
        raise MlpathError(f"{path} has no rows", hint="Look whether it was written to its end.")
    _refuse_two_headers(path, facts, reading)
    words = tuple(dict.fromkeys(word for one in facts for word in one.missing_words))
    decimal = "," if any(one.decimal == "," for one in facts) else "."
    thousands = next((one.thousands for one in facts if one.thousands), "")
    reading = replace(reading, missing=("", *words), decimal=decimal, thousands=thousands)
    duplicates = None
    if held:
        # By a hash of 64 bits, which is the same for two rows that differ about never.
        query = "SELECT count(*) - count(DISTINCT hash(looked)) FROM looked"
        duplicates = int((database.execute(query).fetchone() or (0,))[0])
    return Seen(reading, facts, size, rows, looked_at, duplicates)


def _refuse_two_headers(path: Path, facts: list[Facts], reading: Reading) -> None:
    """Refuse a first row of units or of more names: it would turn every number into a text."""
    numbers = [one for one in facts if one.kind == "number"]
    if numbers and all(one.first_is_text for one in numbers) and reading.format == "csv":
        raise MlpathError(
            f"{path}: line {reading.skip + reading.header + 1} looks like a second header",
            hint="Keep one line of names, and delete the other.",
        )

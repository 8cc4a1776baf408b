"""Read a table or a query of a database, by its SQLAlchemy URL: sqlite:///shop.db#orders."""

from __future__ import annotations

import csv
import difflib
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.dataset.sources import clients
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

_ROWS = 5_000
"""Rows that are read at a time."""
_DRIVERS = {
    "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "oracle": "oracle+oracledb",
}  # fmt: skip
"""Drivers whose packages have the names of their modules."""
_READS = re.compile(
    r"(?:--[^\n]*\n|/\*.*?\*/|[\s(])*(select|with|values)\b", re.IGNORECASE | re.DOTALL
)
_WRITES = re.compile(
    r"\s*(insert|update|delete|drop|create|alter|truncate|merge|replace|grant|copy|call|exec|"
    r"pragma|attach|vacuum|begin|set)\s+\S",
    re.IGNORECASE,
)
_STRING = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class _Database:
    alchemy: Any
    """The module SQLAlchemy."""
    url: Any
    label: str
    """Its address without credentials, for messages."""


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Write a table or the rows of a query to a CSV file.

    Raises:
        MlpathError: It can't be read.
    """
    text, _, selected = address.text.partition("#")
    label = address.label.partition("#")[0]
    if label.startswith("sqlite"):  # without the folders of this machine
        scheme, _, path = label.partition("://")
        label = f"{scheme}:///{Path(path).name}"
    alchemy = clients.load("sqlalchemy", "databases")
    with _readable_errors(alchemy, label):
        scheme, _, rest = text.partition("://")
        url = alchemy.make_url(f"{_DRIVERS.get(scheme.lower(), scheme)}://{rest}")
        file, part = _write_rows(_Database(alchemy, url, label), selected, entry, options)
    return FetchedDataset(file, Provenance(label, part, sha256=entry.state().sha256))


def convert(path: Path, part: str, entry: Entry, options: DownloadOptions) -> tuple[Path, str]:
    """Write a table or the rows of a query of an SQLite file to a CSV file.

    Args:
        path: The file.
        part: Name of the table, or a query; empty for the only table.
        entry: Where the file is written.
        options: Limits.

    Raises:
        MlpathError: It can't be read.
    """
    alchemy = clients.load("sqlalchemy", "databases")
    database = _Database(alchemy, alchemy.URL.create("sqlite", database=str(path)), str(path))
    with _readable_errors(alchemy, str(path)):
        return _write_rows(database, part, entry, options)


def _write_rows(
    database: _Database, selected: str, entry: Entry, options: DownloadOptions
) -> tuple[Path, str]:
    text = selected.strip().rstrip("; ")
    is_query = _READS.match(text) is not None
    if _WRITES.match(text) or (is_query and ";" in _STRING.sub("", text)):
        raise MlpathError(
            f"{database.label}: {text!r} is not a single SELECT",
            hint="Use the name of a table, or one SELECT.",
        )
    with _connect(database) as connection:
        if is_query:
            rows = connection.exec_driver_sql(text)
        else:
            text, query = _select_table(database, connection, text)
            rows = connection.execute(query)
        entry.start()
        entry.receive(_csv(rows), options, offset=0, total=None)
    path, _ = entry.finish("query.csv" if is_query else f"{text}.csv")
    return path, f"{'query' if is_query else 'table'} {text}"


@contextmanager
def _connect(database: _Database) -> Iterator[Any]:
    """Provide a connection that reads rows piece by piece and writes nothing."""
    engine = _engine(database)
    options: dict[str, Any] = {"yield_per": _ROWS, "no_parameters": True}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    try:
        with engine.connect() as connection:
            connection = connection.execution_options(**options)  # noqa: PLW2901
            if engine.dialect.name in {"mysql", "mariadb"}:
                connection.exec_driver_sql("START TRANSACTION READ ONLY")
            yield connection  # closing it rolls back
    finally:
        engine.dispose()


def _engine(database: _Database) -> Any:
    url, backend = database.url, database.url.get_backend_name()
    if backend == "sqlite":
        path = Path(url.database or "").expanduser()
        if not path.is_file():  # SQLite would create it
            raise MlpathError(
                f"{database.label}: there is no file {url.database or ''!r}",
                hint="Use sqlite:///PATH#TABLE; an absolute path starts with a fourth slash.",
            )
        url = url.set(database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"})
    timeout = {"connect_timeout": 10} if backend in {"postgresql", "mysql", "mariadb"} else {}
    try:
        return database.alchemy.create_engine(url, connect_args=timeout)
    except ModuleNotFoundError as error:
        package = "'mlpath[databases]'" if error.name == "psycopg" else error.name
        raise MlpathError(
            f"{database.label} needs the package {error.name}, which is not installed",
            hint=f"pip install {package}",
        ) from None


def _select_table(database: _Database, connection: Any, name: str) -> tuple[str, Any]:
    """Return a table, by its name or as the only one, and the query of all its rows."""
    alchemy = database.alchemy
    inspector = alchemy.inspect(connection)
    tables = sorted({*inspector.get_table_names(), *inspector.get_view_names()})
    if not name and len(tables) == 1:
        name = tables[0]
    schema, _, short = name.rpartition(".")
    if inspector.has_table(name):
        schema, short = "", name
    elif not (schema and inspector.has_table(short, schema=schema)):
        raise _unknown_table(tables, name, database.label)
    table = alchemy.table(short, schema=schema or None)
    return name, alchemy.select(alchemy.text("*")).select_from(table)


def _unknown_table(tables: list[str], name: str, label: str) -> MlpathError:
    problem = f"there is no table {name!r}" if name else "no table is named"
    if not tables:
        return MlpathError(f"{label}: {problem}", hint="The database has no tables.")
    close = (difflib.get_close_matches(name, tables, 1) or tables)[0]
    listed = ", ".join(tables[:10]) + (", ..." if len(tables) > 10 else "")  # noqa: PLR2004
    return MlpathError(
        f"{label}: {problem}", hint=f"Add #TABLE or #SELECT ..., such as #{close}. It has: {listed}"
    )


def _csv(rows: Any) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows.keys())
    for part in rows.partitions():
        writer.writerows(tuple(map(_cell, row)) for row in part)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.hex() if isinstance(value, bytes | memoryview) else value


@contextmanager
def _readable_errors(alchemy: Any, label: str) -> Iterator[None]:
    errors = alchemy.exc
    try:
        yield
    except errors.NoSuchModuleError:
        scheme = label.partition(":")[0]
        problem, hint = f": SQLAlchemy has no driver for {scheme!r}", "Install its driver."
    except errors.ArgumentError:
        problem = " is not the URL of a database"
        hint = "Use DIALECT://USER:PASSWORD@HOST/DATABASE#TABLE."
    except errors.ResourceClosedError:
        problem, hint = ": the query returns no rows", "Use one SELECT, without INTO."
    except errors.DBAPIError as error:
        problem = f": {' '.join(str(error.orig).split())}"
        hint = "Check host or file, user, password and the query."
    else:
        return
    raise MlpathError(label + problem, hint=hint)

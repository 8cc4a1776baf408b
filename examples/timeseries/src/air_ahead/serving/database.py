"""The database of feedback and of the request log: SQLite by default, or another database by `DATABASE_URL`.

Every connection is used once: a database that was restarted needs no special care, and several processes may write to
one SQLite file.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Table, create_engine, inspect, make_url
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from .. import PACKAGE
from ..errors import UserError
from ..paths import ProjectPaths

SECONDS = 3  # to connect, to wait for a lock, or for a statement
EXAMPLE = "postgresql://USER:PASSWORD@HOST/DATABASE"


class DatabaseError(UserError):
    """The database can't be used; the message says why."""


class RejectedRowError(DatabaseError):
    """The database works, but rejects a row, such as for a value that its type can't have."""


def database_url(paths: ProjectPaths) -> str:
    """Return the address of the database: `DATABASE_URL`, or the file `feedback.db` of the project."""
    return os.environ.get("DATABASE_URL") or f"sqlite:///{(paths.workspace / 'feedback.db').as_posix()}"


def table_name(kind: str) -> str:
    """Return the name of a table: projects can share a database, and PostgreSQL's names have up to 63 characters."""
    return f"{kind}_{PACKAGE}"[:63]


class Database:
    """A table in a database.

    Raises:
        DatabaseError: the address is invalid, or the database's driver is not installed.
    """

    def __init__(self, url: str, table: Table) -> None:
        self.table = table
        try:
            self._url = make_url(url)
            # "postgres" as some hosts write it; before SQLAlchemy 2.1, "postgresql" was psycopg2.
            if self._url.drivername in ("postgres", "postgresql"):
                self._url = self._url.set(drivername="postgresql+psycopg")
            self._postgresql = self._url.get_backend_name() == "postgresql"
            timeout = {"postgresql": "connect_timeout", "sqlite": "timeout"}.get(self._url.get_backend_name())
            self._engine = create_engine(
                self._url, poolclass=NullPool, connect_args={timeout: SECONDS} if timeout else {}
            )
        except ImportError as error:
            fix = "run: uv sync --extra postgres" if self._postgresql else "install it, or use PostgreSQL or SQLite"
            raise DatabaseError(f"the database needs the module {error.name}; {fix}") from error
        except (SQLAlchemyError, ValueError) as error:
            raise DatabaseError(f"DATABASE_URL is not the address of a database, such as {EXAMPLE}") from error

    def insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows in one transaction, creating the table if needed.

        Raises:
            DatabaseError: the database is down, locked, too slow or read-only.
            RejectedRowError: it rejects a row; none is stored.
        """
        with self._connect() as connection:
            if not inspect(connection).has_table(self.table.name):
                connection.execute(CreateTable(self.table, if_not_exists=True))
                for index in self.table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))
            connection.execute(self.table.insert(), rows)

    def select(self, query: Select[Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query of the table, with times in UTC; none if there is no table.

        Raises:
            DatabaseError: the database can't be read.
        """
        is_file = self._url.get_backend_name() == "sqlite"
        if is_file and not Path(self._url.database or "").exists():  # connecting would create it
            return
        with self._connect() as connection:
            if not inspect(connection).has_table(self.table.name):
                return
            rows = connection.execution_options(yield_per=100).execute(query)
            for row in rows.mappings():
                yield {key: _to_utc(value) if isinstance(value, datetime) else value for key, value in row.items()}

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                if self._postgresql:  # not an option of the connection, which poolers reject
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{SECONDS}s'")
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            name = self._url.set(query={}).render_as_string()  # without the password
            # An error of the statement itself is one of a value that can't be converted.
            is_of_a_row = isinstance(error, DataError | IntegrityError) or type(error) is StatementError
            failure = RejectedRowError if is_of_a_row else DatabaseError
            fix = "; check that it runs, and DATABASE_URL" if self._postgresql and not is_of_a_row else ""
            raise failure(f"the database {name} can't be used: {reason}{fix}") from error


def _to_utc(time: datetime) -> datetime:
    """Return the time in UTC; SQLite returns it without a time zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)

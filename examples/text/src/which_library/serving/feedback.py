"""The database of feedback: SQLite by default, or another database by `DATABASE_URL`.

Every connection is used once, since feedback is rare: a database that was restarted needs no special care, and several
processes may write to one SQLite file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..errors import UserError
from ..paths import ProjectPaths

SECONDS = 3  # to connect, to wait for a lock, or for a statement
EXAMPLE = "postgresql://USER:PASSWORD@HOST/DATABASE"
PACKAGE = __package__.partition(".")[0]
# Projects can share a database. Names of PostgreSQL have up to 63 characters.
TABLE = Table(
    f"feedback_{PACKAGE}"[:63],
    MetaData(),
    Column("id", String(32), primary_key=True),
    Column("time", DateTime(timezone=True), nullable=False, index=True),
    Column("request_id", String(32)),
    Column("inputs", JSON(none_as_null=True)),
    Column("prediction", JSON, nullable=False),
    Column("correct", Boolean, nullable=False),
    Column("truth", JSON(none_as_null=True)),
    Column("remark", Text),
    Column("model", Text, nullable=False),
    Column("model_version", Integer),
    Column("model_sha256", String(64), nullable=False),
)


class FeedbackError(UserError):
    """The database can't be used; the message says why."""


@dataclass(frozen=True)
class Entry:
    """What somebody said about a prediction.

    Attributes:
        id: of the entry.
        time: in UTC.
        request_id: of the prediction, if it was made by the REST API.
        inputs: of the prediction; None for a text or an image without consent.
        prediction: as the REST API returns it.
        correct: whether it is right.
        truth: the right answer; None if it is not known.
        remark: free text; None without consent.
        model: the name of the model.
        model_version: its version in MLflow's registry.
        model_sha256: the beginning of its SHA-256.
    """

    id: str
    time: datetime
    request_id: str | None
    inputs: dict[str, Any] | None
    prediction: dict[str, Any]
    correct: bool
    truth: Any
    remark: str | None
    model: str
    model_version: int | None
    model_sha256: str


def database_url(paths: ProjectPaths) -> str:
    """Return the address of the database: `DATABASE_URL`, or the file `feedback.db` of the project."""
    return os.environ.get("DATABASE_URL") or f"sqlite:///{(paths.workspace / 'feedback.db').as_posix()}"


class FeedbackStore:
    """The table of feedback in a database.

    Raises:
        FeedbackError: the address is invalid, or the database's driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            # "postgres" as some hosts write it; before SQLAlchemy 2.1, "postgresql" was psycopg2.
            if self._url.drivername in ("postgres", "postgresql"):
                self._url = self._url.set(drivername="postgresql+psycopg")
            self._postgresql = self._url.get_backend_name() == "postgresql"
            timeout = {"connect_timeout": SECONDS} if self._postgresql else {}
            timeout = {"timeout": SECONDS} if self._url.get_backend_name() == "sqlite" else timeout
            self._engine = create_engine(self._url, poolclass=NullPool, connect_args=timeout)
        except ImportError as error:
            raise FeedbackError(f"the database needs {error.name}; install it: uv sync --extra postgres") from error
        except (SQLAlchemyError, ValueError) as error:
            raise FeedbackError(f"DATABASE_URL is not the address of a database, such as {EXAMPLE}") from error
        self._has_table = False

    def add(self, entry: Entry) -> None:
        """Store an entry.

        Raises:
            FeedbackError: the database is down, locked, too slow or read-only.
        """
        try:
            if not self._has_table:
                self._create_table()
            with self._connect() as connection:
                connection.execute(TABLE.insert(), asdict(entry))
        except FeedbackError:
            self._has_table = False
            raise
        self._has_table = True

    def _create_table(self) -> None:
        with self._connect() as connection:
            exists = inspect(connection).has_table(TABLE.name)
        if not exists:
            # Fails if another process creates it at the same time.
            with suppress(FeedbackError), self._connect() as connection:
                TABLE.create(connection)

    def entries(self, since: datetime | None = None) -> Iterator[Entry]:
        """Yield the entries from a time on, the oldest first.

        Raises:
            FeedbackError: the database can't be read.
        """
        is_file = self._url.get_backend_name() == "sqlite"
        if is_file and not Path(self._url.database or "").exists():  # connecting would create it
            return
        query = select(TABLE).order_by(TABLE.c.time, TABLE.c.id)
        with self._connect() as connection:
            if not inspect(connection).has_table(TABLE.name):
                return
            rows = connection.execution_options(yield_per=100).execute(
                query if since is None else query.where(TABLE.c.time >= since)
            )
            for row in rows.mappings():
                entry = Entry(**row)
                yield Entry(**{**row, "time": _to_utc(entry.time)})

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """Open a connection for one transaction.

        Raises:
            FeedbackError: the database fails.
        """
        try:
            with self._engine.begin() as connection:
                if self._postgresql:  # not an option of the connection, which poolers reject
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{SECONDS}s'")
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            name = self._url.set(query={}).render_as_string()  # without the password
            raise FeedbackError(f"the database {name} can't be used: {reason}") from error


def _to_utc(time: datetime) -> datetime:
    """Return the time in UTC; SQLite returns it without a time zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)

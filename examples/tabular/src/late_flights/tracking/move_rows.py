"""Copy the rows of an MLflow database into the empty database of a server."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.db
import sqlalchemy as sa

from ..errors import UserError
from .move_artifacts import relocate_row

ROWS_AT_A_TIME = 1000
REVISIONS = "alembic_version"
# What a server without runs has: its default workspace and its own bookkeeping.
BOOKKEEPING = {"workspaces", "scheduler_leases", "job_locks"}


def connect_store(path: Path) -> sa.Engine:
    """Return the engine of the project's MLflow store.

    Raises:
        UserError: there is none.
    """
    if not path.exists():
        raise UserError(f"{path.name} not found: this project has logged nothing here that could be moved")
    return sa.create_engine(f"sqlite:///{path.as_posix()}")


def create_tables(server: sa.Engine) -> None:
    """Create MLflow's tables in an empty database, as `mlflow db upgrade` does."""
    if not sa.inspect(server).get_table_names():
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        mlflow.db.upgrade.main([server.url.render_as_string(hide_password=False)], standalone_mode=False)


@dataclass(frozen=True)
class Rows:
    """The rows of a database.

    Attributes:
        connection: the connection, in a transaction.
        tables: MLflow's tables by name, each after those that its foreign keys refer to.
    """

    connection: sa.Connection
    tables: Mapping[str, sa.Table]

    @classmethod
    def read(cls, connection: sa.Connection) -> "Rows":
        """Return the rows of all tables that there are."""
        metadata = sa.MetaData()
        metadata.reflect(connection)
        return cls(connection, {table.name: table for table in metadata.sorted_tables if table.name != REVISIONS})

    def count(self) -> dict[str, int]:
        """Return the number of rows of each table."""
        counts = {name: sa.select(sa.func.count()).select_from(table) for name, table in self.tables.items()}
        return {name: self.connection.execute(query).scalar_one() for name, query in counts.items()}

    def revision(self) -> Any:
        """Return the revision of MLflow's tables."""
        if not sa.inspect(self.connection).has_table(REVISIONS):
            return "none"
        return self.connection.execute(sa.text(f"SELECT version_num FROM {REVISIONS}")).scalar()  # noqa: S608


def check_server(store: Rows, server: Rows) -> None:
    """Check that the server's database has the same tables as the project's store, and no content.

    Raises:
        UserError: says what to do.
    """
    here, there = store.revision(), server.revision()
    if here != there:
        raise UserError(
            f"mlflow.db has the tables of MLflow's revision {here}, the server's database those of {there}. Use the "
            f"same MLflow, here {mlflow.__version__}, on both sides, and upgrade the older one: uv run mlflow db "
            "upgrade sqlite:///mlflow.db"
        )
    counts = {name: number for name, number in server.count().items() if name in store.tables}
    experiments = sa.text("SELECT experiment_id FROM experiments")
    if server.connection.execute(experiments).scalars().all() == [0]:  # the default one, if it is empty
        del counts["experiments"]
    content = [f"{number} in {name}" for name, number in counts.items() if number and name not in BOOKKEEPING]
    if content:
        raise UserError(f"the server's database is not empty (rows: {', '.join(content)}); move into an empty one")


def copy_rows(store: Rows, server: Rows, locations: Mapping[str, str]) -> dict[str, int]:
    """Copy all rows, with the new addresses of artifacts; return their number for each table.

    Raises:
        UserError: the store changed meanwhile.
    """
    targets = {name: table for name, table in server.tables.items() if name in store.tables}
    for table in reversed(targets.values()):
        server.connection.execute(table.delete())
    for name, table in targets.items():
        columns = [store.tables[name].c[column.name] for column in table.columns if column.computed is None]
        for rows in store.connection.execute(sa.select(*columns)).mappings().partitions(ROWS_AT_A_TIME):
            moved = [relocate_row(name, dict(row), locations) for row in rows]
            server.connection.execute(table.insert(), moved)
        set_sequences(server.connection, table)
    counts = Rows(server.connection, targets).count()
    if counts != store.count():
        raise UserError("mlflow.db changed while it was copied; nothing was moved: end all trainings, and try again")
    return counts


def set_sequences(server: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL number the next rows after the copied ones."""
    for column in table.primary_key.columns:
        if server.dialect.name == "postgresql" and isinstance(column.type, sa.Integer):
            query = "SELECT setval(pg_get_serial_sequence(:table, :column), (SELECT greatest(max({0}), 1) FROM {1}))"
            names = {"table": table.name, "column": column.name}
            server.execute(sa.text(query.format(column.name, table.name)), names)

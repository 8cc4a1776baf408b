"""Move the project's MLflow store to a server: `uv run move-tracking postgresql://... --artifacts s3://...`.

Experiments, runs, metrics, data sets, models, versions and aliases keep their ids. Artifacts are uploaded first; then
the rows are copied in one transaction: after a failure, the tables are as empty as before, and the same command tries
again.
`mlflow.db` and its artifacts stay as they are.
"""

import argparse
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow.db
import sqlalchemy as sa
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths
from .databases import database_errors, parse_url
from .registry import ALIAS, REGISTERED_MODEL

ROWS_AT_A_TIME = 1000
REVISIONS = "alembic_version"
# What a server without runs has: its default workspace and its own bookkeeping.
BOOKKEEPING = {"workspaces", "scheduler_leases", "job_locks"}
# The columns that have addresses of artifacts.
ADDRESSES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
# The scheme by which a server hands out artifacts, so that its clients need no credentials of the store.
PROXY = "mlflow-artifacts:/"
SHOWN = ("experiments", "runs", "metrics", "params", "datasets", "logged_models", "model_versions")
EXAMPLE = """example:
  uv run --group server move-tracking postgresql://mlflow:PASSWORD@127.0.0.1/mlflow --artifacts s3://mlflow/artifacts
  export MLFLOW_TRACKING_URI=http://127.0.0.1:5000

Credentials of S3 are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the address of a service
other than Amazon's from AWS_ENDPOINT_URL_S3."""

Tables = Mapping[str, sa.Table]


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run move-tracking`."""
    options = parse_arguments(arguments)
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    for name in ("mlflow", "alembic"):  # they log database migrations
        logging.getLogger(name).setLevel(logging.ERROR)
    path = (paths or ProjectPaths()).workspace / "mlflow.db"
    if not path.exists():
        raise UserError(f"{path.name} not found: this project has logged nothing here that could be moved")
    if not options.dry_run:
        check_destination(options.database, options.artifacts)
    with sa.create_engine(f"sqlite:///{path.as_posix()}").connect() as store:
        tables = read_tables(store)
        counts = count_rows(store, tables)
        print("mlflow.db: " + ", ".join(f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in SHOWN))
        if options.dry_run:
            print("Nothing was moved (--dry-run).")
            return
        move(store, tables, options.database, options.artifacts)
    print(f"Moved {sum(counts.values())} rows. Use the server: export MLFLOW_TRACKING_URI=http://127.0.0.1:5000")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="move-tracking",
        description="Copy mlflow.db and its artifacts to the empty database and the artifacts of an MLflow server.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "database",
        nargs="?",
        default=os.environ.get("MLFLOW_BACKEND_STORE_URI"),
        help="the server's --backend-store-uri; by default MLFLOW_BACKEND_STORE_URI",
    )
    parser.add_argument(
        "--artifacts",
        default=os.environ.get("MLFLOW_ARTIFACTS_DESTINATION"),
        help="the server's --artifacts-destination; by default MLFLOW_ARTIFACTS_DESTINATION",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be moved")
    return parser.parse_args(arguments)


def check_destination(database: str | None, artifacts: str | None) -> None:
    """Check that there are a database, and the address of a storage or an absolute path.

    Raises:
        UserError: there are not.
    """
    if not (database and artifacts):
        raise UserError("no destination; name the server's database, and with --artifacts its --artifacts-destination")
    scheme, found, _ = artifacts.partition("://")
    if (not found and not Path(artifacts).is_absolute()) or scheme in ("http", "https"):
        raise UserError(
            f"--artifacts {artifacts} is neither the address of a storage, such as s3://mlflow/artifacts, nor an "
            "absolute path; use the server's --artifacts-destination"
        )


def move(store: sa.Connection, tables: Tables, database: str, artifacts: str) -> None:
    """Upload the artifacts, copy the rows, and load the champion from where it is then."""
    url = parse_url(database)
    with database_errors(url):
        engine = sa.create_engine(url)
        create_tables(engine)
        with engine.begin() as server:
            targets = check_server(store, tables, server)
            locations = read_locations(store)
            with storage_errors(artifacts):
                print(f"Uploaded {upload(locations, artifacts)} files to {artifacts}.")
            copy_rows(store, tables, server, targets, locations)
            with storage_errors(artifacts):
                if load_champion(store, locations, artifacts):
                    print(f"Loaded models:/{REGISTERED_MODEL}@{ALIAS} from there.")


def create_tables(server: sa.Engine) -> None:
    """Create MLflow's tables in an empty database, as `mlflow db upgrade` does."""
    if not sa.inspect(server).get_table_names():
        mlflow.db.upgrade.main([server.url.render_as_string(hide_password=False)], standalone_mode=False)


def read_tables(connection: sa.Connection) -> Tables:
    """Return MLflow's tables by name, each after those that its foreign keys refer to."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != REVISIONS}


def count_rows(connection: sa.Connection, tables: Tables) -> dict[str, int]:
    """Return the number of rows of each table."""
    counts = {name: sa.select(sa.func.count()).select_from(table) for name, table in tables.items()}
    return {name: connection.execute(query).scalar_one() for name, query in counts.items()}


def check_server(store: sa.Connection, tables: Tables, server: sa.Connection) -> Tables:
    """Check that the server's database has the tables of the project's store without rows, and return them.

    Raises:
        UserError: says what to do.
    """
    here, there = (_revision(connection) for connection in (store, server))
    if here != there:
        raise UserError(
            f"mlflow.db has the tables of MLflow's revision {here}, the server's database those of {there}. Use the "
            f"same MLflow, here {mlflow.__version__}, on both sides, and upgrade the older one: uv run mlflow db "
            "upgrade sqlite:///mlflow.db"
        )
    targets = {name: table for name, table in read_tables(server).items() if name in tables}
    counts = count_rows(server, targets)
    experiments = sa.text("SELECT experiment_id FROM experiments")
    if server.execute(experiments).scalars().all() == [0]:  # the default one, if it is empty
        del counts["experiments"]
    content = [f"{number} in {name}" for name, number in counts.items() if number and name not in BOOKKEEPING]
    if content:
        raise UserError(f"the server's database is not empty (rows: {', '.join(content)}); move into an empty one")
    return targets


def _revision(connection: sa.Connection) -> Any:
    if not sa.inspect(connection).has_table(REVISIONS):
        return "none"
    return connection.execute(sa.text(f"SELECT version_num FROM {REVISIONS}")).scalar()  # noqa: S608


def read_locations(store: sa.Connection) -> dict[str, str]:
    """Return a folder of the server for each local address where experiments keep artifacts, the longest first."""
    query = "SELECT artifact_location, MIN(experiment_id) FROM experiments GROUP BY artifact_location"
    rows = [(location or "", str(number)) for location, number in store.execute(sa.text(query))]
    locations = {location: folder for location, folder in rows if location and local_path(location)}
    return dict(sorted(locations.items(), key=lambda item: len(item[0]), reverse=True))


def local_path(address: str) -> Path | None:
    """Return the path of artifacts on this machine, or None if they are elsewhere."""
    if not is_local_uri(address):  # type: ignore[no-untyped-call]
        return None
    return Path(local_file_uri_to_path(address))  # type: ignore[no-untyped-call]


def upload(locations: Mapping[str, str], destination: str) -> int:
    """Upload the artifacts of every location; return the number of files. A second upload replaces the first."""
    uploaded = 0
    for location, folder in locations.items():
        path = local_path(location)
        files = sum(file.is_file() for file in path.rglob("*")) if path else 0
        if files:
            repository: Any = get_artifact_repository(f"{destination.rstrip('/')}/{folder}")
            repository.log_artifacts(str(path))
            uploaded += files
    return uploaded


def copy_rows(
    store: sa.Connection, tables: Tables, server: sa.Connection, targets: Tables, locations: Mapping[str, str]
) -> None:
    """Copy all rows, with the new addresses of artifacts.

    Raises:
        UserError: the store changed meanwhile.
    """
    for table in reversed(list(targets.values())):
        server.execute(table.delete())
    for name, table in targets.items():
        columns = [tables[name].c[column.name] for column in table.columns if column.computed is None]
        for rows in store.execute(sa.select(*columns)).mappings().partitions(ROWS_AT_A_TIME):
            server.execute(table.insert(), [relocate_row(name, dict(row), locations) for row in rows])
        set_sequences(server, table)
    if count_rows(server, targets) != count_rows(store, tables):
        raise UserError("mlflow.db changed while it was copied; nothing was moved: end all trainings, and try again")


def relocate_row(table: str, row: dict[str, Any], locations: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with the server's addresses of artifacts."""
    return row | {name: relocate(row[name], locations) for name in ADDRESSES.get(table, ()) if row[name]}


def relocate(address: str, locations: Mapping[str, str]) -> str:
    """Return the server's address of artifacts; others, such as `models:/…` and `s3://…`, stay.

    Raises:
        UserError: they are on this machine, but not where an experiment keeps them.
    """
    for location, folder in locations.items():
        if address == location or address.startswith(f"{location.rstrip('/')}/"):
            return f"{PROXY}{folder}{address[len(location.rstrip('/')) :]}"
    if local_path(address):
        raise UserError(f"artifacts in {address} belong to no experiment of mlflow.db; delete their run or version")
    return address


def set_sequences(server: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL number the next rows after the copied ones."""
    for column in table.primary_key.columns:
        if server.dialect.name == "postgresql" and isinstance(column.type, sa.Integer):
            query = "SELECT setval(pg_get_serial_sequence(:table, :column), (SELECT greatest(max({0}), 1) FROM {1}))"
            names = {"table": table.name, "column": column.name}
            server.execute(sa.text(query.format(column.name, table.name)), names)


def load_champion(store: sa.Connection, locations: Mapping[str, str], destination: str) -> bool:
    """Load the model that has the alias from the destination; return whether there is one."""
    query = (
        "SELECT COALESCE(v.storage_location, v.source) FROM model_versions v JOIN registered_model_aliases a "
        "ON a.name = v.name AND a.version = v.version WHERE a.name = :name AND a.alias = :alias"
    )
    location = store.execute(sa.text(query), {"name": REGISTERED_MODEL, "alias": ALIAS}).scalar()
    if not location or not local_path(location):
        return False
    mlflow.onnx.load_model(f"{destination.rstrip('/')}/{relocate(location, locations).removeprefix(PROXY)}")
    return True


@contextmanager
def storage_errors(destination: str) -> Iterator[None]:
    """Turn errors of the artifact store, each with exceptions of its own, into a `UserError`."""
    try:
        yield
    except ImportError as error:
        raise UserError(f"no client for {destination} is installed: uv sync --group server") from error
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"artifacts can't be stored in {destination}: {reason}. Nothing was moved. Check the address, and for S3 "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3, and try again"
        ) from error

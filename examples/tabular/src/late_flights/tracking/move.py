"""Move the project's MLflow store to a server: `uv run move-tracking postgresql://... --artifacts s3://...`.

Experiments, runs, metrics, data sets, models, versions and aliases keep their ids. Artifacts are uploaded first; then
the rows are copied in one transaction: a failure leaves the database as it was, and the same command tries again.
`mlflow.db` and its artifacts stay as they are.
"""

import argparse
import os
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths
from . import move_artifacts, move_rows
from .databases import database_errors, parse_url
from .move_rows import Rows
from .registry import ALIAS

SHOWN = (
    "experiments", "runs", "metrics", "params", "tags", "datasets", "logged_models", "registered_models",
    "model_versions", "registered_model_aliases",
)  # fmt: skip
EXAMPLE = """example:
  uv run --group server move-tracking postgresql://mlflow:PASSWORD@127.0.0.1/mlflow --artifacts s3://mlflow/artifacts
  export MLFLOW_TRACKING_URI=http://127.0.0.1:5000

Credentials of S3 are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the address of a service
other than Amazon's from AWS_ENDPOINT_URL_S3."""


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run move-tracking`."""
    options = parse_arguments(arguments)
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    store = move_rows.connect_store((paths or ProjectPaths()).workspace / "mlflow.db")
    if not options.dry_run and not (options.database and options.artifacts):
        raise UserError("no destination; name the server's database, and with --artifacts its --artifacts-destination")
    if not options.dry_run:
        move_artifacts.check_destination(options.artifacts)
    with store.connect() as connection:
        rows = Rows.read(connection)
        print_counts(rows.count())
        if options.dry_run:
            print("Nothing was moved (--dry-run).")
            return
        counts = move(rows, options.database, options.artifacts)
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


def print_counts(counts: Mapping[str, int]) -> None:
    """Print the number of rows of the most important tables."""
    print("mlflow.db: " + ", ".join(f"{counts.get(name, 0)} {name.replace('_', ' ')}" for name in SHOWN))


def move(store: Rows, database: str, artifacts: str) -> dict[str, int]:
    """Upload the artifacts, copy the rows, and load the champion from where it is then."""
    url = parse_url(database)
    with database_errors(url):
        engine = sa.create_engine(url)
        move_rows.create_tables(engine)
        with engine.connect() as connection:
            server = Rows.read(connection)
            move_rows.check_server(store, server)
        move_artifacts.check_models(store.connection)
        locations = move_artifacts.read_locations(store.connection)
        print(f"Uploaded {move_artifacts.upload(locations, artifacts)} files to {artifacts}.")
        with engine.begin() as connection:
            server = Rows(connection, server.tables)
            move_rows.check_server(store, server)
            counts = move_rows.copy_rows(store, server, locations)
            champion = move_artifacts.check_champion(store.connection, locations, artifacts, ALIAS)
    if champion:
        print(f"Loaded models:/{champion}@{ALIAS} from there.")
    return counts

"""Upload the artifacts of an MLflow store to the place where a server keeps them."""

import filecmp
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import sqlalchemy as sa
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from ..errors import UserError

# The columns that have addresses of artifacts.
ADDRESSES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
TRACE_TAG = "mlflow.artifactLocation"
# The scheme by which a server hands out artifacts, so that its clients need no credentials of the store.
PROXY = "mlflow-artifacts:/"


def local_path(address: str) -> Path | None:
    """Return the path of artifacts on this machine, or None if they are elsewhere."""
    if not is_local_uri(address):  # type: ignore[no-untyped-call]
        return None
    return Path(local_file_uri_to_path(address))  # type: ignore[no-untyped-call]


def check_destination(destination: str) -> None:
    """Check that it is an address of a storage, or an absolute path.

    Raises:
        UserError: it is not.
    """
    scheme, found, _ = destination.partition("://")
    if (not found and not Path(destination).is_absolute()) or scheme in ("http", "https"):
        raise UserError(
            f"--artifacts {destination} is neither the address of a storage, such as s3://mlflow/artifacts, nor an "
            "absolute path; use the server's --artifacts-destination"
        )


def read_locations(store: sa.Connection) -> dict[str, str]:
    """Return a folder of the server for each local address where experiments keep artifacts, the longest first."""
    query = "SELECT artifact_location, MIN(experiment_id) FROM experiments GROUP BY artifact_location"
    rows = [(location or "", str(number)) for location, number in store.execute(sa.text(query))]
    locations = {location: folder for location, folder in rows if location and local_path(location)}
    return dict(sorted(locations.items(), key=lambda item: len(item[0]), reverse=True))


def relocate_row(table: str, row: dict[str, Any], locations: Mapping[str, str]) -> dict[str, Any]:
    """Return a row with the server's addresses of artifacts."""
    columns = ("value",) if table == "trace_tags" and row["key"] == TRACE_TAG else ADDRESSES.get(table, ())
    return row | {column: relocate(row[column], locations) for column in columns if row[column]}


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


def check_models(store: sa.Connection) -> None:
    """Check that the files of all models exist.

    Raises:
        UserError: some are missing.
    """
    query = "SELECT artifact_location FROM logged_models WHERE lifecycle_stage = 'active'"
    for location in store.execute(sa.text(query)).scalars():
        path = local_path(location)
        if path and not path.is_dir():
            raise UserError(f"the files of a model are missing: {location}. Restore them, or delete its run in MLflow")


def upload(locations: Mapping[str, str], destination: str) -> int:
    """Upload the artifacts of every location; return the number of files. A second upload replaces the first.

    Raises:
        UserError: the destination can't be written.
    """
    uploaded = 0
    for location, folder in locations.items():
        path = local_path(location)
        files = sum(file.is_file() for file in path.rglob("*")) if path else 0
        if files:
            with storage_errors(destination):
                repository: Any = get_artifact_repository(f"{destination.rstrip('/')}/{folder}")
                repository.log_artifacts(str(path))
            uploaded += files
    return uploaded


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


def check_champion(store: sa.Connection, locations: Mapping[str, str], destination: str, alias: str) -> str | None:
    """Load the model that has the alias from the destination; return its name, or None if there is none.

    Raises:
        UserError: it differs from the one here.
    """
    query = (
        "SELECT v.name, COALESCE(v.storage_location, v.source) AS location FROM model_versions v "
        "JOIN registered_model_aliases a ON a.name = v.name AND a.version = v.version WHERE a.alias = :alias"
    )
    row = store.execute(sa.text(query), {"alias": alias}).first()
    here = local_path(row.location) if row else None
    if row is None or here is None:
        return None
    moved = relocate(row.location, locations).removeprefix(PROXY)
    with tempfile.TemporaryDirectory() as folder, storage_errors(destination):
        address = f"{destination.rstrip('/')}/{moved}"
        there = Path(mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=folder))
        names = [file.relative_to(here).as_posix() for file in here.rglob("*") if file.is_file()]
        _, different, missing = filecmp.cmpfiles(here, there, names, shallow=False)
        if different or missing:
            raise ValueError(f"{', '.join(different + missing)} of {row.name!r} differ there")
        mlflow.onnx.load_model(str(there))
    return str(row.name)

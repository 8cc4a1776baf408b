"""`uv run move-tracking` copies runs, models and artifacts to a server, or nothing."""

import filecmp
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.db
import pytest
import sqlalchemy as sa
from mlflow.tracking import MlflowClient

from which_library.errors import UserError
from which_library.paths import ProjectPaths
from which_library.tracking import databases, move
from which_library.tracking.registry import ALIAS, REGISTERED_MODEL

from ..conftest import MODELS


@pytest.fixture
def database(empty_store: Path, tmp_path: Path) -> str:
    """The address of a server's database that has tables, but no runs."""
    return copy_database(empty_store, tmp_path / "server.db")


@pytest.fixture
def move_to(database: str, tmp_path: Path) -> Callable[[ProjectPaths], None]:
    """Return a function that moves the runs of a project to that database."""
    return lambda paths: move.main([database, "--artifacts", str(tmp_path / "artifacts")], paths)


def copy_database(source: Path, target: Path) -> str:
    shutil.copy(source, target)
    return f"sqlite:///{target.as_posix()}"


def count(database: str) -> dict[str, Any]:
    """Return the number of rows of each table."""
    with sa.create_engine(database).connect() as connection:
        tables = [sa.table(name) for name in sa.inspect(connection).get_table_names()]
        return {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables}


def change(database: str, statement: str) -> None:
    with sa.create_engine(database).begin() as connection:
        connection.execute(sa.text(statement))


def test_runs_models_and_files_are_moved_with_their_ids_or_nothing(
    project: ProjectPaths,
    database: str,
    move_to: Callable[[ProjectPaths], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = count(database)
    change(database, "UPDATE experiments SET experiment_id = 7")
    with pytest.raises(SystemExit, match=r"not empty \(rows: 1 in experiments\)"):
        move_to(project)
    change(database, "UPDATE experiments SET experiment_id = 0")
    (tmp_path / "artifacts").write_text("a file instead of a folder", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"artifacts can't be stored in .*\. Nothing was moved\. Check the address"):
        move_to(project)
    (tmp_path / "artifacts").unlink()
    change(database, "CREATE TRIGGER lose AFTER INSERT ON params BEGIN DELETE FROM params; END")
    with pytest.raises(SystemExit, match="nothing was moved: end all trainings, and try again"):
        move_to(project)
    change(database, "DROP TRIGGER lose")
    assert count(database) == before
    assert "Loaded" not in capsys.readouterr().out

    move_to(project)
    output = capsys.readouterr().out
    assert f"{len(MODELS)} runs" in output
    assert f"Loaded models:/{REGISTERED_MODEL}@{ALIAS} from there." in output
    assert count(database) == count(project.store)
    here, there = MlflowClient(project.store), MlflowClient(database)
    version, moved = (client.get_model_version_by_alias(REGISTERED_MODEL, ALIAS) for client in (here, there))
    assert (moved.version, moved.run_id, moved.source) == (version.version, version.run_id, version.source)
    run, moved_run = here.get_run(str(version.run_id)), there.get_run(str(version.run_id))
    assert (moved_run.data.metrics, moved_run.data.params) == (run.data.metrics, run.data.params)
    assert moved_run.inputs == run.inputs
    experiment = run.info.experiment_id
    assert there.get_experiment(experiment).artifact_location == f"mlflow-artifacts:/{experiment}"
    assert moved_run.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"
    files = filecmp.dircmp(project.root / "mlartifacts", tmp_path / "artifacts" / experiment)
    assert not files.left_only + files.right_only + files.diff_files

    with pytest.raises(SystemExit, match=r"not empty .* in runs.*; move into an empty one"):
        move_to(project)
    assert there.get_run(str(version.run_id)).info.run_name == run.info.run_name


def test_a_database_of_another_mlflow_is_refused(
    project: ProjectPaths, database: str, move_to: Callable[[ProjectPaths], None]
) -> None:
    change(database, "UPDATE alembic_version SET version_num = 'other'")
    with pytest.raises(SystemExit, match=r"those of other\. Use the same MLflow"):
        move_to(project)
    change(database, "DROP TABLE alembic_version")
    with pytest.raises(SystemExit, match="those of none"):
        move_to(project)


def test_tables_are_created_in_an_empty_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgraded = []
    monkeypatch.setattr(mlflow.db.upgrade, "main", lambda arguments, **_: upgraded.extend(arguments))
    address = f"sqlite:///{(tmp_path / 'new.db').as_posix()}"
    move.create_tables(sa.create_engine(address))
    assert upgraded == [address]


def test_only_addresses_on_this_machine_change() -> None:
    locations = {"file:///home/ada/mlartifacts": "1"}
    version = {"source": "file:///home/ada/mlartifacts/m-1", "storage_location": "s3://bucket/models/m-1"}
    moved = move.relocate_row("model_versions", version, locations)
    assert moved == version | {"source": "mlflow-artifacts:/1/m-1"}
    with pytest.raises(UserError, match="artifacts in /elsewhere/run belong to no experiment"):
        move.relocate_row("runs", {"artifact_uri": "/elsewhere/run"}, locations)


def test_postgresql_numbers_new_rows_after_the_moved_ones() -> None:
    statements: list[str] = []
    server = sa.create_mock_engine("postgresql+psycopg://", lambda statement, *_: statements.append(str(statement)))
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("other", sa.Integer))
    move.set_sequences(server, table)  # type: ignore[arg-type]
    assert [statement.split("SELECT ")[-1] for statement in statements] == ["greatest(max(id), 1) FROM t))"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("server", "not the address of a database"),
        ("nosql://server/runs", "not the address of a known database"),
        ("sqlite:////missing/folder/server.db", "unable to open database file. Check that it runs"),
        ("postgres://ada:pa55word@127.0.0.1:1/runs", "refused|no driver for postgresql is installed: uv sync"),
    ],
)
def test_addresses_that_lead_nowhere_are_one_line(project: ProjectPaths, address: str, message: str) -> None:
    with pytest.raises(SystemExit, match=message) as error:
        move.main([address, "--artifacts", "s3://unused"], project)
    assert "pa55word" not in str(error.value)
    assert len(str(error.value).strip().splitlines()) == 1


@pytest.mark.parametrize("artifacts", ["mlartifacts", "s3:/mlflow", "http://127.0.0.1:5000"])
def test_artifacts_go_to_a_storage_or_an_absolute_path(project: ProjectPaths, database: str, artifacts: str) -> None:
    before = count(database)
    with pytest.raises(SystemExit, match=f"--artifacts {artifacts} is neither the address of a storage"):
        move.main([database, "--artifacts", artifacts], project)
    assert count(database) == before


def test_missing_clients_are_named() -> None:
    missing = ModuleNotFoundError("No module named 'client'")
    url = databases.parse_url("postgres://127.0.0.1/runs")
    with (
        pytest.raises(UserError, match="no driver for postgresql is installed: uv sync --group server"),
        databases.database_errors(url),
    ):
        raise missing
    with (
        pytest.raises(UserError, match="install the module pymysql, or use PostgreSQL"),
        databases.database_errors(databases.parse_url("mysql://127.0.0.1/runs")),
    ):
        raise ModuleNotFoundError(name="pymysql")
    with (
        pytest.raises(UserError, match="no client for s3://runs is installed: uv sync --group server"),
        move.storage_errors("s3://runs"),
    ):
        raise missing


def test_a_dry_run_and_incomplete_commands_move_nothing(
    project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION"):
        monkeypatch.delenv(name, raising=False)
    move.main(["--dry-run"], project)
    assert "Nothing was moved" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no destination"):
        move.main([], project)
    with pytest.raises(SystemExit, match=r"mlflow\.db not found"):
        move.main(["--dry-run"], ProjectPaths(tmp_path))

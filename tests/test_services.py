"""The services of a project: their files, and the same set-up without containers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest
import yaml

from conftest import ROOT, mlpath
from support import postgres, seaweedfs
from support.e2e import Owner, get, serving

SERVICES = ROOT / "template" / "options" / "services"
DATABASES = ("app", "mlflow", "search")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("services")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.chdir(folder)
        result = mlpath("new-project", "demo", "--no-lock", "--defaults", "-d", "services=true")
    assert result.exit_code == 0, result.output
    return folder / "demo"


@pytest.fixture(scope="module")
def compose(project: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((project / "compose.yaml").read_text())
    return document


def test_compose_file_matches_its_schema(project: Path) -> None:
    schemas = {
        "vendor.compose-spec": "compose.yaml",
        "vendor.dependabot": ".github/dependabot.yml",
    }
    for schema, file in schemas.items():
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_services_are_limited_pinned_and_on_the_loopback_interface(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert services.keys() == {"app", "database", "mlflow", "storage"}
    for name, service in services.items():
        assert re.match(r"127\.0\.0\.1:", service["ports"][0]), name
        assert len(service["ports"]) == 1, name
        assert {"mem_limit", "cpus", "stop_grace_period", "restart", "logging"} <= service.keys()


def test_images_are_pinned_and_checked(compose: dict[str, Any]) -> None:
    services = compose["services"]
    images = [services[name]["image"] for name in ("database", "storage")]
    assert all(re.search(r":\d+\.\d+", image) for image in images)
    checked = {name for name, service in services.items() if "healthcheck" in service}
    assert checked == services.keys() - {"app"}, "whose Dockerfile has the check"
    assert compose["volumes"].keys() == {"database", "storage"}


def test_only_the_s3_port_of_the_storage_is_published(compose: dict[str, Any]) -> None:
    storage = compose["services"]["storage"]
    assert [port.rpartition(":")[2] for port in storage["ports"]] == ["8333"]
    assert "-ip.bind=127.0.0.1" in storage["command"].split()
    assert all("set it in .env" in storage["environment"][name] for name in storage["environment"])
    assert not {*storage["networks"]} & {*compose["services"]["app"]["networks"]}


def test_secrets_are_in_no_tracked_file(project: Path) -> None:
    ignored = subprocess.run(["git", "check-ignore", ".env"], cwd=project, check=False)
    assert ignored.returncode == 0
    lines = (project / ".env.example").read_text().splitlines()
    for name in ("POSTGRES_PASSWORD", "APP_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert f"{name}=" in lines, "without a value, Compose reports what to set"


def test_services_need_the_container(folder: Path) -> None:
    options = ["-d", "services=true", "-d", "container=false"]
    result = mlpath("new-project", "demo", "--defaults", "--no-lock", *options)
    assert result.exit_code != 0
    assert "add it first (mlpath add container, or container=true)" in result.output
    assert not (folder / "demo").exists()


@contextmanager
def mlflow_server(owner: Owner, project: Path, log: Path) -> Iterator[tuple[str, Popen[bytes]]]:
    """Run the project's MLflow server as in compose.yaml; yield its address and process.

    The process starts others, which have to be killed with it.
    """
    (port,) = seaweedfs.free_ports(1)
    program = project / ".venv" / "bin" / "mlflow"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [program, "server", f"--port={port}", "--workers=1"],
            env={**owner.environment, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(480):
            assert child.poll() is None, log.read_text()
            with suppress(OSError):
                urlopen(f"{address}/health").close()  # noqa: S310
                break
            time.sleep(0.25)
        yield address, child
    finally:
        kill_group(child)


def kill_group(child: Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


@pytest.mark.e2e
def test_a_project_moves_to_a_server_by_its_address(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    copy = owner.copy(trained_project, tmp_path)
    owner.uv("add", "--quiet", "--group", "train", "dvc[s3]", cwd=copy)
    owner.uv("sync", "--quiet", "--group", "server", cwd=copy)
    owner.run("git", "commit", "--quiet", "--all", "--message", "Use S3", cwd=copy)
    move = str(copy / ".venv" / "bin" / "move-tracking")
    with postgres.serve("mlflow") as database, seaweedfs.serve(tmp_path / "storage") as storage:
        create_databases(owner, database)
        settings = {
            **storage.variables,
            "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg://{address_of(database, 'mlflow')}",
            "MLFLOW_ARTIFACTS_DESTINATION": "s3://mlflow/artifacts",
        }
        admin = owner.with_variables(settings)
        stranger = admin.with_variables({"AWS_SECRET_ACCESS_KEY": "wrong"})
        refused = stranger.run(move, cwd=copy, fails=True).splitlines()[-1]
        assert "can't be stored in s3://mlflow/artifacts" in refused
        assert "Nothing was moved. Check the address" in refused
        assert "Loaded models:/demo@champion from there." in admin.run(move, cwd=copy)
        check_dvc(admin, copy, tmp_path / "clone")

        with mlflow_server(admin, copy, tmp_path / "server.log") as (address, server):
            (copy / "mlflow.db").rename(tmp_path / "mlflow.db")
            # Without keys of the storage.
            client = owner.with_variables({"MLFLOW_TRACKING_URI": address})
            check_client(client, copy, database)
            programs = f"{copy / '.venv' / 'bin'}{os.pathsep}{database.variables['PATH']}"
            shell = admin.with_variables({**database.variables, "PATH": programs})
            run_documented(shell, "pg_dumpall", tmp_path)
            storage.kill()
            output = train(client, copy, fails=True)
            assert "status 500 again and again. Its log says why" in output.splitlines()[-1]
            check_restore(shell, database, storage, tmp_path)
            run_documented(shell, "mlflow db upgrade", tmp_path)
            train(client, copy)
            check_champion(client, copy)
            kill_group(server)
            output = train(client, copy, fails=True)
            assert f"MLflow server {address} can't be reached" in output.splitlines()[-1]
    with serving(owner, copy) as demo:
        assert get(f"{demo}/health")[0] == 200


def address_of(database: postgres.Postgres, name: str) -> str:
    """Return the address of one of the databases, without its scheme."""
    return database.url.partition("://")[2].replace("/postgres", f"/{name}")


def create_databases(owner: Owner, database: postgres.Postgres) -> None:
    """Do what PostgreSQL's image does when it creates the volume."""
    client = owner.with_variables({**database.variables, "APP_PASSWORD": "app-s3cret"})
    psql = ("psql", "--quiet", "--username=mlflow", "--set=ON_ERROR_STOP=1")
    client.run(*psql, "--dbname=postgres", "--command=CREATE DATABASE mlflow", cwd=SERVICES)
    client.run(*psql, "--dbname=mlflow", "--file=services/databases.sql", cwd=SERVICES)


def run_documented(shell: Owner, program: str, folder: Path, data: Path | None = None) -> str:
    """Run the part of a command in docs/services.md that a container runs; `data` is its /data."""
    document = (SERVICES / "docs" / "services.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"^docker .*?({program}[^'\n]*)", document, re.MULTILINE)
    return shell.run("bash", "-c", command.replace("/data", str(data)), cwd=folder)


def check_restore(
    shell: Owner, database: postgres.Postgres, storage: seaweedfs.SeaweedFS, folder: Path
) -> None:
    """Back up the storage, which is stopped; restore it and the dump where there is nothing."""
    run_documented(shell, "tar -C /data -c", folder, storage.folder)
    shutil.rmtree(storage.folder)
    storage.folder.mkdir()
    run_documented(shell, "tar -C /data -x", folder, storage.folder)
    storage.start()
    database.kill()
    database.create()
    create_databases(shell, database)
    output = run_documented(shell, "psql", folder)
    errors = [
        line.partition("ERROR:")[2].strip() for line in output.splitlines() if "ERROR" in line
    ]
    existing = ("role", "app"), ("role", "mlflow"), *(("database", name) for name in DATABASES)
    assert sorted(errors) == sorted(f'{kind} "{name}" already exists' for kind, name in existing)
    of_app = address_of(database, "app").replace("mlflow:s3cret", "app:app-s3cret")
    psycopg.connect(f"postgresql://{of_app}").close()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"postgresql://{of_app.replace('/app', '/mlflow')}")


def check_champion(client: Owner, project: Path) -> None:
    load = "import mlflow; print(type(mlflow.onnx.load_model('models:/demo@champion')))"
    python = str(project / ".venv" / "bin" / "python")
    assert "ModelProto" in client.run(python, "-c", load, cwd=project)


def train(client: Owner, project: Path, *, fails: bool = False) -> str:
    python = str(project / ".venv" / "bin" / "python")
    return client.run(python, "-m", "demo.pipeline.train", "baseline", cwd=project, fails=fails)


def check_dvc(admin: Owner, project: Path, clone: Path) -> None:
    """Push to the storage, whose address is in no committed file, and pull into a clone."""
    dvc, python = (str(project / ".venv" / "bin" / name) for name in ("dvc", "python"))
    create = "import boto3; boto3.client('s3').create_bucket(Bucket='dvc')"
    admin.run(python, "-c", create, cwd=project)
    admin.run(dvc, "remote", "modify", "store", "url", "s3://dvc/demo", cwd=project)
    assert "127.0.0.1" not in (project / ".dvc" / "config").read_text()
    admin.run("git", "commit", "--quiet", "--all", "--message", "Use S3 for DVC", cwd=project)
    stranger = admin.with_variables({"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert "Forbidden" in stranger.run(dvc, "push", cwd=project, fails=True)
    admin.run(dvc, "push", "--quiet", cwd=project)
    admin.run("git", "clone", "--quiet", str(project), str(clone), cwd=project)
    admin.run(dvc, "pull", "--quiet", cwd=clone)
    assert "up to date" in admin.run(dvc, "status", cwd=clone)


def check_client(client: Owner, project: Path, database: postgres.Postgres) -> None:
    """Evaluate, load the champion, and log from several processes at the same time."""
    evaluate = ("run", "dvc", "repro", "--quiet", "--force", "--single-item", "evaluate")
    client.uv(*evaluate, cwd=project)
    changed = client.run("git", "status", "--porcelain", cwd=project)
    assert changed == "", "runs and versions have the same ids, so files of git stay"
    check_champion(client, project)

    with psycopg.connect(f"postgresql://{address_of(database, 'mlflow')}") as connection:
        connection.autocommit = True
        count = "SELECT count(*) FROM runs WHERE status = 'FINISHED'"
        (before,) = connection.execute(count).fetchone() or (0,)
        studies = f"--storage=postgresql://{address_of(database, 'search')}"
        search = ("search", "logistic_regression", "--trials=2", "--workers=2", studies)
        with ThreadPoolExecutor() as pool:
            trainings = pool.map(lambda _: train(client, project), range(2))
            output = client.uv("run", *search, cwd=project)
            assert len(list(trainings)) == 2
        assert len(re.findall(r"^trial \d+: roc_auc", output, re.MULTILINE)) == 2
        (after,) = connection.execute(count).fetchone() or (0,)
    assert after - before == 2 + 1 + 2, "trainings, the search and its trials"

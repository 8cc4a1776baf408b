"""A Ray cluster of two nodes: a node and the head are killed, and two workers train a network."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

from support.e2e import Owner

CLUSTER = """
set -e
ip link set lo up
export RAY_USAGE_STATS_ENABLED=0 RAY_ADDRESS=127.0.0.1:6379
start_head() {
    ray start --head --num-cpus=1 --node-ip-address=127.0.0.1 --temp-dir="$FOLDER/$1"
}
add_node() {
    ray start --address=$RAY_ADDRESS --num-cpus=1 --node-name=second
}
start_head 1
"""

LOSE_A_NODE = """
add_node
uv run search boosting --trials 4 --workers 2 > search.log &
until [ "$(pgrep --count --full '^ray::ImplicitFunc.train')" = 2 ]; do sleep 0.1; kill -0 $!; done
pkill -9 --full node-name=second
wait $!
cat search.log
uv run python -m on_ray.pipeline.train_on_ray logistic_regression
"""

LOSE_THE_HEAD = """
export RAY_gcs_rpc_server_reconnect_timeout_s=5  # instead of a minute
run_search() {
    uv run search boosting --trials 3 --storage "sqlite:///$FOLDER/studies.db"
}
run_search > search.log 2>&1 &
until grep --quiet "trial 0" search.log; do sleep 0.1; kill -0 $!; done
pkill -9 gcs_server
pkill -9 raylet
! wait $!
start_head 2
run_search
"""

TWO_WORKERS = """
add_node
RAY_TRAIN_WORKERS=2 uv run python -m ray_network.pipeline.train_on_workers gru
"""

SLOW = """

_fit = fit


def fit(*arguments):
    import time

    time.sleep(5)
    return _fit(*arguments)
"""


def namespace() -> list[str]:
    """Return the start of a command with its own network, since Ray binds every address."""
    command = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if missing := [name for name in ("unshare", "ip", "pgrep") if not shutil.which(name)]:
        pytest.skip(f"needs {', '.join(missing)}")
    if subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("a network namespace needs Linux and root")
    return command


def on_cluster(owner: Owner, project: Path, folder: str, script: str) -> str:
    """Return the output of a script that begins on a cluster of one node."""
    programs = [project / ".venv" / "bin", Path(uv.find_uv_bin()).parent, os.environ["PATH"]]
    variables = {"PATH": os.pathsep.join(map(str, programs)), "FOLDER": folder, "UV_OFFLINE": "1"}
    offline = owner.with_variables({**owner.variables, **variables})
    return offline.run(*namespace(), "bash", "-c", CLUSTER + script, cwd=project)


@pytest.fixture
def short_folder() -> Iterator[str]:
    """A folder for Ray, whose sockets must have short paths."""
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:
        yield folder


@pytest.fixture(scope="module")
def project(owner: Owner) -> Path:
    """A project with data and a linear model, whose trials take five seconds."""
    namespace()
    project = owner.create("on-ray", "-d", "source=breast_cancer", "-d", "engine=ray")
    owner.uv("run", "dvc", "repro", "train@logistic_regression", cwd=project)
    with (project / "src" / "on_ray" / "models" / "boosting.py").open("a") as module:
        module.write(SLOW)  # so that a kill hits a trial
    return project


@pytest.mark.e2e
def test_a_search_survives_the_loss_of_a_node(
    owner: Owner, project: Path, short_folder: str
) -> None:
    model = project / "models" / "candidates" / "logistic_regression" / "model.onnx"
    trained_here = model.read_bytes()
    model.unlink()
    output = on_cluster(owner, project, short_folder, LOSE_A_NODE)
    assert "Ray cluster 127.0.0.1:6379: 2 nodes, 2 CPUs" in output
    assert "Ray cluster 127.0.0.1:6379: 1 nodes, 1 CPUs" in output, "of the training"
    assert sorted(re.findall(r"^trial (\d): roc_auc", output, re.MULTILINE)) == list("0123")
    assert model.read_bytes() == trained_here
    with sqlite3.connect(project / "mlflow.db") as database:
        finished = database.execute("SELECT name FROM runs WHERE status = 'FINISHED'")
        names = sorted(name for (name,) in finished if name != "logistic_regression")
    assert names == ["search boosting", *(f"trial {number}" for number in range(4))]


@pytest.mark.e2e
def test_a_search_continues_with_a_new_head(owner: Owner, project: Path, short_folder: str) -> None:
    output = on_cluster(owner, project, short_folder, LOSE_THE_HEAD)
    assert "Continuing a search: 2 of its trials wait." in output
    with sqlite3.connect(f"{short_folder}/studies.db") as database:
        states = database.execute("SELECT number, state FROM trials ORDER BY number").fetchall()
        values = database.execute(
            "SELECT number, param_name, param_value FROM trial_params NATURAL JOIN trials"
        ).fetchall()
    assert states == [(0, "COMPLETE"), (1, "FAIL"), (2, "COMPLETE"), (3, "COMPLETE")]
    lost, repeated = (
        {(name, value) for number, name, value in values if number == wanted} for wanted in (1, 3)
    )
    assert lost == repeated


@pytest.mark.e2e
def test_two_workers_train_a_network_like_one_process(
    owner: Owner, pytorch: dict[str, str], short_folder: str
) -> None:
    namespace()
    owner = owner.with_variables(pytorch)
    answers = ("-d", "domain=timeseries", "-d", "deep=true", "-d", "engine=ray")
    project = owner.create("ray-network", *answers)
    params = project / "params.yaml"
    text, changed = re.subn("epochs: 150$", "epochs: 3", params.read_text(), flags=re.MULTILINE)
    assert changed
    params.write_text(text)
    owner.uv("run", "dvc", "repro", "train@gru", cwd=project)
    output = on_cluster(owner, project, short_folder, TWO_WORKERS)
    assert "Ray cluster 127.0.0.1:6379: 2 nodes, 2 CPUs" in output
    with sqlite3.connect(project / "mlflow.db") as database:
        here, there = (
            database.execute(
                "SELECT value FROM metrics WHERE run_uuid = ? AND "
                "(key LIKE 'epoch%loss' OR key IN ('mae', 'pinball')) ORDER BY key, step",
                run,
            ).fetchall()
            for run in database.execute("SELECT run_uuid FROM runs ORDER BY start_time").fetchall()
        )
    assert len(here) == 2 * 4 + 2
    for (one,), (two,) in zip(here, there, strict=True):
        assert two == pytest.approx(one, abs=5e-6)

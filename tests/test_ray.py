"""A search and a training on a Ray cluster of two nodes, one of which is killed."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest
import uv

from support.e2e import Owner

CLUSTER = """
set -e
ip link set lo up
head=127.0.0.1:6379
export RAY_USAGE_STATS_ENABLED=0
ray start --head --num-cpus=1 --node-ip-address=127.0.0.1 --temp-dir="$FOLDER"
ray start --address=$head --num-cpus=1 --node-name=second
export RAY_ADDRESS=$head
uv run search boosting --trials 4 --workers 2 > search.log &
until [ "$(pgrep --count --full '^ray::ImplicitFunc.train')" = 2 ]; do sleep 0.1; kill -0 $!; done
pkill -9 --full node-name=second
wait $!
cat search.log
uv run python -m on_ray.pipeline.train_on_ray logistic_regression
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


@pytest.mark.e2e
def test_a_search_survives_the_loss_of_a_node(owner: Owner) -> None:
    isolated = namespace()
    project = owner.create("on-ray", "-d", "source=breast_cancer", "-d", "engine=ray")
    owner.uv("run", "dvc", "repro", "train@logistic_regression", cwd=project)
    model = project / "models" / "candidates" / "logistic_regression" / "model.onnx"
    trained_here = model.read_bytes()
    model.unlink()
    with (project / "src" / "on_ray" / "models" / "boosting.py").open("a") as module:
        module.write(SLOW)  # so that the kill hits a trial
    programs = [project / ".venv" / "bin", Path(uv.find_uv_bin()).parent, os.environ["PATH"]]
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:  # paths of sockets must be short
        variables = {"PATH": os.pathsep.join(map(str, programs)), "FOLDER": folder}
        offline = owner.with_variables({**variables, "UV_OFFLINE": "1"})
        output = offline.run(*isolated, "bash", "-c", CLUSTER, cwd=project)
    assert "Ray cluster 127.0.0.1:6379: 2 nodes, 2 CPUs" in output
    assert "Ray cluster 127.0.0.1:6379: 1 nodes, 1 CPUs" in output, "of the training"
    assert sorted(re.findall(r"^trial (\d): roc_auc", output, re.MULTILINE)) == list("0123")
    assert model.read_bytes() == trained_here
    with sqlite3.connect(project / "mlflow.db") as database:
        finished = database.execute("SELECT name FROM runs WHERE status = 'FINISHED'")
        names = sorted(name for (name,) in finished if name != "logistic_regression")
    assert names == ["search boosting", *(f"trial {number}" for number in range(4))]

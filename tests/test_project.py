"""A generated project: trained, repeated, cloned, served, pushed and pulled."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import uv
from PIL import Image

from support import browser, postgres
from support.e2e import Owner, get, post, resample_less, serving
from support.workflows import Runner

pytestmark = pytest.mark.e2e


def test_a_trained_project_is_clean_and_its_champion_won(
    owner: Owner, trained_project: Path
) -> None:
    assert owner.run("git", "status", "--porcelain", cwd=trained_project) == ""
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=trained_project)
    record = json.loads((trained_project / "models/champion/champion.json").read_text())
    assert record["model"] == "logistic_regression"
    assert record["metrics"]["roc_auc"]["value"] > 0.95
    assert all(record["lineage"][link] for link in ("git_commit", "data_md5", "mlflow_run_id"))
    assert "**logistic_regression** ★" in (trained_project / "README.md").read_text()


def test_a_pipeline_that_was_killed_and_runs_again_changes_no_tracked_file(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    """Git has the files of a run that nothing disturbed; here evaluation and training run again."""
    copy = owner.copy(trained_project, tmp_path)
    shutil.rmtree(copy / "reports")
    kill_pipeline(owner, copy, (copy / "reports" / "metrics.json").exists)
    owner.uv("run", "dvc", "repro", cwd=copy)
    assert owner.run("git", "status", "--porcelain", cwd=copy) == ""
    left = running(copy)  # the evaluation opens runs again, to log figures

    owner.run("git", "clean", "--quiet", "-fdx", "data", "models", ".dvc/cache", cwd=copy)
    # Its candidate is saved, and its run in MLflow is not finished.
    kill_pipeline(owner, copy, lambda: running(copy) == sorted([*left, "boosting"]))
    owner.uv("run", "dvc", "repro", cwd=copy)
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=copy)
    notebooks = copy / "notebooks"
    notebooks.mkdir()
    code = "import mlflow; mlflow.start_run(); print(mlflow.get_tracking_uri())"
    store = owner.uv("run", "python", "-c", code, cwd=notebooks).splitlines()[-1]
    assert store == f"sqlite:///{copy / 'mlflow.db'}"
    for name in ("mlflow.db", "mlruns/0", "mlartifacts/0"):
        owner.run("git", "check-ignore", "--quiet", f"notebooks/{name}", cwd=copy)
    assert owner.run("git", "diff", cwd=copy) == ""
    assert owner.run("git", "status", "--porcelain", cwd=copy) == ""


def kill_pipeline(owner: Owner, project: Path, has_come: Callable[[], bool]) -> None:
    """Run the pipeline, and kill DVC and the stage at once, at some point."""
    command = [uv.find_uv_bin(), "run", "dvc", "repro", "--quiet"]
    child = subprocess.Popen(command, cwd=project, env=owner.environment, start_new_session=True)
    while not has_come():
        assert child.poll() is None, "the pipeline ended before"
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    # DVC's lock holds as long as a process has the number of the one that locked.
    with suppress(ProcessLookupError):
        while True:
            os.killpg(child.pid, 0)
            time.sleep(0.01)


def running(project: Path) -> list[str]:
    """Return the names of the MLflow runs that are not finished."""
    with sqlite3.connect(project / "mlflow.db") as database:
        names = database.execute("SELECT name FROM runs WHERE status = 'RUNNING'")
        return sorted(name for (name,) in names)


def test_experiments_have_metrics_plots_and_a_commit(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    copy = owner.copy(trained_project, tmp_path)
    owner.uv("run", "dvc", "exp", "run", "-S", "train.logistic_regression.C=0.5", cwd=copy)
    numbers = owner.run("git", "diff", "--numstat", "params.yaml", cwd=copy)
    assert numbers.split() == ["1", "1", "params.yaml"], "DVC changes nothing but the value"
    assert "roc_auc" in owner.uv("run", "dvc", "metrics", "diff", cwd=copy)
    owner.uv("run", "dvc", "plots", "show", cwd=copy)
    assert "true_positive_rate" in (copy / "dvc_plots" / "index.html").read_text()

    assert "no commit" in owner.uv("run", "champion-commit", cwd=copy, fails=True)
    owner.run("git", "commit", "--quiet", "--all", "--message", "Regularize more", cwd=copy)
    head = owner.run("git", "rev-parse", "HEAD", cwd=copy)
    assert head in owner.uv("run", "champion-commit", cwd=copy)
    assert "| uncommitted changes |" not in (copy / "reports/model_card.md").read_text()


def test_branches_that_both_trained_are_merged_by_a_new_run(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    copy = owner.copy(trained_project, tmp_path)
    resample_less(copy)
    params = (copy / "params.yaml").read_text()
    changes = {
        "theirs": ("max_iter: 300", "max_iter: 50"),
        "main": ("min_samples_leaf: 5", "min_samples_leaf: 9"),
    }
    for branch, change in changes.items():
        owner.run(
            "git", "switch", "--quiet", *(["-c"] if branch == "theirs" else []), branch, cwd=copy
        )
        (copy / "params.yaml").write_text(params.replace(*change))
        owner.uv("run", "dvc", "repro", cwd=copy)
        owner.run("git", "commit", "--quiet", "--all", "--message", branch, cwd=copy)
    owner.run("git", "merge", "theirs", cwd=copy, fails=True)
    assert "UU dvc.lock" in owner.run("git", "status", "--porcelain", cwd=copy)
    owner.uv("run", "dvc", "repro", cwd=copy)
    owner.run("git", "add", "--all", cwd=copy)
    owner.run("git", "commit", "--quiet", "--no-edit", cwd=copy)
    assert "<<<<" not in (copy / "README.md").read_text()
    owner.uv("run", "pytest", "tests/pipeline/test_report.py", cwd=copy)
    lock = (copy / "dvc.lock").read_text()
    assert "max_iter: 50" in lock
    assert "min_samples_leaf: 9" in lock


def test_queued_experiments_ignore_later_edits(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    """They run in a copy made by DVC: its parameters, code and outputs; so the champion stays."""
    copy = owner.copy(trained_project, tmp_path)
    champion = champion_version(copy)
    before = (copy / "reports/metrics.json").read_bytes()
    values = ["3", "7"]
    queue = f"train.boosting.max_iter={','.join(values)}"
    fast = "evaluate.resamples=20"
    owner.uv("run", "dvc", "exp", "run", "--queue", "-S", queue, "-S", fast, cwd=copy)
    code = copy / "src/demo/pipeline/train.py"
    code.write_text("raise SystemExit('half written')\n" + code.read_text())
    owner.uv("run", "dvc", "exp", "run", "--run-all", cwd=copy)
    assert owner.run("git", "status", "--porcelain", cwd=copy).split() == [
        "M",
        "src/demo/pipeline/train.py",
    ]
    assert (copy / "reports/metrics.json").read_bytes() == before
    table = owner.uv("run", "dvc", "exp", "show", "--csv", cwd=copy)
    done = [row for row in csv.DictReader(io.StringIO(table)) if row["State"] == "Success"]
    assert sorted(row["train.boosting.max_iter"] for row in done) == values
    assert len({row["models.boosting.log_loss"] for row in done}) == len(values)
    with sqlite3.connect(copy / "mlflow.db") as database:
        kept = database.execute("SELECT value FROM params WHERE key = 'max_iter'").fetchall()
    assert {(value,) for value in values} <= set(kept)
    assert champion_version(copy) == champion


@pytest.fixture(scope="module")
def clone(owner: Owner, trained_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an installed clone; tests restore what they change in it."""
    clone = tmp_path_factory.mktemp("clones") / "clone"
    owner.run("git", "clone", "--quiet", str(trained_project), str(clone), cwd=clone.parent)
    owner.sync(clone)
    return clone


def test_clone_serves_without_training_data_or_database(owner: Owner, clone: Path) -> None:
    with serving(owner, clone) as address:
        status, health = get(f"{address}/health")
        assert (status, health["status"], health["model"]) == (200, "ok", "logistic_regression")
        output = owner.run(
            str(clone / ".venv" / "bin" / "python"),
            "-c",
            "import json, sys; from gradio_client import Client\n"
            "client = Client(sys.argv[1], verbose=False)\n"
            "predictions = [client.predict(api_name='/predict'),"
            " client.predict(worst_area=4000, api_name='/predict')]\n"
            "print(json.dumps(predictions))",
            address,
            cwd=clone,
        )
    for prediction in json.loads(output.splitlines()[-1]):
        classes = prediction["confidences"]
        assert {item["label"] for item in classes} == {"benign", "malignant"}
        assert sum(item["confidence"] for item in classes) == pytest.approx(1, abs=1e-4)
    assert not (clone / "mlflow.db").exists()
    assert not (clone / "data" / "raw").exists()

    for expected in ("Restored the champion", "is registered already"):
        assert expected in owner.uv("run", "restore-registry", cwd=clone)
    if browser.CHROMIUM:
        check_pictures(owner, clone)
        owner.run("git", "restore", ".", cwd=clone)


def check_pictures(owner: Owner, clone: Path) -> None:
    """Take the pictures of the demo: only they and a line of the README are new."""
    owner.uv("run", "screenshot", cwd=clone)
    changed = owner.run("git", "status", "--porcelain", cwd=clone).split()
    assert changed == ["M", "README.md", "??", "docs/demo.png", "??", "docs/social.png"]
    assert "](docs/demo.png)" in (clone / "README.md").read_text()
    with Image.open(clone / "docs/social.png") as card, Image.open(clone / "docs/demo.png") as demo:
        assert card.size == (1200, 630)
        assert (demo.width, 600 < demo.height <= 1350) == (1200, True)


def test_feedback_goes_on_after_postgresql_was_killed(owner: Owner, trained_project: Path) -> None:
    owner.uv("sync", "--quiet", "--extra", "postgres", cwd=trained_project)
    with postgres.serve() as server:
        # As hosts write it.
        settings = {"DATABASE_URL": server.url.replace("postgresql:", "postgres:")}
        visitor = owner.with_variables(settings)
        with serving(visitor, trained_project) as address:

            def send(remark: str) -> int:
                form = {"correct": False, "truth": "malignant", "inputs": {"worst_area": 700}}
                status, _ = post(f"{address}/feedback", form | {"remark": remark, "consent": True})
                return status

            assert send("before") == 201
            assert post(f"{address}/predict", {})[0] == 200
            time.sleep(2)  # the request log is written each second
            server.kill()
            assert [send("lost") for _ in range(2)] == [503, 503]
            assert post(f"{address}/predict", {})[0] == 200
            server.start()
            assert send("after") == 201
            assert [post(f"{address}/predict", {})[0] for _ in range(2)] == [200, 200]
            time.sleep(2)
        listed = visitor.uv("run", "feedback", "list", cwd=trained_project)
        exported = visitor.uv("run", "feedback", "export", cwd=trained_project)
        traffic = json.loads(visitor.uv("run", "monitor", "--json", cwd=trained_project))
        wrong = owner.with_variables({"DATABASE_URL": server.url.replace("s3cret", "wrong")})
        refused = wrong.uv("run", "monitor", cwd=trained_project, fails=True)
        assert "password authentication failed" in refused.splitlines()[-1]
    assert traffic["status"] == "too few rows"
    assert traffic["statuses"]["200"] >= 3, "the log goes on, too; what came in between may be lost"
    assert [remark in listed for remark in ("'before'", "'lost'", "'after'")] == [True, False, True]
    header, *rows, summary = exported.splitlines()
    assert header.endswith(",diagnosis")
    assert [row.split(",")[-1] for row in rows] == ["malignant"] * 2
    assert summary == "2 rows exported"
    assert owner.run("git", "status", "--porcelain", cwd=trained_project) == ""


def test_publish_serves_the_files_of_a_space_in_a_fresh_environment(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    """What the workflow Publish does at each push; without a token, it says what it needs."""
    workflow = trained_project / ".github" / "workflows" / "publish.yml"
    with fake_hub(trained_project).serve_hub() as hub:
        visitor = owner.with_variables({"HF_ENDPOINT": hub.address})
        runner = Runner.create(visitor, trained_project, tmp_path / "runner")
        unset = {"secrets.HF_TOKEN": "", "vars.HF_SPACE": ""}
        assert "set the secret HF_TOKEN" in runner.run(workflow, unset)["publish"].log
        assert hub.spaces == {}
        output = runner.run(workflow, unset | {"secrets.HF_TOKEN": "hf_ada"})["publish"].log
        assert "checked in a fresh environment with Python 3." in output
        assert output.splitlines()[-1] == f"{hub.address}/spaces/ada/demo"
    lines = hub.spaces["ada/demo"]["requirements.txt"].decode().splitlines()
    versions = dict(line.split("==") for line in lines)
    assert {"mcp", "spaces"} <= versions.keys(), "Spaces install them, too"
    lock = (trained_project / "uv.lock").read_text()
    for name in ("gradio", "numpy", "onnxruntime"):
        assert f'name = "{name}"\nversion = "{versions[name]}"\n' in lock


def fake_hub(project: Path) -> Any:
    """Return the module of a project's tests with a stand-in of Hugging Face."""
    path = project / "tests" / "publishing" / "fake_hub.py"
    spec = spec_from_file_location("fake_hub", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["fake_hub"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_every_silent_bug_is_caught(owner: Owner, trained_project: Path) -> None:
    output = owner.uv("run", "sabotage", "--all", cwd=trained_project)
    assert re.search(r"^([5-9]|\d\d) of \1 caught$", output, re.MULTILINE), output
    assert owner.run("git", "status", "--porcelain", cwd=trained_project) == ""


def test_tampered_model_is_not_served(owner: Owner, clone: Path) -> None:
    with (clone / "models/champion/model.onnx").open("ab") as model:
        model.write(b"\0")
    with serving(owner, clone) as address:
        status, health = get(f"{address}/health")
    assert (status, health["status"]) == (503, "unavailable")
    assert "git restore models/champion" in health["reason"]
    owner.run("git", "restore", "models/champion", cwd=clone)


def test_dvc_pushes_and_pulls_the_data(owner: Owner, trained_project: Path, tmp_path: Path) -> None:
    owner.uv("run", "dvc", "push", cwd=trained_project)
    clone = tmp_path / "clone"
    owner.run("git", "clone", "--quiet", str(trained_project), str(clone), cwd=tmp_path)
    dvc = str(trained_project / ".venv" / "bin" / "dvc")
    owner.run(dvc, "pull", cwd=clone)
    raw = "data/raw/table.csv"
    assert (clone / raw).read_bytes() == (trained_project / raw).read_bytes()
    assert "up to date" in owner.run(dvc, "status", cwd=clone)


def champion_version(project: Path) -> int:
    """Return the version that has the alias `champion` in the registry."""
    with sqlite3.connect(project / "mlflow.db") as database:
        query = "SELECT version FROM registered_model_aliases WHERE alias = 'champion'"
        ((version,),) = database.execute(query)
    return int(version)

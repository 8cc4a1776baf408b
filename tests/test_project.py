"""A generated project: trained, repeated, cloned, served, pushed and pulled."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from lived_in import Owner, get, serving

pytestmark = pytest.mark.e2e


def test_a_trained_project_is_clean_and_its_champion_won(
    owner: Owner, trained_project: Path
) -> None:
    assert owner.types("git", "status", "--porcelain", cwd=trained_project) == ""
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=trained_project)
    record = json.loads((trained_project / "models/champion/champion.json").read_text())
    assert record["model"] == "boosting"
    assert record["metrics"]["roc_auc"]["value"] > 0.95
    assert all(record["lineage"][link] for link in ("git_commit", "data_md5", "mlflow_run_id"))
    assert "**boosting** ★" in (trained_project / "README.md").read_text()


def test_training_again_changes_nothing_that_git_keeps(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    copy = copy_of(trained_project, owner, tmp_path)
    owner.uv("run", "dvc", "repro", "--force", cwd=copy)
    assert owner.types("git", "diff", cwd=copy) == ""
    assert owner.types("git", "status", "--porcelain", cwd=copy) == ""


def test_experiments_are_compared(owner: Owner, trained_project: Path, tmp_path: Path) -> None:
    copy = copy_of(trained_project, owner, tmp_path)
    owner.uv("run", "dvc", "exp", "run", "-S", "train.boosting.max_iter=5", cwd=copy)
    assert "roc_auc" in owner.uv("run", "dvc", "metrics", "diff", cwd=copy)
    owner.uv("run", "dvc", "plots", "show", cwd=copy)
    assert "true_positive_rate" in (copy / "dvc_plots" / "index.html").read_text()


def test_queued_experiments_run_apart_from_what_is_edited_meanwhile(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    """The stages belong to the copy that DVC makes: its numbers, its code, its outputs."""
    copy = copy_of(trained_project, owner, tmp_path)
    before = (copy / "reports/metrics.json").read_bytes()
    values = ["3", "7"]
    queue = f"train.boosting.max_iter={','.join(values)}"
    owner.uv("run", "dvc", "exp", "run", "--queue", "-S", queue, cwd=copy)
    code = copy / "src/demo/pipeline/train.py"
    code.write_text("raise SystemExit('half written')\n" + code.read_text())
    owner.uv("run", "dvc", "exp", "run", "--run-all", cwd=copy)
    assert owner.types("git", "status", "--porcelain", cwd=copy).split() == [
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


def test_a_clone_serves_without_training_data_or_database(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    owner.types("git", "clone", "--quiet", str(trained_project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    with serving(owner, clone) as address:
        status, health = get(f"{address}/health")
        assert (status, health["status"], health["model"]) == (200, "ok", "boosting")
        answer = owner.types(
            str(clone / ".venv" / "bin" / "python"),
            "-c",
            "import json, sys; from gradio_client import Client\n"
            "client = Client(sys.argv[1], verbose=False)\n"
            "answers = [client.predict(api_name='/predict'),"
            " client.predict(worst_area=4000, api_name='/predict')]\n"
            "print(json.dumps(answers))",
            address,
            cwd=clone,
        )
    for given in json.loads(answer.splitlines()[-1]):
        assert {one["label"] for one in given["confidences"]} == {"benign", "malignant"}
        assert sum(one["confidence"] for one in given["confidences"]) == pytest.approx(1, abs=1e-4)
    assert not (clone / "mlflow.db").exists()
    assert not (clone / "data").exists()

    for expected in ("Restored the champion", "is registered already"):
        assert expected in owner.uv("run", "restore-registry", cwd=clone)


def test_a_tampered_model_is_not_served(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    owner.types("git", "clone", "--quiet", str(trained_project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    with (clone / "models/champion/model.onnx").open("ab") as model:
        model.write(b"\0")
    with serving(owner, clone) as address:
        status, health = get(f"{address}/health")
    assert (status, health["status"]) == (503, "unavailable")
    assert "git restore models/champion" in health["reason"]


def test_data_is_pushed_and_pulled(owner: Owner, trained_project: Path, tmp_path: Path) -> None:
    owner.uv("run", "dvc", "push", cwd=trained_project)
    clone = tmp_path / "clone"
    owner.types("git", "clone", "--quiet", str(trained_project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    owner.uv("run", "dvc", "pull", cwd=clone)
    raw = "data/raw/table.csv"
    assert (clone / raw).read_bytes() == (trained_project / raw).read_bytes()
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=clone)


def copy_of(project: Path, owner: Owner, folder: Path) -> Path:
    """Copy a project, with its data and database, to where a test may change it."""
    copy = folder / "copy"
    shutil.copytree(project, copy, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    owner.uv("sync", "--quiet", cwd=copy)
    return copy

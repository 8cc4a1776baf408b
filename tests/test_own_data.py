"""Projects of data that nobody here prepared, lived in: checked, trained, served, replaced."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.e2e import Owner, get, serving
from test_dataset import customers, written

pytestmark = pytest.mark.e2e

ASK = """
import json, sys
from gradio_client import Client
from gradio_client.exceptions import AppError

client = Client(sys.argv[1], verbose=False)
answers = []
for row in json.loads(sys.argv[2]):
    try:
        answers.append(client.predict(**row, api_name="/predict"))
    except AppError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""


def ask(owner: Owner, project: Path, address: str, rows: list[dict[str, Any]]) -> list[Any]:
    python = str(project / ".venv" / "bin" / "python")
    said = owner.run(python, "-c", ASK, address, json.dumps(rows), cwd=project)
    return list(json.loads(said.splitlines()[-1]))


@pytest.fixture(scope="module")
def project(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a table with everything that tables have: trained, and committed."""
    folder = tmp_path_factory.mktemp("own")
    path = written(folder, customers(590))
    made = owner.create("own-churn", "--dataset", str(path), "--target", "Churn")
    owner.uv("run", "dvc", "repro", cwd=made)
    owner.run("git", "add", "--all", cwd=made)
    owner.run("git", "commit", "--quiet", "--message", "Train the first champion", cwd=made)
    return made


def test_it_passes_its_own_checks(owner: Owner, project: Path) -> None:
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.uv("run", "mypy", cwd=project)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=project)


def test_it_is_trained_and_clean_and_git_has_no_data(owner: Owner, project: Path) -> None:
    assert owner.run("git", "status", "--porcelain", cwd=project) == ""
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)
    record = json.loads((project / "models/champion/champion.json").read_text(encoding="utf-8"))
    assert record["model"] == "shallow"
    assert record["lineage"]["data_md5"] in (project / "data/raw.dvc").read_text(encoding="utf-8")
    assert "data/raw/" not in owner.run("git", "ls-files", cwd=project)


def test_it_answers_what_is_missing_unseen_and_wrong(owner: Owner, project: Path) -> None:
    rows: list[dict[str, Any]] = [
        {},
        {"tenure_months": 2, "plan": "basic"},
        {"plan": None},
        {"plan": "a plan that nobody has heard of"},
        {"tenure_months": 900},
        {"signed": "last year"},
        {"class_": "Z"},
    ]
    with serving(owner, project) as address:
        status, health = get(f"{address}/health")
        assert (status, health["model"]) == (200, "shallow")
        answers = ask(owner, project, address, rows)
    for answer in answers[:4]:
        assert not isinstance(answer, str), answer
        assert {one["label"] for one in answer["confidences"]} == {"Yes", "No"}
    assert answers[1]["label"] == "Yes"
    assert "must lie between" in answers[4]
    assert "must be a date" in answers[5]
    assert re.search(r"must be one of [ABC], [ABC], [ABC]\.", answers[6])


def test_a_clone_passes_its_tests_and_serves_without_the_data(
    owner: Owner, project: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    owner.run("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    assert not (clone / "data" / "raw").exists()
    assert " passed" in owner.uv("run", "pytest", "-q", "tests/test_pipeline.py", cwd=clone)
    with serving(owner, clone) as address:
        assert get(f"{address}/health")[1]["model"] == "shallow"


def test_a_file_that_changed_is_told_in_words(owner: Owner, project: Path) -> None:
    before = (project / "models/champion/model.onnx").read_bytes()
    rows = customers(950, seed=1)
    rows[7] = [*rows[7][:2], "many", *rows[7][3:]]
    rows[8] = [*rows[8][:2], "-3", *rows[8][3:]]
    rows[9] = [*rows[9][:3], "Z", *rows[9][4:]]
    rows = [[*row, "mood" if at == 0 else "good"] for at, row in enumerate(rows)]
    written(project / "data" / "raw", rows)
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    for part in (
        "column 'tenure_months' has values that are not numbers in 1 row(s): many",
        "column 'mood' is not in schema.yaml",
    ):
        assert part in said
    rows[7][2] = "12"
    written(project / "data" / "raw", [row[:-1] for row in rows])
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    for part in (
        "column 'tenure_months' goes below the minimum of 0 in 1 row(s): -3.0",
        "column 'class_' holds categories that schema.yaml does not list in 1 row(s): Z",
    ):
        assert part in said
    assert (project / "models/champion/model.onnx").read_bytes() == before
    written(project / "data" / "raw", customers(950, seed=1))
    owner.uv("run", "dvc", "repro", cwd=project)
    assert (project / "models/champion/model.onnx").read_bytes() != before
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)


def test_a_number_is_predicted_from_a_table_without_a_header(owner: Owner, tmp_path: Path) -> None:
    rows = [
        [row[2], row[3], row[5], f"{int(row[2]) * 3 + 25 * ord(row[3])}.5"]
        for row in customers()[1:]
    ]
    path = written(tmp_path, rows, "readings.txt")
    path.write_text(path.read_text().replace(",", ";").replace(".5", ",5"), encoding="utf-16")
    made = owner.create("own-readings", "--dataset", str(path))
    owner.uv("run", "dvc", "repro", cwd=made)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=made)
    with serving(owner, made) as address:
        low, high = ask(owner, made, address, [{"column0": 1}, {"column0": 70}])
    assert high - low > 100

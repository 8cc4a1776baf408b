"""A project of a person's own texts, lived in: checked, trained, served, cloned, replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.e2e import Owner, get, serving
from test_dataset_text import ABOUT, tickets, written
from test_own_data import ask

pytestmark = pytest.mark.e2e

TEXT = "what_they_wrote"


@pytest.fixture(scope="module")
def project(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained, and committed."""
    path = written(tmp_path_factory.mktemp("own"), tickets(450))
    made = owner.create("own-tickets", "--dataset", str(path))
    owner.uv("run", "dvc", "repro", cwd=made)
    owner.run("git", "add", "--all", cwd=made)
    owner.run("git", "commit", "--quiet", "--message", "Train the first champion", cwd=made)
    return made


def test_it_passes_its_own_checks(owner: Owner, project: Path) -> None:
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.uv("run", "mypy", cwd=project)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=project)


def test_it_answers_in_any_script_and_refuses_what_is_no_text(owner: Owner, project: Path) -> None:
    record = json.loads((project / "models/champion/champion.json").read_text(encoding="utf-8"))
    assert record["model"] == "shallow"
    texts = ["my invoice: refund!", "где доставка", "ПАРОЛЬ 🙂", "", "ζξψ", 7]
    with serving(owner, project) as address:
        assert get(f"{address}/health")[1]["model"] == "shallow"
        answers = ask(owner, project, address, [{}, *({TEXT: text} for text in texts)])
    assert {one["label"] for one in answers[0]["confidences"]} == set(ABOUT)
    assert [answer["label"] for answer in answers[1:4]] == ["billing", "shipping", "login"]
    assert "must have words in it" in answers[4]
    assert "must have a word that the model knows" in answers[5]
    assert "must be text" in answers[6]


def test_a_clone_serves_without_the_data(owner: Owner, project: Path, tmp_path: Path) -> None:
    assert owner.run("git", "status", "--porcelain", cwd=project) == ""
    clone = tmp_path / "clone"
    owner.run("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    assert not (clone / "data" / "raw").exists()
    with serving(owner, clone) as address:
        assert ask(owner, clone, address, [{TEXT: "the courier lost it"}])[0]["label"] == "shipping"


def test_a_file_that_changed_is_told_in_words(owner: Owner, project: Path) -> None:
    before = (project / "models/champion/model.onnx").read_bytes()
    rows = tickets(600, seed=1)
    rows[7] = [*rows[7][:-1], "press"]
    rows = [[*row, "mood" if at == 0 else "good"] for at, row in enumerate(rows)]
    written(project / "data/raw", rows)
    assert "column 'mood' is not in schema.yaml" in owner.uv(
        "run", "dvc", "repro", cwd=project, fails=True
    )
    written(project / "data/raw", [row[:-1] for row in rows])
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    assert "column 'Team' holds classes that schema.yaml does not list in 1 row(s): press" in said
    assert (project / "models/champion/model.onnx").read_bytes() == before
    rows[7][-2] = "login"
    written(project / "data/raw", [row[:-1] for row in rows])
    owner.uv("run", "dvc", "repro", cwd=project)
    assert (project / "models/champion/model.onnx").read_bytes() != before
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)

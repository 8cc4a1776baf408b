"""`mlpath new-project --dataset` with texts: what the schema says of them, and what is refused."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
import yaml

from conftest import files_below, git
from test_dataset import answers_of, new_project, schema_of

HEADER = ["ticket id", "Sender", "What they wrote ✉", "Team"]
ABOUT = {
    "billing": ["invoice", "refund", "счёт", "charged", "payment"],
    "shipping": ["parcel", "late", "доставка", "courier", "lost"],
    "login": ["password", "account", "пароль", "locked", "reset"],
}
AROUND = ["hello", "please", "my", "the", "is", "again", "спасибо", "today", "and", "still"]


def tickets(rows: int = 300, seed: int = 0) -> list[list[str]]:
    """Messages of the kind that people get: with senders, gaps, line breaks, two scripts."""
    rng = random.Random(seed)  # noqa: S311
    found = [HEADER]
    for at in range(rows):
        team = list(ABOUT)[at % len(ABOUT)]
        words = [*rng.choices(AROUND, k=rng.randrange(5, 20)), *rng.sample(ABOUT[team], k=2)]
        rng.shuffle(words)
        text = '"Hi",\n' + " ".join(words) + f" 🙂 {at}" if at % 5 == 0 else " ".join(words)
        found.append([f"T-{at:05}", f"c{at}@example.com", "" if at % 40 == 7 else text, team])
    return found


def written(folder: Path, rows: list[list[str]], name: str = "tickets.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_the_schema_names_the_text_and_its_classes(folder: Path) -> None:
    new_project("--dataset", str(written(folder, tickets())))
    project = folder / "demo"
    answers = answers_of(project)
    assert (answers["domain"], answers["task"], answers["target"]) == (
        "text",
        "classification",
        "Team",
    )
    schema = schema_of(project)
    schema["target"]["choices"].sort()
    assert schema["target"] == {
        "name": "team",
        "label": "Team",
        "column": "Team",
        "choices": sorted(ABOUT),
    }
    assert schema["text"]["column"] == "What they wrote ✉"
    assert schema["text"]["name"].isidentifier()
    reasons = {one["column"]: one["reason"] for one in schema["left_out"]}
    assert reasons["ticket id"].startswith("identifier")
    assert reasons["Sender"].startswith("personal")
    assert git("status", "--porcelain", cwd=project) == ""
    committed = b"".join(
        text for name, text in files_below(project).items() if not name.startswith("data/raw/")
    )
    assert b"c17@example.com" not in committed
    assert "счёт".encode() not in committed


def test_nothing_of_the_shipped_corpus_is_left(folder: Path) -> None:
    new_project("--dataset", str(written(folder, tickets())))
    for name in ("README.md", "schema.yaml", "params.yaml", "pyproject.toml", "dvc.yaml"):
        text = (folder / "demo" / name).read_text(encoding="utf-8")
        for word in ("docstring", "networkx", "libraries", "fetch"):
            assert word not in text, (name, word)
    assert not (folder / "demo/tests/test_source.py").exists()


@pytest.mark.parametrize(
    ("kept", "metric", "slices"),
    [
        (lambda _at, _team: True, "accuracy", ["team", "length"]),
        (lambda at, team: team != "login" or at % 10 == 0, "f1", ["length"]),
    ],
)
def test_the_metric_fits_the_balance_of_the_classes(
    folder: Path, kept: object, metric: str, slices: list[str]
) -> None:
    rows = tickets(600)
    chosen = [row for at, row in enumerate(rows[1:]) if callable(kept) and kept(at, row[-1])]
    new_project("--dataset", str(written(folder, [HEADER, *chosen])))
    params = yaml.safe_load((folder / "demo/params.yaml").read_text(encoding="utf-8"))
    assert params["evaluate"]["metric"] == metric
    assert params["evaluate"]["slices"] == slices
    assert "fetch" not in params


def test_rare_classes_are_named_and_missing_ones_expected(folder: Path) -> None:
    rows = tickets()
    for at in range(1, 4):
        rows[at][-1] = "press"
    rows[5][-1] = ""
    new_project("--dataset", str(written(folder, rows)))
    schema = schema_of(folder / "demo")
    assert schema["too_rare"] == ["press"]
    assert sorted(schema["target"]["choices"]) == sorted(ABOUT)
    assert schema["target"]["nullable"] is True


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (lambda rows: rows[:41], [], "has 40 rows"),
        (lambda rows: rows, ["--target", "Sender"], "too many for classes"),
        (lambda rows: [[row[0], row[-1]] for row in rows], ["-d", "domain=text"], "no column of"),
        (
            lambda rows: [HEADER, *([*row[:-1], "one"] for row in rows[1:])],
            ["--target", "Team"],
            "is the same in every row",
        ),
    ],
)
def test_what_can_be_no_project_leaves_nothing(
    folder: Path, change: object, arguments: list[str], said: str
) -> None:
    assert callable(change)
    path = written(folder, change(tickets()))
    output = new_project("--dataset", str(path), *arguments, code=1)
    assert said in output
    assert sum(line.startswith("Error:") for line in output.splitlines()) == 1
    assert [each.name for each in folder.iterdir()] == [path.name]

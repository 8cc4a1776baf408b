"""`mlpath new-project --dataset` with a series: its steps, and what is refused."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT, files_below, git
from mlpath.create.schemas.timeseries import STEPS
from test_dataset import answers_of, new_project, schema_of


def visits(days: int = 700, seed: int = 0) -> list[list[str]]:
    """A shop's visitors: German dates, a few days missing, a weekly season, growth."""
    rng = random.Random(seed)  # noqa: S311
    found = [["Tag 📅", "Besuche", "Wetter"]]
    for at in range(days):
        day = date(2021, 3, 4) + timedelta(days=at)
        if at % 67 == 66 or at in {401, 402}:
            continue
        much = 1200 + 0.4 * at + 250 * math.sin(2 * math.pi * day.weekday() / 7) + rng.gauss(0, 40)
        text = f"{much:.1f}".replace(".", ",")
        found.append([f"{day:%d.%m.%Y}", "" if at == 90 else text, rng.choice(["gut", "übel"])])
    return found


def every(step: int, rows: int) -> list[list[str]]:
    """A value every so many months, of which the dates are the first days."""
    found = [["when", "much"]]
    for at in range(rows):
        month = at * step
        much = 50 + at * 0.1 + 5 * math.sin(at)
        found.append([f"{1950 + month // 12}-{month % 12 + 1:02}-01", f"{much:.2f}"])
    return found


def yearly(first: int, rows: int) -> list[list[str]]:
    """A value a year, of which the dates are nothing but the year."""
    found = [["YEAR", "LEVEL"]]
    return found + [[str(first + at), f"{900 + 9 * math.sin(at):.1f}"] for at in range(rows)]


def written(folder: Path, rows: list[list[str]], name: str = "visits.csv") -> Path:
    path = folder / name
    path.write_text("".join(";".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def params_of(project: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8")))


def test_the_schema_names_date_value_and_step(folder: Path) -> None:
    new_project("--dataset", str(written(folder, visits())))
    project = folder / "demo"
    answers = answers_of(project)
    assert (answers["domain"], answers["task"], answers["target"]) == (
        "timeseries",
        "forecast",
        "Besuche",
    )
    schema = schema_of(project)
    assert schema["date"]["column"] == "Tag 📅"
    assert schema["date"]["date_format"] == "%d.%m.%Y"
    assert schema["target"] == {
        "name": "besuche",
        "column": "Besuche",
        "label": "Besuche",
        "minimum": 0,
    }
    assert schema["step"] == "day"
    assert [one["column"] for one in schema["left_out"]] == ["Wetter"]
    assert git("status", "--porcelain", cwd=project) == ""
    tracked = files_below(project)
    assert "data/raw.dvc" in tracked
    assert "tests/test_source.py" not in tracked
    for name in ("README.md", "schema.yaml", "params.yaml", "dvc.yaml"):
        for word in (b"Mauna", b"co2", b"fetch"):
            assert word not in tracked[name], (name, word)


@pytest.mark.parametrize(
    ("rows", "step", "history", "horizon"),
    [
        (visits(), "day", 56, 14),
        ([row for at, row in enumerate(visits(2500)) if at % 7 < 4 or at == 0], "week", 104, 8),
        (every(1, 180), "month", 36, 12),
        (every(1, 400), "month", 60, 12),
        (every(3, 120), "quarter", 16, 4),
        (every(12, 100), "year", 10, 5),
        (yearly(1871, 44), "year", 10, 5),
        ([row for at, row in enumerate(yearly(1500, 400)) if at % 60 != 50], "year", 20, 5),
    ],
)
def test_steps_and_lengths_fit_the_series(
    folder: Path, rows: list[list[str]], step: str, history: int, horizon: int
) -> None:
    new_project("--dataset", str(written(folder, rows)))
    project = folder / "demo"
    prepare = params_of(project)["prepare"]
    assert schema_of(project)["step"] == step
    assert (prepare["history"], prepare["horizon"]) == (history, horizon)
    assert prepare["validation"] >= 2 * horizon
    assert prepare["test"] >= 2 * horizon
    evaluate = params_of(project)["evaluate"]
    assert 0 < evaluate["margin"] < 10
    assert ("season" in evaluate["slices"]) == (step != "year")
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert f"{horizon} {step}s ahead" in readme
    assert ("season" in readme) == (step != "year")
    assert f"Error by {step} ahead" in (project / "dvc.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "arguments", "said"),
    [
        (visits(100), [], "has 100 days; a forecast that is measured on days"),
        (every(1, 60), [], "has 60 months; a forecast"),
        (yearly(1960, 43), [], "has 43 years; a forecast"),
        (every(24, 80), ["-d", "domain=timeseries"], "has a value every 730 days"),
        (every(1, 180), ["-d", "domain=timeseries", "--target", "when"], "holds no numbers"),
    ],
)
def test_what_can_be_no_series_leaves_nothing(
    folder: Path, rows: list[list[str]], arguments: list[str], said: str
) -> None:
    path = written(folder, rows)
    output = new_project("--dataset", str(path), *arguments, code=1)
    assert said in output
    assert "Hint:" in output
    assert sum(line.startswith("Error:") for line in output.splitlines()) == 1
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_the_guide_lists_the_steps_as_they_are() -> None:
    guide = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    for name, step in STEPS.items():
        row = next(line for line in guide.splitlines() if line.startswith(f"| {name} |"))
        season, history, horizon, least = (cell.strip() for cell in row.split("|")[2:6])
        assert (season, horizon, least) == (str(step.season), str(step.horizon), str(step.least))
        assert history.startswith(str(step.history))

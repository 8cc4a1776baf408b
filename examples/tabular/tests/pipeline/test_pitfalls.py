"""A leaking input and a random split are scored beside the published split."""

import re
import shutil
from pathlib import Path

import pandas as pd

from late_flights.paths import ProjectPaths
from late_flights.pipeline import pitfalls


def test_the_leak_has_the_best_scores(prepared_project: ProjectPaths, tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path / "copy")
    shutil.copytree(prepared_project.root, paths.root)
    rows = pd.read_csv(paths.raw / "table.csv", dtype=str)
    delay = rows["arrival"].map({"late": 60.0, "on time": 0.0})
    rows.assign(departure_delay=delay).to_csv(paths.raw / "table.csv", index=False)
    pitfalls.main(paths)
    text = (paths.reports / "pitfalls.md").read_text(encoding="utf-8")
    header, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in header.strip("|").split("|")][1:] == list(pitfalls.FIT)
    published, random, leaking = ([float(score) for score in re.findall(r"\d\.\d+|\b1\b", line)] for line in lines)
    assert len(published) == len(random) == len(pitfalls.FIT)
    assert max(leaking) == 1.0 > max(published)

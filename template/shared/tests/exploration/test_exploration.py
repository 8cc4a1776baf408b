"""The report about the data: the most important findings first, its figures, and nothing of the test split."""

import dataclasses
import re

import pandas as pd

from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.exploration.exploration import explore
from project_package.exploration.report import Exploration, Finding, join_names, percent, to_markdown
from project_package.paths import ProjectPaths
from project_package.pipeline import explore as stage


def test_the_report_of_a_project_has_findings_and_figures(project: ProjectPaths) -> None:
    text = (project.reports / "data.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) == 3
    figures = re.findall(r"\]\((data/\w+\.png)\)", text)
    assert figures
    assert all((project.reports / figure).read_bytes().startswith(b"\x89PNG") for figure in figures)


def test_the_same_data_gives_the_same_bytes(project: ProjectPaths) -> None:
    def written() -> dict[str, bytes]:
        files = [project.reports / "data.md", *(project.reports / "data").iterdir()]
        return {path.name: path.read_bytes() for path in files}

    before = written()
    stage.main(project)
    assert written() == before


def test_findings_are_about_the_training_split(splits: dict[str, Split], schema: Schema) -> None:
    found = explore(splits["train"], splits["validation"], schema)
    assert all(0 <= finding.weight <= 1 for finding in found.findings)
    other = explore(splits["train"], dataclasses.replace(splits["train"]), schema)
    assert found.tables.keys() == other.tables.keys()
    for title, table in found.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[title])


def test_the_report_begins_with_what_matters_most_and_escapes() -> None:
    table = pd.DataFrame({"value": [0.12345, None], "text": ["<b>", ""]}, index=["a|b", "c"])
    table.index.name = "column"
    found = Exploration([Finding(weight, f"Weight {weight}.") for weight in (0.1, 0.9, 0.5, 0.7)], {"Table": table})
    lines = to_markdown(found, "2 rows of the training split", "data").splitlines()
    assert [line for line in lines if line[:2] in ("1.", "2.", "3.", "- ")] == [
        "1. Weight 0.9.", "2. Weight 0.7.", "3. Weight 0.5.", "- Weight 0.1."
    ]  # fmt: skip
    assert lines[-4:] == [
        "| column | value | text |",
        "| --- | --- | --- |",
        r"| a\|b | 0.123 | \<b\> |",
        "| c |  |  |",
    ]


def test_the_report_says_how_many_samples_it_describes() -> None:
    samples = "900 rows of the training split"
    assert "What the 900 rows of the training split show, and" in to_markdown(Exploration(), samples, "data")
    text = to_markdown(Exploration(sampled=100), samples, "data")
    assert "What a random sample of 100 of the 900 rows of the training split shows, and" in text


def test_names_and_shares_are_short() -> None:
    assert join_names(["a", "b*", "c", "d", "e"]) == r"a, b\*, c and 2 more"
    assert [percent(share) for share in (0, 0.0012, 0.256, 1)] == ["0%", "0.12%", "26%", "100%"]

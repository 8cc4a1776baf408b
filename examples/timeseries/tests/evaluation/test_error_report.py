"""The report of errors has the hardest cases of the test split, and says when there are too few for a pattern."""

import json

import numpy as np
import pytest

from air_ahead.data.schema import Schema
from air_ahead.data.splits import Split, encode_target
from air_ahead.evaluation import error_report as module
from air_ahead.evaluation.candidate import Candidate
from air_ahead.evaluation.error_report import MAX_CASES, error_report
from air_ahead.evaluation.failures import ORDER, measure_errors
from air_ahead.evaluation.scores import Truth
from air_ahead.evaluation.shares import Outcome
from air_ahead.paths import ProjectPaths
from air_ahead.serving.champion import load_champion


def test_the_report_is_written_and_linked(project: ProjectPaths, splits: dict[str, Split], schema: Schema) -> None:
    text = (project.reports / "errors.md").read_text(encoding="utf-8")
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    rows = len(encode_target(splits["test"].target, schema))
    assert f"the errors of {evaluation['champion']} on the {rows:,} {schema.sample_noun} of the test split" in text
    assert "\n| 1 | " in text
    assert "](reports/errors.md)" in (project.root / "README.md").read_text(encoding="utf-8")


def test_the_worst_prediction_comes_first_and_few_errors_have_no_pattern(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = load_champion(project.champion)[0].record
    predictions = Candidate.read(project.candidate("baseline")).predictions["test"]
    outcome = Outcome(Truth(encode_target(splits["test"].target, schema)), predictions, record["decision"])
    errors = measure_errors(schema, outcome)
    text, figures = error_report(record, schema, splits["test"], predictions)
    cases = text.split("## The hardest cases")[1].split("## Where errors cluster")[0]
    assert cases.count("\n| ") == 2 + min(MAX_CASES, len(errors))
    assert f"The {min(MAX_CASES, len(errors))} {schema.sample_noun} {ORDER}." in cases
    for name in figures:
        assert f"(figures/{name}.png)" in cases
    monkeypatch.setattr(module, "MIN_ERRORS", np.count_nonzero(errors) + 1)
    assert "distinguished from chance" in error_report(record, schema, splits["test"], predictions)[0]


def test_cases_that_are_predicted_correctly_are_no_errors(schema: Schema) -> None:
    assert " 1 of them is wrong, the others right." in module._explain_order(schema, np.array([1.0, 0.0, 0.0]))
    assert "wrong" not in module._explain_order(schema, np.array([1.0, 1.0]))

"""The report of errors has the hardest cases of the test split, and says when there are too few for a pattern."""

import json

import numpy as np
import pytest

from which_library.config import Params
from which_library.data.schema import Schema
from which_library.data.splits import Split, encode_target
from which_library.evaluation import error_groups, scores
from which_library.evaluation import error_report as module
from which_library.evaluation.candidate import Candidate
from which_library.evaluation.error_groups import Feature
from which_library.evaluation.error_report import MAX_CASES, HeldOut, error_report
from which_library.evaluation.failures import ORDER, measure_errors
from which_library.evaluation.scores import Outcome, read_truth
from which_library.paths import ProjectPaths
from which_library.serving.champion import load_champion


def test_the_report_is_written_and_linked(project: ProjectPaths, splits: dict[str, Split], schema: Schema) -> None:
    text = (project.reports / "errors.md").read_text(encoding="utf-8")
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    rows = len(encode_target(splits["test"].target, schema))
    assert f"the errors of {evaluation['champion']} on the {rows:,} {schema.sample_noun} of the test split" in text
    assert "\n| 1 | " in text
    assert "](reports/errors.md)" in (project.root / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def tested(project: ProjectPaths, splits: dict[str, Split], schema: Schema) -> tuple[HeldOut, HeldOut]:
    """The validation and the test split, and the predictions of the baseline."""
    decision = load_champion(project.champion)[0].record["decision"]
    predictions = Candidate.read(project.candidate("baseline")).predictions
    validation, test = (
        HeldOut(f"{part} split", splits[part], Outcome(read_truth(splits[part], schema), predictions[part], decision))
        for part in ("validation", "test")
    )
    return validation, test


def test_the_worst_prediction_comes_first_and_few_errors_have_no_pattern(
    project: ProjectPaths,
    tested: tuple[HeldOut, HeldOut],
    schema: Schema,
    params: Params,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = load_champion(project.champion)[0].record
    errors, rows = (measure_errors(schema, part.outcome) for part in tested)
    text, figures = error_report(record, schema, *tested, params.evaluate)
    cases = text.split("## The hardest cases")[1].split("## Where errors cluster")[0]
    assert cases.count("\n| ") == 2 + min(MAX_CASES, len(rows))
    assert f"The {min(MAX_CASES, len(rows))} {schema.sample_noun} {ORDER}." in cases
    assert "To choose a change, compare models on the validation split" in text
    for name in figures:
        assert f"(figures/{name}.png)" in cases
    monkeypatch.setattr(module, "MIN_ERRORS", np.count_nonzero(errors) + 1)
    assert "errors on the validation split are too few" in error_report(record, schema, *tested, params.evaluate)[0]


@pytest.mark.parametrize(("on_test", "confirmed"), [(True, "yes"), (False, "no")])
def test_a_group_is_confirmed_where_the_test_split_has_it_too(
    tested: tuple[HeldOut, HeldOut],
    schema: Schema,
    params: Params,
    monkeypatch: pytest.MonkeyPatch,
    on_test: bool,
    confirmed: str,
) -> None:
    counts = [len(part.outcome.truth.target) for part in tested]
    odd = np.concatenate([np.arange(count) % 2 == 1 for count in counts])
    errors = np.where(odd, 1.0, 0.0)
    found = iter([errors[: counts[0]], errors[counts[0] :] if on_test else np.full(counts[1], 0.5)])
    monkeypatch.setattr(module, "measure_errors", lambda *_: next(found))
    monkeypatch.setattr(module, "error_features", lambda *_: [Feature("odd is", odd, "one")])
    monkeypatch.setattr(module, "MIN_ERRORS", 1)
    monkeypatch.setattr(error_groups, "MIN_ROWS", 2)
    for part in (scores, module):
        monkeypatch.setattr(part, "MIN_UNITS_OF_AN_INTERVAL", 1)
    row = module._describe_groups(schema, *tested, params.evaluate).splitlines()[-1]
    assert row.startswith(f"| odd is one | {odd[: counts[0]].sum()} | 1.00 | {odd[counts[0] :].sum()} | ")
    assert row.endswith(f" | {confirmed} |")


def test_cases_that_are_predicted_correctly_are_no_errors(schema: Schema) -> None:
    assert " 1 of them is wrong, the others right." in module._explain_order(schema, np.array([1.0, 0.0, 0.0]))
    assert "wrong" not in module._explain_order(schema, np.array([1.0, 1.0]))

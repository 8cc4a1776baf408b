"""A threshold follows from its aim on the validation split, and the sentence has the numbers of the test split."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from late_flights.config import Params
from late_flights.data.schema import Schema
from late_flights.data.splits import Split, encode_target
from late_flights.errors import UserError
from late_flights.evaluation import decision
from late_flights.evaluation.candidate import Candidate
from late_flights.evaluation.decision import (
    Aim,
    Costs,
    choose_threshold,
    make_decision,
    operating_points,
    predicted_classes,
)
from late_flights.evaluation.markdown import rounded
from late_flights.evaluation.plot_data import plot_tables
from late_flights.evaluation.scores import Outcome, Truth
from late_flights.paths import ProjectPaths
from late_flights.serving.champion import load_champion

SCORES = np.array([0.9, 0.8, 0.8, 0.6, 0.4, 0.2])
HITS = np.array([True, True, False, True, False, False])


def test_thresholds_are_between_neighboring_scores() -> None:
    points = operating_points(SCORES, HITS)
    assert points.thresholds == pytest.approx([1, 0.85, 0.7, 0.5, 0.3, 0])
    assert points.thresholds[0] > 1, "no probability reaches it"
    assert points.reached.tolist() == [0, 1, 3, 4, 5, 6]
    assert points.hits.tolist() == [0, 1, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("aim", "refers", "threshold"),
    [
        (Aim(recall=0.6), True, 0.7),
        (Aim(recall=1.0), True, 0.5),
        (Aim(capacity=0.5), True, 0.7),
        (Aim(capacity=0.1), True, decision.ABOVE_ALL),
        (Aim(costs=Costs(miss=10, false_alarm=1)), True, 0.5),
        (Aim(costs=Costs(miss=1, false_alarm=10)), True, 0.85),
        (Aim(accuracy=0.75), False, 0.5),
        (Aim(accuracy=0.5), False, 0.0),
        (Aim(capacity=0.2), False, 0.3),
        (Aim(abstain=0.65), False, 0.65),
    ],
)
def test_the_threshold_follows_from_the_aim(aim: Aim, refers: bool, threshold: float) -> None:
    assert choose_threshold(aim, operating_points(SCORES, HITS), refers=refers) == pytest.approx(threshold)


def test_equal_scores_leave_all_or_nothing() -> None:
    points = operating_points(np.full(4, 0.5), np.array([True, False, True, True]))
    assert choose_threshold(Aim(accuracy=0.7), points, refers=False) == 0
    assert choose_threshold(Aim(accuracy=0.9), points, refers=False) == decision.ABOVE_ALL


def binary(params: Params, **aim: Any) -> tuple[Params, Any]:
    """Return parameters with an aim, and the schema of a binary classification."""
    target = SimpleNamespace(label="Diagnosis")
    schema = SimpleNamespace(classes=("bad", "good"), positive="bad", target=target, sample_noun="parts")
    return dataclasses.replace(params, decision=aim), schema


def outcome(target: list[int], scores: list[float]) -> Outcome:
    """Return an outcome in which class 0 has these probabilities; each row is a group of its own."""
    first = np.array(scores)
    return Outcome(Truth(np.array(target), np.arange(len(target))), np.column_stack([first, 1 - first]))


def test_a_referral_is_chosen_on_validation_and_reported_for_the_test_split(params: Params) -> None:
    params, schema = binary(params, recall=1.0)
    validation, test = (outcome([0, 0, 1, 1], [0.9, 0.5, 0.3, 0.1]), outcome([0, 0, 1, 1], [0.8, 0.2, 0.6, 0.1]))
    made = make_decision(params, schema, validation, test)
    assert made is not None
    assert made["threshold"] == pytest.approx(0.4)
    assert made["test"]["recall"]["value"] == 0.5
    assert made["sentence"] == (
        "Refers 2 of 4 parts of the test split and finds 1 of the 2 whose diagnosis is bad (recall 0.500 "
        "[0.0945, 0.905]), with one false alarm."
    )
    assert made["reason"].startswith(
        "Parts with a probability of at least 0.4 that the diagnosis is bad are referred. The threshold was chosen on "
        "the validation split, the highest with a recall of at least 1; there it refers 2 of 4 and finds 2 of 2."
    )


@pytest.mark.parametrize(
    ("aim", "positive", "text"),
    [
        ({"capacity": 0.5}, "bad", "Whether the aim is met, referring at most 50%, is not established: the interval "),
        ({"recall": 0.5}, "bad", "Whether the aim is met, a recall of at least 50%, is not established: the interval "),
        ({"costs": {"miss": 1, "false_alarm": 1}}, "bad", ""),
        ({"capacity": 0.25}, None, "Whether the aim is met, leaving at most 25% to people, is not established: the "),
        ({"accuracy": 1.0}, None, "The aim, an accuracy of at least 100%, is missed on the test split: 50.0% "),
        ({"abstain": 0.6}, None, ""),
    ],
)
def test_whether_the_test_split_meets_the_aim(
    params: Params, aim: dict[str, Any], positive: str | None, text: str
) -> None:
    params, schema = binary(params, **aim)
    schema.positive = positive
    validation, test = outcome([0, 0, 1, 1], [0.9, 0.8, 0.4, 0.1]), outcome([0, 0, 1, 1], [0.9, 0.8, 0.7, 0.55])
    made = make_decision(params, schema, validation, test)
    assert made is not None
    assert made["aim_outcome"].startswith(text) if text else made["aim_outcome"] == ""
    assert text not in made["reason"] or not text


def test_a_referral_predicts_the_positive_class_from_the_threshold_on() -> None:
    schema: Any = SimpleNamespace(classes=("a", "b", "c"))
    rows = np.array([[0.3, 0.2, 0.5], [0.2, 0.5, 0.3], [0.25, 0.3, 0.45]])
    assert predicted_classes(rows, schema).tolist() == [2, 1, 2]
    referral = {"rule": "refer", "positive": "a", "threshold": 0.25}
    assert predicted_classes(rows, schema, referral).tolist() == [0, 1, 0]
    assert predicted_classes(rows[:, [2, 1, 0]], schema, referral | {"threshold": 0.6}).tolist() == [2, 1, 1]
    assert predicted_classes(rows, schema, {"rule": "abstain", "threshold": 0.9}).tolist() == [2, 1, 2]


def test_confusion_matrix_and_errors_agree_with_the_decision(
    project: ProjectPaths, splits: dict[str, Split], schema: Schema
) -> None:
    record = load_champion(project.champion)[0].record
    made, predictions = record["decision"], Candidate.read(project.candidate(record["model"])).predictions["test"]
    target = encode_target(splits["test"].target, schema)
    table = plot_tables(schema, target, {"champion": predictions}, made)["predictions"]
    wrong = int((table["predicted"] != table["actual"]).sum())
    report = (project.reports / "errors.md").read_text(encoding="utf-8")
    assert f"Wrong: {wrong:,} of {len(target):,} predictions." in report
    if not made or made["rule"] != "refer":
        pytest.skip("the decision refers no rows")
    counts, referred = made["test"], table["predicted"] == schema.positive
    assert (referred.sum(), (referred & (table["actual"] == schema.positive)).sum()) == (
        counts["reached"],
        counts["hits"],
    )
    assert f"of at least {rounded(made['threshold'])}, the decision's threshold, are referred" in report


def test_an_abstention_counts_the_errors_that_it_avoids(params: Params) -> None:
    params, schema = binary(params, abstain=0.7)
    test = outcome([0, 1, 1, 0], [0.9, 0.1, 0.6, 0.45])
    made = make_decision(params, schema, test, test)
    assert made is not None
    assert made["sentence"].startswith(
        "Predicts 2 of 4 parts of the test split, 2 of them correctly (accuracy 1.00 [0.342, 1.00]), and leaves 2"
    )
    assert made["sentence"].endswith("to a person, among them 2 of its 2 errors.")


@pytest.mark.parametrize(
    ("below", "wrong", "text"),
    [
        (0, 3, ", none of its 3 errors among them"),
        (0, 1, ", but not its only error"),
        (1, 0, ", among them its only error"),
        (0, 0, ""),
    ],
)
def test_an_abstention_that_finds_no_error_says_so(below: int, wrong: int, text: str) -> None:
    test = {"rows": 100, "reached": 90, "hits": 90 - wrong, "wrong_below": below}
    assert decision._count_errors_left(test) == text


@pytest.mark.parametrize(
    ("aim", "message"),
    [
        ({"luck": 1}, "decision.luck is unknown"),
        ({"recall": 2}, "decision.recall should be less than or equal to 1, not 2"),
        ({}, "needs exactly one of recall, costs, capacity, accuracy, abstain"),
        ({"recall": 0.9, "capacity": 0.1}, "needs exactly one of"),
    ],
)
def test_an_invalid_aim_is_an_error(params: Params, aim: dict[str, Any], message: str) -> None:
    params, schema = binary(params, **aim)
    same = outcome([0, 1], [0.9, 0.1])
    with pytest.raises(UserError, match=message):
        make_decision(params, schema, same, same)


def test_recall_without_a_positive_class_is_an_error(params: Params) -> None:
    params, schema = binary(params, recall=0.9)
    schema.positive = None
    same = outcome([0, 1], [0.9, 0.1])
    with pytest.raises(UserError, match="recall and costs need a positive class"):
        make_decision(params, schema, same, same)


def test_without_a_section_there_is_no_decision(params: Params, schema: Schema) -> None:
    same = outcome([0, 1], [0.9, 0.1])
    assert make_decision(dataclasses.replace(params, decision=None), schema, same, same) is None

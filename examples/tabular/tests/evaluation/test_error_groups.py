"""A shallow tree finds the samples on which a model errs more often."""

import numpy as np

from late_flights.evaluation.error_groups import Feature, find_groups

AGE = np.tile(np.arange(10.0, 90.0), 5)
RED = np.arange(400) % 2 == 0


def test_a_group_is_described_by_its_conditions() -> None:
    errors = ((AGE > 60) & RED).astype(float)
    groups = find_groups([Feature("Age", AGE), Feature("Color is", RED, "red|")], errors)
    assert groups[0].condition == r"Age above 61 and Color is red\|"
    assert groups[0].error == 1.0
    assert groups[0].members.tolist() == (errors == 1).tolist()


def test_samples_that_are_not_searched_have_groups_but_no_influence() -> None:
    searched = (AGE > 60).astype(float)
    features = [Feature("Age", np.append(AGE, [20, 80]))]
    (group,) = find_groups(features, searched)
    assert group.error == 1.0
    assert group.members[-2:].tolist() == [False, True]


def test_the_limits_of_one_number_are_joined() -> None:
    errors = ((AGE > 40) & (AGE < 60)).astype(float)
    (group,) = find_groups([Feature("Age", AGE)], errors)
    assert group.condition == "Age above 40 and up to 59"


def test_a_category_can_be_excluded() -> None:
    (group,) = find_groups([Feature("Color is", RED, "red")], np.where(RED, 0.1, 0.5))
    assert group.condition == "Color is not red"


def test_a_limit_is_shown_in_the_format_of_the_feature() -> None:
    hours = Feature("Start", AGE / 4 + 0.1, number_format=lambda value: f"{value:.0f} o'clock")
    (group,) = find_groups([hours], (AGE > 60).astype(float))
    assert group.condition == "Start above 15 o'clock"


def test_a_limit_has_the_digits_that_separate_the_samples() -> None:
    dose = 23.63 + AGE / 10_000
    (group,) = find_groups([Feature("Dose", dose)], (AGE > 60).astype(float))
    limit = float(group.condition.removeprefix("Dose above "))
    assert np.count_nonzero(dose > limit) == np.count_nonzero(group.members)


def test_equal_errors_have_no_group() -> None:
    assert find_groups([Feature("Age", AGE)], np.ones(len(AGE))) == []

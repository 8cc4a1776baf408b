"""Defaults, ranges and examples of the demo are valid inputs."""

import math

import pytest

from late_flights.data.schema import Schema
from late_flights.data.splits import Split
from late_flights.evaluation.demo_metadata import MAX_ERRORS, describe_inputs, round_significant
from late_flights.serving.predictor import Predictor

from ..expectations import check_ranked_errors


def test_defaults_are_within_the_ranges(splits: dict[str, Split], schema: Schema) -> None:
    for entry in describe_inputs(schema, splits):
        if entry["kind"] == "category":
            assert entry["default"] in entry["choices"]
        else:
            assert entry["minimum"] <= entry["default"] <= entry["maximum"]


def test_errors_are_valid_inputs_the_worst_first(
    predictor: Predictor, splits: dict[str, Split], schema: Schema
) -> None:
    check_ranked_errors(schema, splits["test"])
    errors = predictor.champion.record["errors"]
    assert len(errors) <= MAX_ERRORS
    for error in errors:
        assert predictor.complete(error["inputs"]).keys() == error["inputs"].keys()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(17.9949, 17.99), (0.0012345678, 0.001235), (1234567.0, 1235000.0), (0.0, 0.0), (-12.3456, -12.35), (100.0, 100)],
)
def test_numbers_have_four_significant_digits(value: float, expected: float) -> None:
    assert round_significant(value) == expected


def test_ranges_are_rounded_outwards() -> None:
    assert round_significant(12.3456, math.floor) == 12.34
    assert round_significant(12.3411, math.ceil) == 12.35

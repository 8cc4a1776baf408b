"""The demo's ranges, defaults and examples are such that it never refuses its own suggestion."""

import math

import pytest

from .package import brief, data


def test_defaults_and_examples_lie_within_what_the_demo_allows(
    splits: dict[str, data.Split], schema: data.Schema
) -> None:
    for described in brief.describe_inputs(schema, splits):
        if described["kind"] == "category":
            assert described["default"] in described["choices"]
        else:
            assert described["minimum"] <= described["default"] <= described["maximum"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(17.9949, 17.99), (0.0012345678, 0.001235), (1234567.0, 1235000.0), (0.0, 0.0), (-12.3456, -12.35), (100.0, 100)],
)
def test_four_digits_are_what_a_person_would_type(value: float, expected: float) -> None:
    assert brief.significant(value) == expected


def test_ranges_are_rounded_outwards() -> None:
    assert brief.significant(12.3456, math.floor) == 12.34
    assert brief.significant(12.3411, math.ceil) == 12.35

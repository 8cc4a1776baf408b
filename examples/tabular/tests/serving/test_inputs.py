"""Valid inputs of every kind are accepted, invalid ones are errors that say what is valid."""

import math
from typing import Any

import pytest

from late_flights.data import schema
from late_flights.serving import inputs
from late_flights.serving.inputs import InvalidInputError, check_input, encode_input

BASE: dict[str, Any] = {"whole": False, "nullable": False, "others": False, "choices": [], "default": None}
NUMBER = BASE | {"name": "size", "label": "Size", "kind": "number", "minimum": 0.0, "maximum": 10.0, "default": 5.0}
COLOR = BASE | {"name": "color", "label": "Color", "kind": "category", "choices": ["blue", "red"], "default": "red"}
DAY = BASE | {
    "name": "day",
    "label": "Day",
    "kind": "date",
    "minimum": "2020-01-01",
    "maximum": "2024-12-31",
    "default": "2022-01-01",
}


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (NUMBER, 0.0, 0.0),
        (NUMBER, " 10 ", 10.0),
        (NUMBER | {"whole": True}, 7.0, 7.0),
        (NUMBER | {"nullable": True}, "", None),
        (NUMBER | {"nullable": True}, math.nan, None),
        (COLOR, " blue ", "blue"),
        (COLOR | {"others": True}, "green", "(other)"),
        (COLOR | {"choices": ["red", "(missing)"]}, None, "(missing)"),
        (DAY, "2024-12-31", "2024-12-31"),
        (DAY, "2022-03-04 00:00:00", "2022-03-04"),
        (DAY, "2022-03-04T00:00", "2022-03-04"),
        (DAY, 19055.0, "2022-03-04"),
        (DAY | {"nullable": True}, None, None),
    ],
)
def test_a_valid_value_is_returned_with_its_type(column: dict[str, Any], value: Any, expected: Any) -> None:
    assert check_input(column, value) == expected


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (NUMBER, None, "Size must be a number."),
        (NUMBER, "", "Size must be a number."),
        (NUMBER, "seven", "Size must be a number."),
        (NUMBER, [1.0], "Size must be a number."),
        (NUMBER, True, "Size must be a finite number."),
        (NUMBER, math.nan, "Size must be a finite number."),
        (NUMBER, "-inf", "Size must be a finite number."),
        (NUMBER, 10**400, "Size must be a finite number."),
        (NUMBER, 10.5, "Size must be between 0 and 10, the range of the data, not 10.5."),
        (NUMBER | {"whole": True}, 2.5, "Size must be a whole number, not 2.5."),
        (COLOR, "green", "Color must be one of blue, red."),
        (COLOR, None, "Color must be one of blue, red."),
        (COLOR | {"others": True}, "", "Color must be one of blue, red."),
        (DAY, "yesterday", "Day must be a date such as 2022-01-01."),
        (DAY, "2022-13-01", "Day must be a date such as 2022-01-01."),
        (DAY, None, "Day must be a date such as 2022-01-01."),
        (DAY, 1e30, "Day must be a date such as 2022-01-01."),
        (DAY, "2019-12-31", "Day must be between 2020-01-01 and 2024-12-31."),
    ],
)
def test_an_invalid_value_is_an_error(column: dict[str, Any], value: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_input(column, value)
    assert str(caught.value) == message


def test_values_are_encoded_as_in_training() -> None:
    assert encode_input(NUMBER, 2.0) == 2.0
    assert math.isnan(float(encode_input(NUMBER, None)))
    assert encode_input(COLOR, "red") == "red"
    assert encode_input(COLOR | {"others": True}, "green") == "(other)", "accepted by the champion, unknown to a canary"
    assert encode_input(DAY, "1970-01-02") == 1.0
    assert (inputs.MISSING, inputs.OTHER) == (schema.MISSING, schema.OTHER)

"""Large errors come first, and the summary has their sizes and directions."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from project_package.evaluation.failures import describe_case, rank_cases, summarize_errors
from project_package.evaluation.scores import Truth
from project_package.evaluation.shares import Outcome

SCHEMA: Any = SimpleNamespace(target=SimpleNamespace(unit="kg"))
TARGET, PREDICTED = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 2.5, 1.0])
OUTCOME = Outcome(Truth(TARGET), PREDICTED)


def test_the_largest_error_comes_first() -> None:
    assert rank_cases(SCHEMA, OUTCOME) == [3, 0, 2, 1]
    assert describe_case(SCHEMA, OUTCOME, 3) == {"truth": "4", "prediction": "1", "error": "-3"}


def test_the_summary_has_sizes_and_bias() -> None:
    text = summarize_errors(SCHEMA, OUTCOME)
    assert text.startswith("Half of the errors are at most 0.75 kg, nine of ten at most 2.4 kg, the largest is 3 kg.")
    assert "off by +0.5 kg on average where the actual value is below the median, and by -1.75 kg where it is" in text


def test_the_unit_of_the_summary_is_escaped() -> None:
    schema: Any = SimpleNamespace(target=SimpleNamespace(unit="$"))
    assert "by -1.75 \\$ where it is above." in summarize_errors(schema, OUTCOME)

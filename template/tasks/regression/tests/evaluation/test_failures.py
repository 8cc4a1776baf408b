"""Large errors come first, and the summary has their sizes and directions."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from project_package.evaluation.failures import describe_case, rank_cases, summarize_errors
from project_package.evaluation.scores import Outcome, Truth

SCHEMA: Any = SimpleNamespace(target=SimpleNamespace(unit="kg"))
TARGET, PREDICTED = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 2.5, 1.0])
OUTCOME = Outcome(Truth(TARGET), PREDICTED)


def test_the_largest_error_comes_first() -> None:
    assert rank_cases(SCHEMA, OUTCOME) == [3, 0, 2, 1]
    assert describe_case(SCHEMA, OUTCOME, 3) == {"truth": "4", "prediction": "1", "error": "-3"}


def test_the_summary_has_sizes_and_bias() -> None:
    text = summarize_errors(SCHEMA, OUTCOME)
    assert text.startswith("Half of the errors are at most 0.75 kg, nine of ten at most 2.4 kg, the largest is 3 kg.")
    assert text.endswith(
        "Predicted minus actual is -0.667 kg on average in the lower half of the predictions, and +0.167 kg in the "
        "upper half."
    )


def test_the_unit_of_the_summary_is_escaped() -> None:
    schema: Any = SimpleNamespace(target=SimpleNamespace(unit="$"))
    assert "+0.167 \\$ in the upper half." in summarize_errors(schema, OUTCOME)

"""What is said about a number: its middle and tails, and values that contradict similar samples."""

import numpy as np
import pandas as pd

from project_package.exploration.target import measure_association, summarize_target, suspicious_rows


def test_the_middle_and_the_tails_of_the_target() -> None:
    [finding], table = summarize_target(pd.Series([*range(100), 5000], dtype=float), "rows")
    assert finding.text == (
        "Half of the rows have a target from 25 to 75; a few are very high, to 5,000, and dominate squared errors."
    )
    assert table["target"].iloc[-1] == 5000
    [finding], _ = summarize_target(pd.Series(range(101), dtype=float), "rows")
    assert finding.text == "Half of the rows have a target from 25 to 75."


def test_wrong_values_are_suspicious() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 2))
    target = pd.Series(vectors @ [3.0, -2.0] + rng.uniform(-0.1, 0.1, size=300))
    assert suspicious_rows(vectors, target) == []
    wrong = target.copy()
    wrong[[7, 11]] += 20
    assert sorted(suspicious_rows(vectors, wrong)) == [7, 11]
    assert suspicious_rows(vectors[:4], target[:4]) == []


def test_a_copy_of_the_target_explains_its_variance() -> None:
    rng = np.random.default_rng(0)
    target = pd.Series(rng.normal(size=300))
    samples = pd.DataFrame({"copy": target, "other": rng.normal(size=300)})
    association = measure_association(samples, np.array([False, False]), target)
    assert association["copy"] > 0.9
    assert association["other"] < 0.3

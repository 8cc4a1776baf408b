"""What is said about a number: its middle and tails, and values that contradict similar samples."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from project_package.exploration.target import (
    format_association,
    is_negligible,
    measure_association,
    summarize_target,
    suspicious_rows,
)


def test_the_middle_and_the_tails_of_the_target() -> None:
    [finding], table = summarize_target(pd.Series([*range(100), 5000], dtype=float), "rows")
    assert finding.text == (
        "Half of the rows have a target from 25 to 75; a few are very high, to 5,000, and dominate squared errors."
    )
    assert table["target"].iloc[-1] == 5000
    assert table.index.tolist() == ["minimum", "5%", "25%", "median", "75%", "95%", "maximum"]
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


def test_an_association_is_a_rank_correlation_with_an_interval() -> None:
    rng = np.random.default_rng(0)
    target = pd.Series(rng.normal(size=300))
    columns = {"copy": -np.exp(target), "half": target + rng.normal(size=300), "other": rng.normal(size=300)}
    samples = pd.DataFrame(columns)
    samples["codes"], samples["noise"] = (target > 0).astype(float), rng.integers(0, 20, 300).astype(float)
    discrete = np.array([False, False, False, True, True])
    association = measure_association(samples, discrete, target)
    assert association["copy"] == 1.0
    assert association["half"] == pytest.approx(spearmanr(samples["half"], target).statistic, abs=1e-6)
    assert association["codes"] == pytest.approx(abs(spearmanr(samples["codes"], target).statistic), abs=0.01)
    assert [is_negligible(value, 300) for value in association] == [False, False, True, False, True]
    assert format_association(0.5, 100) == "0.50 [0.33, 0.64]"

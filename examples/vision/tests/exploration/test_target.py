"""What is said about classes: their balance, and labels that contradict similar samples."""

import numpy as np
import pandas as pd

from digit_reader.exploration.target import measure_association, summarize_target, suspicious_rows


def test_the_balance_of_the_classes() -> None:
    [finding], table = summarize_target(pd.Series(["a"] * 6 + ["b"] * 3 + ["c"]), "rows")
    assert finding.text == (
        "60% of the rows are a, 10% are c, the rarest class. Always predicting a has an accuracy of 60%."
    )
    assert table["rows"].tolist() == [6, 3, 1]


def test_classes_that_are_as_rare_as_others_are_not_called_the_rarest() -> None:
    [finding], _ = summarize_target(pd.Series(["a"] * 6 + ["b", "c"]), "rows")
    assert "12% are c as other classes" in finding.text
    [finding], _ = summarize_target(pd.Series(list("abcde") * 20), "rows")
    assert finding.text.startswith("The classes are balanced: each of the 5 has 20.0% to 20.0% of the rows.")


def test_wrong_labels_are_suspicious() -> None:
    rng = np.random.default_rng(0)
    target = pd.Series(rng.choice(["no", "yes"], 300))
    vectors = rng.normal(size=(300, 2)) + 6 * (target == "yes").to_numpy()[:, None]
    assert suspicious_rows(vectors, target) == []
    wrong = target.copy()
    wrong[[7, 11]] = wrong[[7, 11]].map({"no": "yes", "yes": "no"})
    assert sorted(suspicious_rows(vectors, wrong)) == [7, 11]
    assert suspicious_rows(vectors[:4], target[:4]) == []


def test_a_copy_of_the_target_explains_all_of_its_entropy() -> None:
    target = pd.Series(["a", "b"] * 100)
    samples = pd.DataFrame({"copy": (target == "a").astype(float), "same": 1.0})
    association = measure_association(samples, np.array([True, True]), target)
    assert association["copy"] > 0.99
    assert association["same"] < 0.01

"""What is planted in samples is found, and nothing in random ones."""

import numpy as np
import pandas as pd
import pytest

from digit_reader.exploration import samples as module
from digit_reader.exploration.samples import Presentation, explore_samples
from digit_reader.exploration.target import NO_SUSPECTS

ROWS = 400


@pytest.fixture
def samples() -> pd.DataFrame:
    """Random columns, unrelated to each other."""
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=ROWS) for name in ("first", "second", "third")}
    return pd.DataFrame(numbers | {"color": rng.choice(["red", "blue"], ROWS)})


@pytest.fixture
def target() -> pd.Series:
    return pd.Series(np.arange(ROWS) % 2, dtype=float)


def findings(train: pd.DataFrame, target: pd.Series, validation: pd.DataFrame | None = None) -> str:
    vectors = train.select_dtypes("number").fillna(0).to_numpy()
    found = explore_samples(train, train if validation is None else validation, target, vectors, "rows")
    return "\n".join(finding.text for finding in found.findings)


def test_nothing_is_found_in_random_samples(samples: pd.DataFrame, target: pd.Series) -> None:
    text = findings(samples, target)
    assert "No value is missing." in text
    assert "No difference between training and validation split was detected (Kolmogorov-Smirnov and chi² tests" in text
    assert NO_SUSPECTS in text
    assert "correlation" not in text


def test_missing_constant_and_close_columns_are_found(samples: pd.DataFrame, target: pd.Series) -> None:
    train = samples.assign(
        second=samples["second"].mask(np.arange(ROWS) % 4 == 0),
        copy=samples["first"] * 2 + 1,
        color=samples["color"].mask(np.arange(ROWS) % 10 == 0, None),
        same="x",
    )
    text = findings(train, target)
    assert "second in 25%, color in 10% of the rows" in text
    assert "The same value everywhere: same." in text
    assert "One pair of columns has a rank correlation above 0.9, the highest first and copy (1.000)" in text


def test_of_many_rows_a_sample_is_described_and_its_size_returned(
    samples: pd.DataFrame, target: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = samples.select_dtypes("number").to_numpy()
    assert explore_samples(samples, samples, target, vectors, "rows").sampled is None
    monkeypatch.setattr(module, "MAX_ROWS", 100)
    found = explore_samples(samples, samples, target, vectors, "rows")
    assert found.sampled == 100


def test_numbers_are_shown_in_the_format_of_their_column(samples: pd.DataFrame, target: pd.Series) -> None:
    vectors = samples.select_dtypes("number").to_numpy()
    shown = Presentation(formats={"first": lambda value: f"day {value:.0f}"}, units={"first": "d"}, target="Cost ($)")
    found = explore_samples(samples.assign(first=15.0), samples, target, vectors, "rows", shown)
    table = found.tables["The columns"]
    for column in ("median or most frequent", "smallest", "largest"):
        assert table[column]["first"] == "day 15"
    figure = found.figures["columns"][1]
    (axes,) = [axes for axes in figure.axes if axes.get_title(loc="left") == "first"]
    assert axes.xaxis.get_major_formatter()(3, 0) == "day 3"
    assert axes.get_xlabel() == "d"
    assert all(axes.get_ylabel() for axes in figure.axes if axes.get_visible())
    assert figure.get_suptitle() == f"Training split, n = {ROWS}"


def test_measures_are_not_called_columns(samples: pd.DataFrame, target: pd.Series) -> None:
    vectors, shown = samples.select_dtypes("number").to_numpy(), Presentation(columns="measures")
    found = explore_samples(samples, samples, target, vectors, "images", shown)
    assert found.tables["The measures"].index.name == "measure"
    texts = [*(finding.text for finding in found.findings), *(caption for caption, _ in found.figures.values())]
    assert not [text for text in texts if "column" in text]


def test_a_column_that_tells_the_target_is_the_first_to_check(samples: pd.DataFrame, target: pd.Series) -> None:
    text = findings(samples.assign(answer=target.map({0.0: "no", 1.0: "yes"})), target)
    assert "The most informative columns are answer" in text


def test_columns_that_differ_between_splits_are_named(samples: pd.DataFrame, target: pd.Series) -> None:
    validation = samples.assign(first=samples["first"] + 1, color="blue")
    assert "differ in first, color (Kolmogorov-Smirnov" in findings(samples, target, validation)


def test_whole_groups_are_compared_where_rows_resemble_each_other(target: pd.Series) -> None:
    """Groups have levels of their own: the rows differ, but ten levels are as likely as ten others."""
    rng, groups = np.random.default_rng(3), np.arange(ROWS) % 10
    train, validation = (
        pd.DataFrame({"level": rng.normal(size=10)[groups] + rng.normal(scale=0.1, size=ROWS)}) for _ in range(2)
    )
    reports = [
        explore_samples(train, validation, target, train.to_numpy(), "rows", shown)
        for shown in (Presentation(), Presentation(groups=(groups, groups)))
    ]
    texts = [" ".join(finding.text for finding in report.findings) for report in reports]
    assert "differ in level" in texts[0]
    assert "No difference between training and validation split was detected" in texts[1]
    assert "on one value per group" in texts[1]


def test_a_large_table_is_sampled(samples: pd.DataFrame, target: pd.Series, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digit_reader.exploration.samples.MAX_ROWS", 100)
    assert "of the rows" in findings(samples, target) or "Half of the rows" in findings(samples, target)

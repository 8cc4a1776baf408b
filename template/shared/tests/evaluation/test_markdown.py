"""Markdown tables show scores, costs and lineage, and text literally."""

from typing import Any

import pytest

from project_package.evaluation import markdown

LABELS = {
    "mae": {"label": "Error", "higher_is_better": False, "unit": "kg"},
    "coverage": {"label": "Coverage", "higher_is_better": None},
}


def test_test_scores_of_champion_and_simplest_model_have_intervals_and_arrows() -> None:
    scores = {"mae": {"value": 2.0, "low": 1.0, "high": 3.0}, "coverage": {"value": 1.0, "low": 1.0, "high": 1.0}}
    simplest = {"mae": scores["mae"] | {"value": 2.5}, "coverage": scores["coverage"]}
    table = markdown.champion_table({"labels": LABELS, "scores": {"plain": scores, "mean": simplest}})
    assert table.splitlines() == [
        "| metric | plain, test split | mean, test split |",
        "| --- | --- | --- |",
        "| Error (kg) ↓ | 2.00 [1.00, 3.00] | 2.50 [1.00, 3.00] |",
        "| Coverage | 1.00 | 1.00 |",
    ]


def test_whether_the_aim_is_met_follows_the_sentence_of_the_decision() -> None:
    texts = {"sentence": "Refers 3 of 10.", "reason": "The threshold is [0.5].", "aim_outcome": "The aim is missed."}
    assert markdown.describe_decision({"decision": texts}) == [
        "**Refers 3 of 10.**",
        "The aim is missed. The threshold is [0.5].",
    ]
    del texts["aim_outcome"]  # of an evaluation by an older version
    assert markdown.describe_decision({"decision": texts})[1] == "The threshold is [0.5]."
    assert markdown.describe_decision({"decision": None}) == []


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        ({"rule": "refer", "threshold": 0.25}, "the confusion matrix and the errors use the threshold of 0.25."),
        ({"rule": "abstain", "threshold": 0.9}, "Accuracy and F1 include the rows that are left to a person."),
        ({"rule": "tolerance", "tolerance": 1.0}, "for shares, bootstrap percentiles for gains and other scores."),
    ],
)
def test_the_threshold_of_the_scores_is_named(decision: dict[str, Any], text: str) -> None:
    assert markdown.explain_scores(compared(decision=decision)).endswith(text)


def test_the_use_of_the_test_split_is_explained() -> None:
    both = compared(scores=compared()["validation_scores"])
    assert "after the selection, to score the champion, marked ★, next to plain." in markdown.explain_scores(both)
    assert "after the selection, to score the champion, marked ★." in markdown.explain_scores(compared())


def test_an_interval_without_width_is_left_out() -> None:
    assert markdown.format_score({"value": 1.0, "low": 0.9996, "high": 1.0}) == "1.00"
    assert markdown.format_score({"value": None, "low": None, "high": None}) == "undefined"


def test_models_have_validation_scores_costs_a_star_and_the_gpu() -> None:
    costs = {
        "net": {"fit_cpu_seconds": 1.5, "size_bytes": 2000, "gpu": "NVIDIA A*"},
        "plain": {"fit_cpu_seconds": None, "size_bytes": 100},
    }
    scores = {name: {"mae": {"value": 2.0, "low": 1.0, "high": 3.0}} for name in costs}
    evaluation = {"champion": "plain", "metric": "mae", "labels": LABELS, "validation_scores": scores, "costs": costs}
    assert markdown.model_table(evaluation).splitlines() == [
        "| model | Error (kg) ↓, validation split | training, CPU s | file, kB |",
        "| --- | --- | --- | --- |",
        "| net | 2.00 [1.00, 3.00] | 1.5 | 2 |",
        "| **plain** ★ | 2.00 [1.00, 3.00] | unknown | 0.1 |",
        "",
        "net was trained on a GPU (NVIDIA A\\*); its CPU seconds exclude the GPU's work.",
    ]


FOLDS = {"count": 5, "rows": 90, "rolling": False}
SPLITS = {"train": 80, "validation": 10, "test": 10}


def compared(**changes: Any) -> dict[str, Any]:
    """Return an evaluation of a model that was fitted again on folds, and of one that was not."""
    scores = {name: {"mae": {"value": 2.0, "low": 1.0, "high": 3.0}} for name in ("plain", "net")}
    refitted = {"plain": {"mae": {"value": 2.5, "low": 2.0, "high": 3.0}}}
    gain = {"value": 0.5, "low": 0.1, "high": 0.9}
    return {
        "champion": "net",
        "metric": "mae",
        "labels": LABELS,
        "folds": FOLDS,
        "fold_scores": refitted,
        "validation_scores": scores,
        "scores": {"net": scores["net"]},
        "comparisons": [{"simpler": "plain", "challenger": "net", "gain": gain}],
        "rows": SPLITS,
        "sample_noun": "rows",
    } | changes


def test_a_model_that_was_not_fitted_again_is_compared_on_the_validation_split() -> None:
    assert markdown.gain_table(compared()).splitlines() == [
        "| model | Error (kg) ↓, 5 folds | gain |",
        "| --- | --- | --- |",
        "| plain | 2.50 [2.00, 3.00] |  |",
        "| **net** ★ | 2.00 [1.00, 3.00] (validation split) | +0.500 [+0.100, +0.900] over plain |",
    ]
    explanation = markdown.explain_scores(compared())
    assert "net was not fitted again, and compared on the 10 rows of the validation split." in explanation


def test_rolling_folds_and_their_absence_are_explained() -> None:
    rolling = compared(folds=FOLDS | {"rolling": True}, validation_scores={"plain": {}})
    assert "to all rows before a period, and compared by its predictions for the 90" in markdown.explain_scores(rolling)
    alone = compared(folds=None, fold_scores={})
    assert "The models were compared on the 10 rows of the validation split." in markdown.explain_scores(alone)
    assert "Error (kg) ↓, validation split" in markdown.gain_table(alone)


def test_only_what_occurs_is_explained() -> None:
    assert "Without brackets" not in markdown.explain_comparison(compared())
    assert "are not independent" not in markdown.explain_comparison(compared(units={"noun": "groups", "test": 10}))
    few = compared(scores={"net": {"mae": {"value": 2.0, "low": None, "high": None}}})
    assert markdown.explain_comparison(few).endswith("Without brackets: too few rows.")
    same = compared(scores={"net": {"mae": {"value": 2.0, "low": 2.0, "high": 2.0}}})
    assert markdown.explain_comparison(same).endswith("Without brackets: the same digits on all resamples.")
    grouped = compared(units={"noun": "groups", "test": 4})
    assert markdown.explain_comparison(grouped).endswith(
        "Brackets contain 95% confidence intervals: bootstrap percentiles. The 10 rows of the test split are not "
        "independent: they count as 4 groups."
    )


def test_a_test_score_outside_of_the_validation_interval_is_reported() -> None:
    assert markdown.describe_disagreement(compared()) == []
    worse = compared(scores={"net": {"mae": {"value": 4.0, "low": 3.5, "high": 4.5}}})
    (sentence,) = markdown.describe_disagreement(worse)
    assert sentence.startswith("Error is 4.00 [3.50, 4.50] on the test split, outside of the interval on the")


def test_names_of_slices_do_not_break_the_table() -> None:
    slices = [{"column": "a|b", "slice": "*c*", "rows": 3_000, "value": 1.0, "low": None, "high": None}]
    evaluation = {"metric": "mae", "labels": LABELS, "slices": slices, "sample_noun": "rows"}
    assert markdown.slice_table(evaluation).splitlines()[0] == "| sliced by | slice | rows | Error (kg) |"
    assert markdown.slice_table(evaluation).splitlines()[2] == r"| a\|b | \*c\* | 3,000 | 1.00 |"


@pytest.mark.parametrize(
    ("higher", "limit", "weak"), [(True, 0.9, "0.800 [0.700, 0.900]"), (False, 0.85, "0.950 [0.900, 1.00]")]
)
def test_slices_that_score_worse_than_the_limit_come_first(higher: bool, limit: float, weak: str) -> None:
    slices = [
        {"column": "Age", "slice": "below 30", "rows": 40, "value": 0.8, "low": 0.7, "high": 0.9},
        {"column": "Age", "slice": "above 30", "rows": 60, "value": 0.95, "low": 0.9, "high": 1.0},
        {"column": "Age", "slice": "missing", "rows": 3, "value": 0.5 if higher else 2.0, "low": None, "high": None},
    ]
    labels = {"auc": {"label": "AUC", "higher_is_better": higher}}
    scores = {"plain": {"auc": {"value": 0.9, "low": None, "high": None}}}
    evaluation = {"metric": "auc", "labels": labels, "slices": slices, "sample_noun": "people", "slice_limit": limit}
    evaluation |= {"champion": "plain", "scores": scores, "validation_scores": scores}
    (first,) = markdown.describe_outcome(evaluation)
    assert first.startswith(f"**AUC is worse than the limit of {limit}: {weak} where age is ")
    assert markdown.describe_outcome(evaluation | {"slice_limit": None}) == []


def test_lineage_shows_what_is_unknown() -> None:
    lines = markdown.lineage_table({"git_commit": "0c0ffee", "git_dirty": False, "registry_version": 1}).splitlines()
    assert "| git commit | `0c0ffee` |" in lines
    assert "| uncommitted changes | none |" in lines
    assert "| registry version | `1` |" in lines
    assert "| MLflow run | unknown |" in lines
    assert "| uncommitted changes | yes |" in markdown.lineage_table({"git_dirty": True})


def test_lineage_of_a_training_before_its_commit_says_how_to_find_the_commit() -> None:
    table = markdown.lineage_table({"git_commit": "0c0ffee", "git_dirty": True, "inputs_sha256": "i"})
    assert "| git commit | after `0c0ffee`; `uv run champion-commit` prints it |" in table
    assert "uncommitted" not in table


def test_numbers_have_three_significant_digits() -> None:
    numbers = {0.95278: "0.953", 12.3456: "12.3", 999.4: "999", 999.7: "1,000", -1083840.2: "-1,083,840", 0.0: "0"}
    assert {number: markdown.rounded(number) for number in numbers} == numbers
    signed = {0.0: "+0", 0.00345678: "+0.00346", -0.5: "-0.5", 123456.7: "+123,457"}
    assert {number: markdown.signed(number) for number in signed} == signed


def test_a_score_keeps_three_digits_and_is_zero_next_to_a_wide_interval() -> None:
    assert markdown.format_score({"value": 0.86, "low": 0.8412, "high": 0.877}) == "0.860 [0.841, 0.877]"
    assert markdown.format_score({"value": 1234.5, "low": 99.96, "high": 2000.0}) == "1,234 [100, 2,000]"
    assert markdown.format_score({"value": -1.33e-05, "low": -0.06, "high": -2e-05}) == "0 [-0.0600, 0]"


def test_a_gain_and_its_interval_have_the_same_decimals() -> None:
    gains = {
        (-0.000722, -0.00462, 0.00368): "-0.00072 [-0.00462, +0.00368]",
        (1.2, 1.06, 1.354): "+1.20 [+1.06, +1.35]",
        (-1e-9, -0.2, 0.1): "+0.000 [-0.200, +0.100]",
        (1234.5, -0.5, 2000.0): "+1,234 [+0, +2,000]",
        (0.0, 0.0, 0.0): "+0 [+0, +0]",
    }
    assert {gain: markdown.format_gain(*gain) for gain in gains} == gains


def test_only_words_begin_with_a_small_letter() -> None:
    labels = {"Mean absolute error": "mean absolute error", "ROC AUC": "ROC AUC", "F1 (macro)": "F1 (macro)"}
    assert {label: markdown.lower_first(label) for label in labels} == labels


def test_markdown_characters_are_escaped() -> None:
    assert markdown.escape("a *b* <i> [c](d)") == r"a \*b\* \<i\> \[c\](d)"
    at_start = {"# a": r"\# a", "- a": r"\- a", "1. a": r"1\. a", "1.5 a": "1.5 a"}
    assert {text: markdown.escape(text) for text in at_start} == at_start
    plain = "569 biopsies (1993), of W. Street: CC BY 4.0"
    assert markdown.escape(plain) == plain

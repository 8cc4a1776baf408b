"""The learning curve ends at the score of the pipeline, and says whether more rows would help."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from digit_reader.config import Params
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split, encode_target
from digit_reader.errors import UserError
from digit_reader.evaluation.intervals import Interval
from digit_reader.evaluation.scores import primary_metric
from digit_reader.evaluation.selection import Comparison
from digit_reader.paths import ProjectPaths
from digit_reader.pipeline import learning_curve
from digit_reader.reporting.blocks import describe_learning_curve


def test_the_curve_ends_at_the_score_of_the_pipeline(
    copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(learning_curve, "MIN_ROWS", 5)
    monkeypatch.setattr(learning_curve, "MIN_CLASS_ROWS", 2)
    learning_curve.main([], copy)
    evaluation = json.loads((copy.reports / "evaluation.json").read_text(encoding="utf-8"))
    with (copy.reports / "learning_curve.csv").open(encoding="utf-8") as file:
        points = list(csv.DictReader(file))
    known = evaluation["validation_scores"][evaluation["champion"]][evaluation["metric"]]
    assert int(points[-1]["rows"]) == evaluation["rows"]["train"]
    assert int(points[-2]["rows"]) == evaluation["rows"]["train"] // 2
    assert [float(points[-1][key]) for key in ("score", "low", "high")] == [
        pytest.approx(known[key]) for key in ("value", "low", "high")
    ]
    (sentence,) = describe_learning_curve(evaluation, copy.reports)
    assert sentence.partition(" [")[0] in capsys.readouterr().out
    assert "(reports/learning_curve.md)" in (copy.root / "README.md").read_text(encoding="utf-8")
    assert (copy.reports / "learning_curve.png").exists()


def test_the_curve_of_other_rows_is_not_reported(tmp_path: Path) -> None:
    record = {"model": "boosting", "rows": 100, "score": 0.8, "sentence": "It helps."}
    (tmp_path / "learning_curve.json").write_text(json.dumps(record), encoding="utf-8")
    scores = {name: {"f1": {"value": 0.8}} for name in ("boosting", "baseline")}
    evaluation = {"champion": "boosting", "rows": {"train": 100}, "metric": "f1", "validation_scores": scores}
    assert describe_learning_curve(evaluation, tmp_path) == ["It helps. [The learning curve](learning_curve.md)"]
    assert describe_learning_curve(evaluation | {"rows": {"train": 200}}, tmp_path) == []
    assert describe_learning_curve(evaluation | {"champion": "baseline"}, tmp_path) == []
    scores["boosting"]["f1"]["value"] = 0.81  # with other parameters
    assert describe_learning_curve(evaluation, tmp_path) == []


def test_rows_of_a_group_follow_each_other() -> None:
    groups = np.arange(100) % 7
    order = learning_curve.draw_order(100, groups, seed=0)
    assert sorted(order) == list(range(100))
    assert np.count_nonzero(np.diff(groups[order])) == 6
    assert sorted(learning_curve.draw_order(100, None, seed=0)) == list(range(100))


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        (Interval(0.001, -0.002, 0.004), "would probably gain less than the margin of 0.01"),
        (Interval(0.001, 0.0005, 0.004), "would probably gain less than the margin of 0.01"),
        (Interval(0.02, 0.01, 0.03), "more rows would probably help"),
        (Interval(0.01, -0.01, 0.03), "the interval includes zero"),
    ],
    ids=["none", "small", "large", "unclear"],
)
def test_the_sentence_says_whether_more_rows_would_help(gain: Interval, expected: str, params: Params) -> None:
    last = Comparison("100", "200", gain, margin=0.01, promoted=False, units=50, rows="the validation split")
    sentence = learning_curve.describe("boosting", last, primary_metric(params.evaluate.metric), "rows")
    assert sentence.startswith("Fitted to 200 rows instead of 100, boosting improves ")
    assert expected in sentence


def test_every_part_has_each_class(splits: dict[str, Split], schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_curve, "MIN_ROWS", 5)
    monkeypatch.setattr(learning_curve, "MIN_CLASS_ROWS", 1)
    train = splits["train"]
    target = encode_target(train.target, schema)
    by_class = np.argsort(target, kind="stable")
    in_first_half = np.unique(target[by_class][: len(target) // 2])
    if schema.classes and len(in_first_half) < len(np.unique(target)):
        with pytest.raises(UserError, match="1 of each class; add more data"):
            learning_curve.part_sizes(train, by_class, schema)
    else:
        assert learning_curve.part_sizes(train, by_class, schema)[-1] == len(target) // 2


def test_too_few_rows_are_an_error(splits: dict[str, Split], schema: Schema) -> None:
    rows = np.zeros(len(splits["train"].target), dtype=np.bool_)
    rows[: learning_curve.MIN_ROWS] = True
    few = splits["train"].take(rows)
    with pytest.raises(UserError, match=f"has {learning_curve.MIN_ROWS} .* add more data"):
        learning_curve.part_sizes(few, np.arange(learning_curve.MIN_ROWS), schema)

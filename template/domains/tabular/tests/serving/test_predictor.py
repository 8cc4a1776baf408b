"""The served model answers every sensible question, refuses every other one in words, and carries no baggage."""

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .package import Layout, champion, data, serving

InvalidInputError = serving.InvalidInputError


def first(predictor: serving.Predictor, kind: str) -> Any:
    strict = [column for column in predictor.inputs if not column["nullable"] and not column["others"]]
    found = [column for column in strict if column["kind"] == kind]
    if not found:
        pytest.skip(f"the model has no input of the kind {kind}")
    return found[0]


def test_left_out_inputs_take_their_typical_value(predictor: serving.Predictor) -> None:
    typical = {column["name"]: column["default"] for column in predictor.inputs}
    assert predictor.complete({}) == typical
    assert predictor.predict({}) == predictor.predict(typical)


def test_an_answer_is_complete(predictor: serving.Predictor) -> None:
    answer = predictor.predict({})
    if predictor.classes:
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert answer.probabilities[answer.label] == max(answer.probabilities.values())
        assert answer.value is None
    else:
        assert answer.value is not None
        assert math.isfinite(answer.value)
        assert answer.probabilities == {}


def test_every_real_row_is_accepted(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    for part in splits.values():
        for row in part.features.to_dict("records"):
            predictor.complete({str(name): value for name, value in row.items()})


def test_every_example_is_accepted(predictor: serving.Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        predictor.predict(example["inputs"])


def test_text_that_is_a_number_is_a_number(predictor: serving.Predictor) -> None:
    column = first(predictor, "number")
    largest = column["maximum"]
    assert predictor.predict({column["name"]: str(largest)}) == predictor.predict({column["name"]: largest})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "finite number"),
        (math.inf, "finite number"),
        ("-inf", "finite number"),
        ("seven", "must be a number"),
        ("", "must be a number"),
        (None, "must be a number"),
        ([1.0], "must be a number"),
        (True, "must be a finite number"),
        (10**400, "must be a finite number"),
        (1e9, "must lie between"),
        (-1e9, "must lie between"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(predictor: serving.Predictor, value: object, said: str) -> None:
    column = first(predictor, "number")
    with pytest.raises(InvalidInputError, match=said) as caught:
        predictor.predict({column["name"]: value})
    assert str(caught.value).startswith(column["label"]), "a person knows the label, not the column"


def test_a_count_has_no_fraction(predictor: serving.Predictor) -> None:
    columns = [column for column in predictor.inputs if column["kind"] == "number" and column["whole"]]
    if not columns:
        pytest.skip("the model has no input of whole numbers")
    for column in columns:
        predictor.complete({column["name"]: column["minimum"]})
        if column["maximum"] > column["minimum"]:
            with pytest.raises(InvalidInputError, match=r"must be a whole number; \S+ is not"):
                predictor.complete({column["name"]: column["minimum"] + 0.5})


def test_a_champion_of_an_older_make_is_not_asked(project: Layout, tmp_path: Path) -> None:
    """Before mlpath 0.4 the record did not say which inputs may be missing."""
    shutil.copytree(project.champion, tmp_path / "champion")
    place = tmp_path / "champion" / champion.RECORD_FILE
    record = json.loads(place.read_text(encoding="utf-8"))
    for column in record["inputs"]:
        del column["nullable"]
    place.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(champion.ChampionError, match=r"says nothing of nullable\. Run: uv run dvc repro"):
        serving.load_predictor(tmp_path / "champion")


def test_the_limits_themselves_are_allowed(predictor: serving.Predictor) -> None:
    for column in predictor.inputs:
        if column["kind"] == "number":
            predictor.predict({column["name"]: column["minimum"]})
            predictor.predict({column["name"]: column["maximum"]})


def test_a_choice_that_does_not_exist_is_refused(predictor: serving.Predictor) -> None:
    column = first(predictor, "category")
    with pytest.raises(InvalidInputError, match=re.escape(f"must be one of {', '.join(column['choices'])}")):
        predictor.predict({column["name"]: "purple"})


@pytest.mark.parametrize("nothing", [None, "", math.nan])
def test_what_may_be_missing_is_answered_without(predictor: serving.Predictor, nothing: object) -> None:
    columns = [column for column in predictor.inputs if column["nullable"]]
    if not columns:
        pytest.skip("every input must be there")
    for column in columns:
        expected = serving.MISSING if column["kind"] == "category" else None
        assert predictor.complete({column["name"]: nothing})[column["name"]] == expected
        predictor.predict({column["name"]: nothing})


def test_a_category_that_nobody_listed_counts_as_other(predictor: serving.Predictor) -> None:
    columns = [column for column in predictor.inputs if column["others"]]
    if not columns:
        pytest.skip("every category is listed")
    for column in columns:
        assert predictor.predict({column["name"]: "purple"}) == predictor.predict({column["name"]: serving.OTHER})


@pytest.mark.parametrize(
    "value", ["yesterday", "2024-13-01", "0001-01-01", "9999-12-31", None, 1e30, [1], "{} and more", "{}99"]
)
def test_a_day_that_makes_no_sense_is_refused(predictor: serving.Predictor, value: object) -> None:
    column = first(predictor, "date")
    asked = value.format(column["default"]) if isinstance(value, str) else value
    with pytest.raises(InvalidInputError) as caught:
        predictor.predict({column["name"]: asked})
    assert str(caught.value).startswith(column["label"])


@pytest.mark.parametrize("written", ["{}", " {} ", "{} 00:00:00", "{}T00:00"])
def test_a_day_may_be_written_as_calendars_do(predictor: serving.Predictor, written: str) -> None:
    column = first(predictor, "date")
    assert predictor.predict({column["name"]: written.format(column["default"])}) == predictor.predict({})


def test_blanks_around_a_category_count_for_nothing(predictor: serving.Predictor) -> None:
    for column in predictor.inputs:
        if column["kind"] == "category":
            for choice in column["choices"]:
                assert predictor.complete({column["name"]: f" {choice} "})[column["name"]] == choice


def test_an_unknown_input_is_refused(predictor: serving.Predictor) -> None:
    with pytest.raises(InvalidInputError, match="no input called moon_phase"):
        predictor.predict({"moon_phase": 1})


def test_nothing_moves_the_typical_row(predictor: serving.Predictor) -> None:
    assert {one.shift for one in predictor.explain({})} == {0.0}


def test_an_explanation_names_what_was_changed(predictor: serving.Predictor) -> None:
    example = predictor.champion.record["examples"][-1]["inputs"]
    explained = predictor.explain(example)
    assert {one.name for one in explained} == set(example)
    sizes = [abs(one.shift) for one in explained]
    assert sizes == sorted(sizes, reverse=True)


def test_one_changed_input_is_the_whole_explanation(predictor: serving.Predictor) -> None:
    name = first(predictor, "number")["name"]
    row = {name: predictor.champion.record["examples"][-1]["inputs"][name]}
    explained = {one.name: one.shift for one in predictor.explain(row)}
    typical, asked = predictor.scores([predictor.complete({}), predictor.complete(row)])
    change = asked - typical
    if predictor.classes:
        change = change[predictor.explained_class(asked)]
    assert explained.pop(name) == pytest.approx(float(change), abs=1e-6)
    assert set(explained.values()) <= {0.0}


def test_many_rows_are_answered_like_one(predictor: serving.Predictor) -> None:
    rows = [predictor.complete(example["inputs"]) for example in predictor.champion.record["examples"]]
    together = predictor.scores(rows)
    for position, row in enumerate(rows):
        np.testing.assert_allclose(predictor.scores([row])[0], together[position], rtol=1e-6)


def test_serving_needs_nothing_of_the_training_side() -> None:
    heavy = "{'mlflow', 'dvc', 'pandas', 'sklearn', 'matplotlib', 'yaml'}"
    code = f"import sys, {serving.__name__}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The served model predicts for every valid row and explains its predictions."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project_package.data.splits import Split
from project_package.paths import ProjectPaths
from project_package.serving.champion import RECORD_FILE, ChampionError
from project_package.serving.prediction import explained_quantity, explained_scores, format_truth
from project_package.serving.predictor import InvalidInputError, Predictor, load_predictor

from ..expectations import check_prediction


def test_missing_inputs_have_their_default(predictor: Predictor) -> None:
    defaults = {column["name"]: column["default"] for column in predictor.inputs}
    assert predictor.complete({}) == defaults
    assert predictor.predict({}) == predictor.predict(defaults)
    check_prediction(predictor.predict({}))


def test_an_unknown_input_is_an_error(predictor: Predictor) -> None:
    with pytest.raises(InvalidInputError, match=r"Unknown input: moon_phase\. Inputs are "):
        predictor.predict({"moon_phase": 1})


def test_every_row_of_the_data_is_valid(predictor: Predictor, splits: dict[str, Split]) -> None:
    for part in splits.values():
        for row in part.features.to_dict("records"):
            predictor.complete({str(name): value for name, value in row.items()})


def test_examples_are_valid_and_have_a_truth(predictor: Predictor) -> None:
    record = predictor.champion.record
    assert len(record["examples"]) == 3
    for example in record["examples"]:
        check_prediction(predictor.predict(example["inputs"]))
        assert format_truth(example["truth"], record)


def test_default_values_have_no_contribution(predictor: Predictor) -> None:
    assert {contribution.shift for contribution in predictor.explain({})} == {0.0}


def test_contributions_are_sorted_by_size(predictor: Predictor) -> None:
    example = predictor.champion.record["examples"][-1]["inputs"]
    contributions = predictor.explain(example)
    assert {contribution.name for contribution in contributions} == set(example)
    sizes = [abs(contribution.shift) for contribution in contributions]
    assert sizes == sorted(sizes, reverse=True)


def test_a_single_changed_input_is_the_whole_explanation(predictor: Predictor) -> None:
    record = predictor.champion.record
    name, value = next(iter(record["examples"][-1]["inputs"].items()))
    rows = [predictor.complete({name: value}), predictor.complete({})]
    changed, default = explained_scores(predictor.scores(rows), record)
    shifts = {contribution.name: contribution.shift for contribution in predictor.explain({name: value})}
    assert shifts.pop(name) == pytest.approx(float(changed - default), rel=1e-4, abs=1e-4)
    assert set(shifts.values()) <= {0.0}
    assert explained_quantity(record).startswith("the ")


def test_a_contribution_is_the_mean_of_the_changes_in_the_row_and_in_the_row_of_defaults(predictor: Predictor) -> None:
    record = predictor.champion.record
    row, default = predictor.complete(record["examples"][-1]["inputs"]), predictor.complete({})
    for name, value in row.items():
        rows = [row, row | {name: default[name]}, default | {name: value}, default]
        whole, without, alone, nothing = explained_scores(predictor.scores(rows), record)
        shift = next(part.shift for part in predictor.explain(row) if part.name == name)
        assert shift == pytest.approx(((whole - without) + (alone - nothing)) / 2, rel=1e-4, abs=1e-4)


def test_several_rows_are_predicted_as_one_by_one(predictor: Predictor) -> None:
    rows = [predictor.complete(example["inputs"]) for example in predictor.champion.record["examples"]]
    together = predictor.scores(rows)
    for position, row in enumerate(rows):
        np.testing.assert_allclose(predictor.scores([row])[0], together[position], rtol=1e-6, atol=1e-6)


def remove_key(record: dict[str, Any]) -> None:
    del record["examples"]


def remove_key_of_an_input(record: dict[str, Any]) -> None:
    del record["inputs"][0]["nullable"]


@pytest.mark.parametrize("change", [remove_key, remove_key_of_an_input])
def test_a_champion_of_another_version_is_an_error(project: ProjectPaths, tmp_path: Path, change: Any) -> None:
    shutil.copytree(project.champion, tmp_path / "champion")
    path = tmp_path / "champion" / RECORD_FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ChampionError, match=r"champion\.json has no \w+; .* Run: uv run dvc repro"):
        load_predictor(tmp_path / "champion")

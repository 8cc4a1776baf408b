"""The stages fit together, repeat themselves exactly, and a failing one destroys nothing."""

import dataclasses
import json
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import yaml

from .package import Layout, candidate, champion, data, evaluate, lineage, params

OUTPUTS = ("metrics.json", "evaluation.json", "model_card.md")


@pytest.fixture(scope="module")
def stages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((Layout().root / "dvc.yaml").read_text(encoding="utf-8"))
    return found["stages"]


def test_stages_run_modules_of_their_own_name(stages: dict[str, dict[str, Any]]) -> None:
    first = [] if (Layout().root / "data" / "raw.dvc").exists() else ["fetch"]
    assert list(stages) == [*first, "prepare", "train", "evaluate", "report"]
    for name, stage in stages.items():
        module = stage["cmd"].split()[2]
        assert module.endswith(f".{name}")
        assert find_spec(module), f"{module} of dvc.yaml does not exist"


def test_stages_depend_on_code_that_exists(stages: dict[str, dict[str, Any]]) -> None:
    for name, stage in stages.items():
        own = stage["cmd"].split()[2].replace(".", "/")
        assert f"src/{own}.py" in stage["deps"], f"a changed {name}.py must rerun {name}"
        for path in stage["deps"]:
            if path.startswith("src/"):
                assert (Layout().root / path).exists(), path


def test_stages_read_parameters_that_exist(stages: dict[str, dict[str, Any]]) -> None:
    written = yaml.safe_load(Layout().params.read_text(encoding="utf-8"))
    for stage in stages.values():
        for path in stage.get("params", []):
            for model in written["train"]["models"]:
                place = written
                for key in path.replace("${item.model}", model).split("."):
                    assert key in place, f"dvc.yaml names {path}; params.yaml has no {key}"
                    place = place[key]


def test_every_model_is_waited_for(stages: dict[str, dict[str, Any]]) -> None:
    for model in params.load_params(Layout().params).train.models:
        assert f"models/{model}" in stages["evaluate"]["deps"]


def test_everything_is_written(project: Layout) -> None:
    for name in OUTPUTS:
        assert (project.reports / name).stat().st_size > 0
    assert list((project.reports / "plots").glob("*.csv"))


def test_metrics_file_is_of_the_champion(project: Layout) -> None:
    written = json.loads((project.reports / "metrics.json").read_text(encoding="utf-8"))
    record = champion.load_champion(project.champion)[0].record
    assert written["champion"] == written["models"][record["model"]]
    for name, score in record["metrics"].items():
        assert written["champion"][name] == pytest.approx(score["value"], abs=1e-5)
        assert score["low"] is None or score["low"] <= score["value"] <= score["high"]


def test_record_states_the_lineage(project: Layout) -> None:
    record = champion.load_champion(project.champion)[0].record
    names = {field.name for field in dataclasses.fields(lineage.Lineage)}
    assert set(record["lineage"]) == names | {"mlflow_run_id", "registry_version", "evaluated_at"}


def test_evaluating_twice_changes_nothing(project: Layout) -> None:
    def files() -> dict[str, bytes]:
        paths = [*project.champion.iterdir(), *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    before = files()
    evaluate.main(project)
    assert files() == before


def test_what_was_written_by_hand_or_cut_off_is_written_anew(project: Layout) -> None:
    """A merge, an editor, a full disk: what DVC runs again because of it must not stay as it is."""
    record, report = project.champion / champion.RECORD_FILE, project.reports / "evaluation.json"
    before = record.read_bytes(), json.loads(report.read_text(encoding="utf-8"))
    edited = json.loads(before[0])
    edited["metrics"] = {name: score | {"value": 0.999} for name, score in edited["metrics"].items()}
    evaluate.write_json(record, edited)
    report.write_text("<<<<<<< HEAD\n{", encoding="utf-8")
    evaluate.main(project)
    made, remade = json.loads(before[0]), json.loads(record.read_bytes())
    record.write_bytes(before[0])  # the other tests' reports are of that one
    assert remade | {"lineage": None} == made | {"lineage": None}
    assert json.loads(report.read_text(encoding="utf-8")) == before[1]
    assert not list(project.root.rglob("*.tmp"))


def test_failing_evaluation_leaves_the_champion(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    before = champion.load_champion(project.champion)
    turned = params.load_params(project.params)
    wrong = dataclasses.replace(turned, evaluate=dataclasses.replace(turned.evaluate, metric="charm"))
    monkeypatch.setattr(evaluate, "load_params", lambda _: wrong)
    with pytest.raises(ValueError, match=r"evaluate\.metric is 'charm'"):
        evaluate.main(project)
    assert champion.load_champion(project.champion) == before


def test_test_rows_choose_nothing(
    project: Layout, splits: dict[str, data.Split], schema: data.Schema, turned: params.Params
) -> None:
    candidates = {name: candidate.Candidate.read(project.candidate(name)) for name in turned.train.models}
    chosen = evaluate.evaluate(candidates, splits, schema, turned, {})
    turned_round = np.asarray(splits["test"].target)[::-1]
    other = splits | {"test": dataclasses.replace(splits["test"], target=splits["test"].target.copy())}
    other["test"].target[:] = turned_round
    again = evaluate.evaluate(candidates, other, schema, turned, {})
    assert again.duels == chosen.duels
    assert again.scores != chosen.scores

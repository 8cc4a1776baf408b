"""The experiment log lists what was tried in this project, what it gave, and whether it was kept."""

import shutil
from pathlib import Path

import mlflow
import pytest

from which_library.config import load_params
from which_library.paths import ProjectPaths
from which_library.serving.champion import load_champion
from which_library.tracking import experiments, runs

from ..conftest import MODELS


def write_log(paths: ProjectPaths) -> list[list[str]]:
    """Write the log, and return the cells of its rows."""
    experiments.main([], paths)
    lines = (paths.root / experiments.FILE).read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| 2")]


def test_each_training_is_listed_with_its_score_and_outcome(copy: ProjectPaths) -> None:
    champion = load_champion(copy.champion)[0].record["model"]
    rows = write_log(copy)
    assert [row[1].replace("\\", "") for row in rows] == list(reversed(MODELS))
    outcomes = {row[1].replace("\\", ""): row[4] for row in rows}
    assert outcomes == {name: "**champion**" if name == champion else "compared, not the champion" for name in MODELS}
    assert {row[2] for row in rows} == {"–"}


def test_a_training_that_a_later_one_replaced_is_not_called_compared(copy: ProjectPaths) -> None:
    params = load_params(copy.params)
    runs.connect(copy)
    with mlflow.start_run(tags={"model": MODELS[-1], "model_sha256": "of other code"}):
        mlflow.log_params({"model": MODELS[-1]})
        mlflow.log_metric(params.evaluate.metric, 0.25)
    assert write_log(copy)[0][2:] == ["–", "0.25", "replaced by a later training"]


def test_other_parameters_and_the_best_trial_of_a_search_are_listed(copy: ProjectPaths) -> None:
    params = load_params(copy.params)
    model, metric = MODELS[-1], params.evaluate.metric
    name, value = next(iter(params.train.hyperparameters[model].items()))
    runs.connect(copy)
    with mlflow.start_run(tags={"model": model, "model_sha256": "other"}):
        mlflow.log_params({"model": model, name: "tried"})
        mlflow.log_metric(metric, 0.25)
    search = runs.search_run(f"search {model}", {"model": model, "trials": 1})
    with search, runs.search_run("trial 0", {"model": model, name: value}) as trial:
        trial.metrics[metric] = 0.75
    first, second = write_log(copy)[:2]
    assert first[1].replace("\\", "") == f"search {model}, 1 trials"
    assert first[2:] == ["–", "0.75", "best values kept"]
    assert second[2].replace("\\", "") == f"{name} tried"
    assert second[3:] == ["0.25", "not kept"]


def test_many_experiments_are_cut(copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "MAX_ROWS", 1)
    shutil.rmtree(copy.champion)
    assert [row[4] for row in write_log(copy)] == ["compared, not the champion"]
    (copy.reports / "evaluation.json").write_text("<<<<<<< HEAD", encoding="utf-8")
    assert [row[4] for row in write_log(copy)] == ["replaced by a later training"]
    assert f"{len(MODELS) - 1} older ones are not listed." in (copy.root / experiments.FILE).read_text(encoding="utf-8")


def test_without_a_database_there_is_one_line(
    tmp_path: Path, project: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # set by MLflow itself
    empty = ProjectPaths(tmp_path)
    shutil.copy(project.params, empty.params)
    with pytest.raises(SystemExit, match="MLflow has no run of this project; train the models first: uv run dvc repro"):
        experiments.main([], empty)
    assert not (tmp_path / "mlflow.db").exists()

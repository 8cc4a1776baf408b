"""A search continues where it ended, starts from the current values, and writes numbers without touching comments."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow.tracking import MlflowClient

from digit_reader.config import Params, load_params
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split
from digit_reader.errors import UserError
from digit_reader.evaluation.metrics import METRICS
from digit_reader.models.base import TrainingContext, fit_model
from digit_reader.paths import ProjectPaths
from digit_reader.pipeline import search, search_queue
from digit_reader.pipeline.search import Search, run_trials
from digit_reader.pipeline.search_report import describe_search
from digit_reader.reporting.blocks import describe_searches
from digit_reader.tracking import runs
from digit_reader.tracking.registry import REGISTERED_MODEL

SEARCHED = list(load_params(ProjectPaths().params).search)
MODEL = SEARCHED[0]


@pytest.fixture
def copy(
    project: ProjectPaths, empty_store: Path, empty_studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ProjectPaths:
    """The data and parameters of the small project, with databases of their own."""
    paths = ProjectPaths(tmp_path)
    shutil.copytree(project.prepared, paths.prepared)
    shutil.copy(project.schema, paths.schema)
    shutil.copy(project.params, paths.params)
    shutil.copy(empty_store, paths.root)
    shutil.copy(empty_studies, paths.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(paths.root / 'mlflow.db').as_posix()}")
    runs.connect(paths)
    return paths


def make_search(paths: ProjectPaths, params: Params, model: str = MODEL) -> Search:
    return Search(model, params, paths, f"sqlite:///{(paths.root / 'optuna.db').as_posix()}")


def with_range(params: Params, name: str, **changes: Any) -> Params:
    """Return the parameters with another range for one hyperparameter of MODEL."""
    changed = dataclasses.replace(params.search[MODEL][name], **changes)
    return dataclasses.replace(params, search={**params.search, MODEL: {**params.search[MODEL], name: changed}})


def at_end_of_range(params: Params) -> Params:
    """Return the parameters with the first hyperparameter at the upper end of its range."""
    name, entry = next(iter(params.search[MODEL].items()))
    values = {**params.train.hyperparameters[MODEL], name: entry.high}
    train = dataclasses.replace(params.train, hyperparameters={**params.train.hyperparameters, MODEL: values})
    return dataclasses.replace(params, train=train)


@pytest.fixture(scope="module")
def fitted(splits: dict[str, Split], schema: Schema, params: Params) -> Any:
    return fit_model("baseline", splits["train"], schema, params.train, TrainingContext(0))


@pytest.fixture
def without_training(fitted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "fit_model", lambda *_: fitted)


@pytest.mark.parametrize("model", SEARCHED)
def test_a_search_starts_from_the_current_values_and_continues(copy: ProjectPaths, params: Params, model: str) -> None:
    own = make_search(copy, params, model)
    run_trials(own, 1)
    study = run_trials(own, 1)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    assert study.trials[0].params == own.current
    experiment = MlflowClient().get_experiment_by_name(REGISTERED_MODEL)
    assert experiment is not None
    logged = MlflowClient().search_runs([experiment.experiment_id])
    nested = [run for run in logged if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.info.run_name for run in nested) == ["trial 0", "trial 1"]
    assert all(params.evaluate.metric in run.data.metrics for run in nested)


def test_the_best_values_are_compared_with_the_first(copy: ProjectPaths, params: Params) -> None:
    own = make_search(copy, at_end_of_range(params))
    study = run_trials(own, 3)
    gain, comparison = abs(study.best_value - study.get_trials()[0].values[0]), search.compare_with_first(own, study)
    assert (comparison is None) == (study.best_trial.number == 0)
    if comparison:
        assert comparison.gain.value == pytest.approx(gain, abs=1e-6)
        sentence = describe_search(MODEL, 3, METRICS[params.evaluate.metric], comparison)
        assert sentence.startswith(f"Tuning {MODEL} (3 trials) improved ")


@pytest.mark.usefixtures("without_training")
def test_no_values_are_tried_twice(copy: ProjectPaths, params: Params) -> None:
    for _ in range(2):
        study = run_trials(make_search(copy, params), 2)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == len(study.trials) == 4


@pytest.mark.usefixtures("without_training")
def test_workers_log_trials_of_one_run(
    copy: ProjectPaths, params: Params, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_workers(work: Any, arguments: Any, workers: int) -> int:
        work(*arguments)
        assert workers == 2
        queue = search.open_study(arguments[0])
        search_queue.fill_queue(queue, own.current, 1)
        return 1

    monkeypatch.setattr(search_queue, "run_workers", run_workers)
    own = dataclasses.replace(make_search(copy, params), workers=2)
    study = run_trials(own, 2)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3, "one was left by a worker that was killed"
    assert capsys.readouterr().out.count("trial ") == 3
    experiment = MlflowClient().get_experiment_by_name(REGISTERED_MODEL)
    assert experiment is not None
    logged = {run.info.run_name: run for run in MlflowClient().search_runs([experiment.experiment_id])}
    parent = logged[f"search {MODEL}"].info.run_id
    assert {logged[f"trial {n}"].data.tags["mlflow.parentRunId"] for n in range(3)} == {parent}


@pytest.mark.usefixtures("without_training")
def test_another_metric_or_other_data_starts_a_new_study(copy: ProjectPaths, params: Params) -> None:
    run_trials(make_search(copy, params), 1)
    name = next(key for key, metric in METRICS.items() if metric.higher_is_better is False)
    other = dataclasses.replace(params, evaluate=dataclasses.replace(params.evaluate, metric=name, margin=0.5))
    if name != params.evaluate.metric:
        study = run_trials(make_search(copy, other), 1)
        assert len(study.trials) == 1
        assert study.direction is optuna.study.StudyDirection.MINIMIZE
    (copy.prepared / "more").write_text("data", encoding="utf-8")
    assert len(run_trials(make_search(copy, params), 1).trials) == 1


@pytest.mark.usefixtures("without_training")
def test_a_changed_type_of_range_starts_a_new_study(copy: ProjectPaths, params: Params) -> None:
    """Optuna does not continue where a scale has changed; another end does not matter."""
    name, entry = next((name, entry) for name, entry in params.search[MODEL].items() if entry.log)
    assert len(run_trials(make_search(copy, params), 1).trials) == 1
    assert len(run_trials(make_search(copy, with_range(params, name, log=False)), 1).trials) == 1
    assert len(run_trials(make_search(copy, with_range(params, name, high=entry.high * 2)), 1).trials) == 2


@pytest.mark.usefixtures("without_training")
def test_changed_values_are_tried_next(copy: ProjectPaths, params: Params) -> None:
    run_trials(make_search(copy, params), 2)
    changed = make_search(copy, at_end_of_range(params))
    assert run_trials(changed, 1).trials[-1].params == changed.current


@pytest.mark.usefixtures("without_training")
def test_the_best_values_are_printed_and_written_when_asked(
    copy: ProjectPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_params(copy.params)
    search.main([MODEL, "--trials", "2"], copy)
    output = capsys.readouterr().out
    assert "current: " in output
    assert f"-S train.{MODEL}." in output
    assert load_params(copy.params) == before
    search.main([MODEL, "--trials", "0", "--write"], copy)
    output = capsys.readouterr().out
    assert "Wrote the best values to params.yaml" in output
    report = (copy.reports / "search" / f"{MODEL}.md").read_text(encoding="utf-8")
    assert f"None of 2 trials for {MODEL} scored better" in report  # every trial scores the same
    assert report.count("\n| 0 |") == report.count("\n| 1 |") == 1
    assert (copy.reports / "search" / f"{MODEL}.png").read_bytes().startswith(b"\x89PNG")
    assert f"(search/{MODEL}.md)" in describe_searches(copy.reports)[0]
    for name, value in make_search(copy, load_params(copy.params)).current.items():
        assert f"{name} {value:.4g}" in output


def test_an_interrupted_search_can_be_continued(
    copy: ProjectPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "fit_model", interrupt)
    with pytest.raises(SystemExit) as ended:
        search.main([MODEL, "--trials", "2"], copy)
    assert ended.value.code == 130
    assert "the same command continues" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="no finished trials"):
        search.main([MODEL, "--trials", "0"], copy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["oracle"], "no search ranges for 'oracle'"),
        ([MODEL, "--trials", "-1"], "--trials must be 0 or more"),
        ([MODEL, "--workers", "0"], "--workers must be 1 or more"),
        ([MODEL, "--storage", "server"], "not the address of a database"),
    ],
)
def test_invalid_arguments_are_errors(
    copy: ProjectPaths, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        search.main(arguments, copy)
    assert message in f"{ended.value.code}{capsys.readouterr().err}"


def test_a_search_needs_prepared_data(copy: ProjectPaths) -> None:
    shutil.rmtree(copy.prepared)
    with pytest.raises(SystemExit, match="uv run dvc repro prepare"):
        search.main([MODEL], copy)


def test_an_end_that_the_model_rejects_is_named(copy: ProjectPaths, params: Params) -> None:
    name = next(iter(params.search[MODEL]))
    changed = make_search(copy, with_range(params, name, low=-1.5, high=0.5, log=False))
    with pytest.raises(UserError, match=rf"^params\.yaml: search\.{MODEL}\.{name} has an invalid end: {name} should"):
        search.check_search(changed)
    search.check_search(make_search(copy, params))


def test_every_range_contains_the_current_value() -> None:
    params = load_params(ProjectPaths().params)
    for model, ranges in params.search.items():
        for name, entry in ranges.items():
            assert entry.low <= params.train.hyperparameters[model][name] <= entry.high, f"search.{model}.{name}"


def test_writing_changes_one_number_only(copy: ProjectPaths) -> None:
    shutil.copy(ProjectPaths().params, copy.params)
    before = copy.params.read_text(encoding="utf-8").splitlines()
    name, entry = next(iter(load_params(copy.params).search[MODEL].items()))
    search.write_params(copy.params, MODEL, {name: entry.high})
    after = copy.params.read_text(encoding="utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split(":")[0].strip() for line in changed] == [name]
    assert load_params(copy.params).train.hyperparameters[MODEL][name] == entry.high

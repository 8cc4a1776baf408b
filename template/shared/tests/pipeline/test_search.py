"""A search is kept and goes on where it ended, starts from what is there, and changes numbers, not their comments."""

import dataclasses
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow.tracking import MlflowClient

from .package import Layout, data, metrics, mistakes, models, params, tracking, tune

MODELS = list(params.load_params(Layout().params).tune)


@pytest.fixture
def copy(project: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """The small project's data and numbers, where a search may leave its traces."""
    layout = Layout(tmp_path)
    shutil.copytree(project.prepared, layout.prepared)
    shutil.copy(project.schema, layout.schema)
    shutil.copy(project.params, layout.params)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(layout.root / 'mlflow.db').as_posix()}")
    tracking.start(layout)
    return layout


@pytest.fixture
def search(copy: Layout) -> Callable[..., optuna.Study]:
    """Adds trials to the search of one model."""
    storage = f"sqlite:///{(copy.root / 'optuna.db').as_posix()}"

    def found(model: str, turned: params.Params, trials: int) -> optuna.Study:
        return tune.search(model, copy, turned, turned.tune[model], storage, trials)

    return found


@pytest.fixture(scope="module")
def simple(splits: dict[str, data.Split], schema: data.Schema, turned: params.Params) -> Any:
    """A model that stands in where it is the search that matters."""
    return models.fit("baseline", splits["train"], schema, turned.train)


@pytest.fixture
def quick(simple: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No trial trains."""
    monkeypatch.setattr(models, "fit", lambda *_, **__: simple)


@pytest.fixture
def command(copy: Layout, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`uv run tune` with these arguments."""
    monkeypatch.setattr(tune, "Layout", lambda: copy)

    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["tune", *arguments])
        tune.main()

    return run


@pytest.mark.parametrize("model", MODELS)
def test_a_search_starts_from_what_is_there_and_goes_on(
    copy: Layout, turned: params.Params, search: Callable[..., optuna.Study], model: str
) -> None:
    search(model, turned, 1)
    study = search(model, turned, 1)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 2
    assert study.trials[0].params == {name: getattr(getattr(turned.train, model), name) for name in turned.tune[model]}
    metric = metrics.deciding(data.load_schema(copy.schema).task, turned.evaluate.metric)
    values = [trial.value for trial in study.trials if trial.value is not None]
    assert study.best_value == (max(values) if metric.higher_is_better else min(values))

    client = MlflowClient()
    (experiment,) = (one for one in client.search_experiments() if one.name == tracking.REGISTERED_MODEL)
    runs = client.search_runs([experiment.experiment_id])
    nested = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.info.run_name for run in nested) == ["trial 0", "trial 1"]
    assert all(turned.evaluate.metric in run.data.metrics for run in nested)


@pytest.mark.usefixtures("quick")
def test_nothing_is_tried_twice(turned: params.Params, search: Callable[..., optuna.Study]) -> None:
    for _ in range(2):
        study = search("shallow", turned, 4)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == len(study.trials) == 8


@pytest.mark.usefixtures("quick")
def test_trials_that_cannot_be_compared_are_not(
    copy: Layout, turned: params.Params, search: Callable[..., optuna.Study]
) -> None:
    """By another metric, or on other rows, the best would be another one, or even the worst."""
    first = search("shallow", turned, 1)
    able = metrics.metrics_for(data.load_schema(copy.schema).task)
    others = {name: one.higher_is_better for name, one in able.items() if name != turned.evaluate.metric}
    upwards = first.direction is optuna.study.StudyDirection.MAXIMIZE
    # The worst by the first metric would be the best by one that goes the other way, where there is such a one.
    able_to_decide = [name for name, higher in others.items() if higher is not None]
    name = next((name for name in able_to_decide if others[name] != upwards), able_to_decide[0])
    by_name = dataclasses.replace(turned, evaluate=dataclasses.replace(turned.evaluate, metric=name))
    other = search("shallow", by_name, 1)
    assert len(other.trials) == 1
    assert (other.direction is optuna.study.StudyDirection.MAXIMIZE) is others[name]
    (copy.prepared / "other rows").write_text("more", encoding="utf-8")
    assert len(search("shallow", turned, 1).trials) == 1


@pytest.mark.usefixtures("quick")
def test_what_params_yaml_has_now_is_tried_whenever_it_is_new(
    turned: params.Params, search: Callable[..., optuna.Study]
) -> None:
    search("shallow", turned, 2)
    name, one = next(iter(turned.tune["shallow"].items()))
    change: dict[str, Any] = {name: one.high}
    changed = dataclasses.replace(turned.train.shallow, **change)
    moved = dataclasses.replace(turned, train=dataclasses.replace(turned.train, shallow=changed))
    study = search("shallow", moved, 1)
    assert len(study.trials) == 3
    assert tune.tried(study, tune.present_of("shallow", moved, moved.tune["shallow"])) == study.trials[-1]


def test_what_params_yaml_has_now_is_tried_once_and_to_its_end(
    turned: params.Params, search: Callable[..., optuna.Study], simple: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However bad it is, it is what the best must beat; and `--write` rounds, which makes it no other value."""

    def learn(*given: Any, watch: Callable[[int, float], None]) -> Any:
        hopeless = getattr(given[-1].shallow, name) == one.high
        for epoch in range(1, 11):
            watch(epoch, 9.0 if hopeless else 1.0)
        return simple

    name, one = next(iter(turned.tune["shallow"].items()))
    monkeypatch.setattr(models, "fit", learn)
    search("shallow", turned, 8)
    change: dict[str, Any] = {name: one.high}
    changed = dataclasses.replace(turned.train.shallow, **change)
    moved = dataclasses.replace(turned, train=dataclasses.replace(turned.train, shallow=changed))
    search("shallow", moved, 1)
    study = search("shallow", moved, 1)
    present = tune.present_of("shallow", moved, moved.tune["shallow"])
    assert [trial.state.name for trial in study.trials if trial.user_attrs.get(tune.GIVEN) == present] == ["COMPLETE"]
    assert tune.tried(study, study.trials[1].params) == study.trials[1]
    rounded = {key: tune.written(value) for key, value in study.trials[1].params.items()}
    assert tune.tried(study, rounded) == study.trials[1]


def test_a_hopeless_trial_ends_early(
    turned: params.Params, search: Callable[..., optuna.Study], simple: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, epochs = iter(range(8)), []

    def learn(*_: Any, watch: Callable[[int, float], None]) -> Any:
        loss = 9.0 if next(trial) == 7 else 1.0
        epochs.append(0)
        for epoch in range(1, 11):
            epochs[-1] = epoch
            watch(epoch, loss)
        return simple

    monkeypatch.setattr(models, "fit", learn)
    study = search("shallow", turned, 8)
    assert [one.state.name for one in study.trials] == ["COMPLETE"] * 7 + ["PRUNED"]
    assert epochs[:-1] == [10] * 7
    assert epochs[-1] < 10
    (given_up,) = MlflowClient().search_runs(
        [MlflowClient().get_experiment_by_name(tracking.REGISTERED_MODEL).experiment_id],  # type: ignore[union-attr]
        "metrics.given_up = 1",
    )
    assert given_up.info.run_name == "trial 7"


@pytest.mark.usefixtures("quick")
def test_an_interrupted_search_loses_nothing_and_the_best_is_written_when_asked(
    copy: Layout, command: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(models, "fit", interrupted)
        with pytest.raises(SystemExit) as ended:
            command("shallow", "--trials", "2")
    assert ended.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="Nothing was tried yet"):
        command("shallow", "--trials", "0")

    before = params.load_params(copy.params)
    command("shallow", "--trials", "2")
    said = capsys.readouterr().out
    assert "now:  " in said
    assert "-S train.shallow." in said
    assert params.load_params(copy.params) == before
    command("shallow", "--trials", "0", "--write")
    assert "Written to params.yaml" in capsys.readouterr().out
    command("shallow", "--trials", "0")
    best = [line for line in capsys.readouterr().out.splitlines() if line.startswith("best: ")]
    written = tune.present_of("shallow", params.load_params(copy.params), before.tune["shallow"])
    assert best[0].endswith(f"with {tune.in_words(written)}")


def test_what_makes_no_sense_is_refused(command: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="no ranges for 'oracle'"):
        command("oracle")
    with pytest.raises(SystemExit):
        command("shallow", "--trials", "-1")
    assert "--trials must be 0 or more" in capsys.readouterr().err


def test_an_end_that_the_parameter_cannot_take_is_named(turned: params.Params) -> None:
    name = next(iter(turned.tune["shallow"]))
    one = params.Range(low=-1.5, high=0.5)
    with pytest.raises(mistakes.UserError, match=rf"^params\.yaml: tune\.shallow\.{name} ends where {name} should be"):
        tune.check_ends("shallow", turned, {name: one})
    tune.check_ends("shallow", turned, turned.tune["shallow"])


@pytest.mark.usefixtures("quick")
def test_a_range_of_another_kind_begins_another_search(
    turned: params.Params, search: Callable[..., optuna.Study]
) -> None:
    """Optuna refuses to go on where a scale or a kind of number has changed; where only an end has, it goes on."""
    name, one = next((name, one) for name, one in turned.tune["shallow"].items() if one.log)
    for changed, trials in ((one, 1), (dataclasses.replace(one, log=False), 1), (one, 2)):
        ranges = turned.tune["shallow"] | {name: changed}
        study = search("shallow", dataclasses.replace(turned, tune=turned.tune | {"shallow": ranges}), 1)
        assert len(study.trials) == trials


def test_every_range_holds_the_present_value() -> None:
    written = params.load_params(Layout().params)
    for model, ranges in written.tune.items():
        for name, one in ranges.items():
            assert one.low <= getattr(getattr(written.train, model), name) <= one.high, f"tune.{model}.{name}"


def test_writing_changes_the_number_and_nothing_else(copy: Layout, turned: params.Params) -> None:
    shutil.copy(Layout().params, copy.params)
    before = copy.params.read_text(encoding="utf-8")
    name, one = next(iter(turned.tune["shallow"].items()))
    tune.write(copy.params, "shallow", {name: one.high})
    after = copy.params.read_text(encoding="utf-8")
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [line.split(":")[0].strip() for line in changed] == [name]
    assert getattr(params.load_params(copy.params).train.shallow, name) == one.high

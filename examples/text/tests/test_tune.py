"""A search is kept and goes on where it ended, starts from what is there, and changes numbers, not their comments."""

import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from .package import Layout, data, metrics, params, tracking, tune


@pytest.fixture
def copy(project: Layout, tmp_path: Path) -> Layout:
    """The small project's data and numbers, where a search may leave its traces."""
    layout = Layout(tmp_path)
    shutil.copytree(project.prepared, layout.prepared)
    shutil.copy(project.schema, layout.schema)
    shutil.copy(Layout().params, layout.params)
    return layout


def test_a_search_starts_from_what_is_there_and_goes_on(
    copy: Layout, turned: params.Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(copy.root / 'mlflow.db').as_posix()}")
    tracking.start(copy)
    storage = f"sqlite:///{(copy.root / 'optuna.db').as_posix()}"
    ranges = turned.tune["shallow"]
    for trials in (2, 1):
        study = tune.search("shallow", copy, turned, ranges, storage, trials)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3
    assert study.trials[0].params == {name: getattr(turned.train.shallow, name) for name in ranges}
    higher = metrics.metrics_for(data.load_schema(copy.schema).task)[turned.evaluate.metric].higher_is_better
    values = [trial.value for trial in study.trials if trial.value is not None]
    assert study.best_value == (max(values) if higher else min(values))

    client = MlflowClient()
    (experiment,) = (one for one in client.search_experiments() if one.name == tracking.REGISTERED_MODEL)
    runs = client.search_runs([experiment.experiment_id])
    nested = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.info.run_name for run in nested) == ["trial 0", "trial 1", "trial 2"]
    assert all(turned.evaluate.metric in run.data.metrics for run in nested)


def test_every_range_holds_the_present_value() -> None:
    written = params.load_params(Layout().params)
    for model, ranges in written.tune.items():
        for name, one in ranges.items():
            assert one.low <= getattr(getattr(written.train, model), name) <= one.high, f"tune.{model}.{name}"


def test_writing_changes_the_number_and_nothing_else(copy: Layout, turned: params.Params) -> None:
    before = copy.params.read_text(encoding="utf-8")
    name, one = next(iter(turned.tune["shallow"].items()))
    tune.write(copy.params, "shallow", {name: one.high})
    after = copy.params.read_text(encoding="utf-8")
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [line.split(":")[0].strip() for line in changed] == [name]
    assert getattr(params.load_params(copy.params).train.shallow, name) == one.high

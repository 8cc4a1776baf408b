"""Processes that share the trials of a search: each trial counts once, and none is lost."""

import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from air_ahead.errors import UserError
from air_ahead.pipeline import search_queue


@pytest.fixture
def address(empty_studies: Path, tmp_path: Path) -> str:
    return f"sqlite:///{Path(shutil.copy(empty_studies, tmp_path)).as_posix()}"


@pytest.fixture
def open_study(address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], optuna.Study]:
    """Return a function that opens the same study as another process does."""
    monkeypatch.setattr(search_queue, "HEARTBEAT_SECONDS", 5)
    monkeypatch.setattr(search_queue, "GRACE_SECONDS", 1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return lambda: optuna.create_study(
        storage=search_queue.open_storage(address), study_name="study", load_if_exists=True
    )


def objective(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0, 1)


def states(study: optuna.Study) -> list[str]:
    return [trial.state.name for trial in study.get_trials(deepcopy=False)]


def test_a_queue_has_a_total_number_of_trials(open_study: Callable[[], optuna.Study]) -> None:
    here, there = open_study(), open_study()
    search_queue.fill_queue(here, {"x": 0.5}, 3)
    search_queue.fill_queue(there, {"x": 0.5}, 3)
    assert states(here) == ["WAITING"] * 3

    def run_here_meanwhile(trial: optuna.Trial) -> float:
        search_queue.take_trials(here, objective)
        return objective(trial)

    search_queue.take_trials(there, run_here_meanwhile)
    assert states(here) == ["COMPLETE"] * 3
    assert here.trials[0].params == {"x": 0.5}


def test_an_interrupted_queue_continues_to_its_total(open_study: Callable[[], optuna.Study]) -> None:
    def interrupted(trial: optuna.Trial) -> float:
        value = objective(trial)
        if trial.number == 1:
            raise KeyboardInterrupt
        return value

    study = open_study()
    search_queue.fill_queue(study, {"x": 0.5}, 4)
    with pytest.raises(KeyboardInterrupt):
        search_queue.take_trials(study, interrupted)
    search_queue.fill_queue(study, {"x": 0.5}, 4)
    search_queue.take_trials(study, objective)
    assert states(study) == ["COMPLETE", "FAIL", *["COMPLETE"] * 3]
    assert study.trials[1].params == study.trials[4].params


def test_a_process_that_comes_too_late_for_the_last_trial_runs_none(
    open_study: Callable[[], optuna.Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_study()
    seen = iter([["the last one"], []])
    monkeypatch.setattr(search_queue, "waiting_trials", lambda _: next(seen))
    search_queue.take_trials(study, objective)
    assert states(study) == ["PRUNED"]
    assert study.trials[0].params == {}


def test_the_trial_of_a_killed_process_runs_once_more(
    open_study: Callable[[], optuna.Study], capsys: pytest.CaptureFixture[str]
) -> None:
    killed, study = open_study(), open_study()
    search_queue.fill_queue(study, {"x": 0.5}, 1)
    with warnings.catch_warnings():  # to use `optimize`, which can't be killed here
        warnings.simplefilter("ignore", UserWarning)
        lost = killed.ask()
    killed._storage.record_heartbeat(lost._trial_id)  # type: ignore[attr-defined]
    assert lost.suggest_float("x", 0, 1) == 0.5
    search_queue.run_lost_trials(study, objective, killed=1)
    assert "1 workers were killed" in capsys.readouterr().err
    assert states(study) == ["FAIL", "COMPLETE"]
    assert study.trials[1].params == {"x": 0.5}


@pytest.mark.parametrize("late", [True, False])
def test_a_process_that_was_suspended_goes_on(open_study: Callable[[], optuna.Study], late: bool) -> None:
    """Its trial was given to another process, so its own result does not count, and is no error."""
    study = open_study()

    def suspended(trial: optuna.Trial) -> float:
        value = objective(trial)
        study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        return value if late else objective(trial) + trial.suggest_float("y", 0, 1)

    search_queue.fill_queue(study, {"x": 0.5}, 1)
    search_queue.take_trials(study, suspended)
    assert states(study) == ["FAIL"]


def test_errors_of_a_training_are_shown(open_study: Callable[[], optuna.Study]) -> None:
    def fail(_: optuna.Trial) -> float:
        raise ValueError("a bug")

    study = open_study()
    search_queue.fill_queue(study, {"x": 0.5}, 1)
    with pytest.raises(ValueError, match="a bug"):
        search_queue.take_trials(study, fail)


def test_ends_of_workers_are_counted() -> None:
    start = time.monotonic()
    assert search_queue.run_workers(time.sleep, (0,), 1) == 0
    assert search_queue.run_workers(os.abort, (), 1) == 1
    with pytest.raises(UserError, match="a worker failed"):
        search_queue.run_workers(sys.exit, (1,), 1)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgres://ada:pa55word@127.0.0.1:1/search", "refused|no driver for postgresql is installed"),
        ("sqlite:////missing/folder/optuna.db", "unable to open database file. Check that it runs"),
    ],
)
def test_a_database_that_is_down_is_one_line(address: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error, search_queue.storage_errors(address):
        search_queue.open_storage(address)
    assert "pa55word" not in str(error.value)

"""The trials of a search as a queue in the database of its study, from which each process takes the next one.

Any number of processes and machines share a queue. A process writes a heartbeat for the trial that it runs; where that
stops, another process runs the trial once more.
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState

from ..errors import UserError
from ..tracking.databases import database_errors, parse_url

HEARTBEAT_SECONDS = 10
# Without a heartbeat for so long, the process of a trial is dead.
GRACE_SECONDS = 60
QUEUED = "queued"

Objective = Callable[[optuna.Trial], float]


def open_storage(address: str) -> RDBStorage:
    """Return the database of studies at an SQLAlchemy URL."""
    url = parse_url(address)
    # Several processes write to one file.
    options = {"connect_args": {"timeout": 60}} if url.get_backend_name() == "sqlite" else {"pool_pre_ping": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            url.render_as_string(hide_password=False),
            engine_kwargs=options,
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=1),
        )


@contextmanager
def storage_errors(address: str) -> Iterator[None]:
    """Turn the errors of the database into a `UserError`."""
    with database_errors(parse_url(address), "Finished trials are kept; the same command continues."):
        try:
            yield
        except StorageInternalError as error:
            raise error.__cause__ or error from None


def fill_queue(study: optuna.Study, first: Mapping[str, Any], trials: int) -> None:
    """Let `trials` trials wait, among them the values `first` if they were never tried.

    If trials wait already, none is added: the search was interrupted and continues, or other processes run it.
    """
    queued = {QUEUED: True}
    count = len(waiting_trials(study)) or trials
    study.enqueue_trial(dict(first), user_attrs=queued, skip_if_exists=True)
    for _ in range(count - len(waiting_trials(study))):
        study.enqueue_trial({}, user_attrs=queued)


def queue_again(study: optuna.Study, params: Mapping[str, Any]) -> None:
    """Let a trial with these values wait, in place of one that did not finish."""
    study.enqueue_trial(dict(params), user_attrs={QUEUED: True})


def waiting_trials(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials of the queue."""
    return study.get_trials(deepcopy=False, states=[TrialState.WAITING])


def take_trials(study: optuna.Study, objective: Objective) -> None:
    """Run trials of the queue until it is empty."""
    given_away: list[int] = []

    def run(trial: optuna.Trial) -> float:
        if QUEUED not in trial.user_attrs:  # another process took the last one meanwhile
            raise optuna.TrialPruned
        try:
            return objective(trial)
        except KeyboardInterrupt:
            queue_again(study, trial.params)
            raise
        finally:
            running = study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
            if trial.number not in {other.number for other in running}:
                given_away.append(trial.number)

    while waiting_trials(study):
        count = len(given_away)
        try:
            study.optimize(run, n_trials=1)
        except Exception:
            # Where this process was suspended for so long that another one got its trial, Optuna rejects the result.
            if len(given_away) == count:
                raise


def run_workers(target: Callable[..., None], arguments: tuple[Any, ...], workers: int) -> int:
    """Run a function in several processes at the same time; return how many were killed.

    Raises:
        UserError: one ended with an error, which it has printed.
    """
    processes = [get_context("spawn").Process(target=target, args=arguments) for _ in range(workers)]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    finally:
        for process in processes:
            process.terminate()
    if any((process.exitcode or 0) > 0 for process in processes):
        raise UserError("a worker failed: see its error above. Finished trials are kept; the same command continues")
    return sum((process.exitcode or 0) < 0 for process in processes)


def run_lost_trials(study: optuna.Study, objective: Objective, killed: int) -> None:
    """Run the trials of processes that were killed, as soon as their heartbeats are old enough."""
    print(f"{killed} workers were killed; waiting up to {GRACE_SECONDS} s for their trials.", file=sys.stderr)
    end = time.monotonic() + GRACE_SECONDS + HEARTBEAT_SECONDS
    while time.monotonic() < end and study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        time.sleep(min(1, HEARTBEAT_SECONDS / 2))
    take_trials(study, objective)

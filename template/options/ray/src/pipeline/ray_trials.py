"""The trials of a search on a Ray cluster, by Ray Tune with `OptunaSearch` on the project's study."""

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import optuna
from ray import tune
from ray.tune.search.optuna import OptunaSearch

from ..data.prepared import read_prepared
from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError
from . import search, search_queue
from .ray_cluster import MAX_RETRIES, connect, describe
from .search import Search

SCORE = "score"
# The number of a trial, in its configuration beside the values of the hyperparameters.
NUMBER = "number"
# A user attribute of a trial that was started on a cluster.
ON_RAY = "on_ray"


class TrialLog(tune.Callback):  # type: ignore[misc]  # Ray may not be installed where types are checked
    """Logs each trial that ends to MLflow, from the machine that runs the search."""

    def __init__(self, own: Search, run_id: str) -> None:
        self.own, self.run_id = own, run_id

    def on_trial_complete(self, *_: Any, trial: Any, **__: Any) -> None:
        """Log the values and the score of a trial."""
        values = {name: trial.config[name] for name in self.own.ranges}
        with search.log_trial(self.own, self.run_id, trial.config[NUMBER], values) as run:
            run.metrics[self.own.metric] = trial.last_result[SCORE]


def run_trials(own: Search, trials: int) -> optuna.Study:
    """Add `trials` to the study of a model, as `search.run_trials` does, on the cluster at `RAY_ADDRESS`."""
    with connect(own.paths):
        requeue_lost_trials(search.open_study(own))
        return search.run_trials(own, trials, run_queue)


def requeue_lost_trials(study: optuna.Study) -> None:
    """Let the trials wait again that ran when an earlier search ended with its head or its process.

    Unlike those of processes, they have no heartbeats. `Tuner.restore` would need Ray's files as well as the study.
    """
    for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
        if ON_RAY in trial.user_attrs:
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            search_queue.queue_again(study, trial.params)


def run_queue(own: Search, study: optuna.Study, run_id: str) -> None:
    """Run the waiting trials of a study; as many as there are workers run at the same time.

    Raises:
        UserError: a trial failed each time.
    """
    schema, splits = read_prepared(own.paths)
    # The cluster does not need the password of the database.
    shared = replace(own, storage="")
    data = {"own": shared, "splits": splits, "schema": schema}
    waiting = len(search_queue.waiting_trials(study))
    higher_is_better = study.direction is optuna.study.StudyDirection.MAXIMIZE
    algorithm = OptunaSearch(
        partial(suggest, own=shared),
        study_name=study.study_name,
        storage=search_queue.open_storage(own.storage),
        sampler=study.sampler,
        metric=SCORE,
        mode="max" if higher_is_better else "min",
    )
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Optuna's heartbeats are those of a local process; Ray notices itself that a node is lost.
        warnings.filterwarnings("ignore", "Heartbeat of storage")
        tuner = tune.Tuner(
            tune.with_parameters(run_trial, **data),  # through Ray's object store, once per node
            tune_config=tune.TuneConfig(
                search_alg=algorithm,
                num_samples=waiting,
                max_concurrent_trials=own.workers,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                storage_path=folder,
                failure_config=tune.FailureConfig(max_failures=MAX_RETRIES),
                callbacks=[TrialLog(own, run_id)],
                verbose=0,
            ),
        )
        errors = tuner.fit().errors
    if errors:
        raise UserError(
            f"{len(errors)} of {waiting} trials failed on the Ray cluster: {describe(errors[0])}. "
            "Finished trials are kept; the same command continues"
        )


def suggest(trial: optuna.Trial, own: Search) -> dict[str, Any]:
    """Return the configuration of a trial."""
    trial.set_user_attr(ON_RAY, True)
    return {**search.suggest_values(trial, own), NUMBER: trial.number}


def run_trial(config: Mapping[str, Any], own: Search, splits: Mapping[str, Split], schema: Schema) -> dict[str, float]:
    """Train and score a model on a node of the cluster."""
    values = {name: config[name] for name in own.ranges}
    return {SCORE: search.fit_and_score(own, splits, schema, values)}

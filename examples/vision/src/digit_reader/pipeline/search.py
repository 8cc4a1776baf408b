"""Hyperparameter search with Optuna: `uv run search boosting --trials 30`.

`--write` puts the best values into `params.yaml`, and the trials into `reports/search/`. The ranges are those under
`search` in `params.yaml`; the current values are tried first. Trials are compared on the validation split, kept in
`optuna.db` (or the database given by `--storage`) and extended by the next search; after an interruption, the same
command runs the trials that are left. If the metric, the data or a hyperparameter without a range changes, a new study
starts.

`--workers` runs trials in several processes. The same command on other machines, with the same `--storage`, joins them.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from pydantic import ValidationError
from ruamel.yaml import YAML
from threadpoolctl import threadpool_limits

from .. import TITLE
from ..config import Params, SearchRange, Train, load_params
from ..data.prepared import read_prepared
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from ..errors import UserError, exit_on_user_error, format_errors
from ..evaluation.scores import primary_metric, read_truth
from ..evaluation.selection import Comparison, compare_two
from ..models.base import TrainingContext, fit_model, hyperparameters
from ..paths import ProjectPaths
from ..tracking import runs
from . import search_queue
from .search_report import write_search_report


@dataclass(frozen=True)
class Search:
    """The search for the hyperparameters of one model."""

    model: str
    params: Params
    paths: ProjectPaths
    storage: str
    workers: int = 1

    @property
    def ranges(self) -> Mapping[str, SearchRange]:
        """The hyperparameters to search for, with their ranges."""
        return self.params.search.get(self.model, {})

    @property
    def metric(self) -> str:
        """The name of the metric that is optimized."""
        return self.params.evaluate.metric

    @property
    def current(self) -> dict[str, Any]:
        """The current values of these hyperparameters in `params.yaml`."""
        return {name: self.params.train.hyperparameters[self.model][name] for name in self.ranges}

    def with_values(self, values: Mapping[str, Any]) -> Train:
        """Return the training parameters with other values for these hyperparameters."""
        train = self.params.train
        changed = {**train.hyperparameters[self.model], **values}
        return replace(train, hyperparameters={**train.hyperparameters, self.model: changed})


RunTrials = Callable[[Search, int], optuna.Study]
RunQueue = Callable[[Search, optuna.Study, str], None]


@exit_on_user_error()
def main(
    arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None, engine: RunTrials | None = None
) -> None:
    """Run `uv run search`; `engine` runs the trials, by default `run_trials`."""
    options = parse_arguments(arguments)
    paths = paths or ProjectPaths()
    storage = options.storage or f"sqlite:///{(paths.root / 'optuna.db').as_posix()}"
    search = Search(options.model, load_params(paths.params), paths, storage, options.workers)
    check_search(search)
    runs.connect(paths)
    try:
        with search_queue.storage_errors(storage), runs.server_errors("Finished trials are kept."):
            study = (engine or run_trials)(search, options.trials)
    except KeyboardInterrupt:
        print("Interrupted. Finished trials are kept; the same command continues.", file=sys.stderr)
        sys.exit(130)
    print_results(search, study)
    if options.write:
        metric = primary_metric(search.params.evaluate.metric)
        write_search_report(paths.reports, search.model, study, metric, compare_with_first(search, study))
        write_params(paths.params, search.model, study.best_params)
        print(f"Wrote the best values to params.yaml, and the trials to reports/search/{search.model}.md.")
        print("Train with them: uv run dvc repro")
    else:
        best = {name: to_written(value) for name, value in study.best_params.items()}
        changes = " ".join(f"-S train.{search.model}.{name}={value}" for name, value in best.items())
        print(f"Try them:  uv run dvc exp run {changes}\nKeep them: uv run search {search.model} --trials 0 --write")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="search", description="Search for better hyperparameters of a model.")
    parser.add_argument("model", help="a name under search in params.yaml, for example: boosting")
    parser.add_argument("--trials", type=int, default=30, help="the number of trials, of all workers together (30)")
    parser.add_argument("--workers", type=int, default=1, help="the number of processes (1)")
    parser.add_argument(
        "--storage",
        help="a database for several machines instead of optuna.db: postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    parser.add_argument("--write", action="store_true", help="put the best values into params.yaml")
    options = parser.parse_args(arguments)
    if options.trials < 0:
        parser.error("--trials must be 0 or more")
    if options.workers < 1:
        parser.error("--workers must be 1 or more")
    return options


def check_search(search: Search) -> None:
    """Check that the data is prepared, that the model has ranges, and that it accepts both ends of each range.

    Raises:
        UserError: says what to do.
    """
    if not search.paths.prepared.exists():
        raise UserError("data/prepared/ not found; create it with: uv run dvc repro prepare")
    if not search.ranges:
        raise UserError(f"params.yaml has no search ranges for {search.model!r}; add some under search.{search.model}")
    values = hyperparameters(search.model, search.params.train)
    for name, search_range in search.ranges.items():
        for end in (search_range.low, search_range.high):
            try:
                replace(values, **{name: end})
            except ValidationError as error:
                (problem,) = format_errors(error)
                raise UserError(f"params.yaml: search.{search.model}.{name} has an invalid end: {problem}") from error


def run_trials(search: Search, trials: int, run_queue: RunQueue | None = None) -> optuna.Study:
    """Add `trials` to the study of a model, or continue; each is an MLflow run nested in the run of the search.

    `run_queue` runs those that wait in the study, given the id of the MLflow run, by default `run_in_processes`.
    """
    study = open_study(search)
    if trials:
        if waiting := len(search_queue.waiting_trials(study)):
            print(f"Continuing a search: {waiting} of its trials wait.", flush=True)
        search_queue.fill_queue(study, search.current, trials)
        with runs.search_run(f"search {search.model}", {"model": search.model, "trials": trials}) as run:
            (run_queue or run_in_processes)(search, study, run.id)
    return study


def run_in_processes(search: Search, study: optuna.Study, run_id: str) -> None:
    """Run the waiting trials in this process, or in those of `--workers`."""
    objective = make_objective(search, run_id)
    if search.workers == 1:
        search_queue.take_trials(study, objective)
    elif killed := search_queue.run_workers(work, (search, run_id), search.workers):
        search_queue.run_lost_trials(study, objective, killed)


@exit_on_user_error()
def work(search: Search, run_id: str) -> None:
    """Run trials in a process of their own, as part of an MLflow run."""
    runs.connect(search.paths)
    cores = max(1, (os.cpu_count() or 1) // search.workers)
    # The process that started this one reports an interruption.
    with suppress(KeyboardInterrupt), threadpool_limits(cores), search_queue.storage_errors(search.storage):
        search_queue.take_trials(open_study(search), make_objective(search, run_id))


def open_study(search: Search) -> optuna.Study:
    """Create or load the study in which comparable trials are kept."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    metric = primary_metric(search.params.evaluate.metric)
    study = optuna.create_study(
        storage=search_queue.open_storage(search.storage),
        study_name=study_name(search),
        direction="maximize" if metric.higher_is_better else "minimize",
        load_if_exists=True,
    )
    # The seed depends on the number of trials: a continued search must not sample its first values again. Where several
    # processes sample at once, it is random.
    shared = search.workers > 1 or not search.storage.startswith("sqlite:")
    finished = len(study.get_trials(deepcopy=False)) - len(search_queue.waiting_trials(study))
    seed = None if shared else search.params.train.seed + finished
    study.sampler = optuna.samplers.TPESampler(seed=seed)
    return study


def study_name(search: Search) -> str:
    """Return a name that is the same for trials that can be compared: same metric, data and other hyperparameters.

    Optuna requires that a range keeps its type (integer or not) and its scale.
    """
    types = {name: (entry.integer, entry.log) for name, entry in search.ranges.items()}
    fixed = {name: types.get(name, value) for name, value in search.params.train.logged_params(search.model).items()}
    digest = hashlib.sha256(repr(sorted(fixed.items())).encode())
    for path in sorted(path for path in search.paths.prepared.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return f"{TITLE}: {search.model} by {search.params.evaluate.metric} ({digest.hexdigest()[:8]})"


def make_objective(search: Search, run_id: str) -> search_queue.Objective:
    """Return the function that trains and scores a model with the values of a trial, as part of an MLflow run."""
    schema, splits = read_prepared(search.paths)

    def objective(trial: optuna.Trial) -> float:
        values = suggest_values(trial, search)
        with log_trial(search, run_id, trial.number, values) as run:
            run.metrics[search.metric] = fit_and_score(search, splits, schema, values, trial)
        return run.metrics[search.metric]

    return objective


def fit_and_score(
    search: Search,
    splits: Mapping[str, Split],
    schema: Schema,
    values: Mapping[str, int | float],
    trial: optuna.Trial | None = None,
) -> float:
    """Return the score of a model with these values on the validation split."""
    context = TrainingContext(search.params.train.seed, trial=trial)
    model = fit_model(search.model, splits["train"], schema, search.with_values(values), context)
    target = encode_target(splits["validation"].target, schema)
    return primary_metric(search.metric).score(target, model.predict(splits["validation"].features))


@contextmanager
def log_trial(search: Search, run_id: str, number: int, values: Mapping[str, int | float]) -> Iterator[runs.SearchRun]:
    """Log a trial as an MLflow run nested in the one with the id `run_id`, and print its score."""
    with runs.search_run(f"trial {number}", {"model": search.model, **values}, run_id) as run:
        yield run
    print(f"trial {number}: {search.metric} {run.metrics[search.metric]:.4g}", flush=True)


def suggest_values(trial: optuna.Trial, search: Search) -> dict[str, int | float]:
    """Sample a value for each hyperparameter that is searched."""
    return {name: to_written(suggest(trial, name, entry)) for name, entry in search.ranges.items()}


def suggest(trial: optuna.Trial, name: str, search_range: SearchRange) -> int | float:
    """Sample a value from a range."""
    low, high, log = search_range.low, search_range.high, search_range.log
    if search_range.integer:
        return trial.suggest_int(name, int(low), int(high), log=log)
    return trial.suggest_float(name, low, high, log=log)


def to_written(value: float) -> int | float:
    """Return the value with the four significant digits that are written to `params.yaml`, and tried."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


def print_results(search: Search, study: optuna.Study) -> None:
    """Print the score of the current values, and the best values with theirs.

    Raises:
        UserError: no trial has finished.
    """
    finished = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    if not finished:
        raise UserError(f"no finished trials for these parameters; run: uv run search {search.model} --trials 30")
    metric = search.params.evaluate.metric
    for trial in finished:
        if trial.params == search.current:
            print(f"current: {metric} {trial.value:.4g} (validation split)")
            break
    best = ", ".join(f"{name} {value:.4g}" for name, value in study.best_params.items())
    print(f"best:    {metric} {study.best_value:.4g} with {best}")


def compare_with_first(search: Search, study: optuna.Study) -> Comparison | None:
    """Return the gain of the best values over those that were tried first, the current ones of that time.

    The model is trained with both. None if the first values are the best.
    """
    first, best = study.trials[0].params, study.best_params
    if first == best:
        return None
    schema, splits = read_prepared(search.paths)
    predictions = {}
    for name, values in {"first": first, "best": best}.items():
        written = {key: to_written(value) for key, value in values.items()}
        context = TrainingContext(search.params.train.seed)
        model = fit_model(search.model, splits["train"], schema, search.with_values(written), context)
        predictions[name] = model.predict(splits["validation"].features)
    truth = read_truth(splits["validation"], schema)
    return compare_two("the validation split", truth, predictions, search.params.evaluate)


def write_params(path: Path, model: str, values: Mapping[str, float]) -> None:
    """Change hyperparameters in `params.yaml`; comments and all other lines stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    document: Any = yaml.load(path.read_text(encoding="utf-8"))
    for name, value in values.items():
        document["train"][model][name] = to_written(value)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(document, file)


if __name__ == "__main__":
    main()

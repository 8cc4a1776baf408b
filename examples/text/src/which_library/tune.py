"""Look for better parameters: `uv run tune shallow --trials 30`, and `--write` to put the best into `params.yaml`.

The ranges stand under `tune` in `params.yaml`, and what is there now is tried first, so that the best is never worse.
Trials are compared on the validation split; the test split plays no part. They are kept in `optuna.db` (or at
`--storage`, a database that many machines can reach): asking again goes on where the last search ended, unless the
metric, the data or a parameter that is not searched for has changed, since then the old trials say nothing.
"""

import argparse
import dataclasses
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from pydantic import ValidationError
from ruamel.yaml import YAML

from . import TITLE, data, metrics, mistakes, models, tracking
from .candidate import parameters_of
from .layout import Layout
from .params import Params, Range, load_params

# What a trial says of itself that was asked for, not drawn: its parameters. It is never given up.
GIVEN = "given"


@mistakes.in_words()
def main() -> None:
    """`uv run tune`."""
    asked = arguments()
    layout = Layout()
    params = load_params(layout.params)
    if not layout.prepared.exists():
        raise mistakes.UserError("There are no prepared data yet: uv run dvc repro prepare")
    ranges = params.tune.get(asked.model)
    if not ranges:
        raise mistakes.UserError(f"params.yaml has no ranges for {asked.model!r}: name some under tune.{asked.model}")
    check_ends(asked.model, params, ranges)
    tracking.start(layout)
    storage = asked.storage or f"sqlite:///{(layout.root / 'optuna.db').as_posix()}"
    try:
        study = search(asked.model, layout, params, ranges, storage, asked.trials)
    except KeyboardInterrupt:
        print("Interrupted. What was tried is kept, and the same command goes on from there.", file=sys.stderr)
        sys.exit(130)
    if not completed(study):
        raise mistakes.UserError(f"Nothing was tried yet with these numbers: uv run tune {asked.model} --trials 30")

    metric = params.evaluate.metric
    now = tried(study, present_of(asked.model, params, ranges))
    if now and now.value is not None:
        print(f"now:  {metric} {now.value:.4g} (validation split)")
    print(f"best: {metric} {study.best_value:.4g} with {in_words(study.best_params)}")
    if asked.write:
        write(layout.params, asked.model, study.best_params)
        print("Written to params.yaml. Train with it: uv run dvc repro")
    else:
        best = study.best_params.items()
        changes = " ".join(f"-S train.{asked.model}.{name}={written(value)}" for name, value in best)
        print(f"Try it: uv run dvc exp run {changes}\nKeep it: uv run tune {asked.model} --trials 0 --write")


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(prog="tune", description="Look for better parameters of one model.")
    parser.add_argument("model", help="a name under tune in params.yaml, for example: shallow")
    parser.add_argument("--trials", type=int, default=30, help="how many to add (30)")
    parser.add_argument("--storage", help="an SQLAlchemy URL that several machines share, instead of optuna.db")
    parser.add_argument("--write", action="store_true", help="put the best into params.yaml")
    asked = parser.parse_args()
    if asked.trials < 0:
        parser.error("--trials must be 0 or more")
    return asked


def check_ends(model: str, params: Params, ranges: Mapping[str, Range]) -> None:
    """Both ends of each range must be what the parameter may be.

    Raises:
        UserError: names the range, and what is wrong with its end.
    """
    for name, one in ranges.items():
        for end in (one.low, one.high):
            try:
                dataclasses.replace(getattr(params.train, model), **{name: end})
            except ValidationError as error:
                (wrong,) = mistakes.problems(error)
                raise mistakes.UserError(f"params.yaml: tune.{model}.{name} ends where {wrong}") from error


def search(
    model: str, layout: Layout, params: Params, ranges: Mapping[str, Range], storage: str, trials: int
) -> optuna.Study:
    """Add `trials` to the search of one model; each is a run of MLflow below one run for the search.

    Trials that fall behind the median of the others are given up after a few epochs (networks only).
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    schema = data.load_schema(layout.schema)
    splits = data.read_splits(layout.prepared, schema)
    metric = metrics.deciding(schema.task, params.evaluate.metric)
    validation, target = splits["validation"].features, data.encode_target(splits["validation"].target, schema)
    study = optuna.create_study(
        storage=storage,
        study_name=name_of(model, layout, params, ranges),
        direction="maximize" if metric.higher_is_better else "minimize",
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=5),
        load_if_exists=True,
    )
    # A search that goes on must not draw again what it drew first, nor one of many machines what the others draw.
    shared = not storage.startswith("sqlite:")
    study.sampler = optuna.samplers.TPESampler(seed=None if shared else params.train.seed + len(study.trials))
    present = present_of(model, params, ranges)
    if trials and not tried(study, present):
        study.enqueue_trial(present, user_attrs={GIVEN: present})

    def trial_of(trial: optuna.Trial) -> float:
        chosen = {name: written(suggest(trial, name, one)) for name, one in ranges.items()}
        turned = dataclasses.replace(getattr(params.train, model), **chosen)

        def watch(epoch: int, loss: float) -> None:
            # The pruner compares like with like: the held-out loss, turned to the study's direction.
            trial.report(-loss if metric.higher_is_better else loss, epoch)
            if trial.should_prune() and GIVEN not in trial.user_attrs:
                raise optuna.TrialPruned

        wanted = dataclasses.replace(params.train, **{model: turned})
        with tracking.trial(f"trial {trial.number}", {"model": model, **chosen}) as measured:
            try:
                fitted = models.fit(model, splits["train"], schema, wanted, watch=watch)
            except optuna.TrialPruned:
                measured["given_up"] = 1.0
            else:
                measured[params.evaluate.metric] = metric.score(target, models.predict(fitted, validation))
        if params.evaluate.metric not in measured:
            raise optuna.TrialPruned
        return measured[params.evaluate.metric]

    if trials:
        with tracking.trial(f"tune {model}", {"model": model, "trials": trials}):
            study.optimize(trial_of, n_trials=trials, show_progress_bar=True)
    return study


def name_of(model: str, layout: Layout, params: Params, ranges: Mapping[str, Range]) -> str:
    """The name under which trials are kept that can be compared: one metric, the same rows, all else alike.

    What is searched for is of one kind as well, whole numbers or not, on one scale: Optuna asks for that.
    """
    kinds = {name: (whole(one), one.log) for name, one in ranges.items()}
    alike = {name: kinds.get(name, value) for name, value in parameters_of(model, params.train).items()}
    digest = hashlib.sha256(repr(sorted(alike.items())).encode())
    for path in sorted(path for path in layout.prepared.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return f"{TITLE}: {model} by {params.evaluate.metric} ({digest.hexdigest()[:8]})"


def present_of(model: str, params: Params, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """What `params.yaml` has now of the parameters that are searched for."""
    present = parameters_of(model, params.train)
    return {name: present[name] for name in ranges}


def completed(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that were neither given up nor interrupted."""
    return study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])


def tried(study: optuna.Study, chosen: Mapping[str, Any]) -> optuna.trial.FrozenTrial | None:
    """The trial of these parameters, which may wait or run, perhaps on another machine; none that was interrupted."""
    asked = {name: written(value) for name, value in chosen.items()}
    for trial in study.get_trials(deepcopy=False):
        parameters = trial.user_attrs.get(GIVEN, trial.params)
        same = {name: written(value) for name, value in parameters.items()} == asked
        if same and trial.state is not optuna.trial.TrialState.FAIL:
            return trial
    return None


def written(value: float) -> int | float:
    """The value as `params.yaml` shows it, which is what is tried: four digits, or a whole number."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


def suggest(trial: optuna.Trial, name: str, one: Range) -> int | float:
    """A value of the range."""
    if whole(one):
        return trial.suggest_int(name, int(one.low), int(one.high), log=one.log)
    return trial.suggest_float(name, one.low, one.high, log=one.log)


def whole(one: Range) -> bool:
    """Whether the range is of whole numbers: where both ends are."""
    return isinstance(one.low, int) and isinstance(one.high, int)


def in_words(chosen: Mapping[str, float]) -> str:
    """The parameters as a person would write them."""
    return ", ".join(f"{name} {value:.4g}" for name, value in chosen.items())


def write(path: Path, model: str, chosen: Mapping[str, float]) -> None:
    """Put the values into `params.yaml`; comments and everything else stay as they are."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    document: Any = yaml.load(path.read_text(encoding="utf-8"))
    for name, value in chosen.items():
        document["train"][model][name] = written(value)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(document, file)


if __name__ == "__main__":
    main()

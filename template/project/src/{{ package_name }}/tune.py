"""Look for better parameters: `uv run tune shallow --trials 30`, and `--write` to put the best into `params.yaml`.

The ranges stand under `tune` in `params.yaml`, and what is there now is the first trial, so that the best is never
worse. Trials are compared on the validation split; the test split plays no part. They are kept in `optuna.db` (or at
`--storage`, a database that many machines can reach): asking again goes on where the last search ended.
"""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from ruamel.yaml import YAML

from . import TITLE, data, metrics, models, tracking
from .candidate import parameters_of
from .layout import Layout
from .params import Params, Range, load_params


def main() -> None:
    """`uv run tune`."""
    asked = arguments()
    layout = Layout()
    params = load_params(layout.params)
    ranges = params.tune.get(asked.model)
    if not ranges:
        raise SystemExit(f"params.yaml has no ranges for {asked.model!r}: name some under tune.{asked.model}")
    tracking.start(layout)
    storage = asked.storage or f"sqlite:///{(layout.root / 'optuna.db').as_posix()}"
    study = search(asked.model, layout, params, ranges, storage, asked.trials)

    metric = params.evaluate.metric
    print(f"now:  {metric} {study.trials[0].value:.4g} (validation split)")
    print(f"best: {metric} {study.best_value:.4g} with {in_words(study.best_params)}")
    if asked.write:
        write(layout.params, asked.model, study.best_params)
        print("Written to params.yaml. Train with it: uv run dvc repro")
    else:
        changes = " ".join(f"-S train.{asked.model}.{name}={value:g}" for name, value in study.best_params.items())
        print(f"Try it: uv run dvc exp run {changes}\nKeep it: uv run tune {asked.model} --trials 0 --write")


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(prog="tune", description="Look for better parameters of one model.")
    parser.add_argument("model", help="a name under tune in params.yaml, for example: shallow")
    parser.add_argument("--trials", type=int, default=30, help="how many to add (30)")
    parser.add_argument("--storage", help="an SQLAlchemy URL that several machines share, instead of optuna.db")
    parser.add_argument("--write", action="store_true", help="put the best into params.yaml")
    return parser.parse_args()


def search(
    model: str, layout: Layout, params: Params, ranges: Mapping[str, Range], storage: str, trials: int
) -> optuna.Study:
    """Add `trials` to the search of one model; each is a run of MLflow below one run for the search.

    Trials that fall behind the median of the others are given up after a few epochs (networks only).
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    schema = data.load_schema(layout.schema)
    splits = data.read_splits(layout.prepared, schema)
    metric = metrics.metrics_for(schema.task)[params.evaluate.metric]
    validation, target = splits["validation"].features, data.encode_target(splits["validation"].target, schema)
    study = optuna.create_study(
        storage=storage,
        study_name=f"{TITLE}: {model}",
        direction="maximize" if metric.higher_is_better else "minimize",
        sampler=optuna.samplers.TPESampler(seed=params.train.seed),
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=5),
        load_if_exists=True,
    )
    if not study.trials:
        present = parameters_of(model, params.train)
        study.enqueue_trial({name: present[name] for name in ranges})

    def trial_of(trial: optuna.Trial) -> float:
        chosen = {name: suggest(trial, name, one) for name, one in ranges.items()}
        turned = dataclasses.replace(getattr(params.train, model), **chosen)

        def watch(epoch: int, loss: float) -> None:
            # The pruner compares like with like: the held-out loss, turned to the study's direction.
            trial.report(-loss if metric.higher_is_better else loss, epoch)
            if trial.should_prune():
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


def suggest(trial: optuna.Trial, name: str, one: Range) -> int | float:
    """A value of the range: whole numbers where both ends are."""
    if isinstance(one.low, int) and isinstance(one.high, int):
        return trial.suggest_int(name, one.low, one.high, log=one.log)
    return trial.suggest_float(name, one.low, one.high, log=one.log)


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
        document["train"][model][name] = value if isinstance(value, int) else float(f"{value:.4g}")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(document, file)


if __name__ == "__main__":
    main()

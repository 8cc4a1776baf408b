"""What a hyperparameter search found: `reports/search/<model>.md` with a figure, and a sentence for the README."""

import json
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path

import optuna
from matplotlib.figure import Figure

from ..evaluation.base import Metric
from ..evaluation.figures import BLUE, GRAY, new_figure
from ..evaluation.markdown import format_gain, lower_first, rounded, table
from ..evaluation.selection import Comparison

FOLDER = "search"
SHOWN = 10

REPORT = """\
# Search for hyperparameters of {model}

Written by `uv run search {model} --write`.

{sentence}

![Score of each trial on the validation split]({model}.png)

The best trials:

{trials}
"""


def write_search_report(
    reports: Path, model: str, study: optuna.Study, metric: Metric, comparison: Comparison | None
) -> None:
    """Write the trials of a study as Markdown, figure and JSON.

    Args:
        reports: the folder `reports/`.
        model: the name of the model.
        study: a study with at least one finished trial.
        metric: the metric that was optimized.
        comparison: the best values against those that were tried first; None if those are the best.
    """
    folder = reports / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    trials = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    sentence = describe_search(model, len(trials), metric, comparison)
    best = sorted(trials, key=lambda trial: trial.value or 0.0, reverse=metric.higher_is_better is True)[:SHOWN]
    names = list(best[0].params)
    rows = [
        [str(trial.number), rounded(trial.value or 0.0), *(f"{trial.params[name]:.4g}" for name in names)]
        for trial in best
    ]
    text = REPORT.format(model=model, sentence=sentence, trials=table(["trial", metric.label, *names], rows))
    (folder / f"{model}.md").write_text(text, encoding="utf-8", newline="\n")
    record = {"model": model, "trials": len(trials), "sentence": sentence}
    (folder / f"{model}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")
    draw_trials(metric, trials).savefig(folder / f"{model}.png", metadata={"Software": None})


def describe_search(model: str, trials: int, metric: Metric, comparison: Comparison | None) -> str:
    """Return what the search found, as a sentence."""
    if comparison is None:
        return f"None of {trials} trials for {model} scored better than the hyperparameters that were tried first."
    gain = format_gain(**asdict(comparison.gain))
    return (
        f"Tuning {model} ({trials} trials) improved {lower_first(metric.label)} by {gain} on the validation split. The "
        "best trial was chosen on the same split, so the gain on new data is probably smaller."
    )


def draw_trials(metric: Metric, trials: list[optuna.trial.FrozenTrial]) -> Figure:
    """Draw the score of each trial, and the best one so far."""
    figure, axes = new_figure(f"{metric.label} of {len(trials)} trials (validation split)")
    values = [trial.value or 0.0 for trial in trials]
    axes.plot(values, "o", color=GRAY, markersize=4, label="trial")
    best = list(accumulate(values, max if metric.higher_is_better else min))
    axes.step(range(len(best)), best, color=BLUE, label="best so far", where="post")
    axes.set(xlabel="trial", ylabel=metric.label)
    axes.legend(frameon=False, fontsize=8)
    return figure

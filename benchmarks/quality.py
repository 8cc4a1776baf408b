"""The scores of each domain over training seeds: python benchmarks/quality.py [SEEDS [DOMAIN ...]].

Each domain is trained with its network and default parameters on one split. If PyTorch's own index
is unreachable, set `UV_INDEX=pytorch=URL`. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from measure import Side, cpu_seconds, parser, positive
from project import make, run

CPU_MINUTES = 5


@dataclass(frozen=True)
class Target:
    """The target score of a model: at least `bound`, or at most, if `lower`.

    It is the champion's score on the test split. Of another model, and with `relative`, which
    divides by the baseline's score, it is the score on the validation split.
    """

    model: str
    metric: str
    bound: float
    lower: bool = False
    relative: bool = False

    def value(self, evaluation: dict[str, Any]) -> float:
        """Return the score that the target is about."""
        champion = evaluation["champion"]
        if self.model != "champion":
            return self.on_validation(evaluation, self.model)
        if self.relative:
            return self.on_validation(evaluation, champion)
        return float(evaluation["scores"][champion][self.metric]["value"])

    def on_validation(self, evaluation: dict[str, Any], model: str) -> float:
        """Return the score of a model on the validation split."""
        scores = evaluation["validation_scores"]
        score = float(scores[model][self.metric]["value"])
        return score / scores["baseline"][self.metric]["value"] if self.relative else score

    def met(self, value: float) -> bool:
        """Return whether a score meets the target."""
        return value <= self.bound if self.lower else value >= self.bound

    def __str__(self) -> str:
        """Describe the target."""
        metric = f"{self.metric}{' relative to the baseline' if self.relative else ''}"
        return (
            f"{metric} of the {self.model} {'at most' if self.lower else 'at least'} {self.bound}"
        )


TARGETS = {
    "tabular": Target("champion", "roc_auc", 0.69),
    "vision": Target("cnn", "accuracy", 0.985),
    "text": Target("champion", "f1", 0.80),
    "timeseries": Target("champion", "mae", 0.75, lower=True, relative=True),
}


def measure(domain: str, seeds: int, scratch: Path) -> bool:
    """Train a domain with each seed, and print the scores; return whether the targets are met."""
    project = make(scratch, f"domain={domain}", "deep=true")
    os.chdir(project)
    target = TARGETS[domain]
    with tempfile.TemporaryFile() as output:
        repro = Side("dvc repro", [str(project / ".venv" / "bin" / "dvc"), "repro"])
        minutes = cpu_seconds(repro, output.fileno()) / 60
    evaluations = [evaluation(project), *(retrained(project, seed) for seed in range(1, seeds))]
    for model in evaluations[0]["validation_scores"]:
        values = [target.on_validation(run, model) for run in evaluations]
        wins = sum(run["champion"] == model for run in evaluations)
        print(f"  {model:10} {summary(values)}  champion in {wins} of {seeds}")
    scores = [target.value(run) for run in evaluations]
    met = target.met(mean(scores)) and minutes <= CPU_MINUTES
    print(
        f"  {summary(scores)}: {target}; {minutes:.1f} CPU minutes in total, at most {CPU_MINUTES}"
    )
    print("  met" if met else "  MISSED", flush=True)
    return met


def retrained(project: Path, seed: int) -> dict[str, Any]:
    """Retrain with another seed on the same split; return the evaluation."""
    params = project / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(
        re.sub(r"(train:\n(?:  .*\n)*?  seed: )\d+", rf"\g<1>{seed}", text), encoding="utf-8"
    )
    run([str(project / ".venv" / "bin" / "dvc"), "repro"], project)
    return evaluation(project)


def evaluation(project: Path) -> dict[str, Any]:
    """Return the evaluation of the project's last run."""
    text = (project / "reports" / "evaluation.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def summary(values: list[float]) -> str:
    """Return the mean and the range of values as text."""
    return f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument(
        "seeds", nargs="?", type=positive, default=5, help="training seeds (default: 5)"
    )
    command.add_argument("domains", nargs="*", metavar="DOMAIN", help="only these")
    arguments = command.parse_args()
    if unknown := sorted(set(arguments.domains) - set(TARGETS)):
        command.error(f"unknown domain: {', '.join(unknown)}; choose from {', '.join(TARGETS)}")
    seeds, every_target_met = arguments.seeds, True
    for domain in arguments.domains or list(TARGETS):
        print(
            f"{domain}, {seeds} training seeds; scores of models on the validation split",
            flush=True,
        )
        with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
            every_target_met &= measure(domain, seeds, Path(scratch))
            os.chdir(os.path.sep)
    sys.exit(not every_target_met)

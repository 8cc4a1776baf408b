"""The scores of each domain over training seeds: python benchmarks/quality.py [SEEDS [DOMAIN ...]].

Each domain with its network and the parameters that it comes with, on one split. Where PyTorch's
own index is out of reach, `UV_INDEX=pytorch=URL` names another. Exits with 1 if a target is missed.
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
Scores = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Target:
    """What is asked of a model on the test split: at least `bound`, or at most, if less is better.

    With `share`, the score is told as a share of the baseline's.
    """

    model: str
    metric: str
    bound: float
    less: bool = False
    share: bool = False

    def value(self, scores: Scores, model: str) -> float:
        """Return what a model reached."""
        reached = scores[model][self.metric]["value"]
        return reached / scores["baseline"][self.metric]["value"] if self.share else reached

    def met(self, value: float) -> bool:
        """Tell whether a value is good enough."""
        return value <= self.bound if self.less else value >= self.bound

    def __str__(self) -> str:
        """Say what is asked."""
        of = f"{self.metric}{' / that of the baseline' if self.share else ''}"
        return f"{of} of the {self.model} {'at most' if self.less else 'at least'} {self.bound}"


TARGETS = {
    "tabular": Target("champion", "roc_auc", 0.99),
    "vision": Target("deep", "accuracy", 0.985),
    "text": Target("champion", "f1", 0.80),
    "timeseries": Target("champion", "mae", 0.75, less=True, share=True),
}


def measure(domain: str, seeds: int, scratch: Path) -> bool:
    """Train a domain with each seed and print what came of it; tell whether its targets are met."""
    project = make(scratch, f"domain={domain}", "deep=true")
    os.chdir(project)
    target = TARGETS[domain]
    with tempfile.TemporaryFile() as output:
        repro = Side("dvc repro", [str(project / ".venv" / "bin" / "dvc"), "repro"])
        minutes = cpu_seconds(repro, output.fileno()) / 60
    evaluations = [evaluation(project), *(retrained(project, seed) for seed in range(1, seeds))]
    for model in evaluations[0]["scores"]:
        values = [target.value(one["scores"], model) for one in evaluations]
        served = sum(one["champion"] == model for one in evaluations)
        print(f"  {model:10} {told(values)}  serves in {served} of {seeds}")
    asked = [
        target.value(one["scores"], one["champion"] if target.model == "champion" else target.model)
        for one in evaluations
    ]
    met = target.met(mean(asked)) and minutes <= CPU_MINUTES
    print(
        f"  {told(asked)}: {target}; {minutes:.1f} CPU minutes from nothing, at most {CPU_MINUTES}"
    )
    print("  met" if met else "  MISSED", flush=True)
    return met


def retrained(project: Path, seed: int) -> dict[str, Any]:
    """Return the evaluation of every model trained with another seed, on the same rows."""
    params = project / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(
        re.sub(r"(train:\n(?:  .*\n)*?  seed: )\d+", rf"\g<1>{seed}", text), encoding="utf-8"
    )
    run([str(project / ".venv" / "bin" / "dvc"), "repro"], project)
    return evaluation(project)


def evaluation(project: Path) -> dict[str, Any]:
    """Return what the project's last run measured."""
    text = (project / "reports" / "evaluation.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def told(values: list[float]) -> str:
    """Return the mean and the spread of some values, in words."""
    return f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("seeds", nargs="?", type=positive, default=5, help="of each network (5)")
    command.add_argument("domains", nargs="*", metavar="DOMAIN", help="of these alone")
    asked = command.parse_args()
    if unknown := sorted(set(asked.domains) - set(TARGETS)):
        command.error(f"no domain is called {', '.join(unknown)}; known are {', '.join(TARGETS)}")
    seeds, every_target_met = asked.seeds, True
    for domain in asked.domains or list(TARGETS):
        print(f"{domain}, {seeds} training seeds, test split", flush=True)
        with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
            every_target_met &= measure(domain, seeds, Path(scratch))
            os.chdir(os.path.sep)
    sys.exit(not every_target_met)

"""The experiment log: what was tried, what it gave, and whether it was kept, from the project's MLflow runs."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import mlflow
from mlflow.entities import Run

from .. import TITLE
from ..config import Params, load_params
from ..errors import UserError, exit_on_user_error
from ..evaluation.base import Metric
from ..evaluation.markdown import escape, rounded, table
from ..evaluation.scores import primary_metric
from ..paths import ProjectPaths
from ..serving.champion import ChampionError, load_champion
from . import runs

FILE = "docs/experiments.md"
MAX_ROWS = 40
PARENT = "mlflow.parentRunId"

LOG = """\
# Experiments

Written by `uv run experiments` from MLflow: each training with a new result, and each search for hyperparameters with
its best trial, the newest first. Scores are of the validation split, since no experiment is chosen by the test split.

{rows}{older}

`uv run mlflow ui` shows all runs with their parameters, plots and models.
"""


@dataclass(frozen=True)
class Current:
    """What the project has now, with which runs are compared.

    Attributes:
        params: the parameters.
        champion: the SHA-256 of the champion's model, None without one.
        compared: the SHA-256 of each model in the latest evaluation.
    """

    params: Params
    champion: str | None
    compared: frozenset[str]

    @property
    def metric(self) -> Metric:
        """The metric by which models are compared."""
        return primary_metric(self.params.evaluate.metric)

    def changes(self, run: Run) -> dict[str, str]:
        """Return the hyperparameters of a run that differ from the current ones, as text."""
        logged = run.data.params
        known = {"seed": self.params.train.seed, **self.params.train.hyperparameters.get(logged["model"], {})}
        return {name: logged[name] for name, value in known.items() if name in logged and logged[name] != str(value)}

    def outcome(self, run: Run) -> str:
        """Return what became of a training."""
        digest = run.data.tags.get("model_sha256")
        if digest == self.champion:
            return "**champion**"
        if digest in self.compared:
            return "compared, not the champion"
        if run.data.params["model"] not in self.params.train.models or self.changes(run):
            return "not kept"
        return "replaced by a later training"


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run experiments`."""
    argparse.ArgumentParser(
        prog="experiments", description=f"Write {FILE}: what was tried, what it gave, and whether it was kept."
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    current = Current(load_params(paths.params), _champion_sha256(paths), _compared_sha256(paths))
    rows = describe_runs(read_runs(paths), current)
    path = paths.root / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(rows, current), encoding="utf-8", newline="\n")
    print(f"Wrote {FILE}: {len(rows)} experiments.")


def _champion_sha256(paths: ProjectPaths) -> str | None:
    try:
        return str(load_champion(paths.champion)[0].record["sha256"])
    except ChampionError:
        return None


def _compared_sha256(paths: ProjectPaths) -> frozenset[str]:
    try:
        evaluation = json.loads((paths.reports / "evaluation.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # missing, or not JSON because of a merge conflict
        return frozenset()
    return frozenset(cost["model_sha256"] for cost in evaluation["costs"].values())


def read_runs(paths: ProjectPaths) -> list[Run]:
    """Return the finished runs of the project's experiment, the newest first.

    Raises:
        UserError: there is no MLflow store, or no training in it.
    """
    known = os.environ.get("MLFLOW_TRACKING_URI") or (paths.workspace / "mlflow.db").exists()
    found: list[Run] = []
    if known:  # connecting would create the database
        runs.connect(paths)
        found = mlflow.search_runs(
            experiment_names=[TITLE],
            filter_string="attributes.status = 'FINISHED'",
            order_by=["start_time DESC"],
            output_format="list",
        )
    if not found:
        raise UserError("MLflow has no run of this project; train the models first: uv run dvc repro")
    return found


def describe_runs(found: Sequence[Run], current: Current) -> list[list[str]]:
    """Return a row of the log for each training with a new result and for each search, in the order of the runs."""
    metric, trials = current.params.evaluate.metric, _best_trials(found, current)
    rows, seen = [], set()
    for run in reversed(found):  # the first of several equal trainings counts
        digest, best = run.data.tags.get("model_sha256"), trials.get(run.info.run_id)
        if best:
            name = f"search {run.data.params['model']}, {run.data.params['trials']} trials"
            outcome = "not kept" if current.changes(best) else "best values kept"
            rows.append([_date(run), escape(name), *_result(best, current), outcome])
        elif digest and digest not in seen and metric in run.data.metrics:
            seen.add(digest)
            rows.append([_date(run), escape(run.data.params["model"]), *_result(run, current), current.outcome(run)])
    return rows[::-1]


def _best_trials(found: Sequence[Run], current: Current) -> dict[str, Run]:
    """Return the best trial of each search, by the id of its run."""
    metric, sign = current.params.evaluate.metric, 1 if current.metric.higher_is_better else -1
    best: dict[str, Run] = {}
    for run in sorted(found, key=lambda run: sign * run.data.metrics.get(metric, 0.0)):
        if PARENT in run.data.tags and metric in run.data.metrics:
            best[run.data.tags[PARENT]] = run
    return best


def _date(run: Run) -> str:
    return datetime.fromtimestamp(run.info.start_time / 1000, UTC).date().isoformat()


def _result(run: Run, current: Current) -> list[str]:
    """Return what a run changed, and its score."""
    changes: Mapping[str, Any] = current.changes(run)
    text = ", ".join(f"{name} {value}" for name, value in changes.items())
    return [escape(text) or "–", rounded(run.data.metrics[current.params.evaluate.metric])]


def render(rows: list[list[str]], current: Current) -> str:
    """Return the log as Markdown."""
    header = ["date", "what was tried", "other than now", current.metric.label, "outcome"]
    older = f"\n\n{len(rows) - MAX_ROWS} older ones are not listed." if len(rows) > MAX_ROWS else ""
    return LOG.format(rows=table(header, rows[:MAX_ROWS]), older=older)


if __name__ == "__main__":
    main()

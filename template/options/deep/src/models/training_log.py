"""What the training of a network reports: learning curves to MLflow, the held-out loss of each epoch to Optuna."""

import time
from dataclasses import dataclass

import mlflow
import optuna
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

# Earlier losses say little about a trial.
WARMUP_EPOCHS = 5


@dataclass(frozen=True)
class TrainingLog:
    """Metrics of a training: per epoch (`history`), in total (`metrics`), and the GPU's name if one was used."""

    history: list[dict[str, float]]
    metrics: dict[str, float]
    gpu: str | None = None

    def write(self, run_id: str) -> None:
        """Add the log to an MLflow run, in batches of 1,000 metrics, MLflow's limit."""
        client, now = MlflowClient(), int(time.time() * 1000)
        points = [Metric(name, value, now, 0) for name, value in self.metrics.items()]
        for step, epoch in enumerate(self.history):
            points += [Metric(f"epoch_{name}", value, now, step) for name, value in epoch.items()]
        for start in range(0, len(points), 1000):
            client.log_batch(run_id, metrics=points[start : start + 1000])
        if self.gpu:
            client.set_tag(run_id, "gpu", self.gpu)


def report_epoch(trial: optuna.Trial | None, epoch: int, loss: float) -> None:
    """Report the held-out loss of an epoch to the search that the training belongs to.

    Raises:
        optuna.TrialPruned: the loss is worse than the median of the other trials.
    """
    if trial is None:
        return
    trial.report(-loss if trial.study.direction is optuna.study.StudyDirection.MAXIMIZE else loss, epoch)
    if epoch >= WARMUP_EPOCHS and trial.should_prune():
        mlflow.log_metric("pruned", 1.0)
        mlflow.end_run()  # the exception would mark the run as failed
        raise optuna.TrialPruned

"""Stage `train` in a project with Ray and a network: `RAY_TRAIN_WORKERS=4` trains a network by four workers.

Ray Train starts them on the cluster, each with one CPU, and with one GPU if there are enough. They share each batch and
give the result of one process up to rounding. Without the variable, and for other models, a training is one task.
"""

import argparse
import os
import tempfile
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import UserError, exit_on_user_error
from ..models.base import load_model_module
from ..paths import ProjectPaths
from . import train, train_on_ray
from .ray_cluster import MAX_RETRIES, describe

WORKERS = "RAY_TRAIN_WORKERS"


def main(name: str, paths: ProjectPaths | None = None) -> None:
    """Train the model called `name`, log the run, and save the candidate for the evaluation.

    Raises:
        UserError: the number of workers is no positive integer.
    """
    text = os.environ.get(WORKERS, "")
    if text and not (text.isdecimal() and int(text)):
        raise UserError(f"{WORKERS} is {text!r}, but it must be a number of workers, such as 4")
    engine = partial(train_on_workers, workers=int(text)) if text and is_network(name) else None
    train_on_ray.main(name, paths, engine)


def is_network(name: str) -> bool:
    """Return whether a model is trained by `models/network.py`."""
    from ..models.network import NetworkParams

    return issubclass(load_model_module(name).Params, NetworkParams)


def train_on_workers(*arguments: Any, workers: int) -> train.TrainedModel:
    """Return the result of `train.train`, which all workers run together.

    Raises:
        UserError: the cluster has too few CPUs, or its workers were lost again and again.
    """
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchTrainer

    cpus, gpus = (int(ray.cluster_resources().get(kind, 0)) for kind in ("CPU", "GPU"))
    if cpus < workers:
        raise UserError(f"{WORKERS} is {workers}, but the Ray cluster has {cpus} CPUs; add a node, or lower {WORKERS}")
    with tempfile.TemporaryDirectory() as folder:
        trainer = TorchTrainer(
            train_part,
            train_loop_config={"arguments": ray.put(arguments)},  # through Ray's object store, once per node
            scaling_config=ScalingConfig(num_workers=workers, use_gpu=gpus >= workers),
            run_config=RunConfig(storage_path=folder, failure_config=FailureConfig(max_failures=MAX_RETRIES)),
        )
        try:
            result: train.TrainedModel | Exception = trainer.fit().return_value
        except TrainingFailedError as error:
            raise UserError(
                f"the training by {workers} workers failed on the Ray cluster: {describe(error)}. "
                "Unset RAY_ADDRESS to train here"
            ) from error
    if isinstance(result, Exception):
        raise result
    return result


def train_part(config: dict[str, Any]) -> Any:
    """Run `train.train` as one of the workers; return an error of the project, which another try would repeat."""
    import ray

    from ..models.parallel import shared_training

    name, splits, schema, params, context, folds = ray.get(config["arguments"])
    try:
        with shared_training():
            return train.train(name, splits, schema, params, replace(context, cache=None), folds)
    except (UserError, train.ExportError) as error:
        return error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train one model of params.yaml.")
    parser.add_argument("model", help="a name in train.models, for example: baseline")
    with exit_on_user_error():
        main(parser.parse_args().model)

"""Stage `train` in a project with Ray: fit one model, on the cluster at `RAY_ADDRESS` if that is set.

The cluster trains and exports the model; this machine saves it and logs it to MLflow, as without Ray. A training has
one CPU of the cluster and no GPU.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import UserError, exit_on_user_error
from ..models.base import TrainingContext
from ..paths import ProjectPaths
from . import train
from .ray_cluster import MAX_RETRIES, cluster_address, connect, describe


def main(name: str, paths: ProjectPaths | None = None, engine: Callable[..., train.TrainedModel] | None = None) -> None:
    """Train the model called `name`, log the run, and save the candidate for the evaluation.

    `engine` trains on the cluster; by default `train_remotely`.
    """
    if not cluster_address():
        train.main(name, paths)
        return
    paths = paths or ProjectPaths()
    with connect(paths):
        train.main(name, paths, engine or train_remotely)


def train_remotely(name: str, splits: Any, schema: Any, params: Any, context: TrainingContext, folds: Any) -> Any:
    """Return the result of `train.train`, which runs on a node of the cluster.

    Raises:
        UserError: the node, its process or its memory was lost again and again.
    """
    import ray

    # The cache is a folder of this machine.
    arguments = (name, splits, schema, params, replace(context, cache=None), folds)
    task = ray.remote(max_retries=MAX_RETRIES)(train.train)
    try:
        return ray.get(task.remote(*arguments))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise UserError(
            f"the training of {name} was lost on the Ray cluster: {describe(error)}. Add a node with more memory, or "
            "unset RAY_ADDRESS to train here"
        ) from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train one model of params.yaml.")
    parser.add_argument("model", help="a name in train.models, for example: baseline")
    with exit_on_user_error():
        main(parser.parse_args().model)

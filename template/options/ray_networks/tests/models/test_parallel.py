"""Two processes train a network with the result of one."""

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed
from torch import nn
from torch.nn.functional import cross_entropy

from project_package.config import Params, Train, load_params
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.models.base import TrainingContext, fit_model
from project_package.models.network import Batch, NetworkParams, TrainingSetup, seed_torch, train_network
from project_package.models.parallel import shared_training
from project_package.paths import ProjectPaths

PROCESSES = 2
# Not from conftest.py, which imports much that the processes don't need.
NETWORK = load_params(ProjectPaths().params).train.models[-1]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES - 1, get_context("spawn")) as pool:  # this process is the other one
        yield pool


def run_in_group(rank: int, rendezvous: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function as one of the processes of a group."""
    torch.distributed.init_process_group(
        "gloo", init_method=rendezvous, rank=rank, world_size=PROCESSES, timeout=timedelta(seconds=60)
    )
    try:
        with shared_training():
            return function(*arguments)
    finally:
        torch.distributed.destroy_process_group()


def in_both_processes(pool: ProcessPoolExecutor, folder: Path, *work: Any) -> list[Any]:
    """Return the results of a function that both processes run together."""
    address = f"file://{(folder / 'rendezvous').as_posix()}"
    other = pool.submit(run_in_group, 1, address, *work)
    return [run_in_group(0, address, *work), other.result(60)]


def train_small_network() -> tuple[list[dict[str, float]], dict[str, Any]]:
    """Train on 49 rows in batches of 16, of which the last has a single row."""
    torch.set_num_threads(1)
    seed_torch(0)
    images = torch.rand(49 + 15, 1, 4, 4)
    batch = Batch((images,), (images.mean(dim=(1, 2, 3)) > 0.5).long())
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(16, 2)
    )
    params = NetworkParams(epochs=3, batch_size=16, learning_rate=0.01, weight_decay=0.01, patience=3)
    parts = batch.select(slice(49)), batch.select(slice(49, None))
    history = train_network(network, *parts, TrainingSetup(params, cross_entropy), TrainingContext(seed=0))
    return history, {name: weight.numpy() for name, weight in network.state_dict().items()}


def predict_after_few_steps(train: Split, schema: Schema, params: Train) -> Any:
    """Train the network of the project and return its predictions for the training rows.

    After more steps, rounding may change which unit of a pool or a ReLU is active, and so does training on another CPU.
    """
    torch.set_num_threads(1)
    sections = copy.deepcopy(dict(params.hyperparameters))
    sections[NETWORK] |= {"epochs": 1, "batch_size": 64}
    context = TrainingContext(seed=0)
    return fit_model(NETWORK, train, schema, replace(params, hyperparameters=sections), context).predict(train.features)


def test_dropout_batch_normalization_and_uneven_batches(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    history, weights = train_small_network()
    for shared_history, shared_weights in in_both_processes(pool, tmp_path, train_small_network):
        assert [pytest.approx(epoch, abs=5e-6) for epoch in history] == shared_history
        for name, weight in weights.items():
            np.testing.assert_allclose(shared_weights[name], weight, atol=5e-6, err_msg=name)


def test_the_network_of_the_project(
    pool: ProcessPoolExecutor, splits: dict[str, Split], schema: Schema, params: Params, tmp_path: Path
) -> None:
    train = splits["train"]
    rows = train.take(np.arange(len(train.target)) < 150)
    work = predict_after_few_steps, rows, schema, params.train
    alone = work[0](*work[1:])
    for shared in in_both_processes(pool, tmp_path, *work):
        np.testing.assert_allclose(shared, alone, atol=5e-6)

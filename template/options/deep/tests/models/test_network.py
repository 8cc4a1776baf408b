"""Training stops early, resumes exactly, and converges in half precision and on a GPU as on the CPU."""

import copy
import functools
import io
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from project_package.models import network as module
from project_package.models.base import TrainingContext
from project_package.models.network import (
    Batch,
    NetworkParams,
    TrainingSetup,
    hold_out,
    train_network,
    training_log,
)
from project_package.serving import app

Parts = tuple[Batch, Batch]
PARAMS = NetworkParams(epochs=12, batch_size=32, learning_rate=0.02, weight_decay=0.0, patience=12)
FULL = TrainingSetup(PARAMS, cross_entropy, mixed_precision=False)
HALF = TrainingSetup(PARAMS, cross_entropy, mixed_precision=True)
CONTEXT = TrainingContext(seed=0)


@pytest.fixture
def network() -> nn.Module:
    module.seed_torch(0)
    return nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))


@pytest.fixture
def parts() -> Parts:
    """Points of a square inside or outside of a circle: for training, and held out."""
    points = torch.rand(512, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return hold_out(Batch((points,), (points.square().sum(dim=1) < 0.6).long()), 0.2, 0)


@torch.no_grad()
def accuracy(network: nn.Module, batch: Batch) -> float:
    return float((network(*batch.inputs).argmax(dim=1) == batch.target).double().mean())


def large_gradients(outputs: Tensor, target: Tensor) -> Tensor:
    """A loss whose gradients overflow float16 at the initial scale."""
    return 1e4 * cross_entropy(outputs, target)


def small_gradients(outputs: Tensor, target: Tensor) -> Tensor:
    """A loss whose gradients underflow float16 without scaling."""
    return 1e-6 * cross_entropy(outputs, target)


def interrupt_after(monkeypatch: pytest.MonkeyPatch, *last: int) -> list[int]:
    """Interrupt trainings after these epochs; return the list to which each trained epoch is added."""
    epochs: list[int] = []

    def interrupt(_trial: object, epoch: int, _loss: float) -> None:
        epochs.append(epoch)
        if epoch in last:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "report_epoch", interrupt)
    return epochs


def test_half_precision_converges_like_full_precision(network: nn.Module, parts: Parts) -> None:
    twin = copy.deepcopy(network)
    full, half = train_network(network, *parts, FULL, CONTEXT), train_network(twin, *parts, HALF, CONTEXT)
    assert half[0] == full[0]
    assert half != full
    assert half[-1]["check_loss"] == pytest.approx(full[-1]["check_loss"], rel=0.1)
    assert accuracy(network, parts[1]) > 0.9
    assert accuracy(twin, parts[1]) > 0.9
    assert {weight.dtype for weight in twin.parameters()} == {torch.float32}


def test_training_stops_early_with_the_best_weights(network: nn.Module, parts: Parts) -> None:
    """With inverted labels held out, their loss increases as the network learns."""
    inverted = Batch(parts[1].inputs, 1 - parts[1].target)
    params = replace(PARAMS, epochs=40, patience=3)
    history = train_network(network, parts[0], inverted, TrainingSetup(params, cross_entropy), CONTEXT)
    losses = [epoch["check_loss"] for epoch in history]
    best = losses.index(min(losses))
    assert len(history) == best + 1 + params.patience < params.epochs
    with torch.no_grad():
        assert float(cross_entropy(network(*inverted.inputs), inverted.target)) == pytest.approx(min(losses), rel=1e-5)


def test_inputs_are_augmented_in_training_only(network: nn.Module, parts: Parts) -> None:
    sizes: list[int] = []

    def augment(inputs: tuple[Tensor, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
        sizes.append(len(inputs[0]))
        noise = torch.randn(inputs[0].shape, generator=generator)
        return (inputs[0] + 0.01 * noise.to(inputs[0].device),)

    setup = TrainingSetup(replace(PARAMS, epochs=2), cross_entropy, augment=augment)
    train_network(network, *parts, setup, CONTEXT)
    assert sum(sizes) == 2 * len(parts[0])


def test_progress_is_shown_on_a_terminal(network: nn.Module, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(module, "tqdm", functools.partial(tqdm, file=terminal))
    train_network(network, *parts, FULL, CONTEXT)
    assert "Sequential: 100%" in terminal.getvalue()
    assert "held out" in terminal.getvalue()


def test_a_checkpoint_of_other_hyperparameters_is_ignored(
    network: nn.Module, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs, first_epochs = interrupt_after(monkeypatch, 3, 6), []
    for weight_decay in (0.0, 0.0, 0.1, 0.1):
        epochs.clear()
        setup = TrainingSetup(replace(PARAMS, weight_decay=weight_decay), cross_entropy)
        with pytest.raises(KeyboardInterrupt):
            train_network(copy.deepcopy(network), *parts, setup, TrainingContext(0, tmp_path))
        first_epochs.append(epochs[0])
    assert first_epochs == [1, 4, 1, 4]


@pytest.mark.parametrize("loss", [small_gradients, large_gradients])
def test_half_precision_converges_despite_extreme_gradients(network: nn.Module, parts: Parts, loss: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # PyTorch warns if the schedule advances without the optimizer
        history = train_network(network, *parts, TrainingSetup(PARAMS, loss, mixed_precision=True), CONTEXT)
    assert history[-1]["check_loss"] < 0.5 * history[0]["check_loss"]
    assert accuracy(network, parts[1]) > 0.9


def test_gradients_are_clipped_after_unscaling(
    network: nn.Module, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, norms = nn.utils.clip_grad_norm_, []

    def measure(weights: Any, limit: float) -> Tensor:
        norm = clip(weights, limit)
        norms.append(float(norm))
        return norm

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", measure)
    # Without dropout, whose noise differs in half precision on a GPU.
    deterministic = nn.Sequential(*(layer for layer in network.children() if not isinstance(layer, nn.Dropout)))
    for setup in (FULL, HALF):
        train_network(copy.deepcopy(deterministic), *parts, setup, CONTEXT)
    assert norms[len(norms) // 2] == pytest.approx(norms[0], rel=0.05)


@pytest.mark.parametrize(("before", "after"), [(True, True), (False, True), (True, False)])
def test_an_interrupted_training_resumes_in_either_precision(
    network: nn.Module, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool, after: bool
) -> None:
    """As when it starts on a machine without a GPU and continues on one with a GPU."""
    twin, resumed_network, context = copy.deepcopy(network), copy.deepcopy(network), TrainingContext(0, tmp_path)
    setups = {half: TrainingSetup(PARAMS, large_gradients, mixed_precision=half) for half in (True, False)}
    complete = train_network(network, *parts, setups[before], CONTEXT)
    epochs = interrupt_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        train_network(twin, *parts, setups[before], context)
    resumed = train_network(resumed_network, *parts, setups[after], context)
    assert epochs == list(range(1, 13))
    assert resumed[:4] == complete[:4]
    assert (resumed == complete) == (before == after)
    assert accuracy(resumed_network, parts[1]) > 0.9
    assert not list(tmp_path.iterdir())


def test_the_log_counts_epochs_and_weights(network: nn.Module, parts: Parts) -> None:
    history = train_network(network, *parts, FULL, CONTEXT)
    log = training_log(network, history, 0.69)
    assert log.metrics["epochs"] == 12
    assert log.metrics["weights"] == 2 * 32 + 32 + 32 * 2 + 2
    assert log.metrics["initial_loss"] == history[0]["check_loss"]


def test_serving_does_not_import_pytorch() -> None:
    code = f"import sys, {app.__name__}; print('torch' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "False"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_trains_like_the_cpu(network: nn.Module, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, torch.dtype]] = set()

    def loss(outputs: Tensor, target: Tensor) -> Tensor:
        seen.add((outputs.device.type, outputs.dtype))
        return cross_entropy(outputs, target)

    twin, setup = copy.deepcopy(network), TrainingSetup(PARAMS, loss)
    on_gpu = train_network(network, *parts, setup, CONTEXT)
    assert seen == {("cuda", torch.float16), ("cuda", torch.float32)}
    assert {weight.device.type for weight in network.parameters()} == {"cpu"}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = train_network(twin, *parts, setup, CONTEXT)
    assert on_gpu[0]["check_loss"] == pytest.approx(on_cpu[0]["check_loss"], rel=1e-4)
    assert on_gpu[-1]["check_loss"] == pytest.approx(on_cpu[-1]["check_loss"], rel=0.25)  # other dropout noise
    assert accuracy(network, parts[1]) > 0.9

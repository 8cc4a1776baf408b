"""The loop of every network, with half precision and a GPU: on neither may what is learnt or resumed be another."""

import copy
import dataclasses
import functools
import io
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from .package import models

fitting = import_module(f"{models.__package__}.fitting")

RECIPE = fitting.Recipe(epochs=12, batch_size=32, learning_rate=0.02, weight_decay=0.0, patience=12, seed=0)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))


@pytest.fixture
def parts() -> tuple[Any, Any]:
    """Points of a square, inside a circle or outside it: to learn from, and to know when to stop."""
    points = torch.rand(512, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    rows = fitting.Rows((points,), (points.square().sum(dim=1) < 0.6).long())
    parted: tuple[Any, Any] = fitting.hold_out(rows, 0.2, 0)
    return parted


def accuracy(network: nn.Module, rows: Any) -> float:
    with torch.no_grad():
        return float((network(*rows.inputs).argmax(dim=1) == rows.target).double().mean())


def test_half_precision_learns_what_full_precision_does(network: nn.Module, parts: tuple[Any, Any]) -> None:
    twin = copy.deepcopy(network)
    full = fitting.fit_network(network, *parts, functional.cross_entropy, RECIPE, mixed=False)
    half = fitting.fit_network(twin, *parts, functional.cross_entropy, RECIPE, mixed=True)
    assert half[0] == full[0]
    assert half != full
    assert half[-1]["check_loss"] == pytest.approx(full[-1]["check_loss"], rel=0.1)
    assert accuracy(network, parts[1]) > 0.9
    assert accuracy(twin, parts[1]) > 0.9
    assert {weight.dtype for weight in twin.parameters()} == {torch.float32}


def test_training_ends_once_it_gets_no_better_and_keeps_the_best_weights(
    network: nn.Module, parts: tuple[Any, Any]
) -> None:
    """Rows to check by whose labels are turned round: what is learnt makes that loss rise from the second epoch on."""
    rows, check = parts
    turned_round = fitting.Rows(check.inputs, 1 - check.target)
    recipe = dataclasses.replace(RECIPE, epochs=40, patience=3)
    history = fitting.fit_network(network, rows, turned_round, functional.cross_entropy, recipe)
    losses = [epoch["check_loss"] for epoch in history]
    best = losses.index(min(losses))
    assert len(history) == best + 1 + recipe.patience < recipe.epochs
    with torch.no_grad():
        kept = float(functional.cross_entropy(network(*turned_round.inputs), turned_round.target))
    assert kept == pytest.approx(min(losses), rel=1e-5)


def test_progress_is_shown_to_who_waits(
    network: nn.Module, parts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(fitting, "tqdm", functools.partial(fitting.tqdm, file=screen))
    fitting.fit_network(network, *parts, functional.cross_entropy, RECIPE, label="deep")
    assert "deep: 100%" in screen.getvalue()
    assert "held out" in screen.getvalue()


def test_a_checkpoint_of_other_settings_is_not_taken_up(
    network: nn.Module, parts: tuple[Any, Any], tmp_path: Path
) -> None:
    """Who stops a training, changes its dropout and starts again wants the other training, not the rest of this one."""
    checkpoint = tmp_path / "deep.pt"

    def begun(settings: dict[str, float]) -> int:
        epochs: list[int] = []

        def watch(epoch: int, _: float) -> None:
            epochs.append(epoch)
            if epoch == epochs[0] + 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fitting.fit_network(
                copy.deepcopy(network),
                *parts,
                functional.cross_entropy,
                RECIPE,
                checkpoint=checkpoint,
                watch=watch,
                settings=settings,
            )
        return epochs[0]

    assert [begun({"dropout": share}) for share in (0.1, 0.1, 0.5, 0.5)] == [1, 4, 1, 4]


def steep(answers: Tensor, target: Tensor) -> Tensor:
    """Its gradients are too large for half precision, at the scale that a training begins with."""
    return 1e4 * functional.cross_entropy(answers, target)


def faint(answers: Tensor, target: Tensor) -> Tensor:
    """Its gradients are too small for half precision, were they not scaled."""
    return 1e-6 * functional.cross_entropy(answers, target)


def test_gradients_that_vanish_in_half_precision_teach_all_the_same(network: nn.Module, parts: tuple[Any, Any]) -> None:
    fitting.fit_network(network, *parts, faint, RECIPE, mixed=True)
    assert accuracy(network, parts[1]) > 0.9


def test_gradients_that_overflow_cost_a_step_and_no_more(network: nn.Module, parts: tuple[Any, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # PyTorch warns of a schedule that runs ahead of its optimizer
        history = fitting.fit_network(network, *parts, steep, RECIPE, mixed=True)
    assert history[-1]["check_loss"] < 0.5 * history[0]["check_loss"]
    assert accuracy(network, parts[1]) > 0.9


def test_gradients_are_clipped_at_their_own_size(
    network: nn.Module, parts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, first = nn.utils.clip_grad_norm_, []

    def measured(weights: Any, most: float) -> Tensor:
        norm = clip(weights, most)
        first.append(float(norm))
        return norm

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", measured)
    # A GPU draws other noise in half precision, and with it come other gradients.
    quiet = nn.Sequential(*(layer for layer in network.children() if not isinstance(layer, nn.Dropout)))
    for mixed in (False, True):
        fitting.fit_network(copy.deepcopy(quiet), *parts, functional.cross_entropy, RECIPE, mixed=mixed)
    assert first[len(first) // 2] == pytest.approx(first[0], rel=0.05)


@pytest.mark.parametrize(("before", "after"), [(True, True), (False, True), (True, False)])
def test_an_interrupted_training_goes_on_in_either_precision(
    network: nn.Module, parts: tuple[Any, Any], tmp_path: Path, before: bool, after: bool
) -> None:
    """As when it began on a machine without a GPU and ends on one that has it."""

    def interrupt(epoch: int, _: float) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    twin, again, checkpoint = copy.deepcopy(network), copy.deepcopy(network), tmp_path / "deep.pt"
    whole = fitting.fit_network(network, *parts, steep, RECIPE, mixed=before)
    with pytest.raises(KeyboardInterrupt):
        fitting.fit_network(twin, *parts, steep, RECIPE, checkpoint=checkpoint, watch=interrupt, mixed=before)
    epochs: list[int] = []
    resumed = fitting.fit_network(
        again,
        *parts,
        steep,
        RECIPE,
        checkpoint=checkpoint,
        watch=lambda epoch, _: epochs.append(epoch),
        mixed=after,
    )
    assert epochs[0] == 4
    assert resumed[:4] == whole[:4]
    assert (resumed == whole) == (before == after)
    assert accuracy(again, parts[1]) > 0.9
    assert not checkpoint.exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that PyTorch can use")
def test_a_gpu_is_used_and_learns_what_the_cpu_does(
    network: nn.Module, parts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[str, torch.dtype]] = set()

    def loss(answers: Tensor, target: Tensor) -> Tensor:
        seen.add((answers.device.type, answers.dtype))
        return functional.cross_entropy(answers, target)

    twin = copy.deepcopy(network)
    there = fitting.fit_network(network, *parts, loss, RECIPE)
    # In half precision where it learns, in full where it is judged.
    assert seen == {("cuda", torch.float16), ("cuda", torch.float32)}
    assert {weight.device.type for weight in network.parameters()} == {"cpu"}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = fitting.fit_network(twin, *parts, loss, RECIPE)
    assert there[0]["check_loss"] == pytest.approx(here[0]["check_loss"], rel=1e-4)
    # Dropout draws differ from one device to the other.
    assert there[-1]["check_loss"] == pytest.approx(here[-1]["check_loss"], rel=0.25)
    assert accuracy(network, parts[1]) > 0.9

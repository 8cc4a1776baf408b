"""The training loop of the neural networks, and their ONNX export.

The same seed gives the same weights on the same CPU, even after an interruption: each epoch uses its own random
generator, and the checkpoint holds the complete state. (With more threads, sums may differ in the last bit.)
"""

import copy
import hashlib
import inspect
import logging
import math
import os
import warnings
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass as pydantic_dataclass
from torch import Tensor, nn
from tqdm import tqdm

from ..config import STRICT
from .base import TrainingContext
from .training_log import TrainingLog, report_epoch

Inputs = tuple[Tensor, ...]
Augment = Callable[[Inputs, torch.Generator], Inputs]
Loss = Callable[[Tensor, Tensor], Tensor]


@pydantic_dataclass(frozen=True, config=STRICT)
class NetworkParams:
    """The hyperparameters of every network's training: AdamW, a one-cycle schedule, early stopping.

    Attributes:
        epochs: maximum number of epochs.
        batch_size: rows per step.
        learning_rate: maximum of the one-cycle schedule.
        weight_decay: as in `torch.optim.AdamW`.
        patience: epochs without a lower held-out loss before the training stops.
        cross_validate: whether it is also trained on each fold, for the comparison with the other models.
    """

    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    patience: Annotated[int, Field(gt=0)]
    cross_validate: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Batch:
    """The input tensors and the target of some rows, rows first."""

    inputs: Inputs
    target: Tensor

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.target)

    def select(self, rows: Tensor | slice) -> "Batch":
        """Return the rows with these indices."""
        return Batch(tuple(tensor[rows] for tensor in self.inputs), self.target[rows])

    def to(self, device: torch.device) -> "Batch":
        """Return the rows on a device."""
        return Batch(tuple(tensor.to(device) for tensor in self.inputs), self.target.to(device))


@dataclass(frozen=True)
class TrainingSetup:
    """What is optimized, and how.

    Attributes:
        params: the model's `Params` dataclass; all of its fields identify the training in a checkpoint.
        loss: the mean loss of a batch, from the network's outputs and the target.
        augment: changes the inputs of a training batch.
        mixed_precision: train in float16 where it is safe, with loss scaling (Micikevicius et al., 2018); by default
            on a GPU only.
    """

    params: NetworkParams
    loss: Loss
    augment: Augment | None = None
    mixed_precision: bool | None = None


def seed_torch(seed: int) -> None:
    """Make training reproducible; call it before a network is created."""
    torch.manual_seed(seed)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it at its first use
    # Some CUDA kernels have no deterministic version: PyTorch warns and goes on.
    torch.use_deterministic_algorithms(True, warn_only=True)
    if torch.cuda.is_available():
        # Fused attention has a deterministic version, but it isn't chosen by itself; the plain kernel is deterministic.
        torch.backends.cuda.enable_flash_sdp(False)
        torch.backends.cuda.enable_mem_efficient_sdp(False)
        torch.backends.cuda.enable_cudnn_sdp(False)


def hold_out(batch: Batch, fraction: float, seed: int) -> tuple[Batch, Batch]:
    """Split rows at random into a training part and a held-out part of at least one row, for early stopping."""
    order = torch.randperm(len(batch), generator=torch.Generator().manual_seed(seed))
    count = max(1, round(fraction * len(batch)))
    return batch.select(order[count:]), batch.select(order[:count])


def train_network(
    network: nn.Module, train: Batch, held_out: Batch, setup: TrainingSetup, context: TrainingContext
) -> list[dict[str, float]]:
    """Train a network in place; it ends with the weights that had the lowest held-out loss.

    AdamW (Loshchilov and Hutter, 2019) with a one-cycle schedule (Smith and Topin, 2018), on a GPU if there is one,
    until the held-out loss has not improved for `patience` epochs.

    Returns:
        A record per epoch: `loss`, `check_loss` (held out), `learning_rate`. The first is from before the first step.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    run = TRAINING_RUN.get()(network, train.to(device), held_out.to(device), setup, context.seed)
    run_id = fingerprint(network, run.train, setup.params, context.seed)
    checkpoint = context.cache / "checkpoint.pt" if context.cache else None
    start, epochs = run.resume(checkpoint, run_id), setup.params.epochs
    name = type(network).__name__
    bar = tqdm(range(start, epochs + 1), name, epochs, initial=start - 1, unit="epoch", disable=None)
    for epoch in bar:
        if run.epochs_without_improvement >= setup.params.patience:
            break
        run.train_epoch(epoch)
        run.keep_best()
        run.save(checkpoint, run_id, epoch)
        report_epoch(context.trial, epoch, run.history[-1]["check_loss"])
        bar.set_postfix_str(f"loss {run.history[-1]['loss']:.4f}, held out {run.history[-1]['check_loss']:.4f}")
    bar.close()
    network.load_state_dict(run.best)
    network.to("cpu").eval()
    if checkpoint:
        checkpoint.unlink(missing_ok=True)
    return run.history


class TrainingRun:
    """The state of a training, which a checkpoint saves."""

    def __init__(self, network: nn.Module, train: Batch, held_out: Batch, setup: TrainingSetup, seed: int) -> None:
        self.network, self.train, self.held_out, self.setup, self.seed = network, train, held_out, setup, seed
        self.device, params = train.target.device, setup.params
        self.mixed = self.device.type == "cuda" if setup.mixed_precision is None else setup.mixed_precision
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay
        )
        steps = params.epochs * math.ceil(len(train) / params.batch_size)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, params.learning_rate, total_steps=steps)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.mixed)
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] = {}
        self.lowest, self.epochs_without_improvement = math.inf, 0
        self.record(self.mean_loss(train))
        self.keep_best()

    def train_epoch(self, epoch: int) -> None:
        """Train on every batch once, in random order."""
        seed = self.seed * 1_000_003 + epoch
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self.train), generator=generator).to(self.device)
        self.network.train()
        total = 0.0
        for rows in torch.split(order, self.setup.params.batch_size):
            total += self.train_batch(self.train.select(rows), generator) * len(rows)
        self.record(total / len(self.train))

    def train_batch(self, batch: Batch, generator: torch.Generator) -> float:
        """Take one step and return the loss."""
        if self.setup.augment:
            batch = Batch(self.setup.augment(batch.inputs, generator), batch.target)
        with torch.autocast(self.device.type, torch.float16, enabled=self.mixed):
            loss = self.training_loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        scale = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        # If gradients overflow, the scaler skips the step and lowers its scale: the schedule must not advance.
        if self.scaler.get_scale() >= scale:
            self.schedule.step()
        return loss.item()

    def training_loss(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, whose gradients change the weights."""
        return self.setup.loss(self.network(*batch.inputs), batch.target)

    def record(self, loss: float) -> None:
        """Add an epoch to the history."""
        rate = float(self.schedule.get_last_lr()[0])
        self.history.append({"loss": loss, "check_loss": self.mean_loss(self.held_out), "learning_rate": rate})

    @torch.no_grad()
    def mean_loss(self, batch: Batch) -> float:
        """Return the loss in evaluation mode and full precision."""
        self.network.eval()
        parts = [batch.select(rows) for rows in torch.split(torch.arange(len(batch), device=self.device), 1024)]
        losses = [float(self.setup.loss(self.network(*part.inputs), part.target)) * len(part) for part in parts]
        return sum(losses) / len(batch)

    def keep_best(self) -> None:
        """Keep the weights if the held-out loss is the lowest so far."""
        loss = self.history[-1]["check_loss"]
        if loss < self.lowest:
            self.lowest, self.epochs_without_improvement = loss, 0
            self.best = copy.deepcopy(self.network.state_dict())
        else:
            self.epochs_without_improvement += 1

    def save(self, path: Path | None, run_id: str, epoch: int) -> None:
        """Write a checkpoint, atomically."""
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        state = {
            "run_id": run_id,
            "epoch": epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict(),
            "history": self.history,
            "best": self.best,
            "lowest": self.lowest,
            "epochs_without_improvement": self.epochs_without_improvement,
        }
        torch.save(state, temporary)
        temporary.replace(path)

    def resume(self, path: Path | None, run_id: str) -> int:
        """Load the checkpoint of an interrupted training of the same data and parameters; return the next epoch."""
        if path is None or not path.exists():
            return 1
        # load_state_dict moves tensors to the right device; AdamW keeps its step counts on the CPU.
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state.get("run_id") != run_id:
            return 1
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        if state["scaler"]:  # empty after training in full precision, possibly on another machine
            self.scaler.load_state_dict(state["scaler"])
        self.history, self.best = state["history"], state["best"]
        self.lowest, self.epochs_without_improvement = state["lowest"], state["epochs_without_improvement"]
        return int(state["epoch"]) + 1


# How networks are trained in this context; a subclass may share the work with other processes.
TRAINING_RUN: ContextVar[type[TrainingRun]] = ContextVar("TRAINING_RUN", default=TrainingRun)


def fingerprint(network: nn.Module, train: Batch, params: Any, seed: int) -> str:
    """Return a hash of what a training starts from: parameters, seed, rows, initial weights."""
    digest = hashlib.sha256(repr([sorted(asdict(params).items()), seed]).encode())
    for tensor in (*train.inputs, train.target, *network.state_dict().values()):
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def training_log(network: nn.Module, history: list[dict[str, float]], expected_initial_loss: float) -> TrainingLog:
    """Return the log of a training, with the initial loss next to the loss of a uniform guess."""
    metrics = {
        "initial_loss": history[0]["check_loss"],
        "expected_initial_loss": expected_initial_loss,
        "epochs": float(len(history) - 1),
        "weights": float(sum(parameter.numel() for parameter in network.parameters())),
    }
    return TrainingLog(history, metrics, torch.cuda.get_device_name() if torch.cuda.is_available() else None)


def export_onnx(network: nn.Module, examples: Inputs, names: Sequence[str], output: str = "prediction") -> bytes:
    """Export a network to one ONNX file for any number of rows; the same weights give the same bytes.

    Args:
        network: returns what is served, such as probabilities instead of logits.
        examples: a tensor of two rows per input.
        names: of the inputs.
        output: the name of the output.
    """
    rows = torch.export.Dim("rows")
    shapes = tuple({0: rows} for _ in examples)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself; the train stage checks the exported model
        program = torch.onnx.export(
            network.eval(),
            examples,
            input_names=list(names),
            output_names=[output],
            dynamo=True,
            # For `forward(*inputs)`, the shapes of all inputs are one argument.
            dynamic_shapes=(shapes,) if inspect.getfullargspec(network.forward).varargs else shapes,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no model")
    model = program.model_proto  # each access converts the model again
    graph = model.graph
    # The exporter's metadata differs between exports and contains paths of this machine.
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
    return bytes(model.SerializeToString())

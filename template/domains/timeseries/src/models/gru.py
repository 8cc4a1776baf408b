"""A gated recurrent unit (GRU) network that corrects the seasonal naive forecast with drift and predicts quantiles."""

import math
from statistics import NormalDist
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from ..evaluation.metrics import QUANTILES
from .base import TrainingContext, TrainingLog
from .network import Batch, NetworkParams, TrainingSetup, export_onnx, seed_torch, train_network, training_log

# Share of the training windows, the latest ones, that decides when to stop.
VALIDATION_FRACTION = 0.2


@dataclass(frozen=True, config=STRICT)
class Params(NetworkParams):
    """Hyperparameters, as PyTorch names them."""

    hidden_size: Annotated[int, Field(gt=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]


class Network(nn.Module):
    """From the history to standardized quantiles, shape (origins, history) → (origins, horizon, 3).

    The recurrent layer reads two channels per step: its growth over one season, and its distance from the last step.
    """

    def __init__(self, history: Tensor, horizon: int, season: int, params: Params) -> None:
        super().__init__()
        self.horizon, self.season = horizon, season
        self.scales = (1.0, 1.0)
        growth, _ = self.channels(history)
        self.scales = float(growth.std()) or 1.0, float((history - history[:, -1:]).std()) or 1.0
        self.gru = nn.GRU(2, params.hidden_size, batch_first=True)
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(params.hidden_size, horizon * len(QUANTILES))
        # Before training it predicts the quantiles of the standard normal distribution for every history.
        nn.init.zeros_(self.head.weight)
        width = math.log(math.expm1(NormalDist().inv_cdf(QUANTILES[-1])))
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor([width, 0.0, width]).repeat(horizon))

    def channels(self, history: Tensor) -> tuple[Tensor, Tensor]:
        """Return seasonal growth relative to the last one, and distance from the last value, both scaled."""
        recent = history[:, self.season :]
        growth = recent - history[:, : -self.season]
        return (growth - growth[:, -1:]) / self.scales[0], (recent - history[:, -1:]) / self.scales[1]

    def forward(self, history: Tensor) -> Tensor:
        """Return quantiles that never cross: the widths are positive."""
        states, _ = self.gru(torch.stack(self.channels(history), dim=-1))
        below, median, above = self.head(self.dropout(states[:, -1])).reshape(-1, self.horizon, 3).unbind(dim=-1)
        softplus = nn.functional.softplus
        return torch.stack([median - softplus(below), median, median + softplus(above)], dim=-1)


class TargetScaler(nn.Module):
    """Standardizes the error of the seasonal naive forecast with drift: last season plus its growth."""

    mean: Tensor
    scale: Tensor

    def __init__(self, history: Tensor, target: Tensor, season: int) -> None:
        super().__init__()
        self.horizon, self.season = target.shape[1], season
        errors = target - self.naive_forecast(history)
        self.register_buffer("mean", errors.mean(dim=0))
        self.register_buffer("scale", errors.std(dim=0).clamp(min=1e-6))

    def naive_forecast(self, history: Tensor) -> Tensor:
        """Return the last season plus its growth, shape (origins, horizon); for years, the last value."""
        last = history[:, -self.season :]
        if self.season == 1:
            return last.repeat(1, self.horizon)
        growth = history[:, -1:] - history[:, -1 - self.season : -self.season]
        cycles = math.ceil(self.horizon / self.season)
        return torch.cat([last + growth * (cycle + 1) for cycle in range(cycles)], dim=1)[:, : self.horizon]

    def transform(self, history: Tensor, target: Tensor) -> Tensor:
        """Return the standardized target, shape (origins, horizon)."""
        return (target - self.naive_forecast(history) - self.mean) / self.scale

    def inverse_transform(self, history: Tensor, quantiles: Tensor) -> Tensor:
        """Return standardized quantiles, shape (origins, horizon, 3), in the unit of the target."""
        return (self.naive_forecast(history) + self.mean)[:, :, None] + quantiles * self.scale[:, None]


class Served(nn.Module):
    """The network in the unit of the target, clipped to the possible values."""

    def __init__(self, network: Network, scaler: TargetScaler, limits: tuple[float, float]) -> None:
        super().__init__()
        self.network, self.scaler, self.limits = network, scaler, limits

    def forward(self, history: Tensor) -> Tensor:
        """Return quantiles, shape (origins, history) → (origins, horizon, 3)."""
        return self.scaler.inverse_transform(history, self.network(history)).clamp(*self.limits)


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class Forecaster:
    """A trained network and the log of its training."""

    served: Served
    steps: int
    log: TrainingLog

    @torch.no_grad()
    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return quantiles of shape (origins, horizon, 3)."""
        quantiles: Tensor = self.served.eval()(to_tensor(features))
        return quantiles.numpy().astype(np.float64)

    def export_onnx(self) -> bytes:
        """Return the model as ONNX: `history` (origins, history) → `quantiles` (origins, horizon, 3), both float32."""
        return export_onnx(self.served, (torch.zeros(2, self.steps),), ["history"], "quantiles")


def to_tensor(features: pd.DataFrame) -> Tensor:
    """Return histories as float32, shape (origins, history)."""
    # A copy, because PyTorch can't read the negative strides of reversed rows.
    return torch.tensor(features.to_numpy(dtype=np.float32).copy())


def pinball_loss(quantiles: Tensor, target: Tensor) -> Tensor:
    """Return the mean quantile loss (Koenker and Bassett, 1978)."""
    errors = target[:, :, None] - quantiles
    levels = torch.tensor(QUANTILES, device=quantiles.device)
    return torch.maximum(levels * errors, (levels - 1) * errors).mean()


def expected_initial_loss() -> float:
    """Return the pinball loss of the standard normal distribution's own quantiles: the mean density at them."""
    normal = NormalDist()
    return sum(normal.pdf(normal.inv_cdf(level)) for level in QUANTILES) / len(QUANTILES)


def training_batches(train: Split, schema: Schema) -> tuple[TargetScaler, Batch, Batch]:
    """Return the scaler, the windows to train on, and the later windows for early stopping.

    Windows whose targets overlap both are dropped, so that no step is a target in both.
    """
    history = to_tensor(train.features)
    target = torch.tensor(encode_target(train.target, schema), dtype=torch.float32)
    border = len(history) - max(1, round(VALIDATION_FRACTION * len(history)))
    fitted = slice(0, max(1, border - target.shape[1] + 1))
    scaler = TargetScaler(history[fitted], target[fitted], schema.season)
    scaled = scaler.transform(history, target)
    return scaler, Batch((history[fitted],), scaled[fitted]), Batch((history[border:],), scaled[border:])


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Forecaster:
    """Train on the earlier windows of the training split; stop early by the loss on the later ones."""
    scaler, batch, held_out = training_batches(train, schema)
    seed_torch(context.seed)
    network = Network(batch.inputs[0], scaler.horizon, schema.season, params)
    history = train_network(network, batch, held_out, TrainingSetup(params, pinball_loss), context)
    log = training_log(network, history, expected_initial_loss())
    # The target is standardized on the windows to train on, so only there the initial loss is as expected.
    log.metrics["initial_loss"] = history[0]["loss"]
    return Forecaster(Served(network, scaler, schema.limits), train.features.shape[1], log)

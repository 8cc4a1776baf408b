"""The deep model: a gated recurrent network that corrects the classical guess and says how sure it is, in PyTorch.

Whether it serves is decided by the rule in `metrics.choose_champion`; on a few hundred months linear models often win.
"""

import math
from dataclasses import asdict
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .data import Schema, Split, encode_target
from .fitting import Recipe, Rows, Watch, export_onnx, facts_of, fit_network, gpu, seeded
from .metrics import QUANTILES
from .params import Deep, Train

# Of the training forecasts the last ones, to know when to stop; validation and test play no part.
HELD_OUT = 0.2


class Network(nn.Module):
    """History in the target's unit → recurrent layer over its steps → quantiles of standard scores.

    It reads what each step added to the one a season before, and how far the step lies from the last one. Its answer,
    shape (origins, horizon, 3), is of the scores that `Scores` makes of the target.
    """

    def __init__(self, horizon: int, season: int, scales: tuple[float, float], turned: Deep) -> None:
        super().__init__()
        self.horizon, self.season, self.scales = horizon, season, scales
        self.recurrent = nn.GRU(2, turned.hidden, batch_first=True)
        self.dropout = nn.Dropout(turned.dropout)
        self.last = nn.Linear(turned.hidden, horizon * len(QUANTILES))
        # A network that knows nothing yet says so: the quantiles of the normal distribution, whatever the history.
        nn.init.zeros_(self.last.weight)
        width = math.log(math.expm1(NormalDist().inv_cdf(QUANTILES[-1])))
        with torch.no_grad():
            self.last.bias.copy_(torch.tensor([width, 0.0, width]).repeat(horizon))

    def forward(self, history: Tensor) -> Tensor:
        """Shape (origins, steps) → (origins, horizon, 3)."""
        later = history[:, self.season :]
        growth = later - history[:, : -self.season]
        channels = (growth - growth[:, -1:]) / self.scales[0], (later - history[:, -1:]) / self.scales[1]
        states, _ = self.recurrent(torch.stack(channels, dim=-1))
        below, median, above = self.last(self.dropout(states[:, -1])).reshape(-1, self.horizon, 3).unbind(dim=-1)
        # Widths are positive, so that the quantiles never cross.
        soft = nn.functional.softplus
        return torch.stack([median - soft(below), median, median + soft(above)], dim=-1)


class Scores(nn.Module):
    """The target as standard scores of how far it lies from a guess: a season before, plus what the last one added."""

    mean: Tensor
    scale: Tensor

    def __init__(self, history: Tensor, target: Tensor, season: int) -> None:
        super().__init__()
        self.horizon, self.season = target.shape[1], season
        missed = target - self.guess(history)
        self.register_buffer("mean", missed.mean(dim=0))
        self.register_buffer("scale", missed.std(dim=0).clamp(min=1e-6))

    def guess(self, history: Tensor) -> Tensor:
        """Shape (origins, steps) → (origins, horizon)."""
        last = history[:, -self.season :]
        if self.season == 1:  # what one year added to the one before is mostly chance
            return last.repeat(1, self.horizon)
        growth = history[:, -1:] - history[:, -1 - self.season : -self.season]
        cycles = math.ceil(self.horizon / self.season)
        return torch.cat([last + growth * (cycle + 1) for cycle in range(cycles)], dim=1)[:, : self.horizon]

    def of(self, history: Tensor, target: Tensor) -> Tensor:
        """Shape (origins, horizon)."""
        return (target - self.guess(history) - self.mean) / self.scale

    def back(self, history: Tensor, scores: Tensor) -> Tensor:
        """Scores, shape (origins, horizon, 3), in the target's unit."""
        return (self.guess(history) + self.mean)[:, :, None] + scores * self.scale[:, None]


class Served(nn.Module):
    """The network as it answers: quantiles in the target's own unit, within what is possible."""

    def __init__(self, network: Network, scores: Scores, limits: tuple[float, float]) -> None:
        super().__init__()
        self.network, self.scores, self.limits = network, scores, limits

    def forward(self, history: Tensor) -> Tensor:
        """Shape (origins, steps) → (origins, horizon, 3)."""
        return self.scores.back(history, self.network(history)).clamp(*self.limits)


class Model:
    """A trained network, and what its training has to tell."""

    def __init__(self, served: Served, steps: int, history: list[dict[str, float]]) -> None:
        self.served, self.steps, self.history = served, steps, history
        # The scores are standard ones over the rows to learn from, so that is where the first loss is as expected.
        self.facts = facts_of(served.network, history, expected_loss()) | {"initial_loss": history[0]["loss"]}
        self.gpu = gpu()

    @torch.no_grad()
    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Quantiles of shape (origins, horizon, 3)."""
        answers: Tensor = self.served.eval()(tensor_of(features))
        return answers.numpy().astype(np.float64)

    def export_onnx(self) -> bytes:
        """`history` float32 (origins, steps) → `answer` float32 (origins, horizon, 3)."""
        return export_onnx(self.served, (torch.zeros(2, self.steps),), ["history"])


def tensor_of(features: pd.DataFrame) -> Tensor:
    """Histories as float32, shape (origins, steps)."""
    return torch.tensor(features.to_numpy(dtype=np.float32))


def pinball(answers: Tensor, target: Tensor) -> Tensor:
    """The mean quantile loss (Koenker and Bassett, 1978): least where each quantile is as often exceeded as it says."""
    missed = target[:, :, None] - answers
    shares = torch.tensor(QUANTILES, device=answers.device)
    return torch.maximum(shares * missed, (shares - 1) * missed).mean()


def expected_loss() -> float:
    """The pinball loss of a normal distribution's own quantiles: its density at each of them, on average."""
    normal = NormalDist()
    return sum(normal.pdf(normal.inv_cdf(share)) for share in QUANTILES) / len(QUANTILES)


def rows_of(train: Split, schema: Schema) -> tuple[Scores, Rows, Rows]:
    """The standard scores of the target, the rows to learn from, and the later ones that tell when to stop.

    Between them as many forecasts are left out as overlap with both, so that no step is a target of both.
    """
    history = tensor_of(train.features)
    target = torch.tensor(encode_target(train.target, schema), dtype=torch.float32)
    border = len(history) - max(1, round(HELD_OUT * len(history)))
    learnt = slice(0, max(1, border - target.shape[1] + 1))
    scores = Scores(history[learnt], target[learnt], schema.season)
    known = scores.of(history, target)
    return scores, Rows((history[learnt],), known[learnt]), Rows((history[border:],), known[border:])


def fit(
    train: Split, schema: Schema, params: Train, checkpoint: Path | None = None, watch: Watch | None = None
) -> Model:
    """Train on the earlier forecasts of the training split, stop by the later ones.

    Raises:
        ValueError: the parameters name no network.
    """
    turned = params.deep
    if turned is None:
        raise ValueError("params.yaml has no section train.deep")
    scores, rows, check = rows_of(train, schema)
    history = rows.inputs[0]
    growth = history[:, schema.season :] - history[:, : -schema.season]
    scales = float((growth - growth[:, -1:]).std()) or 1.0, float((history - history[:, -1:]).std()) or 1.0
    seeded(params.seed)
    network = Network(scores.horizon, schema.season, scales, turned)
    recipe = Recipe(
        epochs=turned.epochs,
        batch_size=turned.batch_size,
        learning_rate=turned.learning_rate,
        weight_decay=turned.weight_decay,
        patience=turned.patience,
        seed=params.seed,
    )
    told = fit_network(
        network, rows, check, pinball, recipe, checkpoint=checkpoint, watch=watch, settings=asdict(turned)
    )
    return Model(Served(network, scores, schema.limits), train.features.shape[1], told)

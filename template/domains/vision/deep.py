"""The deep model: a small convolutional network, in PyTorch.

Whether it serves is decided by the rule in `metrics.choose_champion`.
"""

import math
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from .data import Pictures, Schema, Split, encode_target
from .fitting import Recipe, Rows, Watch, export_onnx, facts_of, fit_network, gpu, hold_out, seeded
from .models import BATCH
from .params import Deep, Train
from .pictures import Grid

# Of the training pictures, to know when to stop; validation and test pictures play no part.
HELD_OUT = 0.15


class Network(nn.Module):
    """Shares of shape (rows, cells) → blocks of convolutions, each halving the grid → logits (rows, classes)."""

    def __init__(self, grid: Grid, classes: int, turned: Deep) -> None:
        super().__init__()
        self.grid = grid
        # Two blocks, and one more for each time that the shorter side can be halved and still be 4.
        count = max(2, int(math.log2(min(grid.height, grid.width))) - 2)
        widths = [grid.channels, *(turned.channels * 2**step for step in range(count))]
        cells = (grid.height // 2**count) * (grid.width // 2**count)
        last = nn.Linear(widths[-1] * cells, classes)
        # A network that knows nothing yet says so: every class alike.
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)
        layers = [layer for before, after in pairwise(widths) for layer in _block(before, after)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(turned.dropout), last)

    def forward(self, picture: Tensor) -> Tensor:
        """Logits of shape (rows, classes)."""
        logits: Tensor = self.layers(as_channels(picture, self.grid))
        return logits


def as_channels(picture: Tensor, grid: Grid) -> Tensor:
    """Shape (rows, cells) to (rows, channels, height, width)."""
    return picture.reshape(-1, *grid.shape).permute(0, 3, 1, 2)


def _block(before: int, after: int) -> list[nn.Module]:
    """Two convolutions, each with batch normalisation, then the highest of each four."""
    layers: list[nn.Module] = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return [*layers, nn.MaxPool2d(2)]


class Jiggle:
    """Moves each picture of a batch about a little: what a hand or a camera does from one to the next."""

    def __init__(self, grid: Grid, turned: Deep) -> None:
        self.grid, self.turned = grid, turned

    def __call__(self, inputs: tuple[Tensor, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
        """Shift, turn, stretch, slant, mirror and brightness, each drawn for each picture."""
        (picture,) = inputs
        turned, rows = self.turned, len(picture)

        def draw(most: float) -> Tensor:
            return (torch.rand(rows, generator=generator) * 2 - 1) * most

        angle, slant = draw(math.radians(turned.turn)), draw(turned.slant)
        wide, high = 1 + draw(turned.stretch), 1 + draw(turned.stretch)
        # `affine_grid` counts from -1 to 1 across the picture.
        across, down = draw(2 * turned.shift), draw(2 * turned.shift)
        # From one side to the other it counts the same, however long the side is: an angle is one of equal cells.
        aspect = self.grid.height / self.grid.width
        first = torch.stack([angle.cos() * wide, (slant - angle.sin()) * aspect, across], dim=1)
        second = torch.stack([angle.sin() / aspect, angle.cos() * high, down], dim=1)
        moves = torch.stack([first, second], dim=1).to(picture.device)
        squares = as_channels(picture, self.grid)
        if turned.mirror:
            mirrored = (torch.rand(rows, generator=generator) < 0.5).to(picture.device)
            squares = torch.where(mirrored.reshape(-1, 1, 1, 1), squares.flip(3), squares)
        places = functional.affine_grid(moves, list(squares.shape), align_corners=False)
        # Beyond the edge of a drawing is paper; beyond that of another picture, more of the same.
        beyond = "zeros" if self.grid.drawn else "border"
        moved = functional.grid_sample(squares, places, padding_mode=beyond, align_corners=False)
        lit = moved * (1 + draw(turned.brightness)).to(picture.device).reshape(-1, 1, 1, 1)
        return (lit.clamp(0, 1).permute(0, 2, 3, 1).reshape(picture.shape),)


class Served(nn.Module):
    """The network as it answers: probabilities of the classes."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """Shape (rows, classes)."""
        return torch.softmax(self.network(picture), dim=1)


class Model:
    """A trained network with the methods of a scikit-learn model, and what its training has to tell."""

    def __init__(self, network: Network, history: list[dict[str, float]], classes: int) -> None:
        self.served, self.history = Served(network), history
        self.facts = facts_of(network, history, math.log(classes))
        self.gpu = gpu()

    @torch.no_grad()
    def predict_proba(self, cells: Pictures) -> NDArray[np.float64]:
        """Probabilities of shape (rows, classes), for shares of shape (rows, cells)."""
        parts = torch.split(torch.from_numpy(cells), BATCH)
        return np.concatenate([np.asarray(self.served.eval()(part), dtype=np.float64) for part in parts])

    def export_onnx(self) -> bytes:
        """The network as ONNX: `picture` of shape (rows, cells) to probabilities."""
        cells = math.prod(self.served.network.grid.shape)
        return export_onnx(self.served, (torch.zeros(2, cells),), ["picture"])


def fit(
    train: Split, schema: Schema, params: Train, checkpoint: Path | None = None, watch: Watch | None = None
) -> Model:
    """The network, trained on most of the training pictures and stopped by the rest."""
    turned = params.deep
    if turned is None:
        raise ValueError("params.yaml has no train.deep")
    seeded(params.seed)
    network = Network(schema.picture, len(schema.classes), turned)
    learnt, held_out = hold_out(rows_of(train, schema), HELD_OUT, params.seed)
    recipe = Recipe(
        **{name: value for name, value in asdict(turned).items() if name in Recipe.__dataclass_fields__},
        seed=params.seed,
    )
    augment = Jiggle(schema.picture, turned)
    loss = partial(functional.cross_entropy, label_smoothing=turned.smoothing)
    history = fit_network(
        network,
        learnt,
        held_out,
        loss,
        recipe,
        checkpoint=checkpoint,
        watch=watch,
        augment=augment,
        settings=asdict(turned),
    )
    return Model(network, history, len(schema.classes))


def rows_of(split: Split, schema: Schema) -> Rows:
    """The split as the network takes it: shares of shape (rows, cells), class indices."""
    cells = torch.from_numpy(split.features.reshape(len(split.target), -1))
    return Rows((cells,), torch.from_numpy(encode_target(split.target, schema)))

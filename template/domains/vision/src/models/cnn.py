"""Convolutional neural network in PyTorch, trained on randomly transformed images."""

import math
from functools import partial
from itertools import pairwise
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from ..config import STRICT
from ..data.images import ImageSpec, Pixels
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext
from .inference import BATCH_SIZE
from .network import Batch, NetworkParams, TrainingSetup, export_onnx, hold_out, seed_torch, train_network, training_log
from .sklearn_model import flatten, normalize
from .training_log import TrainingLog

# Part of the training split that early stopping is based on.
HELD_OUT_FRACTION = 0.15
Positive = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class Params(NetworkParams):
    """Hyperparameters of the network, of the random transformations (limits in both directions) and of the training.

    Attributes:
        channels: Channels of the first block; each further block doubles them.
        label_smoothing: As in PyTorch's `CrossEntropyLoss`. Keeps the network from being overconfident on images
            unlike the training data, such as digits drawn with a mouse.
        translate: Shift as a fraction of width and height.
        degrees: Rotation.
        scale: Change of width and height as a fraction.
        shear: Horizontal shear as a fraction of the height.
        brightness: Change as a fraction.
        horizontal_flip: Mirror half of the images; only if a mirror image shows the same.
    """

    channels: Positive
    dropout: Annotated[float, Field(ge=0, lt=1)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    translate: Annotated[float, Field(ge=0, lt=0.5)]
    degrees: Annotated[float, Field(ge=0, le=45)]
    scale: Annotated[float, Field(ge=0, lt=0.5)]
    shear: Annotated[float, Field(ge=0, le=1)]
    brightness: Annotated[float, Field(ge=0, lt=1)]
    horizontal_flip: bool


class Network(nn.Module):
    """Blocks of convolutions and 2 × 2 max pooling, then a linear layer: (rows, pixels) to logits (rows, classes)."""

    def __init__(self, spec: ImageSpec, classes: int, params: Params) -> None:
        super().__init__()
        self.spec = spec
        # At least two blocks, and more while the shorter side stays at least 4 pixels.
        count = max(2, int(math.log2(min(spec.height, spec.width))) - 2)
        widths = [spec.channels, *(params.channels * 2**step for step in range(count))]
        output = nn.Linear(widths[-1] * (spec.height // 2**count) * (spec.width // 2**count), classes)
        # Nearly equal initial probabilities, so that the initial loss is log(classes).
        nn.init.normal_(output.weight, std=1e-3)
        nn.init.zeros_(output.bias)
        layers = [layer for before, after in pairwise(widths) for layer in _block(before, after)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(params.dropout), output)

    def forward(self, picture: Tensor) -> Tensor:
        """Return logits of shape (rows, classes)."""
        logits: Tensor = self.layers(channels_first(picture, self.spec))
        return logits


def _block(before: int, after: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return [*layers, nn.MaxPool2d(2)]


def channels_first(pixels: Tensor, spec: ImageSpec) -> Tensor:
    """Reshape (rows, pixels) to (rows, channels, height, width)."""
    return pixels.reshape(-1, *spec.shape).permute(0, 3, 1, 2)


class RandomTransform:
    """Random affine transformation and brightness, drawn for each image of a batch."""

    def __init__(self, spec: ImageSpec, params: Params) -> None:
        self.spec, self.params = spec, params

    def __call__(self, inputs: tuple[Tensor, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
        """Transform a batch of shape (rows, pixels)."""
        (pixels,) = inputs
        rows = len(pixels)
        affine = self._affine_matrices(rows, generator).to(pixels.device)
        images = channels_first(pixels, self.spec)
        if self.params.horizontal_flip:
            flip = (torch.rand(rows, generator=generator) < 0.5).to(pixels.device)
            images = torch.where(flip.reshape(-1, 1, 1, 1), images.flip(3), images)
        grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
        # Blank paper continues beyond the border of a drawing, the border color beyond that of a photo.
        padding = "zeros" if self.spec.drawn else "border"
        moved = functional.grid_sample(images, grid, padding_mode=padding, align_corners=False)
        factor = 1 + _uniform(rows, self.params.brightness, generator).to(pixels.device)
        changed = (moved * factor.reshape(-1, 1, 1, 1)).clamp(0, 1)
        return (changed.permute(0, 2, 3, 1).reshape(pixels.shape),)

    def _affine_matrices(self, rows: int, generator: torch.Generator) -> Tensor:
        params = self.params
        limits = [math.radians(params.degrees), params.shear, *[params.scale] * 2, *[2 * params.translate] * 2]
        angle, shear, x_scale, y_scale, x_shift, y_shift = (_uniform(rows, limit, generator) for limit in limits)
        # Both axes run from -1 to 1, also if the image is not square.
        aspect = self.spec.height / self.spec.width
        x = torch.stack([angle.cos() * (1 + x_scale), (shear - angle.sin()) * aspect, x_shift], dim=1)
        y = torch.stack([angle.sin() / aspect, angle.cos() * (1 + y_scale), y_shift], dim=1)
        return torch.stack([x, y], dim=1)


def _uniform(rows: int, limit: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(rows, generator=generator) * 2 - 1) * limit


class Classifier(nn.Module):
    """The network with a softmax: probabilities of shape (rows, classes)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """Return probabilities."""
        return torch.softmax(self.network(picture), dim=1)


class TrainedModel:
    """A trained network and the log of its training."""

    def __init__(self, network: Network, log: TrainingLog) -> None:
        self.classifier, self.log = Classifier(network).eval(), log

    @torch.no_grad()
    def predict(self, features: Pixels) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        batches = torch.split(to_tensor(features), BATCH_SIZE)
        return normalize(np.concatenate([self.classifier(batch).numpy() for batch in batches]))

    def export_onnx(self) -> bytes:
        """Return the network as ONNX, with one input `picture` of shape (rows, pixels)."""
        pixels = math.prod(self.classifier.network.spec.shape)
        return export_onnx(self.classifier, (torch.zeros(2, pixels),), ["picture"])


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> TrainedModel:
    """Train the network on most of the training split, with early stopping on the rest."""
    seed_torch(context.seed)
    network = Network(schema.picture, len(schema.classes), params)
    batch, held_out = hold_out(to_batch(train, schema), HELD_OUT_FRACTION, context.seed)
    loss = partial(functional.cross_entropy, label_smoothing=params.label_smoothing)
    setup = TrainingSetup(params, loss, RandomTransform(schema.picture, params))
    history = train_network(network, batch, held_out, setup, context)
    return TrainedModel(network, training_log(network, history, math.log(len(schema.classes))))


def to_batch(split: Split, schema: Schema) -> Batch:
    """Return the split as tensors: pixels of shape (rows, pixels) and class indices."""
    return Batch((to_tensor(split.features),), torch.from_numpy(encode_target(split.target, schema)))


def to_tensor(pixels: Pixels) -> Tensor:
    """Return pixels of shape (rows, pixels)."""
    # A copy, because PyTorch can't read the negative strides of reversed rows.
    return torch.tensor(flatten(pixels).copy())

"""The deep model: a multilayer perceptron on standardised columns, in PyTorch.

Whether it serves is decided by the rule in `metrics.choose_champion`; on few rows boosting often wins.
"""

import math
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnx.compose
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .data import Schema, Split, encode_target
from .fitting import Recipe, Rows, Watch, export_onnx, facts_of, fit_network, gpu, hold_out, seeded
from .params import Deep, Train

# Of the training rows, to know when to stop; validation and test rows play no part.
HELD_OUT = 0.15
# A category's input of the network, and what the look-up of its text, put in front, hands to it.
INDEX, LOOKED_UP = " (index)", " (looked up)"


class Network(nn.Module):
    """Columns in their own units → standardised, one-hot → layers → logits (rows, classes), or a number (rows,)."""

    mean: Tensor
    scale: Tensor

    def __init__(self, schema: Schema, train: pd.DataFrame, turned: Deep) -> None:
        super().__init__()
        self.sizes = [len(column.levels) if column.kind == "category" else 0 for column in schema.features]
        numbers = [column.name for column in schema.features if column.kind != "category"]
        self.gaps = any(column.nullable for column in schema.features)
        values = train[numbers].to_numpy(dtype=np.float64)
        self.register_buffer("mean", torch.tensor(np.nanmean(values, axis=0), dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(np.nanstd(values, axis=0).clip(min=1e-9), dtype=torch.float32))
        widths = [len(numbers) + sum(self.sizes), *turned.hidden]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(turned.dropout)]
        last = nn.Linear(widths[-1], max(len(schema.classes), 1))
        # A network that knows nothing yet says so: every class alike, or the mean.
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, *columns: Tensor) -> Tensor:
        """One tensor of shape (rows, 1) a feature: floats, or the index of a category (-1 for one never seen)."""
        named = list(zip(columns, self.sizes, strict=True))
        parts = [(one == torch.arange(size, device=one.device)).float() for one, size in named if size]
        if numbers := [one for one, size in named if not size]:
            scores = (torch.cat(numbers, dim=1) - self.mean) / self.scale
            # A missing number says nothing: it stands at the mean.
            parts.append(torch.where(torch.isnan(scores), 0.0, scores) if self.gaps else scores)
        answers: Tensor = self.layers(torch.cat(parts, dim=1))
        return answers


class Served(nn.Module):
    """The network as it answers: probabilities of the classes, or the number in its own unit."""

    def __init__(self, network: Network, centre: float, spread: float, classes: int) -> None:
        super().__init__()
        self.network, self.centre, self.spread, self.classes = network, centre, spread, classes

    def forward(self, *columns: Tensor) -> Tensor:
        """Shape (rows, classes), or (rows, 1)."""
        scores: Tensor = self.network(*columns)
        return torch.softmax(scores, dim=1) if self.classes else scores * self.spread + self.centre


class Model:
    """A trained network with the methods of a scikit-learn model, and what its training has to tell."""

    def __init__(self, served: Served, schema: Schema, history: list[dict[str, float]], expected: float) -> None:
        self.served, self.schema, self.history = served, schema, history
        self.facts = facts_of(served.network, history, expected)
        self.gpu = gpu()

    @torch.no_grad()
    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities of shape (rows, classes), or numbers of shape (rows,)."""
        answers: NDArray[np.float64] = self.served.eval()(*columns_of(features, self.schema)).double().numpy()
        return answers if self.schema.classes else answers[:, 0]

    def export_onnx(self) -> bytes:
        """One input a feature, as every tabular champion has: categories come as text and are looked up inside."""
        examples = tuple(torch.zeros(2, 1) for _ in self.schema.features)
        names = [column.name + (INDEX if column.kind == "category" else "") for column in self.schema.features]
        return _with_lookups(export_onnx(self.served, examples, names), self.schema)


def fit(
    train: Split, schema: Schema, params: Train, checkpoint: Path | None = None, watch: Watch | None = None
) -> Model:
    """Train on most of the rows, stop by the others. Numbers are learnt as standard scores.

    Raises:
        ValueError: `params.yaml` says nothing of the network.
    """
    if params.deep is None:
        raise ValueError("train.deep is missing from params.yaml")
    turned = asdict(params.deep)
    target = encode_target(train.target, schema)
    centre, spread = (0.0, 1.0) if schema.classes else (float(target.mean()), float(target.std()) or 1.0)
    known = torch.tensor(target) if schema.classes else torch.tensor((target - centre) / spread, dtype=torch.float32)
    loss: nn.Module = nn.CrossEntropyLoss() if schema.classes else nn.MSELoss()
    # A network that knows nothing says "every class alike" or "the mean": ln(classes), or the variance, which is 1.
    expected = math.log(len(schema.classes)) if schema.classes else 1.0

    seeded(params.seed)
    network = Network(schema, train.features, params.deep)
    rows, check = hold_out(Rows(columns_of(train.features, schema), known), HELD_OUT, params.seed)
    recipe = Recipe(
        seed=params.seed,
        **{name: turned[name] for name in ("epochs", "batch_size", "learning_rate", "weight_decay", "patience")},
    )
    history = fit_network(
        network,
        rows,
        check,
        lambda scores, truth: loss(scores if schema.classes else scores[:, 0], truth),
        recipe,
        checkpoint=checkpoint,
        watch=watch,
        settings=turned,
    )
    return Model(Served(network, centre, spread, len(schema.classes)), schema, history, expected)


def columns_of(features: pd.DataFrame, schema: Schema) -> tuple[Tensor, ...]:
    """One tensor of shape (rows, 1) a feature: the number, or the category's index in the schema (-1 if unknown)."""
    columns = []
    for column in schema.features:
        values = features[column.name]
        if column.kind == "category":
            values = values.map({choice: index for index, choice in enumerate(column.levels)}).fillna(-1)
        columns.append(torch.tensor(values.to_numpy(dtype=np.float32)).reshape(-1, 1))
    return tuple(columns)


def _with_lookups(exported: bytes, schema: Schema) -> bytes:
    """The same model, taking the text of each category where the network takes its index."""
    categories = [column for column in schema.features if column.kind == "category"]
    model = onnx.load_from_string(exported)
    if not categories:
        return exported
    texts, indices = (
        [onnx.helper.make_tensor_value_info(f"{column.name}{suffix}", kind, ["rows", 1]) for column in categories]
        for suffix, kind in (("", onnx.TensorProto.STRING), (LOOKED_UP, onnx.TensorProto.FLOAT))
    )
    lookups = onnx.helper.make_graph(
        [
            onnx.helper.make_node(
                "LabelEncoder",
                [column.name],
                [f"{column.name}{LOOKED_UP}"],
                domain="ai.onnx.ml",
                keys_strings=list(column.levels),
                values_floats=[float(index) for index in range(len(column.levels))],
                default_float=-1.0,
            )
            for column in categories
        ],
        "lookups",
        texts,
        indices,
    )
    opsets = [*model.opset_import, onnx.helper.make_opsetid("ai.onnx.ml", 3)]
    before = onnx.helper.make_model(lookups, opset_imports=opsets, ir_version=model.ir_version)
    pairs = [(f"{column.name}{LOOKED_UP}", f"{column.name}{INDEX}") for column in categories]
    return bytes(onnx.compose.merge_models(before, model, io_map=pairs).SerializeToString())

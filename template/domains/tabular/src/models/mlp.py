"""A multilayer perceptron on standardized columns, in PyTorch."""

from itertools import pairwise
from typing import Annotated

import numpy as np
import onnx
import onnx.compose
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ..config import STRICT
from ..data.features import DERIVED, derive
from ..data.schema import Schema
from ..data.splits import Split, hold_out_cases
from .base import Model, TrainingContext
from .network import Batch, NetworkParams, TrainingSetup, export_onnx, hold_out, seed_torch, train_network, training_log
from .objective import Objective
from .outputs import convert_output
from .training_log import TrainingLog

# The share of the training rows that early stopping uses.
HELD_OUT = 0.15
# Suffixes of a category's index: as an input of the network, and as the output of the lookup of its text.
INDEX, LOOKED_UP = " (index)", " (looked up)"


@dataclass(frozen=True, config=STRICT)
class Params(NetworkParams):
    """Hyperparameters of the network and its training by AdamW with early stopping."""

    hidden_layer_sizes: list[Annotated[int, Field(gt=0)]]
    dropout: Annotated[float, Field(ge=0, lt=1)]


class Network(nn.Module):
    """Columns → standardized or one-hot encoded → hidden layers → logits (rows, classes) or a score (rows, 1)."""

    mean: Tensor
    scale: Tensor

    def __init__(self, schema: Schema, train: pd.DataFrame, params: Params, outputs: int) -> None:
        super().__init__()
        self.sizes = [len(column.levels) for column in schema.features] + [0] * len(DERIVED)
        numbers = [column.name for column in schema.features if column.kind != "category"]
        values = train.assign(**derive(train))[[*numbers, *DERIVED]].to_numpy(dtype=np.float64)
        self.register_buffer("mean", torch.tensor(np.nanmean(values, axis=0), dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(np.nanstd(values, axis=0).clip(min=1e-9), dtype=torch.float32))
        widths = [values.shape[1] + sum(self.sizes), *params.hidden_layer_sizes]
        layers: list[nn.Module] = []
        for inputs, units in pairwise(widths):
            layers += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(params.dropout)]
        last = nn.Linear(widths[-1], outputs)
        # Small weights: the untrained network predicts equal probabilities, or the mean.
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, *columns: Tensor) -> Tensor:
        """Take a tensor of shape (rows, 1) per feature: a number, or the index of a category (-1 if unknown)."""
        pairs = list(zip(columns, self.sizes, strict=True))
        parts = [(column == torch.arange(size, device=column.device)).float() for column, size in pairs if size]
        if numbers := [column for column, size in pairs if not size]:
            standardized = (torch.cat(numbers, dim=1) - self.mean) / self.scale
            parts.append(torch.where(torch.isnan(standardized), 0.0, standardized))  # missing values become the mean
        outputs: Tensor = self.layers(torch.cat(parts, dim=1))
        return outputs


class ServedNetwork(nn.Module):
    """The network with the objective's conversion of its outputs to predictions."""

    def __init__(self, network: Network, objective: Objective) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, *columns: Tensor) -> Tensor:
        """Return predictions, rows first."""
        return self.objective.predictions(self.network(*columns))


class MLP:
    """A trained network."""

    def __init__(self, served: ServedNetwork, schema: Schema, log: TrainingLog) -> None:
        self.served, self.schema, self.log = served, schema, log

    @torch.no_grad()
    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes), or values of shape (rows,)."""
        return convert_output(self.served.eval()(*to_tensors(features, self.schema)).double().numpy())

    def export_onnx(self) -> bytes:
        """Return the network as ONNX; its inputs for categories are text."""
        names = [column.name + (INDEX if column.levels else "") for column in self.schema.features] + [*DERIVED]
        examples = tuple(torch.zeros(2, 1) for _ in names)
        return add_lookups(export_onnx(self.served, examples, names), self.schema)


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Model:
    """Train on most of the rows, and stop by the others."""
    objective = Objective(train.target, schema)
    seed_torch(context.seed)
    network = Network(schema, train.features, params, objective.outputs)
    batch = Batch(to_tensors(train.features, schema), objective.encoded)
    if train.cases is None:
        parts = hold_out(batch, HELD_OUT, context.seed)
    else:  # rows of one case together
        classes = train.target if schema.classes else None
        rows, held_out = hold_out_cases(train.cases, classes, HELD_OUT, context.seed)
        parts = batch.select(torch.tensor(rows)), batch.select(torch.tensor(held_out))
    history = train_network(network, *parts, TrainingSetup(params, objective.loss), context)
    log = training_log(network, history, objective.expected_initial_loss)
    return MLP(ServedNetwork(network, objective), schema, log)


def to_tensors(features: pd.DataFrame, schema: Schema) -> tuple[Tensor, ...]:
    """Return a tensor of shape (rows, 1) per feature: the number, or the index of the category (-1 if unknown)."""
    columns = []
    for column in schema.features:
        values = features[column.name]
        if column.levels:
            values = values.map({level: index for index, level in enumerate(column.levels)}).fillna(-1)
        columns.append(values.to_numpy(dtype=np.float32))
    # A copy, because PyTorch can't read the negative strides of reversed rows.
    return tuple(torch.tensor(values.copy()).reshape(-1, 1) for values in [*columns, *derive(features).values()])


def add_lookups(exported: bytes, schema: Schema) -> bytes:
    """Return the model with a lookup from text to index in front of each input for a category."""
    categories = [column for column in schema.features if column.levels]
    if not categories:
        return exported
    model = onnx.load_from_string(exported)
    inputs, outputs = (
        [onnx.helper.make_tensor_value_info(f"{column.name}{suffix}", kind, ["rows", 1]) for column in categories]
        for suffix, kind in (("", onnx.TensorProto.STRING), (LOOKED_UP, onnx.TensorProto.FLOAT))
    )
    nodes = [
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
    ]
    lookups = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "lookups", inputs, outputs),
        opset_imports=[*model.opset_import, onnx.helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=model.ir_version,
    )
    pairs = [(f"{column.name}{LOOKED_UP}", f"{column.name}{INDEX}") for column in categories]
    return bytes(onnx.compose.merge_models(lookups, model, io_map=pairs).SerializeToString())

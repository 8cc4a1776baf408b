"""What a network for classification is trained for: cross-entropy of the classes."""

import math

import pandas as pd
import torch
from torch import Tensor, nn

from ..data.schema import Schema
from ..data.splits import encode_target


class Objective:
    """Target, loss and predictions of a network with one logit per class."""

    def __init__(self, target: pd.Series, schema: Schema) -> None:
        self.encoded = torch.tensor(encode_target(target, schema))
        self.outputs = len(schema.classes)
        # The loss of equal probabilities.
        self.expected_initial_loss = math.log(self.outputs)

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the mean cross-entropy."""
        return nn.functional.cross_entropy(logits, target)

    def predictions(self, logits: Tensor) -> Tensor:
        """Return probabilities of shape (rows, classes)."""
        return torch.softmax(logits, dim=1)

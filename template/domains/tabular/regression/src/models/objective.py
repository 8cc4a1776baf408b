"""What a network for regression is trained for: the squared error of the standardized target."""

import pandas as pd
import torch
from torch import Tensor, nn

from ..data.schema import Schema
from ..data.splits import encode_target


class Objective:
    """Target, loss and predictions of a network with one output, the standardized target."""

    def __init__(self, target: pd.Series, schema: Schema) -> None:
        values = encode_target(target, schema)
        self.mean, self.deviation = float(values.mean()), float(values.std()) or 1.0
        self.encoded = torch.tensor((values - self.mean) / self.deviation, dtype=torch.float32)
        self.outputs = 1
        # The loss of the mean: the variance of a standardized target.
        self.expected_initial_loss = 1.0

    def loss(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared error."""
        return nn.functional.mse_loss(scores[:, 0], target)

    def predictions(self, scores: Tensor) -> Tensor:
        """Return values of shape (rows, 1), in the target's unit."""
        return scores * self.deviation + self.mean

"""The training of a network by several processes, with the result of one process up to rounding.

Each process of `torch.distributed` has all data, draws the same random numbers, and computes its part of each batch;
`DistributedDataParallel` averages the gradients.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

from .network import TRAINING_RUN, Batch, TrainingRun, TrainingSetup


@contextmanager
def shared_training() -> Iterator[None]:
    """Share the trainings of networks inside the block with the other processes of the process group."""
    token = TRAINING_RUN.set(ParallelRun)
    try:
        yield
    finally:
        TRAINING_RUN.reset(token)


class ParallelRun(TrainingRun):
    """The state of a training, the same in each process."""

    def __init__(self, network: nn.Module, train: Batch, held_out: Batch, setup: TrainingSetup, seed: int) -> None:
        super().__init__(network, train, held_out, setup, seed)
        self.replica = DistributedDataParallel(network)

    def training_loss(self, batch: Batch) -> Tensor:
        """Return the loss of this process's rows; the mean over the processes is that of the batch."""
        share = Share(len(batch))
        part = batch.select(share.rows)
        with WholeBatch(share):
            return share.weight * self.setup.loss(self.replica(*part.inputs), part.target)

    def mean_loss(self, batch: Batch) -> float:
        """Return the loss in evaluation mode, of which each process computes a part."""
        share = Share(len(batch))
        return _average(share.weight * super().mean_loss(batch.select(share.rows)))

    def record(self, loss: float) -> None:
        """Add an epoch to the history, by the mean of the processes' losses."""
        super().record(_average(loss))


class Share:
    """The rows of a batch that this process computes, and their weight in the mean over the processes.

    A batch with fewer rows than processes is computed by each of them.
    """

    def __init__(self, total: int) -> None:
        processes, rank = torch.distributed.get_world_size(), torch.distributed.get_rank()
        shared = total >= processes
        first, end = (rank * total // processes, (rank + 1) * total // processes) if shared else (0, total)
        self.total, self.count, self.rows = total, end - first, slice(first, end)
        self.weight = self.count * processes / total if shared else 1.0


class WholeBatch(TorchFunctionMode):
    """Dropout and batch normalization of a part of the rows as in one process, which has the entire batch.

    Dropout draws for all rows and takes those of the part; batch normalization uses the statistics of all rows. Rows
    must be the first dimension.
    """

    def __init__(self, share: Share) -> None:
        super().__init__()
        self.share = share

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace two functions of `torch.nn.functional`."""
        own = {functional.dropout: self.dropout, functional.batch_norm: self.batch_norm}.get(function)
        if own and len(args[0]) == self.share.count:
            function = own
        return function(*args, **(kwargs or {}))

    def dropout(self, values: Tensor, p: float = 0.5, training: bool = True, **_: Any) -> Tensor:
        """Apply the mask that one process draws."""
        mask = functional.dropout(values.new_ones(self.share.total, *values.shape[1:]), p, training)
        return values * mask[self.share.rows]

    def batch_norm(
        self,
        values: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """Normalize by the mean and the variance of the entire batch."""
        if not training:
            return functional.batch_norm(values, running_mean, running_var, weight, bias, training, momentum, eps)
        full, others = values.float(), [0, *range(2, values.dim())]
        mean = self.batch_mean(full.mean(others, keepdim=True))
        variance = self.batch_mean((full - mean).square().mean(others, keepdim=True))
        if running_mean is not None and running_var is not None:
            count = self.share.total * values[0, 0].numel()
            running_mean.lerp_(mean.detach().flatten(), momentum)
            running_var.lerp_(variance.detach().flatten() * count / (count - 1), momentum)
        normalized = (full - mean) * (variance + eps).rsqrt()
        shape = mean.shape
        if weight is not None and bias is not None:
            normalized = normalized * weight.reshape(shape) + bias.reshape(shape)
        return normalized.to(values.dtype)

    def batch_mean(self, part: Tensor) -> Tensor:
        """Return the mean over the batch from the mean over the part."""
        mean: Tensor = _Average.apply(self.share.weight * part)  # type: ignore[no-untyped-call]
        return mean


class _Average(torch.autograd.Function):
    """The mean of a tensor over the processes; so are its gradients, of the mean of their losses."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total / torch.distributed.get_world_size()

    @staticmethod
    def backward(_: Any, gradients: Tensor) -> Tensor:
        return _Average.forward(_, gradients)


def _average(value: float) -> float:
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    return float(_Average.forward(None, torch.tensor(value, dtype=torch.float64, device=device)))

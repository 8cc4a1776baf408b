"""Networks on a GPU against the CPU: python benchmarks/gpu.py [--seeds N] PROJECT ...

Each PROJECT has `deep=true` and prepared data (`dvc repro prepare`). Run this with a Python that
has PyTorch for the GPU and the project's libraries, such as the environment of a project that was
set up as its README describes under "On a GPU".

Trains the same network with the same seeds on both devices alternately. Prints the time of the
first epoch on the GPU, the median training times, their ratio, and the scores on the test split.
Exits with 1 if a network was not trained in half precision, if its exported predictions differ, or
if the mean scores of the devices differ by more than the spread over seeds on the CPU and by more
than `evaluate.margin`; with 2 if there is no GPU.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

PARITY = 1e-4
"""The limit of a project's stage `train` for the difference after export."""


@dataclasses.dataclass(frozen=True)
class Trained:
    """The result of one training: wall time, test score, and difference after export."""

    seconds: float
    score: float
    difference: float


class Project:
    """A generated project, imported into this process."""

    def __init__(self, folder: Path) -> None:
        (network,) = folder.glob("src/*/models/network.py")
        package = network.parents[1]
        sys.path.insert(0, str(package.parent))
        self.name, self.package = folder.name, package.name
        params = self.module("config").load_params(folder / "params.yaml")
        self.train, self.evaluate = params.train, params.evaluate
        self.network = self.train.models[-1]
        self.schema = self.module("data.schema").load_schema(folder / "schema.yaml")
        self.splits = self.module("data.splits").read_splits(folder / "data/prepared", self.schema)
        self.metric = self.module("evaluation.metrics").METRICS[self.evaluate.metric]

    def module(self, name: str) -> Any:
        """Import one of its modules."""
        return import_module(f"{self.package}.{name}")

    def fit_network(self, seed: int, **changes: Any) -> Any:
        """Fit its network, the last of its models, with other hyperparameters."""
        sections = self.train.hyperparameters
        section = {**sections[self.network], **changes}
        train = dataclasses.replace(self.train, hyperparameters={**sections, self.network: section})
        base = self.module("models.base")
        return base.fit_model(
            self.network, self.splits["train"], self.schema, train, base.TrainingContext(seed)
        )

    def warm_up(self) -> float:
        """Train for one epoch, which loads the GPU's libraries; return the seconds."""
        start = time.perf_counter()
        self.fit_network(self.train.seed, epochs=1)
        return time.perf_counter() - start

    def fit(self, seed: int) -> Trained:
        """Train its network on the device that PyTorch selects."""
        test = self.splits["test"]
        start = time.perf_counter()
        model = self.fit_network(seed)
        seconds = time.perf_counter() - start
        difference = self.module("models.inference").export_difference(
            model, model.export_onnx(), test.features, self.schema
        )
        target = self.module("data.splits").encode_target(test.target, self.schema)
        score = self.metric.score(target, model.predict(test.features))
        return Trained(seconds, float(score), float(difference))


@contextmanager
def recorded_outputs(torch: Any) -> Iterator[set[tuple[str, str]]]:
    """Record the device and the dtype of every layer's output."""
    seen: set[tuple[str, str]] = set()

    def record(_layer: Any, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            seen.add((output.device.type, str(output.dtype).removeprefix("torch.")))

    hook = torch.nn.modules.module.register_module_forward_hook(record)
    try:
        yield seen
    finally:
        hook.remove()


def compare(torch: Any, project: Project, seeds: int) -> bool:
    """Train on both devices, print the results, and return whether all checks pass."""
    runs: dict[str, list[Trained]] = {"GPU": [], "CPU": []}
    first_epoch = project.warm_up()
    with recorded_outputs(torch) as seen:
        for seed in range(seeds):
            runs["GPU"].append(project.fit(seed))
            with mock.patch.object(torch.cuda, "is_available", return_value=False):
                runs["CPU"].append(project.fit(seed))
    print(f"{project.name}: the GPU's first epoch took {first_epoch:.1f} s")
    scores = {side: [run.score for run in trained] for side, trained in runs.items()}
    seconds = {side: median(run.seconds for run in trained) for side, trained in runs.items()}
    for side in runs:
        score = f"{mean(scores[side]):.4g} ({min(scores[side]):.4g} to {max(scores[side]):.4g})"
        print(f"  {side}: {seconds[side]:8.2f} s, {project.evaluate.metric} {score}")
    print(f"  {seconds['GPU'] / seconds['CPU']:13.2f} of the CPU's time")
    spread = max(scores["CPU"]) - min(scores["CPU"])
    checks = {
        "trained in half precision": ("cuda", "float16") in seen,
        "same predictions after export": max(run.difference for run in runs["GPU"]) <= PARITY,
        "scores like on the CPU": abs(mean(scores["GPU"]) - mean(scores["CPU"]))
        <= max(spread, project.evaluate.margin),
    }
    for name, met in checks.items():
        print(f"  {name}: {'yes' if met else 'NO'}")
    return all(checks.values())


def main() -> int:
    """Compare the devices for each project."""
    parser = argparse.ArgumentParser(description="Networks on a GPU against the CPU.")
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch = import_module("torch")
    if not torch.cuda.is_available():
        print("PyTorch found no usable GPU; see 'On a GPU' in a project's README.")
        return 2
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, {os.cpu_count()} CPUs")
    passed = [
        compare(torch, Project(folder.resolve()), arguments.seeds) for folder in arguments.projects
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Networks on a GPU against the CPU: python benchmarks/gpu.py [--seeds N] PROJECT ...

A PROJECT was made with `deep=true`, and its data is prepared (`dvc repro prepare`). The Python that
runs this needs a PyTorch for the GPU, and the projects' libraries: the environment of a project has
both once its README was followed under "On a GPU".

Both sides train the same network with the same seeds in turn. Prints what the GPU's first use
takes, the medians of the seconds after it, the ratio, and the scores on the test split. Exits with
1 if a network was not trained in half precision, if it answers otherwise once it is exported, or if
the mean scores of the sides lie farther apart than the CPU's own from seed to seed and than the
least gain that counts (`evaluate.margin`); with 2 if there is no GPU.
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
"""As in a project's `train.py`."""


@dataclasses.dataclass(frozen=True)
class Trained:
    """Of one training the wall time, the score on the test split, and how far the export is off."""

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
        self.splits = self.module("data.splits").read_splits(
            folder / "data" / "prepared", self.schema
        )
        self.metric = self.module("evaluation.metrics").primary_metric(self.evaluate.metric)

    def module(self, name: str) -> Any:
        """Return a module of the project."""
        return import_module(f"{self.package}.{name}")

    def fit_model(self, seed: int, **changes: Any) -> Any:
        """Fit the network with some hyperparameters changed."""
        base, hyperparameters = self.module("models.base"), self.train.hyperparameters
        changed = {**hyperparameters, self.network: {**hyperparameters[self.network], **changes}}
        train = dataclasses.replace(self.train, hyperparameters=changed)
        context = base.TrainingContext(seed)
        return base.fit_model(self.network, self.splits["train"], self.schema, train, context)

    def wake(self) -> float:
        """Train for one epoch, which loads what the first use needs; return its seconds."""
        start = time.perf_counter()
        self.fit_model(self.train.seed, epochs=1)
        return time.perf_counter() - start

    def fit(self, seed: int) -> Trained:
        """Train the network on the device that PyTorch finds."""
        inference, test = self.module("models.inference"), self.splits["test"]
        start = time.perf_counter()
        model = self.fit_model(seed)
        seconds = time.perf_counter() - start
        exported = model.export_onnx()
        difference = inference.export_difference(model, exported, test.features, self.schema)
        target = self.module("data.splits").encode_target(test.target, self.schema)
        score = self.metric.score(target, model.predict(test.features))
        return Trained(seconds, float(score), float(difference))


@contextmanager
def watched(torch: Any) -> Iterator[set[tuple[str, str]]]:
    """Note the device and the type of what every layer gives."""
    seen: set[tuple[str, str]] = set()

    def note(_layer: Any, _inputs: Any, given: Any) -> None:
        if isinstance(given, torch.Tensor):
            seen.add((given.device.type, str(given.dtype).removeprefix("torch.")))

    hook = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        yield seen
    finally:
        hook.remove()


def compare(torch: Any, project: Project, seeds: int) -> bool:
    """Train on both in turn, print what came of it, and tell whether the GPU may be trusted."""
    runs: dict[str, list[Trained]] = {"GPU": [], "CPU": []}
    woken = project.wake()
    with watched(torch) as seen:
        for seed in range(seeds):
            runs["GPU"].append(project.fit(seed))
            with mock.patch.object(torch.cuda, "is_available", return_value=False):
                runs["CPU"].append(project.fit(seed))
    print(f"{project.name}: the GPU's first epoch took {woken:.1f} s")
    scores = {side: [one.score for one in trained] for side, trained in runs.items()}
    seconds = {side: median(one.seconds for one in trained) for side, trained in runs.items()}
    for side in runs:
        reached = f"{mean(scores[side]):.4g} ({min(scores[side]):.4g} to {max(scores[side]):.4g})"
        print(f"  {side}: {seconds[side]:8.2f} s, {project.evaluate.metric} {reached}")
    print(f"  {seconds['GPU'] / seconds['CPU']:13.2f} of the CPU's time")
    spread = max(scores["CPU"]) - min(scores["CPU"])
    checks = {
        "trained in half precision": ("cuda", "float16") in seen,
        "answers alike once exported": max(one.difference for one in runs["GPU"]) <= PARITY,
        "as good as the CPU's": abs(mean(scores["GPU"]) - mean(scores["CPU"]))
        <= max(spread, project.evaluate.margin),
    }
    for said, met in checks.items():
        print(f"  {said}: {'yes' if met else 'NO'}")
    return all(checks.values())


def main() -> int:
    """Compare each project that is named."""
    parser = argparse.ArgumentParser(description="Networks on a GPU against the CPU.")
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    torch = import_module("torch")
    if not torch.cuda.is_available():
        print("PyTorch finds no GPU that it can use; see 'On a GPU' in a project's README.")
        return 2
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, {os.cpu_count()} CPUs")
    good = [compare(torch, Project(folder.resolve()), asked.seeds) for folder in asked.projects]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

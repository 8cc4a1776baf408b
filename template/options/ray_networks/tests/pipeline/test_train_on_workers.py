"""`RAY_TRAIN_WORKERS` trains networks by Ray Train, with errors that say what to do; Ray is a fake."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from project_package.errors import UserError
from project_package.models.base import TrainingContext
from project_package.models.network import TRAINING_RUN
from project_package.models.parallel import ParallelRun
from project_package.pipeline import train, train_on_ray, train_on_workers

from ..conftest import MODELS
from . import fake_ray

TRAINED: Any = object()
ARGUMENTS = (MODELS[-1], "splits", "schema", "params", TrainingContext(3, Path("cache")), "folds")


class TrainingFailedError(Exception):
    """The error of Ray Train after the last try."""


class TorchTrainer:
    """Runs a training in this process."""

    lost = ""
    scaling: Any = None

    def __init__(self, loop: Callable[[Any], Any], train_loop_config: Any, scaling_config: Any, **_: Any) -> None:
        TorchTrainer.scaling = scaling_config
        self.loop, self.config = loop, train_loop_config

    def fit(self) -> SimpleNamespace:
        if self.lost:
            raise TrainingFailedError(self.lost)
        return SimpleNamespace(return_value=self.loop(self.config))


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> fake_ray.Ray:
    """A cluster of four CPUs with Ray Train."""
    ray, library, trainers = fake_ray.install(monkeypatch), ModuleType("ray.train"), ModuleType("ray.train.torch")
    classes = dict.fromkeys(("FailureConfig", "RunConfig", "ScalingConfig"), SimpleNamespace)
    vars(library).update(classes, TrainingFailedError=TrainingFailedError)
    vars(trainers).update(TorchTrainer=TorchTrainer)
    for module in (library, trainers):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(ray, "put", lambda value: (lambda: value, ()), raising=False)
    ray.cpus = 4
    return ray


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The engines that trainings are started with."""
    engines: list[Any] = []
    monkeypatch.setattr(train_on_ray, "main", lambda _name, _paths, engine: engines.append(engine))
    return engines


def test_only_networks_are_trained_by_workers(engines: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(train_on_workers.WORKERS, raising=False)
    train_on_workers.main(MODELS[-1])
    monkeypatch.setenv(train_on_workers.WORKERS, "4")
    train_on_workers.main(MODELS[0])
    assert engines == [None, None]
    train_on_workers.main(MODELS[-1])
    assert engines[-1].keywords == {"workers": 4}


@pytest.mark.parametrize("text", ["0", "-1", "two"])
def test_a_wrong_number_of_workers_is_an_error(engines: list[Any], monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(train_on_workers.WORKERS, text)
    with pytest.raises(UserError, match=f"RAY_TRAIN_WORKERS is '{text}', but it must be a number of workers"):
        train_on_workers.main(MODELS[-1])
    assert not engines


def test_the_workers_share_a_training_without_a_cache(ray: fake_ray.Ray, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def record(*arguments: Any) -> Any:
        calls.append((TRAINING_RUN.get(), *arguments))
        return TRAINED

    monkeypatch.setattr(train, "train", record)
    assert train_on_workers.train_on_workers(*ARGUMENTS, workers=2) is TRAINED
    assert calls == [(ParallelRun, MODELS[-1], "splits", "schema", "params", TrainingContext(3), "folds")]
    assert TorchTrainer.scaling == SimpleNamespace(num_workers=2, use_gpu=False)


@pytest.mark.parametrize("error", [UserError("params.yaml: wrong"), train.ExportError("differs")])
def test_an_error_of_the_project_is_not_tried_again(
    ray: fake_ray.Ray, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(train, "train", fail)
    with pytest.raises(type(error), match=str(error)):
        train_on_workers.train_on_workers(*ARGUMENTS, workers=2)


def test_too_few_cpus_and_lost_workers_say_what_to_do(ray: fake_ray.Ray, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="RAY_TRAIN_WORKERS is 5, but the Ray cluster has 4 CPUs; add a node, or lower"):
        train_on_workers.train_on_workers(*ARGUMENTS, workers=5)
    monkeypatch.setattr(TorchTrainer, "lost", "The worker died.\nDetails follow.")
    with pytest.raises(UserError, match=r"by 2 workers failed on the Ray cluster: The worker died\. Unset RAY_ADDRESS"):
        train_on_workers.train_on_workers(*ARGUMENTS, workers=2)

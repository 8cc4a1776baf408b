"""The parts of Ray that the project uses, in this process: a cluster of one node, which may fail."""

import sys
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import optuna
import pytest


class RayError(Exception):
    """Ray's base class of errors."""


class RayTaskError(RayError):
    """An error of the code that runs on the cluster."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f'ray::task() (pid=1)\n  File "model.py", line 1\n{type(cause).__name__}: {cause}')
        self.cause = cause


class OptunaSearch:
    """Asks a study for trials and reports their scores to it."""

    def __init__(self, space: Callable[[optuna.Trial], Mapping[str, Any]], **options: Any) -> None:
        self.space, self.metric = space, options["metric"]
        directions = optuna.study.StudyDirection
        self.study = optuna.create_study(
            storage=options["storage"],
            study_name=options["study_name"],
            sampler=options["sampler"],
            direction=directions.MAXIMIZE if options["mode"] == "max" else directions.MINIMIZE,
            load_if_exists=True,
        )


class Tuner:
    """Runs each trial, and reports it to the callbacks unless it failed."""

    def __init__(self, trainable: Callable[[Any], Any], tune_config: Any, run_config: Any) -> None:
        self.trainable, self.config, self.run = trainable, tune_config, run_config

    def fit(self) -> SimpleNamespace:
        search, errors = self.config.search_alg, []
        for _ in range(self.config.num_samples):
            trial = search.study.ask()
            config = search.space(trial)
            try:
                result = self.trainable(config)
            except Exception as error:
                errors.append(RayTaskError(error))
                search.study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            search.study.tell(trial, result[search.metric])
            for callback in self.run.callbacks:
                callback.on_trial_complete(0, [], trial=SimpleNamespace(config=config, last_result=result))
        return SimpleNamespace(errors=errors)


def with_parameters(function: Callable[..., Any], **parameters: Any) -> Callable[[Any], Any]:
    return lambda config: function(config, **parameters)


class Ray(ModuleType):
    """The package; `lost` is the error of a node that is lost."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self) -> None:
        super().__init__("ray")
        self.cpus, self.refuses, self.lost = 1, "", ""
        self.connected: dict[str, Any] = {}

    def init(self, **options: Any) -> None:
        if self.refuses:
            raise RuntimeError(self.refuses)
        self.connected = options

    def shutdown(self) -> None:
        self.connected = {}

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True}, {"Alive": False}]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": self.cpus} if self.cpus else {}

    def remote(self, **_: Any) -> Callable[[Callable[..., Any]], Any]:
        return lambda function: SimpleNamespace(remote=lambda *arguments: (function, arguments))

    def get(self, task: tuple[Callable[..., Any], tuple[Any, ...]]) -> Any:
        if self.lost:
            raise RayError(self.lost)
        try:
            return task[0](*task[1])
        except Exception as error:
            raise RayTaskError(error) from error


def install(patch: pytest.MonkeyPatch) -> Ray:
    """Put it in the place of Ray, which may not be installed."""
    ray, tune, search, searcher = Ray(), *map(ModuleType, ("ray.tune", "ray.tune.search", "ray.tune.search.optuna"))
    vars(tune).update(
        Callback=object,
        Tuner=Tuner,
        TuneConfig=SimpleNamespace,
        RunConfig=SimpleNamespace,
        FailureConfig=SimpleNamespace,
        with_parameters=with_parameters,
    )
    vars(searcher).update(OptunaSearch=OptunaSearch)
    vars(ray).update(tune=tune)
    for module in (ray, tune, search, searcher):
        patch.setitem(sys.modules, module.__name__, module)
    return ray

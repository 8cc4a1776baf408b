"""The canary: another version of the model, which gets a share of the requests beside the champion.

With `CANARY=VERSION:SHARE`, the demo loads the files that `uv run promote VERSION --canary` wrote to `models/canary/`.
A hash of the inputs chooses the model, not one of the request id: the prediction, its explanation and feedback on the
same request are those of one model, on every server and after a restart. In the mean and the distribution of
predictions, `uv run monitor` counts equal inputs once, so that it compares inputs which were assigned at random.

The champion checks the inputs, and the canary predicts for all that it accepts, even outside the range of its own
training data: both must get the same inputs to be comparable.
"""

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..errors import UserError
from ..paths import ProjectPaths
from . import payloads
from .champion import ChampionError
from .predictor import Predictor, load_predictor

CANARY = "CANARY"
FORMAT = re.compile(r"(\d+):(\d*\.?\d+)")

T = TypeVar("T")


class CanaryError(UserError):
    """The canary can't be served; the message says why."""


@dataclass(frozen=True)
class Routed(Generic[T]):
    """A result, and the model that it is from."""

    model: Predictor
    value: T
    failed: Predictor | None = None  # the canary, if it raised an exception and the champion made the result


class Router:
    """Chooses the model of a request: the canary for a share of the distinct inputs, from 0 to 1."""

    def __init__(self, champion: Predictor, canary: Predictor | None = None, share: float = 0.0) -> None:
        self.champion, self.canary, self.share = champion, canary, share
        self._warned = False

    @property
    def models(self) -> list[Predictor]:
        """The champion, and the canary if there is one."""
        return [self.champion, *([self.canary] if self.canary else [])]

    def choose(self, rows: Sequence[Any]) -> Predictor:
        """Return the model for complete inputs, of one row or of all rows of a request."""
        if self.canary is None:
            return self.champion
        inputs = [payloads.logged_inputs(self.champion, row) for row in rows]
        return self.canary if position(self.canary, inputs) < self.share else self.champion

    def run(self, rows: Sequence[Any], function: Callable[[Predictor], T]) -> Routed[T]:
        """Call a function with the model for complete inputs; with the champion if it raises with the canary."""
        model = self.choose(rows)
        if model is self.champion:
            return Routed(model, function(model))
        try:
            routed = Routed(model, function(model))
        except Exception as error:  # whatever fails in the canary must not fail the request
            value = function(self.champion)  # raises if the request is at fault, not the canary
            if not self._warned:
                text = "The canary fails, and the champion predicts instead: %s: %s"
                logging.getLogger(__name__).warning(text, type(error).__name__, error)
            self._warned = True
            return Routed(self.champion, value, model)
        self._warned = False
        return routed

    def run_page(self, inputs: Mapping[str, Any], function: Callable[[Predictor], T]) -> Routed[T]:
        """Call a function with the model for inputs of the page, as the REST API takes them.

        Raises:
            InvalidInputError: an input is invalid.
        """
        return self.run([payloads.complete(self.champion, inputs)] if self.canary else [], function)


def position(canary: Predictor, inputs: Sequence[Mapping[str, Any]]) -> float:
    """Return a number from 0 to 1, exclusive, by a hash: evenly distributed, and the same for the same inputs.

    Another canary gets other inputs.
    """
    hashed = [canary.champion.record["sha256"], *inputs]
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def load_router(paths: ProjectPaths, champion: Predictor) -> Router:
    """Return the router for the champion and for the canary that the environment variable names, if any.

    Raises:
        CanaryError: the variable is invalid, or there is no such canary.
    """
    text = os.environ.get(CANARY, "")
    if not text:
        return Router(champion)
    matched = FORMAT.fullmatch(text)
    if not matched or (share := float(matched[2])) > 1:
        raise CanaryError(f"{CANARY}={text} must be a version and a share from 0 to 1, such as {CANARY}=7:0.1")
    canary = load_canary(paths, int(matched[1]))
    if problem := find_difference(champion, canary):
        raise CanaryError(f"{CANARY}={text}: version {matched[1]} {problem}; choose another version, or unset {CANARY}")
    widen_limits(canary, champion)
    return Router(champion, canary, share)


def load_canary(paths: ProjectPaths, version: int) -> Predictor:
    """Return the model in `models/canary/`.

    Raises:
        CanaryError: it is missing, damaged or another version.
    """
    try:
        canary = load_predictor(paths.canary)
        found = canary.champion.lineage.get("registry_version")
    except ChampionError:
        found = "no valid model"
    if found != version:
        fix = f"run: uv run promote {version} --canary"
        raise CanaryError(f"{CANARY}: models/canary/ must have version {version}, not {found}; {fix}")
    canary.champion = replace(canary.champion, is_canary=True)
    return canary


def find_difference(champion: Predictor, canary: Predictor) -> str:
    """Return why a canary can't answer the requests to the champion, or nothing."""
    if champion.champion.record["sha256"] == canary.champion.record["sha256"]:
        return "is the champion"
    if _schema(champion) != _schema(canary):
        return "has other inputs, classes or another target than the champion"
    try:
        payloads.predict(canary, [payloads.complete(champion, {})])
    except Exception as error:  # of ONNX Runtime, which has several
        return f"can't predict for the champion's default inputs ({error})"
    return ""


def widen_limits(canary: Predictor, champion: Predictor) -> None:
    """Let the canary accept every number, date and length of text that the champion accepts.

    The dates of a forecast stay: before the first one, the canary has no history.
    """
    if "series" in canary.champion.record:
        return
    columns = {column["name"]: column for column in champion.champion.record["inputs"]}
    for column in canary.champion.record["inputs"]:
        for key, wider in (("minimum", min), ("maximum", max)):
            if column.get(key) is not None:
                column[key] = wider(column[key], columns[column["name"]][key])


def _schema(predictor: Predictor) -> dict[str, Any]:
    """Return what the inputs and predictions of two versions must have in common; limits and defaults may differ."""
    inputs = {
        name: (schema["type"], schema.get("enum"), schema.get("format"))
        for name, schema in payloads.input_schemas(predictor).items()
    }
    record = predictor.champion.record
    return {"inputs": inputs, **{key: record.get(key) for key in ("classes", "positive", "target")}}

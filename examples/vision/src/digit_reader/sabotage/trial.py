"""What runs in a copy of the project: the training of a model, its score, and the tests."""

import io
import math
import os
import sys
import textwrap
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import Params, load_params
from ..data.loading import read_raw
from ..data.schema import Schema, load_schema
from ..data.splits import encode_target, split
from ..data.validation import validate
from ..errors import UserError
from ..evaluation.metrics import METRICS
from ..models.base import TrainingContext, fit_model
from ..paths import ProjectPaths

MAX_SAMPLES = 3000
# In this order: the first failing test ends the run.
TESTS = ("tests/test_silent_bugs.py", "tests/data", "tests/evaluation", "tests/models", "tests/serving")
OPTIONS = ("-x", "-q", "--no-cov", "--tb=no", "--no-showlocals", "-p", "no:cacheprovider")

Predictions = tuple[NDArray[Any], NDArray[np.float64]]


def use_copy(copy: Path, package: str, raw: Path) -> None:
    """Let this process work in the copy, print nothing, and import the package from there from now on."""
    sys.stdout = sys.stderr = io.StringIO()
    os.environ["RAW_DATA"] = str(raw)
    os.chdir(copy)
    sys.path.insert(0, str(copy / "src"))
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def predict(model: str, raw: Path, paths: ProjectPaths | None = None) -> Predictions:
    """Split the data, or evenly chosen rows of much data, train a model, return target and predictions of the test."""
    paths = paths or ProjectPaths()
    params, schema = load_params(paths.params), load_schema(paths.schema)
    rows, task = read_raw(raw, schema), str(schema.task)
    if task != "forecast" and len(rows) > MAX_SAMPLES:
        with suppress(ValueError):  # too few rows of a class
            return _train(model, rows[:: math.ceil(len(rows) / MAX_SAMPLES)], schema, params)
    return _train(model, rows, schema, params)


def _train(model: str, rows: Any, schema: Schema, params: Params) -> Predictions:
    splits = split(validate(rows, schema), schema, params.prepare)
    trained = fit_model(model, splits["train"], schema, params.train, TrainingContext(params.train.seed))
    return encode_target(splits["test"].target, schema), trained.predict(splits["test"].features)


def score(metric: str, predictions: Predictions) -> float:
    """Return the score of predictions by the metric of this name."""
    return METRICS[metric].score(*predictions)


@dataclass(frozen=True)
class Failure:
    """A test that fails, and the beginning of its message."""

    test: str
    message: str


class FirstFailure:
    """A plug-in of pytest that keeps the first failure, of a test or of its fixtures."""

    failure: Failure | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Implement the hook."""
        if report.failed and not self.failure:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(crash.message if crash else report.longrepr)
            self.failure = Failure(report.nodeid, textwrap.shorten(message, 160))


def first_failure(expected: str) -> Failure | None:
    """Run the test that is expected to fail in the current folder, then the others, until one fails.

    Raises:
        UserError: the tests can't run.
    """
    import pytest  # not in the container

    for tests in ([expected], [name for name in TESTS if Path(name).exists()]):
        plugin, output = FirstFailure(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(output):
            status = pytest.main([*OPTIONS, *tests], [plugin])
        if plugin.failure:
            return plugin.failure
    if status:
        raise UserError(f"the tests stop with an error:\n{output.getvalue()[-1000:].strip()}")
    return None

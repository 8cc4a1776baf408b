"""A derived feature is the same in training, in the exported model and in serving."""

from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest

from late_flights.config import Params
from late_flights.data import features
from late_flights.data.features import Columns, derive
from late_flights.data.schema import Schema
from late_flights.data.splits import Split
from late_flights.models.base import TrainingContext, fit_model
from late_flights.models.inference import export_difference
from late_flights.paths import ProjectPaths
from late_flights.serving.champion import ChampionError
from late_flights.serving.predictor import Predictor, load_predictor

from ..conftest import MODELS


@pytest.fixture
def derived(schema: Schema, splits: dict[str, Split], monkeypatch: pytest.MonkeyPatch) -> str:
    """Add a derived feature; return its name."""
    column = schema.features[0]

    def derive_one(columns: Columns) -> Any:
        values = columns[column.name]
        return values == column.levels[0] if column.levels else values > splits["train"].features[column.name].median()

    monkeypatch.setitem(features.DERIVED, "derived", derive_one)
    return "derived"


def test_a_division_by_zero_is_a_missing_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(features.DERIVED, "ratio", lambda columns: columns["a"] / columns["b"])
    columns = pd.DataFrame({"a": [1.0, 2.0, 0.0], "b": [2.0, 0.0, 0.0]}, dtype=np.float32)
    np.testing.assert_array_equal(derive(columns)["ratio"], np.array([0.5, np.nan, np.nan], dtype=np.float32))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gets_it(
    name: str, derived: str, splits: dict[str, Split], schema: Schema, params: Params, predictor: Predictor
) -> None:
    model = fit_model(name, splits["train"], schema, params.train, TrainingContext(seed=0))
    exported, rows = model.export_onnx(), splits["test"].features.head(20)
    assert derived in {entry.name for entry in onnx.load_from_string(exported).graph.input}
    assert export_difference(model, exported, rows, schema) < 1e-4
    served = Predictor(predictor.champion, exported)
    complete = [served.complete({str(key): value for key, value in row.items()}) for row in rows.to_dict("records")]
    np.testing.assert_allclose(served.scores(complete), model.predict(rows), rtol=1e-4, atol=1e-5)


def test_a_champion_without_it_is_outdated(project: ProjectPaths, derived: str) -> None:
    with pytest.raises(ChampionError, match=f"{derived}.*uv run dvc repro"):
        load_predictor(project.champion)

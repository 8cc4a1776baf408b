"""What holds for every model in `train.models` of params.yaml, the ones that you add included."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from late_flights.config import Params
from late_flights.data.folds import read_folds
from late_flights.data.schema import Schema
from late_flights.data.splits import Split
from late_flights.evaluation.candidate import Candidate
from late_flights.models.base import Model, TrainingContext, fit_model
from late_flights.models.inference import export_difference, predict_onnx
from late_flights.paths import ProjectPaths
from late_flights.pipeline.train import MAX_EXPORT_DIFFERENCE, ExportError, canonical_onnx, train

from ..conftest import MODELS

Splits = dict[str, Split]


@pytest.fixture(scope="module", params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(splits: Splits, schema: Schema, params: Params, name: str) -> Model:
    return fit_model(name, splits["train"], schema, params.train, TrainingContext(params.train.seed))


def test_training_again_gives_the_same_files(
    project: ProjectPaths, splits: Splits, schema: Schema, params: Params, tmp_path: Path, name: str
) -> None:
    folds, context = read_folds(project.prepared), TrainingContext(params.train.seed)
    train(name, splits, schema, params.train, context, folds).candidate.save(tmp_path)
    for path in project.candidate(name).iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_exported_model_predicts_like_the_trained_one(
    project: ProjectPaths, splits: Splits, schema: Schema, name: str, model: Model
) -> None:
    exported = Candidate.read(project.candidate(name)).exported
    for part in ("validation", "test"):
        features = splits[part].features
        predictions = predict_onnx(exported, features, schema)
        assert predictions.shape == model.predict(features).shape
        assert np.isfinite(predictions).all()
        assert export_difference(model, exported, features, schema) < MAX_EXPORT_DIFFERENCE


def test_the_order_of_rows_does_not_matter(splits: Splits, model: Model) -> None:
    features = splits["test"].features
    np.testing.assert_allclose(model.predict(features[::-1])[::-1], model.predict(features), rtol=1e-5, atol=1e-6)


def test_a_wrong_export_is_an_error(
    project: ProjectPaths, splits: Splits, schema: Schema, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{train.__module__}.export_difference", lambda *_: float("nan"))
    with pytest.raises(ExportError, match=r"the ONNX export of baseline differs from the trained model by nan"):
        train("baseline", splits, schema, params.train, TrainingContext(params.train.seed))


def test_the_order_of_operator_sets_does_not_change_the_model(project: ProjectPaths) -> None:
    exported = Candidate.read(project.candidate("baseline")).exported
    variants = []
    for domains in (("z.first", "a.second"), ("a.second", "z.first")):
        model = onnx.load_from_string(exported)
        model.opset_import.extend(onnx.helper.make_opsetid(domain, 1) for domain in domains)
        variants.append(model.SerializeToString())
    assert variants[0] != variants[1]
    assert canonical_onnx(variants[0]) == canonical_onnx(variants[1])

"""Predictions, warnings and explanations of the champion."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from digit_reader.data.images import Preprocessed
from digit_reader.data.preprocessing import occlusion_value
from digit_reader.data.splits import Split
from digit_reader.paths import ProjectPaths
from digit_reader.serving import predictor as predictor_module
from digit_reader.serving.champion import ChampionError
from digit_reader.serving.predictor import Predictor, load_predictor


def test_default_image_is_predicted(predictor: Predictor) -> None:
    prediction = predictor.predict()
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert prediction.probabilities[prediction.label] == max(prediction.probabilities.values())


@pytest.mark.parametrize(
    ("novelty", "threshold", "warnings"),
    [
        (0.5, 0.0, []),
        (0.5, 1.01, ["The model is uncertain: no class has a high probability."]),
        (1.5, 1.01, ["This image is unlike the training images, so the prediction may be wrong."]),
    ],
)
def test_uncertain_and_novel_predictions_have_warnings(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, novelty: float, threshold: float, warnings: list[str]
) -> None:
    monkeypatch.setattr(predictor, "novelty", lambda _: novelty)
    monkeypatch.setattr(predictor_module, "UNCERTAIN_BELOW", threshold)
    image = Preprocessed(predictor.predict().pixels, ("From preprocessing.",))
    assert list(predictor.predict_pixels(image).warnings) == ["From preprocessing.", *warnings]


def test_probability_drops_without_the_supporting_pixels(predictor: Predictor, splits: dict[str, Split]) -> None:
    drops = []
    for pixels in splits["test"].features[:100]:
        support = predictor.explain(pixels)
        assert support.shape == pixels.shape[:2]
        before = predictor.predict_proba(pixels[None])[0]
        occluded = pixels.copy()
        occluded[support > np.quantile(support, 0.85)] = occlusion_value(pixels)
        drops.append(before.max() - predictor.predict_proba(occluded[None])[0][before.argmax()])
    assert np.mean(np.array(drops) > 0) > 0.9


def test_a_batch_is_predicted_like_single_images(predictor: Predictor, splits: dict[str, Split]) -> None:
    images = splits["test"].features[:20]
    single = np.concatenate([predictor.predict_proba(image[None]) for image in images])
    np.testing.assert_allclose(single, predictor.predict_proba(images), atol=1e-6)


def test_an_incompatible_champion_is_an_error(project: ProjectPaths, tmp_path: Path) -> None:
    """Until mlpath 0.6, champion.json had no grid and models had other inputs."""
    folder = Path(shutil.copytree(project.champion, tmp_path / "champion"))
    record = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    del record["grid"]
    (folder / "champion.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ChampionError, match=r"grid.*uv run dvc repro"):
        load_predictor(folder)

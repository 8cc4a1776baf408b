"""Drawings on the sketchpad are predicted and explained."""

from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from digit_reader.serving.inputs import blank_image, predict_drawing
from digit_reader.serving.predictor import Predictor
from digit_reader.serving.request_log import RequestLog
from digit_reader.serving.uploads import Predict, watched_prediction

from ..drawings import draw
from ..image_files import encode


def unlogged(predictor: Predictor) -> Predict:
    return watched_prediction(RequestLog(predictor, share=0))


@pytest.fixture
def drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A payload of Gradio's sketchpad."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return {"composite": {"path": str(tmp_path / "drawing.png")}}


def test_drawing_is_predicted_and_explained(predictor: Predictor, drawing: dict[str, Any]) -> None:
    draw("4").save(drawing["composite"]["path"])
    probabilities, summary, explanation, picture = predict_drawing(unlogged(predictor), drawing)
    expected = predictor.predict(encode(draw("4")))
    assert probabilities == expected.probabilities
    assert f"likely {expected.label}" in summary
    assert "data:image/png;base64," in explanation
    assert picture == drawing["composite"]


def test_blank_drawing_has_a_message_instead(predictor: Predictor, drawing: dict[str, Any]) -> None:
    blank_image().save(drawing["composite"]["path"])
    probabilities, message, explanation, picture = predict_drawing(unlogged(predictor), drawing)
    assert probabilities is picture is None
    assert "image is blank" in message
    assert explanation == ""


@pytest.mark.parametrize("payload", [None, {}, {"composite": None}])
def test_empty_payload_has_a_message_instead(predictor: Predictor, payload: Any) -> None:
    _, message, *_ = predict_drawing(unlogged(predictor), payload)
    assert "There is no image yet. Draw or upload one." in message


def test_photo_is_rejected_over_http(client: Client, tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "photo.png")
    with pytest.raises(AppError, match="looks like a photo"):
        client.predict(picture=handle_file(tmp_path / "photo.png"), api_name="/predict")

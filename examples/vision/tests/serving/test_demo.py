"""The demo over HTTP: predictions equal the predictor's, and unusable input is rejected with a message."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from digit_reader.data.images import ImageSpec, Preprocessed
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split
from digit_reader.serving import app, demo
from digit_reader.serving.explanation import format_explanation, overlay
from digit_reader.serving.predictor import InvalidInputError, Prediction, Predictor
from digit_reader.serving.request_log import RequestLog
from digit_reader.serving.uploads import read_payload, watched_prediction

from ..image_files import encode_pixels


@pytest.fixture
def content(splits: dict[str, Split], schema: Schema) -> bytes:
    """A test image as a file."""
    return encode_pixels(splits["test"].features[0], schema.picture)


def assert_equal(response: Any, expected: Prediction) -> None:
    assert response["label"] == expected.label
    confidences = {entry["label"]: entry["confidence"] for entry in response["confidences"]}
    assert confidences == pytest.approx({label: expected.probabilities[label] for label in confidences}, abs=1e-6)


def call(address: str, picture: dict[str, Any], version: str = "call") -> str:
    """Call the API without Gradio's client and return the stream of events."""
    data: Any = [picture] if version == "call" else {"picture": picture}
    body = {"data": data} if version == "call" else data
    event = httpx.post(f"{address}/gradio_api/{version}/predict", json=body).json()["event_id"]
    return httpx.get(f"{address}/gradio_api/call/predict/{event}").text


def test_default_image_is_predicted_without_arguments(client: Client, predictor: Predictor) -> None:
    assert_equal(client.predict(api_name="/predict"), predictor.predict())


def test_uploaded_images_are_predicted(
    client: Client, predictor: Predictor, splits: dict[str, Split], schema: Schema, tmp_path: Path
) -> None:
    labels = set()
    for number, label in enumerate(schema.classes[:3]):
        file = tmp_path / f"{number}.png"
        file.write_bytes(encode_pixels(splits["test"].features[splits["test"].target == label][0], schema.picture))
        response = client.predict(picture=handle_file(file), api_name="/predict")
        assert_equal(response, predictor.predict(file.read_bytes()))
        labels.add(response["label"])
    assert len(labels) > 1


def test_data_urls_are_predicted(address: str, predictor: Predictor, content: bytes) -> None:
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    events = call(address, {"url": url, "path": None, "meta": {"_type": "gradio.FileData"}})
    assert "event: complete" in events
    (response,) = json.loads(events.partition("data: ")[2].partition("\n")[0])
    assert_equal(response, predictor.predict(content))


def test_missing_image_is_reported(client: Client) -> None:
    with pytest.raises(AppError, match="There is no image yet"):
        client.predict(picture=None, api_name="/predict")


def test_large_files_are_rejected_without_a_traceback(client: Client, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(bytes(25_000_000))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the client has no specific exception
        client.predict(picture=handle_file(tmp_path / "large.png"), api_name="/predict")
    assert "Traceback" not in str(caught.value)


def test_files_of_the_server_are_not_read(address: str, tmp_path: Path, content: bytes) -> None:
    """Gradio checks only the paths in payloads that are marked as files."""
    (tmp_path / "private.png").write_bytes(content)
    path = str(tmp_path / "private.png")
    marked = call(address, {"path": path, "meta": {"_type": "gradio.FileData"}})
    assert "event: error" in marked
    unmarked = call(address, {"path": path}, version="call/v2")
    assert "event: error" in unmarked
    assert "The image was not uploaded" in unmarked


@pytest.mark.parametrize("path", ["private.png", ".", "missing.png", "a\0b.png", 5])
def test_only_uploaded_files_are_read(path: Any, tmp_path: Path) -> None:
    (tmp_path / "private.png").write_bytes(b"private")
    for candidate in (path, str(tmp_path / str(path))):
        with pytest.raises(InvalidInputError, match="The image was not uploaded"):
            read_payload({"path": candidate})


def test_the_galleries_are_optional(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    def element_ids() -> set[str | None]:
        return {part["props"].get("elem_id") for part in app.build_app(predictor).get_config_file()["components"]}

    assert {"predict", "examples"} <= element_ids()
    assert ("errors" in element_ids()) == bool(predictor.champion.record["errors"])
    monkeypatch.setitem(predictor.champion.record, "examples", [])
    monkeypatch.setitem(predictor.champion.record, "errors", [])
    assert not {"examples", "errors"} & element_ids()


def test_example_images_are_predicted(predictor: Predictor) -> None:
    predict = watched_prediction(RequestLog(predictor, share=0))
    image, probabilities, summary, explanation, _ = demo.predict_sample(
        predict, predictor.champion.record["examples"][1]
    )
    assert image.height >= predictor.spec.height
    label = max(probabilities, key=probabilities.__getitem__)
    assert f"likely {label}</b>" in summary
    assert label in explanation


def test_warnings_are_escaped_and_above_the_explanation(predictor: Predictor) -> None:
    image = Preprocessed(predictor.predict().pixels, ("<b>unusual</b>",))
    text = format_explanation(predictor, predictor.predict_pixels(image))
    assert text.index("&lt;b&gt;unusual&lt;/b&gt;") < text.index("Explanation")


def test_support_is_orange_and_opposition_blue() -> None:
    spec, support = ImageSpec(8, 8, maximum=16), np.zeros((8, 8))
    support[0, :3] = 0, 0.5, -0.5
    pixels = np.full(spec.shape, 0.5, dtype=np.float32)
    neutral, orange, blue = np.asarray(overlay(pixels, support, spec), dtype=int)[0, :3]
    assert len(set(neutral)) == 1
    assert orange[0] > orange[2]
    assert blue[2] > blue[0]

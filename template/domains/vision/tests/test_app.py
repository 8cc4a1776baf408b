"""The demo as others meet it: over HTTP, with the content of its answers checked."""

import base64
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from .package import app, serving
from .test_serving import drawn, file_of

widgets = import_module(f"{app.__package__}.widgets")


def check(answer: Any, expected: serving.Answer) -> None:
    """The answer over HTTP says what the model says."""
    assert answer["label"] == expected.label
    said = {one["label"]: one["confidence"] for one in answer["confidences"]}
    assert all(expected.probabilities[label] == pytest.approx(said[label], abs=1e-6) for label in said)


def saved(folder: Path, content: bytes, name: str = "digit.png") -> Any:
    """A file as the client sends it."""
    (folder / name).write_bytes(content)
    return handle_file(folder / name)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict())


@pytest.mark.parametrize("digit", ["2", "4", "5"])
def test_predict_with_a_drawing(client: Client, predictor: serving.Predictor, tmp_path: Path, digit: str) -> None:
    content = file_of(drawn(digit))
    check(client.predict(picture=saved(tmp_path, content), api_name="/predict"), predictor.predict(content))


def test_answers_differ(client: Client, tmp_path: Path) -> None:
    one, two = (
        client.predict(picture=saved(tmp_path, file_of(drawn(digit)), f"{digit}.png"), api_name="/predict")
        for digit in ("0", "4")
    )
    assert one["label"] != two["label"]


def test_a_data_address_is_a_picture_too(address: str, predictor: serving.Predictor) -> None:
    """What a page or a script sends that has no file."""
    content = file_of(drawn("4"))
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    picture = {"url": url, "path": None, "meta": {"_type": "gradio.FileData"}}
    called = httpx.post(f"{address}/gradio_api/call/predict", json={"data": [picture]}).json()
    told = httpx.get(f"{address}/gradio_api/call/predict/{called['event_id']}").text
    assert "event: complete" in told
    assert f'"label": "{predictor.predict(content).label}"' in told


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (file_of(Image.new("L", (280, 280), "white")), "blank.png", "the picture is blank"),
        (b"hello", "text.png", "no picture that can be read"),
        (b"<svg/>", "drawing.svg", "no picture that can be read"),
        (b"", "nothing.png", "no picture that can be read"),
        (file_of(Image.linear_gradient("L")), "photo.png", "looks like a photo"),
    ],
    ids=["blank", "text", "svg", "empty", "photo"],
)
def test_what_is_no_digit_is_refused_in_words(
    client: Client, tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(picture=saved(tmp_path, content, name), api_name="/predict")
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_no_picture_is_said_so(client: Client) -> None:
    with pytest.raises(AppError, match="There is no picture yet"):
        client.predict(picture=None, api_name="/predict")


def test_a_large_file_is_refused(client: Client, tmp_path: Path) -> None:
    tones = np.random.default_rng(0).integers(0, 256, size=(1700, 1700, 3), dtype=np.uint8)
    content = file_of(Image.fromarray(tones))
    assert len(content) > 8_000_000
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the client has no type of its own for it
        client.predict(picture=saved(tmp_path, content), api_name="/predict")
    assert "Traceback" not in str(caught.value)


def test_a_file_of_the_server_is_not_read(address: str) -> None:
    """Only what was uploaded may be asked about."""
    picture = {"path": str(Path(app.__file__)), "meta": {"_type": "gradio.FileData"}}
    called = httpx.post(f"{address}/gradio_api/call/predict", json={"data": [picture]}).json()
    told = httpx.get(f"{address}/gradio_api/call/predict/{called['event_id']}").text
    assert "event: error" in told
    assert "no picture" not in told, "it was opened"


def test_a_drawing_is_answered_and_explained(predictor: serving.Predictor, tmp_path: Path) -> None:
    drawing = {"composite": {"path": str(tmp_path / "pad.png")}}
    (tmp_path / "pad.png").write_bytes(file_of(drawn("4")))
    probabilities, explanation = widgets._drawn(predictor, drawing)
    assert probabilities == predictor.predict(file_of(drawn("4"))).probabilities
    assert "data:image/png;base64," in explanation


@pytest.mark.parametrize("drawing", [None, {}, {"composite": None}])
def test_an_empty_pad_says_what_to_do(predictor: serving.Predictor, drawing: Any) -> None:
    assert widgets._drawn(predictor, drawing) == (None, "<p>There is no picture yet: draw or send one.</p>")


def test_a_doubt_stands_above_the_explanation(predictor: serving.Predictor) -> None:
    strange = np.random.default_rng(0).integers(0, 17, size=(8, 8)).astype(np.float32)
    shown = widgets.explained(predictor, predictor.answer(serving.Reading(strange, ("<b>odd</b>",))))
    assert shown.index("&lt;b&gt;odd&lt;/b&gt;") < shown.index("What it rests on")


def test_ink_that_supports_is_orange_and_the_rest_blue() -> None:
    counts, shifts = np.full((8, 8), 16, dtype=np.float32), np.zeros((8, 8))
    counts[0, 0], shifts[0, 1], shifts[0, 2] = 0, 0.5, -0.5
    shifts[0, 0] = 0.5
    paper, supports, opposes = np.asarray(widgets.coloured(counts, shifts, 16), dtype=int)[0, :3]
    assert paper.tolist() == [255, 255, 255]
    assert supports[0] > supports[2]
    assert opposes[2] > opposes[0]

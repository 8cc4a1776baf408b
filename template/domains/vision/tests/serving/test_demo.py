"""The demo as others meet it: over HTTP, with the content of its answers checked."""

import base64
import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from .package import app, data, serving

pictures: Any = import_module(f"{data.__package__}.pictures")

widgets = import_module(f"{app.__package__}.widgets")
Splits = dict[str, data.Split]


def file_of(picture: data.Pictures, schema: data.Schema) -> bytes:
    """What the model is shown, as a file."""
    buffer = io.BytesIO()
    pictures.to_picture(picture, schema.picture).save(buffer, "PNG")
    return buffer.getvalue()


def check(answer: Any, expected: serving.Answer) -> None:
    """The answer over HTTP says what the model says."""
    assert answer["label"] == expected.label
    said = {one["label"]: one["confidence"] for one in answer["confidences"]}
    assert all(expected.probabilities[label] == pytest.approx(said[label], abs=1e-6) for label in said)


def saved(folder: Path, content: bytes, name: str = "picture.png") -> Any:
    """A file as the client sends it."""
    (folder / name).write_bytes(content)
    return handle_file(folder / name)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict())


def test_pictures_that_the_model_has_not_seen_are_answered(
    client: Client, predictor: serving.Predictor, splits: Splits, schema: data.Schema, tmp_path: Path
) -> None:
    test, labels = splits["test"], set[tuple[float, ...]]()
    for label in schema.classes[:3]:
        content = file_of(test.features[test.target == label][0], schema)
        answer = client.predict(picture=saved(tmp_path, content, f"{len(labels)}.png"), api_name="/predict")
        check(answer, predictor.predict(content))
        labels.add(tuple(one["confidence"] for one in answer["confidences"]))
    assert len(labels) > 1, "one answer to everything"


def test_a_data_address_is_a_picture_too(
    address: str, predictor: serving.Predictor, splits: Splits, schema: data.Schema
) -> None:
    """What a page or a script sends that has no file."""
    content = file_of(splits["test"].features[1], schema)
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    picture = {"url": url, "path": None, "meta": {"_type": "gradio.FileData"}}
    called = httpx.post(f"{address}/gradio_api/call/predict", json={"data": [picture]}).json()
    told = httpx.get(f"{address}/gradio_api/call/predict/{called['event_id']}").text
    assert "event: complete" in told
    (answer,) = json.loads(told.partition("data: ")[2].partition("\n")[0])
    check(answer, predictor.predict(content))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"hello", "text.png", "no picture that can be read"),
        (b"<svg/>", "drawing.svg", "no picture that can be read"),
        (b"", "nothing.png", "no picture that can be read"),
    ],
    ids=["text", "svg", "empty"],
)
def test_what_is_no_picture_is_refused_in_words(
    client: Client, tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(picture=saved(tmp_path, content, name), api_name="/predict")
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_no_picture_is_said_so(client: Client) -> None:
    with pytest.raises(AppError, match="There is no picture yet"):
        client.predict(picture=None, api_name="/predict")


def test_a_file_that_is_too_large_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the client has no type of its own for it
        client.predict(picture=saved(tmp_path, bytes(25_000_000)), api_name="/predict")
    assert "Traceback" not in str(caught.value)


def test_a_file_of_the_server_is_not_read(address: str) -> None:
    """Only what was uploaded may be asked about."""
    picture = {"path": str(Path(app.__file__)), "meta": {"_type": "gradio.FileData"}}
    called = httpx.post(f"{address}/gradio_api/call/predict", json={"data": [picture]}).json()
    told = httpx.get(f"{address}/gradio_api/call/predict/{called['event_id']}").text
    assert "event: error" in told
    assert "no picture" not in told, "it was opened"


def test_not_even_for_who_does_not_say_that_it_is_a_file(
    address: str, predictor: serving.Predictor, splits: Splits, schema: data.Schema, tmp_path: Path
) -> None:
    """Gradio looks at the paths of what is marked as a file, and passes the rest on."""
    content = file_of(splits["test"].features[0], schema)
    (tmp_path / "private.png").write_bytes(content)
    called = httpx.post(
        f"{address}/gradio_api/call/v2/predict", json={"picture": {"path": str(tmp_path / "private.png")}}
    ).json()
    told = httpx.get(f"{address}/gradio_api/call/v2/predict/{called['event_id']}").text
    assert "event: error" in told
    assert "There is no such picture here" in told
    assert predictor.predict(content).label, "the picture is one that would be answered"


@pytest.mark.parametrize("path", ["private.png", ".", "nowhere.png", "a\0b.png", 5])
def test_only_what_was_received_is_opened(path: Any, tmp_path: Path) -> None:
    (tmp_path / "private.png").write_bytes(b"private")
    for one in (path, str(tmp_path / str(path))):
        with pytest.raises(serving.InvalidInputError, match="There is no such picture here"):
            widgets.contents({"path": one})


def test_the_page_has_a_pad_where_pictures_are_drawn(address: str, predictor: serving.Predictor) -> None:
    parts = {part["props"].get("elem_id") for part in httpx.get(f"{address}/config").json()["components"]}
    assert {"predict", "examples"} <= parts
    assert ("pad" in parts) == predictor.grid.drawn


def test_a_page_without_examples_starts_from_the_mean(
    predictor: serving.Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(predictor.champion.record, "examples", [])
    page = app.build_app(predictor).get_config_file()
    assert "examples" not in {part["props"].get("elem_id") for part in page["components"]}


def test_a_doubt_stands_above_the_explanation(predictor: serving.Predictor, schema: data.Schema) -> None:
    strange = np.random.default_rng(0).random(schema.picture.shape).astype(np.float32)
    shown = widgets.explained(predictor, predictor.answer(pictures.Reading(strange, ("<b>odd</b>",))))
    assert shown.index("&lt;b&gt;odd&lt;/b&gt;") < shown.index("What it rests on")


@pytest.mark.parametrize("grid", [pictures.Grid(8, 8, 1, 16, drawn=True), pictures.Grid(8, 8, 3)], ids=str)
def test_what_supports_is_orange_and_the_rest_blue(grid: Any) -> None:
    pixels, shifts = np.full(grid.shape, 0.5, dtype=np.float32), np.zeros((8, 8))
    shifts[0, :3] = 0, 0.5, -0.5
    nothing, supports, opposes = np.asarray(widgets.coloured(pixels, shifts, grid), dtype=int)[0, :3]
    assert len(set(nothing)) == 1
    assert supports[0] > supports[2]
    assert opposes[2] > opposes[0]


def test_paper_has_nothing_to_say() -> None:
    grid = pictures.Grid(8, 8, 1, 16, drawn=True)
    paper = np.zeros(grid.shape, dtype=np.float32)
    assert np.asarray(widgets.coloured(paper, np.full((8, 8), 0.5), grid)).min() == 255

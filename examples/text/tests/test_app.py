"""The demo as others meet it: over HTTP, with the content of its answers checked."""

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .package import Layout, app, champion, serving, widgets


@contextlib.contextmanager
def served(page: Any, health: dict[str, Any]) -> Iterator[str]:
    """The page on a free port of this machine, for as long as it is asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app.launch(page, health, prevent_thread_lock=True, quiet=True, server_port=port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.close(verbose=False)


@pytest.fixture(scope="module")
def address(project: Layout, predictor: serving.Predictor) -> Iterator[str]:
    with served(app.build_app(predictor, project.reports), app.health_of(predictor)) as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def check(answer: Any, expected: serving.Answer) -> None:
    """The answer over HTTP says what the model says."""
    assert answer["label"] == expected.label
    said = {one["label"]: one["confidence"] for one in answer["confidences"]}
    assert said == pytest.approx(expected.probabilities, abs=1e-6)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict())


def test_predict_answers_the_question_by_name(client: Client, predictor: serving.Predictor) -> None:
    for question in predictor.champion.record["questions"]:
        check(client.predict(question=question["ask"], api_name="/predict"), predictor.predict(question["ask"]))


def test_answers_differ(client: Client, predictor: serving.Predictor) -> None:
    asked = [one["ask"] for one in predictor.champion.record["questions"]]
    assert len({client.predict(question=ask, api_name="/predict")["label"] for ask in asked}) > 1


@pytest.mark.parametrize(
    "question",
    ["", " \n", "?!", "🙂", "x" * 100_000, "график функции", "draw\x00", 5, None, {"draw": "a line"}, ["draw"]],
)
def test_what_is_no_question_is_refused_in_words(client: Client, predictor: serving.Predictor, question: Any) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(question=question, api_name="/predict")
    assert str(caught.value).startswith(f"{predictor.input['label']} must ")
    assert "Traceback" not in str(caught.value)


def test_an_explanation_is_no_code_of_a_page() -> None:
    pieces = (
        serving.Piece("<script>alert(1)</script> ", None),
        serving.Piece("<b>draw", 0.5),
        serving.Piece("&", -0.5),
    )
    shown = widgets.highlighted(serving.Explanation("<i>scipy", pieces))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; " in shown
    assert "&lt;b&gt;draw</b> +50.0 points" in shown
    assert "&lt;i&gt;scipy" in shown


def test_words_are_coloured_by_what_they_do() -> None:
    pieces = (serving.Piece("for", 0.5), serving.Piece("against", -0.25), serving.Piece(" unknown", None))
    shown = widgets.highlighted(serving.Explanation("scipy", pieces))
    assert 'rgba(234, 88, 12, 0.75);border-radius:.25em;padding:.1em .15em">for<' in shown
    assert 'rgba(37, 99, 235, 0.375);border-radius:.25em;padding:.1em .15em">against<' in shown
    assert "unknown<" not in shown.replace("</span> unknown</p>", "")


def test_the_page_and_its_parts_are_there(address: str, predictor: serving.Predictor) -> None:
    assert httpx.get(address).status_code == 200
    page = httpx.get(f"{address}/config").text
    record = predictor.champion.record
    versions = [f"{library} {version}" for library, version in record["libraries"].items()]
    for part in ("Try it", "How good is it", "Lineage", record["sha256"], *versions):
        assert part in page


def test_health_tells_the_lineage(address: str, predictor: serving.Predictor) -> None:
    answer = httpx.get(f"{address}/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["lineage"] == predictor.champion.lineage


def missing(project: Layout, folder: Path) -> None:
    assert not folder.exists()


def tampered(project: Layout, folder: Path) -> None:
    shutil.copytree(project.champion, folder)
    (folder / champion.MODEL_FILE).write_bytes(b"another model")


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [(missing, "uv run dvc repro"), (tampered, "git restore models/champion")],
    ids=["missing", "tampered"],
)
def test_without_a_champion_the_page_says_what_to_do(
    project: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any, remedy: str
) -> None:
    damage(project, Layout(tmp_path).champion)
    launched: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(app, "Layout", lambda: Layout(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(app, "launch", lambda page, health: launched.append((page, health)))
        app.main()
    with served(*launched[0]) as address:
        assert httpx.get(address).status_code == 200
        assert remedy in httpx.get(f"{address}/config").text
        answer = httpx.get(f"{address}/health")
    assert answer.status_code == 503
    assert remedy in answer.json()["reason"]

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

from .package import Layout, app, champion, serving


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
    if expected.value is not None:
        assert answer == pytest.approx(expected.value, abs=0.051)  # the page shows one decimal
    else:
        assert answer["label"] == expected.label
        said = {one["label"]: one["confidence"] for one in answer["confidences"]}
        assert said == pytest.approx(expected.probabilities, abs=1e-6)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict({}))


def test_predict_with_one_named_argument(client: Client, predictor: serving.Predictor) -> None:
    name = predictor.inputs[0]["name"]
    row = {name: predictor.champion.record["examples"][-1]["inputs"][name]}
    check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_predict_with_every_argument_by_name(client: Client, predictor: serving.Predictor) -> None:
    for example in predictor.champion.record["examples"]:
        row = dict(reversed(example["inputs"].items()))
        check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_answers_differ(client: Client, predictor: serving.Predictor) -> None:
    examples = predictor.champion.record["examples"]
    low, high = (client.predict(**examples[end]["inputs"], api_name="/predict") for end in (0, -1))
    assert low != high


@pytest.mark.parametrize("value", [1e9, -1e9, "seven", None])
def test_a_wrong_value_is_refused_in_words(client: Client, predictor: serving.Predictor, value: Any) -> None:
    column = next(column for column in predictor.inputs if column["kind"] == "number")
    with pytest.raises(AppError) as caught:
        client.predict(**{column["name"]: value}, api_name="/predict")
    assert str(caught.value).startswith(f"{column['label']} must ")


def test_a_wrong_choice_is_refused_in_words(client: Client, predictor: serving.Predictor) -> None:
    column = next((column for column in predictor.inputs if column["kind"] == "category"), None)
    if column is None:
        pytest.skip("the model has no input of the kind category")
    with pytest.raises(AppError, match=f"must be one of {', '.join(column['choices'])}"):
        client.predict(**{column["name"]: "purple"}, api_name="/predict")


def test_the_page_and_its_parts_are_there(address: str, predictor: serving.Predictor) -> None:
    assert httpx.get(address).status_code == 200
    page = httpx.get(f"{address}/config").text
    for part in ("Try it", "How good is it", "Lineage", predictor.champion.record["sha256"]):
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

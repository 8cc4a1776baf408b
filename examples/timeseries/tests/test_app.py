"""The demo as others meet it: over HTTP, with the content of its answers checked."""

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

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


Row = dict[str, Any]


def check(answer: Any, expected: serving.Forecast) -> None:
    """The table over HTTP says what the model says, to the two decimals that the page shows."""
    assert answer["headers"] == ["month", "forecast", "low", "high", "measured"]
    months, median, low, high, truth = zip(*answer["data"], strict=True)
    assert months == expected.months
    assert median == pytest.approx(expected.median, abs=0.0051)
    assert low == pytest.approx(expected.low, abs=0.0051)
    assert high == pytest.approx(expected.high, abs=0.0051)
    for said, known in zip(truth, expected.truth, strict=True):
        assert said is None if known is None else said == pytest.approx(known, abs=0.0051)


def test_predict_needs_no_arguments(client: Client, predictor: serving.Predictor) -> None:
    check(client.predict(api_name="/predict"), predictor.predict({}))


@pytest.mark.parametrize("row", [{"horizon": 3}, {"today": "1998-01-15"}, {"horizon": 7, "today": "1965-01-01"}])
def test_predict_with_named_arguments(client: Client, predictor: serving.Predictor, row: Row) -> None:
    check(client.predict(**row, api_name="/predict"), predictor.predict(row))


def test_answers_differ(client: Client) -> None:
    early, late = (client.predict(today=day, api_name="/predict")["data"] for day in ("1970-01-01", "2000-01-01"))
    assert late[0][1] - early[0][1] > 30, "thirty years of growth"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"horizon": 10_000}, "Months ahead must be a whole number from 1 to 12; 10000 is not."),
        ({"horizon": 0}, "Months ahead must be a whole number from 1 to 12; 0 is not."),
        ({"horizon": -1}, "Months ahead must be a whole number from 1 to 12; -1 is not."),
        ({"horizon": "many"}, "Months ahead must be a whole number from 1 to 12."),
        ({"horizon": "nan"}, "Months ahead must be a whole number from 1 to 12."),
        ({"horizon": None}, "Months ahead must be a whole number from 1 to 12."),
        ({"today": "1066-10-14"}, "Today must be 1964-05-01 or later: the series begins in 1959-05"),
        ({"today": "2030-01-01"}, "Today must be 2002-01-31 or earlier: the series ends in 2001-12"),
        ({"today": "soon"}, "Today must be a date such as 2002-01-01."),
        ({"today": None}, "Today must be a date such as 2002-01-01."),
    ],
)
def test_bad_input_is_refused_in_words(client: Client, row: Row, said: str) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(**row, api_name="/predict")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("horizon", [1, 12])
@pytest.mark.parametrize("today", ["1964-05-01", "1998-01-01", "2002-01-31"])
def test_the_picture_is_well_formed_and_shows_what_is_known(
    predictor: serving.Predictor, today: str, horizon: int
) -> None:
    row = {"today": today, "horizon": horizon}
    picture = ElementTree.fromstring(widgets.chart(predictor, row))  # noqa: S314  # our own text
    said = [title.text for title in picture.iter("title")]
    answer = predictor.predict(row)
    known = [truth for truth in answer.truth if truth is not None]
    assert len(said) == horizon + len(known)
    assert said[0] == f"{answer.months[0]}, forecast: {answer.median[0]:.2f}"
    assert [f"{answer.months[0]}, measured: {truth:.2f}" for truth in known[:1]] == said[horizon : horizon + 1]
    for number in (number for line in picture.iter("polyline") for number in line.attrib["points"].split()):
        across, down = map(float, number.split(","))
        assert 0 < across < widgets.WIDTH
        assert 0 < down < widgets.HEIGHT


@pytest.mark.parametrize(("lowest", "highest"), [(355.2, 369.9), (0.0, 1.0), (-3.0, 4.0), (1000, 9000), (316.0, 316.6)])
def test_the_axis_has_a_few_round_values(lowest: float, highest: float) -> None:
    values = widgets._round_values(lowest, highest)
    assert 3 <= len(values) <= 8
    assert lowest <= values[0] < values[-1] <= highest
    for value in values:
        assert len(f"{value:g}".lstrip("-").replace(".", "").strip("0")) <= 4


def test_the_reasons_end_in_the_forecast(predictor: serving.Predictor) -> None:
    row = {"today": "1998-01-01", "horizon": 12}
    text = widgets.reasons(predictor, predictor.explain(row))
    assert f"{predictor.predict(row).median[-1]:.2f}" in text
    assert "1998-12" in text
    assert "the last 12 months" in text


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

"""The request log: what is logged of a prediction, and that a failing database is not noticed by visitors."""

import logging
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from gradio_client import Client
from sqlalchemy import select

from late_flights.serving import payloads, request_log
from late_flights.serving.api import OTHER_FIELD
from late_flights.serving.database import Database
from late_flights.serving.predictor import Predictor
from late_flights.serving.request_log import API, PAGE, Call, RequestLog, read_share
from late_flights.serving.request_table import TABLE


def stored(url: str, **columns: Any) -> list[dict[str, Any]]:
    """Return the rows of the log that have these values, when there are any."""
    query = select(TABLE).filter_by(**columns).order_by(TABLE.c.time)
    for _ in range(100):
        if rows := list(Database(url, TABLE).select(query)):
            return rows
        time.sleep(0.05)
    raise AssertionError(f"no request with {columns}")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'log.db').as_posix()}"


def counted(log: RequestLog) -> Counter[str]:
    """Return the counter of stored and dropped calls of a log."""
    counts: Counter[str] = Counter()

    def count(outcome: str, number: int) -> None:
        counts[outcome] += number

    log.count = count
    return counts


def example(predictor: Predictor) -> Call:
    row = payloads.complete(predictor, payloads.example_inputs(predictor))
    return Call(API, 200, 0.01, [row], payloads.predict(predictor, [row]))


def test_a_prediction_of_the_api_is_logged(address: str, predictor: Predictor, feedback_url: str) -> None:
    inputs = payloads.example_inputs(predictor)
    answer = httpx.post(f"{address}/predict", json=inputs).json()
    (row,) = stored(feedback_url, request_id=answer["request_id"])
    assert (row["source"], row["status"], row["share"], row["problems"]) == ("api", 200, 1, None)
    assert 0 < row["seconds"] < 10
    assert abs((datetime.now(UTC) - row["time"]).total_seconds()) < 60
    assert row["inputs"] == payloads.logged_inputs(predictor, payloads.complete(predictor, inputs))
    assert answer["model"] == {
        "name": row["model"],
        "version": row["model_version"],
        "sha256": row["model_sha256"],
    }
    predicted = row["prediction"].get("label", row["prediction"].get("value"))
    assert predicted == (answer["prediction"][-1] if isinstance(answer["prediction"], list) else answer["prediction"])


def test_neither_texts_nor_images_are_logged(predictor: Predictor) -> None:
    inputs = payloads.example_inputs(predictor)
    logged = payloads.logged_inputs(predictor, payloads.complete(predictor, inputs))
    if payloads.PRIVATE_INPUT:
        assert all(isinstance(value, float) for value in logged.values())
        assert not inputs.keys() & logged.keys()


def test_each_row_of_a_batch_is_logged(address: str, feedback_url: str) -> None:
    answer = httpx.post(f"{address}/predict", json={"rows": [{}, {}]}).json()
    assert len(stored(feedback_url, request_id=answer["request_id"])) == 2


def test_an_invalid_request_is_logged_with_the_names_of_its_inputs(
    address: str, predictor: Predictor, feedback_url: str
) -> None:
    name = next(iter(payloads.example_inputs(predictor)))
    response = httpx.post(f"{address}/predict", json={name: [], "<b>": 1})
    (row,) = stored(feedback_url, request_id=response.headers["X-Request-ID"])
    assert (row["status"], row["problems"], row["inputs"]) == (422, [OTHER_FIELD, name], None)


def test_a_prediction_on_the_page_is_logged(client: Client, feedback_url: str) -> None:
    client.predict(api_name="/predict")
    rows = stored(feedback_url, source="page")
    assert rows[-1]["status"] == 200
    assert rows[-1]["inputs"]
    assert rows[-1]["prediction"]


def test_a_failing_database_drops_requests_and_is_reported_once(
    predictor: Predictor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = RequestLog(predictor, f"sqlite:///{(tmp_path / 'none' / 'log.db').as_posix()}", share=1)
    counts = counted(log)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            log.add(example(predictor))
            log.close()
    assert counts == {"dropped": 2}
    assert len([message for message in caplog.messages if "Requests can't be logged" in message]) == 1


def test_a_full_queue_drops_requests(predictor: Predictor, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "MAX_WAITING", 1)
    log = RequestLog(predictor, url, share=1)
    counts = counted(log)
    monkeypatch.setattr(log, "_run", lambda _: None)
    for _ in range(3):
        log.add(example(predictor))
    assert counts == {"dropped": 2}


def test_a_call_that_cannot_be_stored_costs_no_other(
    predictor: Predictor, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = RequestLog(predictor, url, share=1)
    counts = counted(log)
    log.add(example(predictor))
    log.add(Call(PAGE, 200, 0.01, [None]))  # is predicted again, which fails
    log.add(Call(API, 422, 0.01, problems=[object()]))  # type: ignore[list-item]  # can't be written as JSON
    log.add(Call(API, 422, 0.01, problems=["last"]))
    log.close()
    assert counts == {"stored": 2, "dropped": 2}
    assert [row["problems"] for row in stored(url)] == [None, ["last"]]
    assert "Requests can't be logged" in caplog.text


def test_two_threads_take_each_call_once(predictor: Predictor, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = RequestLog(predictor, url, share=1)
    taken: list[Any] = []
    monkeypatch.setattr(log, "_store", taken.extend)
    monkeypatch.setattr(log, "_thread", Thread())  # so that none is started
    for number in range(500):
        log.add(Call(API, 200, number))
    stop = Event()
    threads = [Thread(target=log._run, args=(stop,)) for _ in range(4)]
    stop.set()
    log._wake.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(call.seconds for _, call in taken) == list(range(500))


def test_batches_are_stored_until_the_log_is_closed(
    predictor: Predictor, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "MAX_BATCH", 2)
    log = RequestLog(predictor, url, share=1)
    counts = counted(log)
    for _ in range(5):
        log.add(example(predictor))
    log.close()
    log.close()
    assert counts == {"stored": 5}
    assert len(stored(url)) == 5


def test_a_share_of_the_requests_is_logged(
    predictor: Predictor, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REQUEST_LOG_SHARE", "0.5")
    monkeypatch.setattr("random.random", iter([0.4, 0.6]).__next__)
    log = RequestLog(predictor, url)
    for _ in range(2):
        log.add(example(predictor))
    log.close()
    (row,) = stored(url)
    assert row["share"] == 0.5
    for invalid in ("off", "1.5"):
        monkeypatch.setenv("REQUEST_LOG_SHARE", invalid)
        assert read_share() == 0
        assert f"REQUEST_LOG_SHARE={invalid} is not a number from 0 to 1" in caplog.text


def test_the_metrics_count_logged_requests(address: str) -> None:
    assert 'logged_requests_total{outcome="dropped"} 0.0' in httpx.get(f"{address}/metrics").text

"""Feedback by the REST API and by the form on the page: what is stored, and what is refused."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from which_library.serving import app, feedback_collector, payloads
from which_library.serving.database import Database
from which_library.serving.feedback import Entry, read_entries
from which_library.serving.feedback_collector import FeedbackCollector
from which_library.serving.feedback_request import MAX_REMARK
from which_library.serving.predictor import Predictor
from which_library.serving.problems import ApiError

REMARK = "'); DROP TABLE feedback; -- <script>alert(1)</script>"


def other_truth(predictor: Predictor, prediction: Any) -> Any:
    """Return a right answer that is not the prediction."""
    classes = predictor.champion.record["classes"]
    return next(name for name in classes if name != prediction) if classes else 123.5


def stored(url: str, entry_id: str) -> Entry:
    (entry,) = (entry for entry in read_entries(url) if entry.id == entry_id)
    return entry


def test_the_example_of_the_openapi_document_is_stored(address: str, predictor: Predictor, feedback_url: str) -> None:
    document = httpx.get(f"{address}/openapi.json").json()
    operation = document["paths"]["/feedback"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    response = httpx.post(f"{address}/feedback", json=example)
    assert response.status_code == 201, response.text
    schema = operation["responses"]["201"]["content"]["application/json"]["schema"]
    assert set(response.json()) == set(schema["required"])
    entry = stored(feedback_url, response.json()["id"])
    assert (entry.correct, entry.request_id, entry.remark) == (True, None, None)
    assert entry.prediction["prediction"] == response.json()["prediction"]
    assert (entry.model, entry.model_sha256) == (predictor.champion.record["model"], entry.model_sha256)
    assert (entry.inputs is None) == bool(payloads.PRIVATE_INPUT), "a text or an image is stored by consent only"
    if entry.inputs is not None:
        assert entry.inputs == payloads.stored_inputs(predictor, example["inputs"])


def test_a_request_id_stands_for_the_inputs_of_a_prediction(
    address: str, predictor: Predictor, feedback_url: str
) -> None:
    inputs = payloads.example_inputs(predictor)
    answer = httpx.post(f"{address}/predict", json=inputs).json()
    body = {"request_id": answer["request_id"], "correct": False, "consent": True, "remark": REMARK}
    body["truth"] = other_truth(predictor, answer["prediction"])
    response = httpx.post(f"{address}/feedback", json=body)
    assert response.status_code == 201, response.text
    entry = stored(feedback_url, response.json()["id"])
    assert (entry.request_id, entry.truth, entry.remark) == (answer["request_id"], body["truth"], REMARK)
    assert entry.inputs == payloads.stored_inputs(predictor, inputs)
    assert entry.time.utcoffset() is not None


def test_other_request_ids_are_unknown(address: str) -> None:
    batch = httpx.post(f"{address}/predict", json={"rows": [{}, {}]}).json()["request_id"]
    for request_id in (batch, "0" * 32):
        response = httpx.post(f"{address}/feedback", json={"request_id": request_id, "correct": True})
        assert response.status_code == 404
        assert "Send the inputs instead" in response.json()["detail"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("correct", {"correct": None}),
        ("correct", {"correct": "yes"}),
        ("inputs", {"inputs": None}),
        ("inputs", {"inputs": []}),
        ("truth", {"truth": True}),
        ("truth", {"truth": "no such class"}),
        ("remark", {"remark": "x" * (MAX_REMARK + 1), "consent": True}),
        ("remark", {"remark": "\0", "consent": True}),
        ("consent", {"remark": "a remark"}),
        ("consent", {"consent": 1}),
        ("request_id", {"request_id": 1}),
        ("request_id", {"request_id": "0" * 33}),
        ("remarks", {"remarks": "a remark"}),
    ],
)
def test_an_invalid_field_is_named(address: str, field: str, change: dict[str, Any]) -> None:
    response = httpx.post(f"{address}/feedback", json={"correct": False, "inputs": {}} | change)
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_an_invalid_input_is_named(address: str, predictor: Predictor) -> None:
    name = predictor.champion.record["inputs"][0]["name"]
    for inputs, field in (({name: []}, name), ({"no such input": 1}, "no such input")):
        response = httpx.post(f"{address}/feedback", json={"correct": True, "inputs": inputs})
        assert [error["field"] for error in response.json()["errors"]] == [f"inputs.{field}"]
    response = httpx.post(f"{address}/feedback", content="[]", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415
    assert httpx.post(f"{address}/feedback", json=[]).status_code == 422


def save(collector: FeedbackCollector, **fields: Any) -> Entry:
    return asyncio.run(collector.save({"correct": True, "inputs": {}, **fields}))


def test_a_failing_database_is_logged_once_and_predictions_go_on(
    predictor: Predictor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector = FeedbackCollector(predictor, f"sqlite:///{(tmp_path / 'no folder' / 'a.db').as_posix()}")
    for _ in range(3):
        with pytest.raises(ApiError) as caught:
            save(collector)
        assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "60"})
        assert str(tmp_path) not in str(caught.value)
        assert payloads.predict(predictor, [payloads.complete(predictor, {})])
    (message,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert message.endswith("unable to open database file")
    (tmp_path / "no folder").mkdir()
    assert save(collector).correct


def test_a_slow_database_is_given_up(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_collector, "SECONDS", 0.1)
    monkeypatch.setattr(Database, "insert", lambda *_: time.sleep(0.5))
    collector = FeedbackCollector(predictor, f"sqlite:///{(tmp_path / 'a.db').as_posix()}")
    start = time.perf_counter()
    with pytest.raises(ApiError, match="Try again later"):
        save(collector)
    assert time.perf_counter() - start < 0.5
    monkeypatch.setattr(feedback_collector, "MAX_WAITING", 0)
    with pytest.raises(ApiError, match="Too many requests"):
        save(collector)


def test_feedback_of_an_hour_is_limited(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_collector, "MAX_PER_HOUR", 1)
    collector = FeedbackCollector(predictor, f"sqlite:///{(tmp_path / 'a.db').as_posix()}")
    now = time.monotonic()
    with pytest.raises(ApiError, match="There is no such input"):  # it does not count
        asyncio.run(collector.save({"correct": True, "inputs": {"no such input": 1}}))
    save(collector)
    with pytest.raises(ApiError, match="within an hour") as caught:
        save(collector)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "3600"})
    monkeypatch.setattr(feedback_collector, "monotonic", lambda: now + 3601)
    assert save(collector).correct


def test_only_the_latest_requests_are_remembered(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_collector, "MAX_REQUESTS", 2)
    monkeypatch.setattr(feedback_collector, "MAX_BYTES", 100)
    collector = FeedbackCollector(predictor, "sqlite://")
    for request_id, size in (("a", 1), ("b", 1), ("c", 1), ("d", 100)):
        collector.remember(request_id, {}, size)
    assert list(collector._requests) == ["d"]


class Form:
    """The form on the page, filled in and sent without a browser."""

    def __init__(self, predictor: Predictor, url: str) -> None:
        self.page = app.build_app(predictor, collector=FeedbackCollector(predictor, url))
        (self.function,) = (entry for entry in self.page.fns.values() if entry.name == "send")
        components: list[Any] = list(self.function.inputs[:-4])
        self.inputs = [component.value for component in components]

    def send(self, *said: Any) -> tuple[Any, ...]:
        """Return the values of the form, and the message, after choosing, answering, remarking and consenting."""
        assert self.function.fn
        values: tuple[Any, ...] = asyncio.run(self.function.fn(*self.inputs, *said))
        return values


@pytest.fixture
def form(predictor: Predictor, tmp_path: Path) -> Form:
    return Form(predictor, f"sqlite:///{(tmp_path / 'a.db').as_posix()}")


def test_the_form_stores_and_is_cleared(form: Form, predictor: Predictor, tmp_path: Path) -> None:
    *said, message = form.send("right", None, REMARK, True)
    assert said == [None, None, ""]
    assert message == '<p role="status">Thank you.</p>'
    *_, message = form.send("right", None, "", False)
    assert message.startswith('<p role="status">Thank you.')
    first, second = read_entries(f"sqlite:///{(tmp_path / 'a.db').as_posix()}")
    assert first.remark == REMARK
    assert first.inputs == payloads.stored_inputs(predictor, {})
    assert (second.inputs is None) == bool(payloads.PRIVATE_INPUT) == ("not stored" in message)


def test_the_form_explains_what_is_missing_and_keeps_the_rest(form: Form, tmp_path: Path) -> None:
    assert form.send(None, None, "a", True)[3] == '<p role="alert">⚠️ Choose right or wrong.</p>'
    assert form.send("wrong", None, "a", False)[:3] == ("wrong", None, "a")
    assert "Tick the box" in form.send("wrong", None, "a", False)[3]
    assert " must be " in form.send("wrong", "<b>", "", False)[3]
    assert "<b>" not in form.send("wrong", "<b>", "", False)[3]
    assert not (tmp_path / "a.db").exists()

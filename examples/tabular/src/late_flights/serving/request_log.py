"""The request log: what was predicted, for `uv run monitor`. A prediction never waits for it, nor fails because of it.

Inputs marked as personal in `schema.yaml`, texts and images are not logged; of texts and images, a few numbers are.
"""

import atexit
import logging
import os
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from ..paths import ProjectPaths
from . import payloads
from .canary import Router
from .predictor import InvalidInputError, Predictor

if TYPE_CHECKING:  # SQLAlchemy is imported in the background
    from .database import Database

MAX_WAITING, MAX_BATCH = 1000, 100
BATCH_SECONDS = 1.0  # between two transactions, unless a batch is full
CLOSE_SECONDS = 5  # to store the rest when the server ends
SHARE = "REQUEST_LOG_SHARE"
PAGE, API = "page", "api"

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """A request for predictions.

    Attributes:
        source: API or PAGE.
        status: of the response, as of HTTP.
        seconds: until the response.
        rows: the inputs of each row; none without a prediction.
        predictions: of each row, as the REST API returns them, whose inputs are checked; None if they are unchecked,
            and predicted again.
        problems: the names of invalid inputs.
        request_id: of the response.
        model: that made the predictions; None for the champion.
        failed: the canary, if the champion predicted because that failed; it gets a row with status 500.
    """

    source: str
    status: int
    seconds: float
    rows: Sequence[Any] = ()
    predictions: Sequence[Mapping[str, Any]] | None = None
    problems: Sequence[str] = ()
    request_id: str = ""
    model: Predictor | None = None
    failed: Predictor | None = None


class RequestLog:
    """Stores calls in a thread, in batches.

    A call is dropped if too many wait, if the database fails, or if the database rejects it; the rest of its batch is
    stored all the same.

    Args:
        predictor: the champion.
        url: the address of the database; by default `DATABASE_URL`, or a file in the project.
        share: of the requests, at random, that are logged; by default `REQUEST_LOG_SHARE`, or all.
        router: chooses the model of predictions on the page; by default the champion.
    """

    def __init__(
        self,
        predictor: Predictor,
        url: str | None = None,
        share: float | None = None,
        router: Router | None = None,
    ) -> None:
        self._predictor, self._url = predictor, url
        self.router = router or Router(predictor)
        self.share = read_share() if share is None else share
        # Called with "stored" or "dropped", and the number of calls.
        self.count: Callable[[str, int], None] = lambda _outcome, _number: None
        # The thread is not woken for each call, which would delay the response.
        self._waiting: Queue[tuple[datetime, Call]] = Queue(MAX_WAITING)
        self._wake, self._stop, self._starting = Event(), Event(), Lock()
        self._thread: Thread | None = None
        self._database: Database | None = None
        self._failed = False

    def add(self, call: Call) -> None:
        """Log a call, or drop it if too many wait."""
        if random.random() >= self.share:  # noqa: S311  # no secret
            return
        with self._starting:
            if self._thread is None:
                self._stop = Event()
                self._thread = Thread(target=self._run, args=(self._stop,), name="request log", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        try:
            self._waiting.put_nowait((datetime.now(UTC), call))
        except Full:
            self.count("dropped", 1)
            return
        if self._waiting.qsize() >= MAX_BATCH:
            self._wake.set()

    def watch(self, predict: Callable[..., T], read: Callable[..., Any] = dict) -> Callable[..., T]:
        """Return a function of the page whose predictions are logged; the page opens and changes with invalid inputs.

        Args:
            predict: the function, whose first argument is the model, the champion or the canary.
            read: returns the inputs, as the REST API takes them, for the other arguments of the function.
        """

        def watched(**values: Any) -> T:
            start, inputs = time.perf_counter(), read(**values)
            try:
                routed = self.router.run_page(inputs, lambda model: predict(model, **values))
            except InvalidInputError:
                raise
            except Exception:
                self.add(Call(PAGE, 500, time.perf_counter() - start))
                raise
            if self.share:
                seconds = time.perf_counter() - start
                self.add(Call(PAGE, 200, seconds, [inputs], model=routed.model, failed=routed.failed))
            return routed.value

        return watched

    def route(self, explain: Callable[..., T], read: Callable[..., Any] = dict) -> Callable[..., T]:
        """Return a function of the page that is called with the model that predicts, and is not logged."""

        def routed(**values: Any) -> T:
            return self.router.run_page(read(**values), lambda model: explain(model, **values)).value

        return routed

    def close(self) -> None:
        """Store what waits, and end the thread."""
        with self._starting:
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread:
            self._wake.set()
            thread.join(CLOSE_SECONDS)

    def _run(self, stop: Event) -> None:
        is_open = True
        while is_open:
            self._wake.wait(BATCH_SECONDS)
            self._wake.clear()
            is_open = not stop.is_set()  # before the last calls are stored
            while batch := self._take_batch():
                self._store(batch)

    def _take_batch(self) -> list[tuple[datetime, Call]]:
        batch: list[tuple[datetime, Call]] = []
        with suppress(Empty):
            while len(batch) < MAX_BATCH:
                batch.append(self._waiting.get_nowait())
        return batch

    def _store(self, batch: list[tuple[datetime, Call]]) -> None:
        """Store the rows of each call; one whose inputs can't be predicted is dropped alone."""
        calls = []
        for when, call in batch:
            try:
                calls.append(self._rows(when, call))
            except Exception as error:  # whatever fails here must not end the log
                self._drop(1, error)
        if calls:
            self._insert(calls)

    def _insert(self, calls: list[list[dict[str, Any]]]) -> None:
        """Insert the rows of some calls in one transaction, or in one for each if the database rejects a row."""
        from .database import RejectedRowError

        try:
            self._open().insert([row for rows in calls for row in rows])
        except RejectedRowError as error:
            if len(calls) == 1:
                self._drop(1, error)
                return
            for rows in calls:
                self._insert([rows])
        except Exception as error:  # whatever fails here must not end the log
            self._drop(len(calls), error)
        else:
            self.count("stored", len(calls))
            self._failed = False

    def _drop(self, number: int, error: Exception) -> None:
        self.count("dropped", number)
        if not self._failed:
            logging.getLogger(__name__).warning("Requests can't be logged: %s", error)
        self._failed = True

    def _open(self) -> "Database":
        from .database import Database, database_url
        from .request_table import TABLE

        self._database = self._database or Database(self._url or database_url(ProjectPaths()), TABLE)
        return self._database

    def _rows(self, when: datetime, call: Call) -> list[dict[str, Any]]:
        """Return the rows of the table for a call."""
        common = {
            "time": when,
            "request_id": call.request_id or uuid.uuid4().hex,
            "source": call.source,
            "status": call.status,
            "seconds": call.seconds,
            "share": self.share,
            "problems": list(call.problems) or None,
            **model_columns(call.model or self._predictor),
        }
        rows = [
            {**common, "id": uuid.uuid4().hex, "inputs": inputs, "prediction": prediction}
            for inputs, prediction in self._predicted(call) or [(None, None)]
        ]
        if call.failed:
            failure = {"id": uuid.uuid4().hex, "status": 500, "inputs": None, "prediction": None}
            rows.append({**common, **failure, **model_columns(call.failed)})
        return rows

    def _predicted(self, call: Call) -> list[tuple[Any, Any]]:
        """Return what is logged of inputs and prediction of each row."""
        rows, predictions, model = call.rows, call.predictions, call.model or self._predictor
        if predictions is None:
            rows = [payloads.complete(self._predictor, row) for row in rows]
            predictions = payloads.predict(model, rows) if rows else []
        record = model.champion.record
        return [
            (payloads.logged_inputs(self._predictor, row), summarize(record, prediction))
            for row, prediction in zip(rows, predictions, strict=True)
        ]


def model_columns(predictor: Predictor) -> dict[str, Any]:
    """Return the columns that say which model predicted."""
    version = predictor.champion.version
    return {"model": version["name"], "model_version": version["version"], "model_sha256": version["sha256"]}


def read_share() -> float:
    """Return the share of the requests to log, in the environment variable; none of them if it is no such number."""
    text = os.environ.get(SHARE, "1")
    with suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    logging.getLogger(__name__).warning("%s=%s is not a number from 0 to 1; no request is logged", SHARE, text)
    return 0.0


def summarize(record: Mapping[str, Any], prediction: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is logged of a prediction: class and probability (of the positive class, if there is one), or value.

    The value of a forecast is that of its last step.
    """
    value, probabilities = prediction["prediction"], prediction.get("probabilities")
    if not probabilities:
        return {"value": float(value[-1] if isinstance(value, list | tuple) else value)}
    return {"label": value, "probability": probabilities.get(record["positive"], max(probabilities.values()))}

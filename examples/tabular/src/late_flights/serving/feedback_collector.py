"""Collects feedback: checks it, predicts again, and stores both. A prediction never waits for the database."""

import logging
import math
import uuid
from collections import OrderedDict
from dataclasses import asdict
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, fail_after, to_thread

from ..paths import ProjectPaths
from . import payloads
from .canary import Router
from .decision import add_decision
from .feedback_request import Answer, read_answer
from .predictor import InvalidInputError, Predictor
from .problems import OVERLOADED, ApiError, FieldError, invalid
from .request_body import check_inputs
from .request_log import model_columns
from .truth import check_truth

if TYPE_CHECKING:  # SQLAlchemy is imported for the first feedback; the server starts without it
    from .feedback import Entry

SECONDS = 6  # until feedback is given up
WORKERS, MAX_WAITING = 2, 16
MAX_PER_HOUR = 1000  # so that requests can't fill the disk
# The latest predictions, to which feedback can refer.
MAX_REQUESTS, MAX_BYTES = 1000, 32_000_000
UNKNOWN_REQUEST = (
    f"There is no such request_id among this server's latest {MAX_REQUESTS:,} predictions of a single row. Send the "
    "inputs instead."
)
UNAVAILABLE = "The feedback may not have been stored: the database does not respond. Try again later."


class FeedbackCollector:
    """Stores feedback on predictions in the database at `url`, by default that of the project.

    The router chooses the model that made a prediction, by default the champion.
    """

    def __init__(self, predictor: Predictor, url: str | None = None, router: Router | None = None) -> None:
        self.predictor, self._router = predictor, router or Router(predictor)
        self._url = url
        self._schemas = payloads.input_schemas(predictor)
        self._requests: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._limiter = CapacityLimiter(WORKERS)
        self._hour_ends, self._accepted = 0.0, 0
        self._failed = False

    def remember(self, request_id: str, inputs: Any, size: int) -> None:
        """Remember the inputs of a prediction, which took so many bytes in the request."""
        self._requests[request_id] = inputs, size
        self._bytes += size
        while len(self._requests) > MAX_REQUESTS or self._bytes > MAX_BYTES:
            self._bytes -= self._requests.popitem(last=False)[1][1]

    async def save(self, document: Any) -> "Entry":
        """Check the fields of an `Answer`, store them, and return what was stored.

        Raises:
            ApiError: it is invalid, the database fails or takes too long, or there was too much in the last hour.
        """
        answer = read_answer(document, self.predictor.champion.record)
        inputs = answer.inputs
        if inputs is None:
            inputs, _ = self._requests.get(answer.request_id or "", (None, 0))
        if inputs is None:
            raise ApiError(404, UNKNOWN_REQUEST)
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise ApiError(503, OVERLOADED)
        try:
            with fail_after(SECONDS):
                return await to_thread.run_sync(
                    self._check_and_store, inputs, answer, limiter=self._limiter, abandon_on_cancel=True
                )
        except TimeoutError:
            raise self._unavailable(f"no response from the database in {SECONDS} seconds") from None

    def _limit_rate(self) -> None:
        now = monotonic()
        if now >= self._hour_ends:
            self._hour_ends, self._accepted = now + 3600, 0
        if self._accepted >= MAX_PER_HOUR:
            text = f"There were {MAX_PER_HOUR:,} answers within an hour. Try again later."
            raise ApiError(429, text, headers={"Retry-After": str(math.ceil(self._hour_ends - now))})
        self._accepted += 1

    def _check_and_store(self, inputs: Any, answer: Answer) -> "Entry":
        from .database import Database, DatabaseError, database_url
        from .feedback import TABLE

        entry = self._entry(inputs, answer)
        self._limit_rate()
        try:
            Database(self._url or database_url(ProjectPaths()), TABLE).insert([asdict(entry)])
        except DatabaseError as error:
            raise self._unavailable(str(error)) from error
        self._failed = False
        return entry

    def _entry(self, inputs: Any, answer: Answer) -> "Entry":
        from .feedback import Entry

        valid = check_inputs(self.predictor, self._schemas, inputs)
        routed = self._router.run([valid], lambda model: payloads.predict(model, [valid])[0])
        try:
            truth = check_truth(
                self.predictor.champion.record, routed.value, correct=answer.correct, truth=answer.truth
            )
        except InvalidInputError as error:
            raise invalid([FieldError("truth", str(error))]) from None
        may_store = answer.consent or not payloads.PRIVATE_INPUT
        return Entry(
            id=uuid.uuid4().hex,
            time=datetime.now(UTC),
            request_id=answer.request_id,
            inputs=payloads.stored_inputs(self.predictor, inputs) if may_store else None,
            prediction=add_decision(routed.model.champion.record, routed.value),
            correct=answer.correct,
            truth=truth,
            remark=answer.remark or None,
            **model_columns(routed.model),
        )

    def _unavailable(self, reason: str) -> ApiError:
        """Return the error of a failing database; the reason is logged once, until feedback is stored again."""
        if not self._failed:
            logging.getLogger(__name__).warning("Feedback can't be stored: %s", reason)
        self._failed = True
        return ApiError(503, UNAVAILABLE, headers={"Retry-After": "60"})

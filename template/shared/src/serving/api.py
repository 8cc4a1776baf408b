"""The REST API: `POST /predict` and `/feedback`, `GET /health`, `/metrics`, `/openapi.json` and `/docs`.

It has the predictor of the page, beside which it is served. Errors are problem documents (RFC 9457).
"""

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from . import openapi, payloads
from .decision import add_decision
from .docs_page import DOCS_PAGE
from .feedback_collector import FeedbackCollector
from .monitoring import Metrics
from .predictor import Predictor
from .problems import OVERLOADED, ApiError, FieldError, invalid
from .request_body import check_rows, read_inputs, read_json, split_rows
from .request_log import API, Call, RequestLog

CONCURRENCY, MAX_WAITING = 4, 64
QUICK_SECONDS = 0.002  # a prediction that takes less is not made in a thread, which would double the time
HOST = re.compile(r"([\w.-]+|\[[\da-fA-F:.]+\])(:\d{1,5})?", re.ASCII)
PREDICT = "/predict"
OTHER_FIELD = "(request)"  # in the log, for what is wrong with a request besides its inputs
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
FLAGS = {"true": True, "1": True, "false": False, "0": False}

Handler = Callable[[Request], Awaitable[Response]]


class Api:
    """The endpoints of a champion; without one, they say why."""

    def __init__(
        self,
        predictor: Predictor | None,
        reason: str = "",
        collector: FeedbackCollector | None = None,
        log: RequestLog | None = None,
    ) -> None:
        self._predictor, self._reason = predictor, reason
        self._collector = collector or (FeedbackCollector(predictor) if predictor else None)
        self.health = health_status(predictor, reason)
        classes = predictor.champion.record.get("classes", []) if predictor else []
        self._schemas = payloads.input_schemas(predictor) if predictor else {}
        self._model = predictor.champion.version if predictor else {}
        self._metrics = Metrics({key: str(value) for key, value in self._model.items()}, classes)
        self._log = log
        if log:
            log.count = self._metrics.count_logged
        self._limiter = CapacityLimiter(CONCURRENCY)
        self._is_quick = predictor is not None and prediction_seconds(predictor) < QUICK_SECONDS

    def routes(self) -> list[Route]:
        """Return the routes for the application that serves the page."""
        return [
            self._route("POST", PREDICT, self._predict),
            self._route("POST", "/feedback", self._feedback),
            self._route("GET", "/health", self._health),
            self._route("GET", "/metrics", self._show_metrics),
            self._route("GET", "/openapi.json", self._openapi),
            self._route("GET", "/docs", self._docs),
        ]

    def _route(self, method: str, path: str, handle: Handler) -> Route:
        """Return a route whose requests are counted, and whose errors are problem documents."""

        async def respond(request: Request) -> Response:
            request.state.id = uuid.uuid4().hex
            request.state.rows, request.state.predictions, request.state.problems = [], [], []
            start, status = time.perf_counter(), 500
            try:
                try:
                    check_sender(request)
                    response = await handle(request)
                except ApiError as error:
                    request.state.problems = [entry.field for entry in error.errors]
                    response = error.response()
                status = response.status_code
            finally:
                seconds = time.perf_counter() - start
                self._metrics.count_request(path, status, seconds)
                if path == PREDICT:
                    self._log_call(request, status, seconds)
            response.headers["X-Request-ID"] = request.state.id
            return response

        return Route(path, respond, methods=[method])

    async def _predict(self, request: Request) -> Response:
        predictor = self._require_predictor()
        explain = read_flag(request, "explain")
        document = await read_inputs(request)
        rows, batch = split_rows(document, self._schemas)
        if self._is_quick and not batch and not explain:
            valid, predictions = self._answer(predictor, rows, batch, explain)
        else:
            if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
                raise ApiError(503, OVERLOADED)
            valid, predictions = await to_thread.run_sync(
                self._answer, predictor, rows, batch, explain, limiter=self._limiter
            )
        request.state.rows, request.state.predictions = valid, predictions
        if self._collector and not batch:
            self._collector.remember(request.state.id, document, request.state.size)
        content = {"predictions": predictions} if batch else predictions[0]
        return JSONResponse(content | {"model": self._model, "request_id": request.state.id})

    def _answer(
        self, predictor: Predictor, rows: list[Any], batch: bool, explain: bool
    ) -> tuple[list[Any], list[dict[str, Any]]]:
        """Return the checked inputs of each row, and their predictions."""
        valid = check_rows(predictor, self._schemas, rows, batch=batch)
        record = predictor.champion.record
        predictions = [add_decision(record, prediction) for prediction in payloads.predict(predictor, valid)]
        for row, prediction in zip(valid, predictions, strict=True):
            self._metrics.count_prediction(prediction["prediction"])
            if explain:
                prediction["explanation"] = payloads.explain(predictor, row)
        return valid, predictions

    def _log_call(self, request: Request, status: int, seconds: float) -> None:
        """Log a request for predictions."""
        if self._log:
            names = {field.rpartition(".")[2] for field in request.state.problems}
            problems = sorted(name if name in self._schemas else OTHER_FIELD for name in names)
            state = request.state
            self._log.add(Call(API, status, seconds, state.rows, state.predictions, problems, state.id))

    async def _feedback(self, request: Request) -> Response:
        if self._collector is None:
            raise ApiError(503, self._reason)
        entry = await self._collector.save(await read_json(request))
        self._metrics.count_feedback(correct=entry.correct)
        stored = {"inputs_stored": entry.inputs is not None, "remark_stored": entry.remark is not None}
        prediction = {"prediction": entry.prediction["prediction"], "correct": entry.correct, "truth": entry.truth}
        return JSONResponse({"id": entry.id, **prediction, **stored, "model": self._model}, 201)

    async def _health(self, _request: Request) -> Response:
        return JSONResponse(self.health, 200 if self._predictor else 503)

    async def _show_metrics(self, _request: Request) -> Response:
        return self._metrics.response()

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.document(self._require_predictor(), request.scope.get("root_path") or "/"))

    async def _docs(self, _request: Request) -> Response:
        return HTMLResponse(DOCS_PAGE)

    def _require_predictor(self) -> Predictor:
        if self._predictor is None:
            raise ApiError(503, self._reason)
        return self._predictor


def check_sender(request: Request) -> None:
    """Reject a malformed `Host`, and requests from pages of other sites to a demo on this computer.

    Any page may use a public demo. A proxy may replace `Host`, but not what the browser says about the page.

    Raises:
        ApiError: the request is rejected.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host and not HOST.fullmatch(host):
        raise ApiError(400, "The Host header is not valid. It must be a name and a port.")
    is_local = hostname(f"//{host}") in LOOPBACK
    site = request.headers.get("sec-fetch-site", "cross-site")
    if is_local and origin is not None and hostname(origin) not in LOOPBACK and site == "cross-site":
        raise ApiError(403, "Pages of other sites may not use a demo on this computer. Open the demo itself.")


def hostname(url: str) -> str | None:
    """Return the host of a URL, or None if it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def read_flag(request: Request, name: str) -> bool:
    """Return a query parameter that is true or false; without it, false.

    Raises:
        ApiError: it has another value, or several.
    """
    values = {value.lower() for value in request.query_params.getlist(name)} or {"false"}
    if len(values) > 1 or not values <= FLAGS.keys():
        raise invalid([FieldError(name, "must be true or false.")])
    return FLAGS[values.pop()]


def prediction_seconds(predictor: Predictor) -> float:
    """Return the time of a prediction for the default inputs, the shortest of three."""

    def measure() -> float:
        start = time.perf_counter()
        payloads.predict(predictor, [payloads.complete(predictor, {})])
        return time.perf_counter() - start

    return min(measure() for _ in range(3))


def health_status(predictor: Predictor | None, reason: str = "") -> dict[str, Any]:
    """Return the response of `GET /health`: the status and the lineage, or why there is no model."""
    if predictor is None:
        return {"status": "unavailable", "reason": reason}
    record = predictor.champion.record
    return {"status": "ok", "model": record["model"], "sha256": record["sha256"], "lineage": record["lineage"]}

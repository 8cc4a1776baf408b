"""The REST API: `POST /predict` and `/feedback`, `GET /health`, `/metrics`, `/openapi.json` and `/docs`.

It has the predictor of the page, beside which it is served. Errors are problem documents (RFC 9457).
"""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from . import openapi, payloads
from .canary import Router
from .decision import add_decision
from .docs_page import DOCS_PAGE
from .feedback_collector import FeedbackCollector
from .metrics import Metrics
from .predictor import Predictor
from .problems import OVERLOADED, ApiError, FieldError, invalid
from .request_body import JSON, check_rows, read_inputs, read_json, split_rows
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
    """The endpoints of a champion, and of a canary; without a champion, they say why."""

    def __init__(
        self,
        predictor: Predictor | None,
        reason: str = "",
        collector: FeedbackCollector | None = None,
        log: RequestLog | None = None,
        router: Router | None = None,
    ) -> None:
        self._predictor, self._reason = predictor, reason
        self._router = router or (Router(predictor) if predictor else None)
        self._collector = collector or (FeedbackCollector(predictor) if predictor else None)
        self.health = health_status(self._router, reason)
        self._schemas = payloads.input_schemas(predictor) if predictor else {}
        self._metrics = create_metrics(self._router)
        self._log = log
        if log:
            log.count = self._metrics.count_logged
        self._limiter = CapacityLimiter(CONCURRENCY)
        models = self._router.models if self._router else []
        self._is_quick = all(prediction_seconds(model) < QUICK_SECONDS for model in models)

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
            state = request.state
            state.id, state.answer, state.problems = secrets.token_hex(16), Answer(), []
            start = time.perf_counter()
            try:
                check_sender(request)
                response = await handle(request)
            except ApiError as error:
                state.problems = [entry.field for entry in error.errors]
                response = error.response()
            except Exception:
                logging.getLogger(__name__).exception("Request %s failed", state.id)
                response = ApiError(500, "The server failed. Its log has the reason, with the X-Request-ID.").response()
            response.raw_headers.append((b"x-request-id", state.id.encode()))
            seconds = time.perf_counter() - start
            response.background = BackgroundTask(self._record, path, request, response.status_code, seconds)
            return response

        return Route(path, respond, methods=[method])

    async def _predict(self, request: Request) -> Response:
        router = self._require_router()
        explain = read_flag(request, "explain")
        document = await read_inputs(request)
        rows, batch = split_rows(document, self._schemas)
        if self._is_quick and not batch and not explain:
            answer = self._answer(router, rows, batch, explain)
        else:
            if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
                raise ApiError(503, OVERLOADED)
            answer = await to_thread.run_sync(self._answer, router, rows, batch, explain, limiter=self._limiter)
        state = request.state
        state.answer = answer
        if self._collector and not batch:
            self._collector.remember(state.id, document, state.size)
        content = {"predictions": answer.predictions} if batch else answer.predictions[0]
        body = orjson.dumps(content | {"model": answer.version, "request_id": state.id})
        return Response(body, media_type=JSON)

    def _answer(self, router: Router, rows: list[Any], batch: bool, explain: bool) -> "Answer":
        """Return the checked inputs of each row, and their predictions."""
        valid = check_rows(router.champion, self._schemas, rows, batch=batch)
        routed = router.run(valid, lambda model: predict_rows(model, valid, explain=explain))
        return Answer(valid, routed.value, routed.model, routed.failed)

    async def _record(self, path: str, request: Request, status: int, seconds: float) -> None:
        """Count a request, and log it if it is for predictions; a coroutine, which a background task runs at once."""
        self._metrics.count_request(path, status, seconds)
        if path != PREDICT:
            return
        state = request.state
        answer: Answer = state.answer
        canary = self._router.canary if self._router else None
        if canary and (answer.failed or answer.model is canary):
            self._metrics.count_canary(failed=answer.failed is not None)
        for prediction in answer.predictions:
            self._metrics.count_prediction(prediction["prediction"])
        if self._log:
            names = {field.rpartition(".")[2] for field in state.problems}
            problems = sorted(name if name in self._schemas else OTHER_FIELD for name in names)
            models = {"model": answer.model, "failed": answer.failed}
            self._log.add(Call(API, status, seconds, answer.rows, answer.predictions, problems, state.id, **models))

    async def _feedback(self, request: Request) -> Response:
        if self._collector is None:
            raise ApiError(503, self._reason)
        entry = await self._collector.save(await read_json(request))
        self._metrics.count_feedback(correct=entry.correct)
        stored = {"inputs_stored": entry.inputs is not None, "remark_stored": entry.remark is not None}
        prediction = {"prediction": entry.prediction["prediction"], "correct": entry.correct, "truth": entry.truth}
        model = {"name": entry.model, "version": entry.model_version, "sha256": entry.model_sha256}
        return JSONResponse({"id": entry.id, **prediction, **stored, "model": model}, 201)

    async def _health(self, _request: Request) -> Response:
        return JSONResponse(self.health, 200 if self._predictor else 503)

    async def _show_metrics(self, _request: Request) -> Response:
        return self._metrics.response()

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.document(self._require_router().champion, request.scope.get("root_path") or "/"))

    async def _docs(self, _request: Request) -> Response:
        return HTMLResponse(DOCS_PAGE)

    def _require_router(self) -> Router:
        if self._router is None:
            raise ApiError(503, self._reason)
        return self._router


@dataclass(frozen=True)
class Answer:
    """The predictions of a request; none if it was rejected.

    Attributes:
        rows: complete inputs.
        predictions: of each row.
        model: that predicted.
        failed: the canary, if that failed before the champion predicted.
    """

    rows: Sequence[Any] = ()
    predictions: Sequence[dict[str, Any]] = ()
    model: Predictor | None = None
    failed: Predictor | None = None

    @property
    def version(self) -> dict[str, Any]:
        """Which model predicted."""
        return self.model.champion.version if self.model else {}


def predict_rows(model: Predictor, rows: Sequence[Any], *, explain: bool) -> list[dict[str, Any]]:
    """Return the prediction of each complete row, with decision and explanation."""
    record = model.champion.record
    predictions = [add_decision(record, prediction) for prediction in payloads.predict(model, rows)]
    if explain:
        for row, prediction in zip(rows, predictions, strict=True):
            prediction["explanation"] = payloads.explain(model, row)
    return predictions


def check_sender(request: Request) -> None:
    """Reject a malformed `Host`, and requests from pages of other sites to a demo on this computer.

    Any page may use a public demo. A proxy may replace `Host`, but not what the browser says about the page.

    Raises:
        ApiError: the request is rejected.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host and not HOST.fullmatch(host):
        raise ApiError(400, "The Host header is not valid. It must be a name and a port.")
    if origin is None or hostname(f"//{host}") not in LOOPBACK or hostname(origin) in LOOPBACK:
        return
    if request.headers.get("sec-fetch-site", "cross-site") == "cross-site":
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
    if not request.scope["query_string"]:
        return False
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


def create_metrics(router: Router | None) -> Metrics:
    """Return the metrics, with the names of the classes and of the served models."""
    if router is None:
        return Metrics({}, [])
    champion, *canaries = (
        {key: str(value) for key, value in model.champion.version.items()} for model in router.models
    )
    canary = canaries[0] | {"share": f"{router.share:g}"} if canaries else None
    return Metrics(champion, router.champion.champion.record.get("classes", []), canary)


def health_status(router: Router | None, reason: str = "") -> dict[str, Any]:
    """Return the response of `GET /health`: the status and the lineage, or why there is no model."""
    if router is None:
        return {"status": "unavailable", "reason": reason}
    champion, *canaries = (
        {key: model.champion.record[key] for key in ("model", "sha256", "lineage")} for model in router.models
    )
    canary = {"canary": canaries[0] | {"share": router.share}} if canaries else {}
    return {"status": "ok", **champion, **canary}

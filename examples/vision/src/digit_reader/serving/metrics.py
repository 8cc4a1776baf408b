"""Metrics of the REST API in the text format of Prometheus."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, Info
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds


class Metrics:
    """The metrics of one server; those of a canary exist only with one."""

    def __init__(self, model: Mapping[str, str], classes: list[str], canary: Mapping[str, str] | None = None) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests of the REST API.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time to the response of the REST API.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._predictions = Counter(
            "predictions", "Predictions of the REST API, by class if there are any.", ["label"], registry=self._registry
        )
        self._feedback = Counter("feedback", "Feedback to the REST API.", ["correct"], registry=self._registry)
        self._logged = Counter(
            "logged_requests", "Predictions of API and page in the request log.", ["outcome"], registry=self._registry
        )
        Info("model", "The served model.", registry=self._registry).info(dict(model))
        if canary:
            Info("canary", "The canary, and its share of the inputs.", registry=self._registry).info(dict(canary))
            self._canary = Counter(
                "canary_requests", "Predictions of the REST API by the canary.", ["outcome"], registry=self._registry
            )
            for outcome in ("answered", "failed"):
                self._canary.labels(outcome)
        for outcome in ("stored", "dropped"):
            self._logged.labels(outcome)
        for label in classes or [""]:
            self._predictions.labels(label)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Record a request."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def count_prediction(self, prediction: Any) -> None:
        """Record a prediction: a class, or anything else."""
        self._predictions.labels(prediction if isinstance(prediction, str) else "").inc()

    def count_canary(self, *, failed: bool) -> None:
        """Record a request that the canary answered, or the champion because the canary failed."""
        self._canary.labels("failed" if failed else "answered").inc()

    def count_feedback(self, *, correct: bool) -> None:
        """Record feedback on a prediction."""
        self._feedback.labels(str(correct).lower()).inc()

    def count_logged(self, outcome: str, number: int) -> None:
        """Record requests that were stored in the request log, or dropped."""
        self._logged.labels(outcome).inc(number)

    def response(self) -> Response:
        """Return all metrics."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

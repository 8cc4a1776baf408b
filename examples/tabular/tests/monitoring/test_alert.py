"""Alerts to a webhook."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from late_flights.monitoring.alert import AlertError, send_alert

DOCUMENT = {"project": "A project", "alerts": ["a", "b"], "status": "drift"}


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a webhook receives, whose address is in the environment."""
    Hook.received = []
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MONITOR_WEBHOOK", f"http://127.0.0.1:{server.server_port}/secret")
        yield Hook.received
        server.shutdown()


def test_an_alert_is_sent_as_json(received: list[bytes]) -> None:
    assert send_alert(DOCUMENT)
    (body,) = received
    assert json.loads(body) == {"text": "A project: a; b", **DOCUMENT}


def test_without_an_address_nothing_is_sent() -> None:
    assert not send_alert(DOCUMENT)


@pytest.mark.parametrize(
    ("url", "message"),
    [("file:///etc/passwd", "must be an address"), ("http://127.0.0.1:9/secret", "could not be sent to MONITOR")],
)
def test_a_failure_is_explained(url: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_WEBHOOK", url)
    with pytest.raises(AlertError, match=message) as raised:
        send_alert(DOCUMENT)
    assert "secret" not in str(raised.value)

"""A local HTTP server of files: ranges, ETags, redirects, and transfers that break."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server answers for a path."""

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    breaks: list[int] = field(default_factory=list)
    """Bytes after which the next transfers break."""


@dataclass
class Request:
    """What a client asked for."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class DataServer:
    """A running server; a reply may be a function of the request."""

    url: str
    replies: dict[str, Reply | Callable[[Request], Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def reply(self, request: Request) -> Reply:
        """Return the reply to a request, of the whole path or else without its query."""
        short = request.path.partition("?")[0]
        found = self.replies.get(request.path) or self.replies.get(short) or Reply(status=404)
        return found if isinstance(found, Reply) else found(request)


class _Listener(ThreadingHTTPServer):
    """A server that a client may leave in the middle of an answer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve() -> Iterator[DataServer]:
    """Run a server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            server.requests.append(request)
            _answer(self, request, server.reply(request))

        do_HEAD = do_POST = do_GET  # noqa: N815

    listener = _Listener(("127.0.0.1", 0), Handler)
    server = DataServer(f"http://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, request: Request, reply: Reply) -> None:
    tag, content, status = reply.headers.get("ETag"), reply.content, reply.status
    headers = dict(reply.headers)
    if tag and request.headers.get("if-none-match") == tag:
        status, content = 304, b""
    span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if span and status == 200 and request.headers.get("if-range", tag) == tag:
        start, size = int(span[1]), len(content)
        end = min(int(span[2] or size), size - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        status, content = 206, content[start : end + 1]
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if "Content-Length" not in headers:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if request.method == "HEAD":
        return
    if reply.breaks:
        content = content[: reply.breaks.pop(0)]
        handler.close_connection = True
    handler.wfile.write(content)

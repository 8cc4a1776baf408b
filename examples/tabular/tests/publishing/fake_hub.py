"""A stand-in of Hugging Face's HTTP API, with the requests that publishing a Space makes."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import yaml

COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@dataclass
class FakeHub:
    """The state of the hub; a token `hf_ada` belongs to the user `ada`.

    Attributes:
        spaces: the files of each Space, by `OWNER/NAME`.
        commits: how many commits were made.
        breaks_at: the last part of the path of a request that loses its connection.
        address: where it is served.
    """

    spaces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    commits: int = 0
    breaks_at: str = ""
    address: str = ""

    def create(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        owner = request["organization"] or "ada"
        space = f"{owner}/{request['name']}"
        if owner != "ada":
            return 403, {"error": f"You don't have the rights to create a Space under {owner}"}
        if space in self.spaces:
            return 409, {"error": "You already created this Space", "url": f"{self.address}/spaces/{space}"}
        self.spaces[space] = {".gitattributes": b"", "README.md": b"---\nsdk: gradio\n---\n"}
        return 200, {"url": f"{self.address}/spaces/{space}"}

    def validate(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        settings = yaml.safe_load(request["content"].split("---\n")[1])
        errors = [name for name in ("colorFrom", "colorTo") if settings[name] not in COLORS]
        errors += [name for name in ("short_description",) if len(settings[name]) > 60]
        errors += [name for name in ("python_version", "sdk_version") if not isinstance(settings[name], str)]
        return 400 if errors else 200, {"errors": [{"message": name} for name in errors]}

    def commit(self, space: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        for line in lines:
            if line["key"] == "file":
                self.spaces[space][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                del self.spaces[space][line["value"]["path"]]
        self.commits += 1
        return 200, {"commitUrl": f"{self.address}/spaces/{space}/commit/{'0' * 40}", "commitOid": "0" * 40}

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of a response."""
        parts = path.removeprefix("/api/").split("/")
        space = "/".join(parts[1:3])
        if method == "GET":
            return self.get(space, parts)
        if method == "DELETE":
            del self.spaces[f"ada/{json.loads(body)['name']}"]
            return 200, {}
        if parts[-2:] == ["commit", "main"]:
            return self.commit(space, [json.loads(line) for line in body.splitlines()])
        request = json.loads(body)
        if parts[-2:] == ["preupload", "main"]:
            modes = {"uploadMode": "regular", "shouldIgnore": False}
            return 200, {"files": [{"path": file["path"], **modes} for file in request["files"]]}
        return self.create(request) if parts == ["repos", "create"] else self.validate(request)

    def get(self, space: str, parts: list[str]) -> tuple[int, dict[str, Any]]:
        if parts == ["whoami-v2"]:
            return 200, {"type": "user", "name": "ada"}
        if space not in self.spaces:
            return 404, {"error": "Repository not found"}
        return 200, {"id": space, "siblings": [{"rfilename": name} for name in self.spaces[space]]}


@contextmanager
def serve_hub() -> Iterator[FakeHub]:
    """Serve an empty hub on the loopback interface."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if hub.breaks_at and hub.breaks_at in path:
                self.close_connection = True
                return
            status, document = 401, {"error": "Invalid username or password."}
            if self.headers["Authorization"] == "Bearer hf_ada":
                status, document = hub.respond(self.command, path, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = respond  # noqa: N815  # named by http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield hub
        server.shutdown()

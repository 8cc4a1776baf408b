"""A catalogue of bad requests: each gets a readable problem document, and the next request is served."""

import gzip
import json
import platform
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gradio as gr
import httpx
import pytest

from which_library.paths import ProjectPaths
from which_library.serving import app, payloads
from which_library.serving.predictor import Predictor
from which_library.serving.request_body import MAX_ERRORS, MAX_NAME, MAX_ROWS

PREDICT, JSON = "/predict", {"Content-Type": "application/json"}


class Bad(NamedTuple):
    """A request and the status of its response; the name of the first input stands for NAME in the body."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = MappingProxyType({})
    method: str = "POST"
    path: str = PREDICT


# Bodies that are no JSON, by what is wrong with them.
MALFORMED = {
    "empty": b"",
    "half a document": b'{"NAME": ',
    "two documents": b"{} {}",
    "Python": b"{'NAME': None}",
    "YAML": b"NAME: 1",
    "a form": b"NAME=1&x=2",
    "XML with an entity": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
    "a comment": b"{} // comment",
    "a trailing comma": b'{"NAME": null,}',
    "a key without quotes": b"{NAME: null}",
    "a key that is no string": b"{1: null}",
    "an unfinished string": b'{"NAME": "x}',
    "an unknown escape": b'{"NAME": "\\x41"}',
    "a line break in a string": b'{"NAME": "a\nb"}',
    "a NUL byte": b"\0",
    "NaN": b'{"NAME": NaN}',
    "infinity": b'{"NAME": Infinity}',
    "minus infinity": b'{"NAME": -Infinity}',
    "NaN in a row": b'{"rows": [{"NAME": NaN}]}',
    "a leading zero": b'{"NAME": 01}',
    "a leading plus": b'{"NAME": +1}',
    "a hexadecimal number": b'{"NAME": 0x1F}',
    "5,000 digits": b'{"NAME": 1%s}' % (b"0" * 5000),
    "too large a number": b'{"NAME": 1e400}',
    "Latin-1": '{"NAME": "é"}'.encode("latin-1"),
    "UTF-16": "{}".encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "an overlong encoding": b'{"NAME": "\xc0\xaf"}',
    "half a surrogate pair": b'{"NAME": "\\ud800"}',
    "half a surrogate pair as a key": b'{"\\udfff": 1}',
    "arrays nested 100,000 times": b"[" * 100_000,
    "objects nested 50,000 times": b'{"NAME":' * 50_000,
    "compressed": gzip.compress(b"{}"),
    "a decompression bomb": gzip.compress(b" " * 1_000_000),
    "a PNG": b"\x89PNG\r\n\x1a\n",
}
# JSON that is no row of inputs.
INVALID = {
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a string": b'"NAME"',
    "an array": b"[{}]",
    "an empty array": b"[]",
    "a number of 300 digits": b'{"NAME": 1%s}' % (b"0" * 300),
    "a negative number of 300 digits": b'{"NAME": -1%s}' % (b"0" * 300),
    "a boolean": b'{"NAME": true}',
    "an array as a value": b'{"NAME": [1]}',
    "an empty array as a value": b'{"NAME": []}',
    "an empty object as a value": b'{"NAME": {}}',
    "a file of the server": b'{"NAME": {"path": "/etc/passwd"}}',
    "a database query": b'{"NAME": {"$gt": ""}}',
    "an unknown input": b'{"no_such_input": 1}',
    "an input with a path as its name": b'{"../../etc/passwd": 1}',
    "an input with HTML as its name": b'{"<script>alert(1)</script>": 1}',
    "an input with SQL as its name": b'{"x\'; DROP TABLE feedback; --": 1}',
    "an input without a name": b'{"": 1}',
    "a name of 100,000 characters": b'{"%s": 1}' % (b"k" * 100_000),
    "10,000 unknown inputs": json.dumps(dict.fromkeys(map(str, range(10_000)))).encode(),
    "a prototype": b'{"__proto__": {"x": 1}}',
    "a class": b'{"__class__": "x"}',
    "rows that are no array": b'{"rows": {"NAME": 1}}',
    "rows that are null": b'{"rows": null}',
    "rows that are a number": b'{"rows": 3}',
    "no rows": b'{"rows": []}',
    "a row too many": b'{"rows": [%s{}]}' % (b"{}," * MAX_ROWS),
    "10,000 rows": b'{"rows": [%s{}]}' % (b"{}," * 9999),
    "a row that is no object": b'{"rows": [{}, 1]}',
    "a row that is null": b'{"rows": [null]}',
    "a row that is an array": b'{"rows": [[]]}',
    "rows in a row": b'{"rows": [{"rows": [{}]}]}',
    "an invalid row": b'{"rows": [{}, {"NAME": []}]}',
    "rows and inputs": b'{"rows": [{}], "NAME": 1}',
    "the body of Gradio's API": b'{"data": []}',
}
CONTENT_TYPES = {
    **dict.fromkeys(["", "*/*", "json", "text/plain", "text/json", "application/x-www-form-urlencoded"], 415),
    **dict.fromkeys(["application/jsonx", "application/problem+json", "application/xml", "video/mp4"], 415),
    **dict.fromkeys(["text/\xe9", "a" * 5000, "../../etc/passwd", "<script>"], 415),
}
HEADERS = {
    **{f"Content-Encoding: {name}": (415, {"Content-Encoding": name}) for name in ("gzip", "br", "deflate", "x")},
    **{f"Host: {name}": (400, {"Host": name}) for name in ("a b", "<script>", "../../etc", "a@b", "127.0.0.1:", "[")},
    **{
        f"Origin: {name}": (403, {"Origin": name})
        for name in ("https://example.com", "null", "not a URL", "http://[", "http://127.0.0.1.example.com", "file://")
    },
    "a page of another site": (403, {"Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"}),
}
QUERIES = ["perhaps", "", "2", "TRUE%00", "%ff", "true&explain=false", "x" * 3000, "%3Cscript%3E", "[]"]
PATHS = {
    **dict.fromkeys(["/predict/x", "/predict/1", "/PREDICT", "/predict%00", "/predict/../../etc/passwd"], 404),
    **dict.fromkeys(["/docs/%2e%2e/%2e%2e/etc/passwd", "/predict%2f..%2f..%2fetc%2fpasswd", "/openapi.json/x"], 404),
    **dict.fromkeys(["/%c0%ae%c0%ae/etc/passwd", "/.env", "/.git/config", "/champion.json", "/file=/etc/passwd"], 404),
    **dict.fromkeys(["/models/champion/model.onnx", "/metrics/../mlflow.db", "/<script>", "/" + "a" * 5000], 404),
    **dict.fromkeys(["/health", "/metrics", "/docs", "/openapi.json"], 405),
}
GRADIO = {  # the endpoints of Gradio's clients
    "call/v2/predict": b'{"no_such_input": 1}',
    "call/no_such_event": b'{"data": []}',
    "queue/join": b'{"data": [], "fn_index": 9999, "session_hash": "x"}',
}
CATALOGUE = {
    **{name: Bad(400, body) for name, body in MALFORMED.items()},
    **{name: Bad(422, body) for name, body in INVALID.items()},
    "too large": Bad(413, b" " * (payloads.MAX_BYTES + 1)),
    **{f"type {name[:30]}": Bad(status, headers={"Content-Type": name}) for name, status in CONTENT_TYPES.items()},
    **{name: Bad(status, headers=headers) for name, (status, headers) in HEADERS.items()},
    **{f"?explain={value[:30]}": Bad(422, path=f"{PREDICT}?explain={value}") for value in QUERIES},
    **{f"POST {path[:50]}": Bad(status, path=path) for path, status in PATHS.items()},
    **{f"Gradio's {path}": Bad(400, body, path=f"/gradio_api/{path}") for path, body in GRADIO.items()},
    **{
        f"{method} {PREDICT}": Bad(405, method=method)
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
    },
}


@pytest.fixture(scope="module")
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as client:
        yield client


def check_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["status"]) == (status, status), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["detail"].endswith((".", "?"))
    assert (status == 422) == bool(problem["errors"])
    assert len(response.text) < 5000
    return problem


def test_the_catalogue_has_a_hundred_requests() -> None:
    assert len(CATALOGUE) >= 100


@pytest.mark.parametrize("case", CATALOGUE)
def test_a_bad_request_gets_a_problem_document(
    http: httpx.Client, predictor: Predictor, project: ProjectPaths, case: str
) -> None:
    bad = CATALOGUE[case]
    name = predictor.champion.record["inputs"][0]["name"]
    headers = {key.encode(): value.encode("latin-1") for key, value in {**JSON, **bad.headers}.items()}
    content = bad.body.replace(b"NAME", name.encode())
    response = http.request(bad.method, bad.path, content=content, headers=headers)
    problem = check_problem(response, bad.status)
    private = [str(project.root), sys.prefix, "Traceback", "site-packages", platform.python_version(), gr.__version__]
    assert not [text for text in private if text in f"{response.text} {response.headers}"]
    if bad.body.startswith(b'{"NAME"') and bad.status == 422:
        assert [error["field"] for error in problem["errors"]] == [name]
    assert http.post(PREDICT, json={}).status_code == 200


def test_bad_requests_leave_no_file(
    http: httpx.Client, project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(project.root.rglob("*"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for media_type in (*JSON.values(), *payloads.UPLOADS, "multipart/form-data; boundary=x"):
        for body in (b"x" * 2_000_000, b'--x\r\nContent-Disposition: form-data; name="a"; filename="../a"\r\n\r\nx'):
            response = http.post(PREDICT, content=body, headers={"Content-Type": media_type})
            assert 400 <= response.status_code < 500
    assert list(tmp_path.rglob("*")) == []
    assert sorted(project.root.rglob("*")) == before


def test_a_body_of_40_mb_is_rejected_with_and_without_its_length(http: httpx.Client) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 1_000_000

    check_problem(http.post(PREDICT, content=stream(), headers=JSON), 413)
    check_problem(http.post(PREDICT, content=b" " * 40_000_000, headers=JSON), 413)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 not HTTP\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n" % (b"x" * 100_000),
    ],
    ids=["no HTTP", "negative length", "closed early", "bad chunk", "large header"],
)
def test_after_a_broken_connection_the_next_request_is_served(http: httpx.Client, sent: bytes) -> None:
    url = urlsplit(str(http.base_url))
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(sent)
    assert http.post(PREDICT, json={}).status_code == 200


def test_an_invalid_row_and_every_invalid_input_are_named(http: httpx.Client, predictor: Predictor) -> None:
    name = predictor.champion.record["inputs"][0]["name"]
    problem = check_problem(http.post(PREDICT, json={"rows": [{}, {name: []}]}), 422)
    assert [error["field"] for error in problem["errors"]] == [f"rows[1].{name}"]
    inputs: dict[str, Any] = {name: [] for name in payloads.input_schemas(predictor)}
    fields = [error["field"] for error in check_problem(http.post(PREDICT, json=inputs), 422)["errors"]]
    assert fields == list(inputs)[:MAX_ERRORS]
    many = http.post(PREDICT, json={"rows": [1] * MAX_ROWS})
    assert len(check_problem(many, 422)["errors"]) == MAX_ERRORS


def test_a_misspelled_input_gets_a_suggestion(http: httpx.Client, predictor: Predictor) -> None:
    name = next(iter(payloads.input_schemas(predictor)))
    problem = check_problem(http.post(PREDICT, json={f"{name}_": 1}), 422)
    assert problem["errors"] == [
        {"field": f"{name}_"[:MAX_NAME], "detail": f"There is no such input. Did you mean {name!r}?"},
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "demo.example.com", "Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"},
        {"Host": "[::1]:7860", "Origin": "http://localhost:3000"},
        {"Host": "localhost:7860", "Origin": "https://proxy.example.com", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=["public", "local", "behind a proxy"],
)
def test_pages_may_use_a_public_demo_and_their_own(http: httpx.Client, headers: dict[str, str]) -> None:
    response = http.post(PREDICT, json={}, headers=headers)
    assert response.status_code == 200
    assert "example.com" not in response.text


HOSTILE = [
    "'; DROP TABLE predictions; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea><svg onload=alert(1)>",
    "${7 * 7} %s %n",
    "javascript:alert(1)",
    "../../etc/passwd",
    "\u202eevil\u0000\ufeff",
]


@pytest.fixture(scope="module")
def updates(predictor: Predictor) -> list[Any]:
    """The functions by which the page shows predictions and explanations."""
    found = [function.fn for function in app.build_app(predictor).fns.values() if function.name == "show"]
    assert found
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_text_fields_are_never_shown_as_html(
    http: httpx.Client, predictor: Predictor, updates: list[Any], text: str
) -> None:
    for field, schema in payloads.input_schemas(predictor).items():
        if "string" not in schema["type"]:
            continue
        response = http.post(PREDICT, json={field: text}, params={"explain": "true"})
        if response.status_code != 200:
            check_problem(response, 422)
        assert response.headers["content-type"].endswith("json")
        inputs = {column["name"]: column["default"] for column in predictor.champion.record["inputs"]} | {field: text}
        for update in updates:
            shown = update(**inputs).items()
            pieces = [value for part, value in shown if isinstance(part, gr.HTML) and isinstance(value, str)]
            assert not [piece for piece in pieces if any(tag in piece for tag in ("<script", "<img src=x", "<svg o"))]

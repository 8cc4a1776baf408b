"""The REST API over HTTP: predictions, their description, metrics, and what malformed requests get."""

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from air_ahead.paths import ProjectPaths
from air_ahead.serving import api, payloads
from air_ahead.serving.predictor import Predictor
from air_ahead.serving.request_body import MAX_ERRORS, MAX_ROWS

JSON = "application/json"


def post(address: str, body: Any, **options: Any) -> dict[str, Any]:
    response = httpx.post(f"{address}/predict", json=body, **options)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_every_input_has_a_default(address: str, predictor: Predictor) -> None:
    answer = post(address, {})
    expected = payloads.predict(predictor, [payloads.complete(predictor, {})])[0]
    assert {key: answer[key] for key in expected} == json.loads(json.dumps(expected))
    assert answer["model"]["name"] == predictor.champion.record["model"]
    assert predictor.champion.record["sha256"].startswith(answer["model"]["sha256"])


def test_rows_are_predicted_like_single_inputs(address: str, predictor: Predictor) -> None:
    rows = [{}, payloads.example_inputs(predictor)]
    predictions = post(address, {"rows": rows})["predictions"]
    for row, prediction in zip(rows, predictions, strict=True):
        single = post(address, row)
        assert set(prediction) <= set(single)
        assert prediction["prediction"] == pytest.approx(single["prediction"])


def test_requests_have_different_ids(address: str) -> None:
    first, second = (httpx.post(f"{address}/predict", json={}) for _ in range(2))
    assert first.json()["request_id"] == first.headers["x-request-id"] != second.headers["x-request-id"]


def test_the_openapi_document_describes_the_inputs_and_has_an_example_that_works(
    address: str, predictor: Predictor
) -> None:
    document = httpx.get(f"{address}/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert list(schemas["Inputs"]["properties"]) == [column["name"] for column in predictor.champion.record["inputs"]]
    assert all({"type", "description", "default"} <= set(spec) for spec in schemas["Inputs"]["properties"].values())
    example = document["paths"]["/predict"]["post"]["requestBody"]["content"][JSON]["example"]
    answer = post(address, example)
    assert set(answer) == {*schemas["Prediction"]["properties"], "model", "request_id"} - {"explanation"}
    for path, operations in document["paths"].items():
        if "get" in operations:
            response = httpx.get(f"{address}{path}")
            (media_type,) = operations["get"]["responses"]["200"]["content"]
            assert response.headers["content-type"].partition(";")[0] == media_type


def test_the_docs_load_nothing_from_other_hosts(address: str) -> None:
    page = httpx.get(f"{address}/docs").text
    assert 'fetch("openapi.json")' in page
    assert "//" not in page


def sample(address: str, metric: str, /, **labels: str) -> float:
    families = text_string_to_metric_families(httpx.get(f"{address}/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == metric and labels.items() <= sample.labels.items())


def test_metrics_count_requests_and_predictions(address: str, predictor: Predictor) -> None:
    def counts() -> list[float]:
        return [
            sample(address, "http_requests_total", route="/predict", status="200"),
            sample(address, "http_requests_total", route="/predict", status="422"),
            sample(address, "http_request_duration_seconds_bucket", route="/predict", le="+Inf"),
            sample(address, "predictions_total"),
        ]

    before = counts()
    post(address, {"rows": [{}, {}]})
    httpx.post(f"{address}/predict", json=[])
    assert [after - count for after, count in zip(counts(), before, strict=True)] == [1, 1, 2, 2]
    assert sample(address, "model_info", name=predictor.champion.record["model"]) == 1


# The name of the first input stands for NAME; no value here is valid for any kind of input.
MALFORMED: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "half a document": (b'{"NAME": ', 400),
    "two documents": (b"{} {}", 400),
    "Python instead of JSON": (b"{'NAME': None}", 400),
    "NaN": (b'{"NAME": NaN}', 400),
    "infinity": (b'{"NAME": -Infinity}', 400),
    "5,000 digits": (b'{"NAME": 1%s}' % (b"0" * 5000), 400),
    "not UTF-8": (b'{"NAME": "\xff"}', 400),
    "half a surrogate pair": (b'{"NAME": "\\ud800"}', 400),
    "nested 100,000 times": (b"[" * 100_000, 400),
    "null": (b"null", 422),
    "an array": (b"[{}]", 422),
    "a string": (b'"NAME"', 422),
    "too large a number": (b'{"NAME": 1e400}', 422),
    "a number of 300 digits": (b'{"NAME": 1%s}' % (b"0" * 300), 422),
    "a boolean": (b'{"NAME": true}', 422),
    "an array as a value": (b'{"NAME": [1]}', 422),
    "an object as a value": (b'{"NAME": {"path": "/etc/passwd"}}', 422),
    "an unknown input": (b'{"../../etc/passwd": 1}', 422),
    "rows that are no array": (b'{"rows": {"NAME": 1}}', 422),
    "no rows": (b'{"rows": []}', 422),
    "too many rows": (b'{"rows": [%s{}]}' % (b"{}," * 100), 422),
    "a row that is no object": (b'{"rows": [{}, 1]}', 422),
    "an invalid row": (b'{"rows": [{}, {"NAME": []}]}', 422),
    "rows and inputs": (b'{"rows": [{}], "NAME": 1}', 422),
    "too large": (b" " * (payloads.MAX_BYTES + 1), 413),
}


def check_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["status"]) == (status, status), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["detail"].endswith((".", "?"))
    assert (status == 422) == bool(problem["errors"])
    assert len(response.text) < 5000
    return problem


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_bodies_get_a_problem_document(address: str, predictor: Predictor, case: str) -> None:
    body, status = MALFORMED[case]
    name = predictor.champion.record["inputs"][0]["name"]
    content = body.replace(b"NAME", name.encode())
    response = httpx.post(f"{address}/predict", content=content, headers={"Content-Type": JSON})
    problem = check_problem(response, status)
    fields = [error["field"] for error in problem["errors"]]
    if body.startswith(b'{"NAME"') and status == 422:
        assert fields == [name]
    if case == "an invalid row":
        assert fields == [f"rows[1].{name}"]
    assert post(address, {})["prediction"]


def test_every_invalid_input_is_named(address: str, predictor: Predictor) -> None:
    inputs: dict[str, Any] = {name: [] for name in payloads.input_schemas(predictor)}
    fields = [error["field"] for error in check_problem(httpx.post(f"{address}/predict", json=inputs), 422)["errors"]]
    assert fields == list(inputs)[:MAX_ERRORS]
    many = httpx.post(f"{address}/predict", json={"rows": [1] * MAX_ROWS})
    assert len(check_problem(many, 422)["errors"]) == MAX_ERRORS


def test_a_misspelled_input_gets_a_suggestion(address: str, predictor: Predictor) -> None:
    name = next(iter(payloads.input_schemas(predictor)))
    problem = check_problem(httpx.post(f"{address}/predict", json={f"{name}_": 1}), 422)
    assert problem["errors"] == [
        {"field": f"{name}_", "detail": f"There is no such input. Did you mean {name!r}?"},
    ]


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/\xe9"])
def test_other_content_types_are_not_supported(address: str, media_type: str) -> None:
    headers = {b"Content-Type": media_type.encode("latin-1")}
    response = httpx.post(f"{address}/predict", content=b"{}", headers=headers)
    assert JSON in check_problem(response, 415)["detail"]


def test_a_large_body_of_unknown_length_is_rejected(address: str) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(payloads.MAX_BYTES // 1_000_000 + 2):
            yield b" " * 1_000_000

    response = httpx.post(f"{address}/predict", content=stream(), headers={"Content-Type": JSON})
    check_problem(response, 413)


def test_predictions_are_explained_on_request(address: str) -> None:
    explanation = post(address, {}, params={"explain": "true"})["explanation"]
    assert explanation
    assert post(address, {"rows": [{}]}, params={"explain": "true"})["predictions"][0]["explanation"] == explanation
    assert "explanation" not in post(address, {}, params={"explain": "false"})
    problem = check_problem(httpx.post(f"{address}/predict", json={}, params={"explain": "perhaps"}), 422)
    assert problem["errors"] == [{"field": "explain", "detail": "must be true or false."}]


@pytest.mark.parametrize("path", ["/predict/../../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd", "/openapi.json/x"])
def test_other_paths_are_not_found(address: str, path: str) -> None:
    assert httpx.get(f"{address}{path}").status_code == 404
    assert httpx.get(f"{address}/predict").status_code == 405


def test_too_many_requests_at_once_are_rejected(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_WAITING", 0)
    response = httpx.post(f"{address}/predict", json={})
    check_problem(response, 503)
    assert response.headers["retry-after"] == "1"


PROGRAMS = {
    "sh": ["bash", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_readme_s_snippets_work(address: str, predictor: Predictor, tmp_path: Path, language: str) -> None:
    readme = (ProjectPaths().root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    snippet = next((block for block in blocks if "/predict" in block), None)
    program = PROGRAMS[language]
    if snippet is None or not shutil.which(program[0]) or (language == "sh" and not shutil.which("curl")):
        pytest.skip(f"README.md has no such snippet, or {program[0]} is not installed")
    if upload := re.search(r"[\w-]+\.(png|jpg)", snippet):
        default = predictor.champion.record["inputs"][0]["default"]
        (tmp_path / upload[0]).write_bytes(base64.b64decode(default.partition(",")[2]))
    inputs = {} if upload else json.loads(re.findall(r"\{[^{}\n]*\}", snippet)[-1])
    code = snippet.replace("http://127.0.0.1:7860", address)
    process = subprocess.run([*program, code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(process.stdout)["prediction"] == post(address, inputs)["prediction"]

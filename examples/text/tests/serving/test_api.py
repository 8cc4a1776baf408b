"""The REST API over HTTP: predictions, their description, metrics, overload and the snippets of docs/api.md."""

import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from which_library.paths import ProjectPaths
from which_library.serving import api, app, payloads
from which_library.serving.predictor import Predictor

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


def test_a_failure_of_the_server_is_a_problem_document(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(Starlette(routes=api.Api(predictor).routes()))

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(payloads, "predict", fail)
    response = client.post("/predict", json={})
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "no memory" not in response.text
    assert "no memory" in caplog.text
    assert response.headers["x-request-id"] in caplog.text


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
    (documented,) = document["paths"]["/predict"]["post"]["responses"]["200"]["content"].values()
    assert documented["example"] | {"request_id": answer["request_id"]} == answer
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


def test_predictions_are_explained_on_request(address: str) -> None:
    explanation = post(address, {}, params={"explain": "true"})["explanation"]
    assert explanation
    assert post(address, {"rows": [{}]}, params={"explain": "true"})["predictions"][0]["explanation"] == explanation
    assert "explanation" not in post(address, {}, params={"explain": "false"})
    problem = httpx.post(f"{address}/predict", json={}, params={"explain": "perhaps"}).json()
    assert problem["errors"] == [{"field": "explain", "detail": "must be true or false."}]


def test_too_many_requests_at_once_are_rejected(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_WAITING", 0)
    response = httpx.post(f"{address}/predict", json={"rows": [{}]})
    assert response.status_code == response.json()["status"] == 503
    assert response.headers["retry-after"] == "5"


def test_a_full_queue_of_the_page_is_reported_the_same_way(predictor: Predictor) -> None:
    page = app.build_app(predictor)
    with app.serve_in_background(page, api.Api(predictor)) as address:
        page._queue.max_size = 0
        response = httpx.post(f"{address}/gradio_api/call/predict", json={"data": []})
    assert response.status_code == response.json()["status"] == 503
    assert response.headers["retry-after"] == "5"


PROGRAMS = {
    "sh": ["bash", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "--eval"],
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_snippets_of_the_guide_work(
    address: str, predictor: Predictor, project: ProjectPaths, tmp_path: Path, language: str
) -> None:
    program = PROGRAMS[language]
    if not shutil.which(program[0]) or (language == "sh" and not shutil.which("curl")):
        pytest.skip(f"{program[0]} or curl is not installed")
    guide = (project.root / "docs/api.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(rf"^```{language}\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    inputs = payloads.example_inputs(predictor)
    if payloads.UPLOADS:
        (tmp_path / "image.png").write_bytes(base64.b64decode(next(iter(inputs.values())).partition(",")[2]))
    code = snippet.replace("http://127.0.0.1:7860", address)
    process = subprocess.run([*program, code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(process.stdout)["prediction"] == post(address, inputs)["prediction"]

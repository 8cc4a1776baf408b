"""The guide of the API shows the response that the running API gives."""

import json
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from air_ahead.errors import UserError
from air_ahead.paths import ProjectPaths
from air_ahead.reporting.api_example import describe_response
from air_ahead.serving import payloads
from air_ahead.serving.predictor import Predictor


def read_block(text: str) -> dict[str, Any]:
    (block,) = re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    document: dict[str, Any] = json.loads(block)
    return document


def flatten(value: Any) -> list[Any]:
    """Return the values in a document, in order, with their keys."""
    if isinstance(value, dict):
        return [part for key, entry in value.items() for part in (key, *flatten(entry))]
    return [part for entry in value for part in flatten(entry)] if isinstance(value, list) else [value]


def check(shown: dict[str, Any], answer: dict[str, Any]) -> None:
    assert flatten(shown | {"request_id": ""}) == [
        pytest.approx(value, rel=1e-3) if isinstance(value, float) else value
        for value in flatten(answer | {"request_id": ""})
    ]


def test_the_guide_has_the_response_to_its_request(project: ProjectPaths, address: str, predictor: Predictor) -> None:
    shown = read_block((project.root / "docs/api.md").read_text(encoding="utf-8"))
    request = {} if payloads.UPLOADS else payloads.example_inputs(predictor)
    check(shown, httpx.post(f"{address}/predict", json=request).json())


def test_the_request_in_python_is_formatted(project: ProjectPaths) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "--check", "docs/api.md"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_author_may_write_another_request(address: str, predictor: Predictor) -> None:
    shown = read_block(describe_response("curl http://127.0.0.1:7860/predict --data '{}'\n", predictor))
    check(shown, httpx.post(f"{address}/predict", json={}).json())


def test_an_invalid_request_in_the_guide_is_an_error(predictor: Predictor) -> None:
    with pytest.raises(UserError, match=r"docs/api\.md: the request \{1\} is invalid"):
        describe_response("--data '{1}'", predictor)

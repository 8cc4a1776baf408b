"""What the REST API takes and returns for an image."""

import base64
import struct
import zlib
from typing import Any

import httpx
import numpy as np
import pytest

from digit_reader.data.images import MAX_BYTES, decode_data_url
from digit_reader.data.schema import Schema
from digit_reader.data.splits import Split
from digit_reader.serving.predictor import Predictor

from ..image_files import encode_pixels


@pytest.fixture
def content(splits: dict[str, Split], schema: Schema) -> bytes:
    """A test image as a file."""
    return encode_pixels(splits["test"].features[0], schema.picture)


def test_files_and_forms_are_predicted_like_on_the_page(address: str, predictor: Predictor, content: bytes) -> None:
    expected = predictor.predict(content)
    for request in (
        {"files": {"picture": ("digit.png", content)}},
        {"content": content, "headers": {"Content-Type": "image/png"}},
        {"content": content, "headers": {"Content-Type": "application/octet-stream"}},
    ):
        answer = httpx.post(f"{address}/predict", **request).json()
        assert answer["prediction"] == expected.label
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        assert answer["warnings"] == list(expected.warnings)


def test_an_explanation_has_a_value_per_pixel(address: str, predictor: Predictor) -> None:
    pixels = predictor.predict().pixels
    answer = httpx.post(f"{address}/predict?explain=1", json={}).json()
    assert np.array(answer["explanation"]) == pytest.approx(predictor.explain(pixels), abs=1e-5)


def test_rows_are_data_urls(address: str, predictor: Predictor) -> None:
    examples = predictor.champion.record["examples"][:3]
    answer = httpx.post(f"{address}/predict", json={"rows": [example["inputs"] for example in examples]}).json()
    urls = [example["inputs"]["picture"] for example in examples]
    expected = [predictor.predict(decode_data_url(url)).label for url in urls]
    assert [prediction["prediction"] for prediction in answer["predictions"]] == expected


def png(width: int, height: int) -> bytes:
    """Return the start of a PNG that would be decoded to an image of this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(b"\0" * 100_000)
    parts = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (header, pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def data_url(content: bytes, kind: str = "image/png") -> dict[str, str]:
    return {"picture": f"data:{kind};base64,{base64.b64encode(content).decode()}"}


@pytest.mark.parametrize(
    "request_body",
    [
        {"json": data_url(png(50_000, 50_000))},
        {"json": data_url(png(5_000, 5_000))},
        {"json": data_url(png(0, 8))},
        {"json": data_url(png(8, 8)[:40])},
        {"json": data_url(b"<script>alert(1)</script>", "text/html")},
        {"json": data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")},
        {"json": {"picture": "http://127.0.0.1/image.png"}},
        {"json": {"picture": "../../etc/passwd"}},
        {"json": {"picture": ""}},
        {"content": b"%PDF-1.7", "headers": {"Content-Type": "image/png"}},
        {"content": b"PK\x03\x04", "headers": {"Content-Type": "application/octet-stream"}},
        {"content": b"II*\0" + b"\xff" * 64, "headers": {"Content-Type": "image/tiff"}},
        {"json": {"picture": "file:///etc/passwd"}},
        {"json": {"picture": "data:image/png;base64,?"}},
        {"content": b"", "headers": {"Content-Type": "image/png"}},
        {"content": b"GIF89a", "headers": {"Content-Type": "image/gif"}},
        {"content": b" " * (MAX_BYTES + 1), "headers": {"Content-Type": "image/jpeg"}},
        {"files": {"picture": ("../../etc/passwd", b"root")}},
        {"files": {"image": ("digit.png", b"another name")}},
        {"files": {"picture": ("digit.png", b"")}, "data": {"more": "1"}},
    ],
)
def test_unusable_images_are_rejected_with_a_message(address: str, request_body: dict[str, Any]) -> None:
    response = httpx.post(f"{address}/predict", **request_body)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == "picture"
    assert error["detail"].endswith((".", "=@FILE"))


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=\xe9"),
    ],
)
def test_malformed_forms_are_rejected(address: str, body: bytes, media_type: str) -> None:
    headers = {b"Content-Type": media_type.encode("latin-1")}
    response = httpx.post(f"{address}/predict", content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"

"""Inputs and predictions of the REST API: an image as a file or in JSON, and classes as JSON."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ..data.description import describe_image
from ..data.images import MAX_BYTES as MAX_FILE_BYTES
from ..data.images import Preprocessed, decode_data_url, decode_image, encode_data_url
from .predictor import Predictor
from .problems import ApiError, FieldError, invalid

Json = dict[str, Any]

INPUT = "picture"
PRIVATE_INPUT = "the image"  # stored with feedback only by consent
MAX_BYTES = MAX_FILE_BYTES * 4 // 3 + 1_000_000  # base64 in JSON is larger than the file
EXPLANATION_SCHEMA: Json = {
    "type": "array",
    "description": "How much each pixel of the model's input supports the predicted class, row by row.",
    "items": {"type": "array", "items": {"type": "number"}},
}


class Upload(NamedTuple):
    """A content type other than JSON: its schema, and how the inputs are read from the body."""

    schema: Json
    read: Callable[[Request, bytes], Awaitable[Json]]


async def _read_file(_request: Request, body: bytes) -> Json:
    return {INPUT: body}


async def _read_form(request: Request, body: bytes) -> Json:
    async def receive() -> Json:
        return {"type": "http.request", "body": body}

    try:
        async with Request(request.scope, receive).form(max_files=1) as form:
            file = form.get(INPUT)
            if isinstance(file, UploadFile) and len(form) == 1:
                return {INPUT: await file.read()}
    except HTTPException as error:
        raise ApiError(400, f"The form is malformed: {error.detail}") from None
    raise invalid([FieldError(INPUT, f"must be a file, and the only field: curl --form {INPUT}=@FILE")])


FILE: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
FORM: Json = {"type": "object", "properties": {INPUT: FILE}, "required": [INPUT]}
FILE_TYPES = (*(f"image/{name}" for name in ("png", "jpeg", "webp", "gif", "bmp", "tiff")), "application/octet-stream")
UPLOADS = {name: Upload(FILE, _read_file) for name in FILE_TYPES} | {"multipart/form-data": Upload(FORM, _read_form)}


def input_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of the image."""
    spec = predictor.champion.record["inputs"][0]
    description = f"{spec['label']} as a data URL in base64, such as data:image/png;base64,…"
    return {INPUT: {"type": "string", "description": description, "default": spec["default"]}}


def example_inputs(predictor: Predictor) -> Json:
    """Return the image that the page shows first."""
    return {INPUT: predictor.champion.record["inputs"][0]["default"]}


def complete(predictor: Predictor, inputs: Mapping[str, Any]) -> Preprocessed:
    """Return the model's input for an image file or a data URL; without one, for the default.

    Raises:
        InvalidInputError: it is not a usable image.
    """
    return predictor.preprocess(_content(predictor, inputs))


def _content(predictor: Predictor, inputs: Mapping[str, Any]) -> bytes:
    image = inputs.get(INPUT, predictor.champion.record["inputs"][0]["default"])
    return image if isinstance(image, bytes) else decode_data_url(image)


def stored_inputs(predictor: Predictor, inputs: Mapping[str, Any]) -> Json:
    """Return the image as it is stored with feedback: reduced, and without metadata such as its place and time."""
    return {INPUT: encode_data_url(decode_image(_content(predictor, inputs)))}


def logged_inputs(_predictor: Predictor, image: Preprocessed) -> Json:
    """Return what the request log has of an image: numbers that describe it."""
    return dict(describe_image(image.pixels))


def predict(predictor: Predictor, images: Sequence[Preprocessed]) -> list[Json]:
    """Return the prediction of each image, with warnings."""
    predictions = [predictor.predict_pixels(image) for image in images]
    return [
        {
            "prediction": prediction.label,
            "probabilities": prediction.probabilities,
            "warnings": prediction.warnings,
        }
        for prediction in predictions
    ]


def prediction_schemas(predictor: Predictor) -> dict[str, Json]:
    """Return the JSON schema of each key of a prediction."""
    return {
        "prediction": {"type": "string", "enum": list(predictor.classes)},
        "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
    }


def explain(predictor: Predictor, image: Preprocessed) -> list[list[float]]:
    """Return how much each pixel supports the prediction, row by row."""
    support: list[list[float]] = predictor.explain(image.pixels).round(6).tolist()
    return support

"""The body of a request to `POST /predict`: reading it, and checking the inputs in it."""

from collections.abc import Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from . import payloads
from .predictor import InvalidInputError, Predictor
from .problems import ApiError, FieldError, invalid

MAX_ROWS, MAX_ERRORS = 100, 20
MAX_NAME = 60  # longer names in a request are cut in error messages
JSON = "application/json"
JSON_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    type(None): "null",
    list: "array",
    dict: "object",
}


async def read_json(request: Request) -> Any:
    """Return the JSON document in the body of a request.

    Raises:
        ApiError: the body is too large, of another type, or malformed.
    """
    _check_media_type(request, (JSON,))
    return parse_json(await _read_body(request))


async def read_inputs(request: Request) -> Any:
    """Return the inputs in the body of a request, unchecked.

    Raises:
        ApiError: the body is too large, of an unsupported type, or malformed.
    """
    media_type = _check_media_type(request, (JSON, *payloads.UPLOADS))
    body = await _read_body(request)
    request.state.size = len(body)
    return parse_json(body) if media_type == JSON else await payloads.UPLOADS[media_type].read(request, body)


def _check_media_type(request: Request, supported: Sequence[str]) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in supported:
        names = ", ".join(supported)
        raise ApiError(415, f"Content-Type {media_type[:MAX_NAME]!r} is not supported. Use one of: {names}.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ApiError(415, "Content-Encoding is not supported. Send the body uncompressed.")
    return media_type


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > payloads.MAX_BYTES:
                megabytes = payloads.MAX_BYTES // 1_000_000
                raise ApiError(413, f"The body has more than {megabytes} MB. Send less at a time.")
    except ClientDisconnect:
        raise ApiError(400, "The connection was closed before the body was complete.") from None
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Return the content of a JSON document.

    Raises:
        ApiError: it is not valid JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"The body is not valid JSON: {error}.") from None


def split_rows(document: Any, names: Container[str]) -> tuple[list[Any], bool]:
    """Return the rows of a request, and whether they are a batch: `{"rows": [...]}` instead of the inputs of one row.

    Raises:
        ApiError: it is not an object, or its rows are not an array, or too many, or none.
    """
    if not isinstance(document, dict):
        raise invalid([FieldError("body", 'must be an object of inputs, or {"rows": [...]}.')])
    rows = document.get("rows")
    if "rows" not in document or ("rows" in names and not isinstance(rows, list)):
        return [document], False
    if not isinstance(rows, list) or len(document) > 1:
        raise invalid([FieldError("rows", "must be an array of objects, and the only key.")])
    if not 1 <= len(rows) <= MAX_ROWS:
        raise invalid([FieldError("rows", f"must have 1 to {MAX_ROWS} entries, not {len(rows):,}.")])
    return rows, True


def check_rows(predictor: Predictor, schemas: Mapping[str, Any], rows: Sequence[Any], *, batch: bool) -> list[Any]:
    """Return the valid inputs of each row, with defaults for missing ones.

    Raises:
        ApiError: names the invalid inputs, up to 20 of them.
    """
    valid: list[Any] = []
    errors: list[FieldError] = []
    for index, row in enumerate(rows):
        try:
            valid.append(_complete(predictor, schemas, row))
        except InvalidInputError as error:
            where = f"rows[{index}]" if batch else "body"
            errors += _field_errors(predictor, schemas, row, f"{where}." if batch else "") or [
                FieldError(where, str(error))
            ]
        if len(errors) >= MAX_ERRORS:
            break
    if errors:
        raise invalid(errors[:MAX_ERRORS])
    return valid


def check_inputs(predictor: Predictor, schemas: Mapping[str, Any], inputs: Any) -> Any:
    """Return the valid inputs in the field `inputs` of a request, with defaults for missing ones.

    Raises:
        ApiError: names the invalid inputs.
    """
    try:
        return _complete(predictor, schemas, inputs)
    except InvalidInputError as error:
        errors = _field_errors(predictor, schemas, inputs, "inputs.") or [FieldError("inputs", str(error))]
        raise invalid(errors[:MAX_ERRORS]) from None


def _field_errors(predictor: Predictor, schemas: Mapping[str, Any], row: Any, prefix: str) -> list[FieldError]:
    """Return the errors of a row, each with the input that alone causes it."""
    errors = []
    for name in row if isinstance(row, dict) else ():
        try:
            _complete(predictor, schemas, {name: row[name]})
        except InvalidInputError as error:
            errors.append(FieldError(f"{prefix}{name[:MAX_NAME]}", str(error)))
        if len(errors) == MAX_ERRORS:
            break
    return errors


def _complete(predictor: Predictor, schemas: Mapping[str, Any], row: Any) -> Any:
    """Check the JSON types of a row, which the page doesn't need; then check it like the page."""
    if not isinstance(row, dict):
        raise InvalidInputError("must be an object of inputs.")
    for name, value in row.items():
        if name not in schemas:
            raise InvalidInputError(f"There is no such input. {suggest(name, schemas)}")
        if problem := type_problem(schemas[name], value):
            raise InvalidInputError(problem)
    return payloads.complete(predictor, row)


def suggest(name: str, names: Iterable[str]) -> str:
    """Return the most similar of the names that there are as a question, or where they are listed."""
    similar = get_close_matches(name[:MAX_NAME], names, 1)
    return f"Did you mean {similar[0]!r}?" if similar else "See /docs."


def type_problem(schema: Mapping[str, Any], value: Any) -> str:
    """Return how the type of a value differs from its JSON schema, or nothing."""
    found, accepted = JSON_TYPES.get(type(value)), schema["type"]
    if found == accepted:
        return ""
    accepted = accepted if isinstance(accepted, list) else [accepted]
    # An upload is bytes, none of these. The range check finds fractions in place of integers.
    if found is None or found in accepted or (found == "number" and "integer" in accepted):
        return ""
    return f"must be {' or '.join(accepted)}, not {found}."

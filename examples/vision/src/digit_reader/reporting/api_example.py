"""The response of the REST API to the request in `docs/api.md`."""

import json
import re
from typing import Any

from ..errors import UserError
from ..serving.example import example_response
from ..serving.predictor import InvalidInputError, Predictor

REQUEST = re.compile(r"--data '(\{.*\})'")
DIGITS = 4


def describe_response(guide: str, predictor: Predictor) -> str:
    """Return the champion's response to the first request in the guide as a block of JSON, a key per line.

    A guide without a request as JSON, such as one that uploads a file, gets the response to the default inputs.

    Raises:
        UserError: the request is invalid.
    """
    found = REQUEST.search(guide)
    try:
        response = example_response(predictor, json.loads(found[1]) if found else {})
    except (ValueError, InvalidInputError) as error:
        raise UserError(f"docs/api.md: the request {found[1] if found else ''} is invalid: {error}") from error
    lines = [
        f"  {json.dumps(key)}: {json.dumps(_shorten(value), ensure_ascii=False)}" for key, value in response.items()
    ]
    return "\n".join(["```json", "{", ",\n".join(lines), "}", "```"])


def _shorten(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _shorten(entry) for key, entry in value.items()}
    return [_shorten(entry) for entry in value] if isinstance(value, list | tuple) else value

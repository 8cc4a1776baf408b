"""The response of the REST API to a request for one row, for its documentation."""

from collections.abc import Mapping
from typing import Any

from . import payloads
from .decision import add_decision
from .predictor import Predictor

REQUEST_ID = "0f5e0ee0d7a94c0c8a0c1f5b1c9a7d3e"  # each response has another one


def example_response(predictor: Predictor, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response of `POST /predict` to these inputs.

    Raises:
        InvalidInputError: an input is unknown or invalid.
    """
    (prediction,) = payloads.predict(predictor, [payloads.complete(predictor, inputs)])
    answer = add_decision(predictor.champion.record, prediction)
    return answer | {"model": predictor.champion.version, "request_id": REQUEST_ID}

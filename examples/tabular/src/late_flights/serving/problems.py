"""Errors of the REST API as problem documents (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
OVERLOADED = "Too many requests at once. Try again later."
HINTS = {
    404: "There is no such path. See /docs.",
    405: "The path does not have this method. See /docs.",
    503: OVERLOADED,  # of Gradio's queue
}


class FieldError(NamedTuple):
    """What is wrong with one field of a request, and how to fix it."""

    field: str
    detail: str


class ApiError(Exception):
    """A request that gets no prediction; the message is for the client."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers

    def response(self) -> Response:
        """Return the problem document."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": [error._asdict() for error in self.errors],
        }
        retry = {"Retry-After": "5"} if self.detail == OVERLOADED else {}
        return Response(json.dumps(document), self.status, {**retry, **(self.headers or {})}, MEDIA_TYPE)


def invalid(errors: Sequence[FieldError]) -> ApiError:
    """Return the error of a request with invalid fields."""
    fields = ", ".join(error.field or '""' for error in errors[:3]) + (", …" if len(errors) > 3 else "")
    return ApiError(422, f"Invalid: {fields}. {errors[0].detail}", errors)


async def handle_http_error(_request: Request, error: HTTPException) -> Response:
    """Return the problem document of an unknown path or method, or of a full queue."""
    return ApiError(error.status_code, HINTS[error.status_code], headers=error.headers).response()


async def handle_client_error(request: Request, error: Exception) -> Response:
    """Return the problem document of a request to Gradio's endpoints with unknown names.

    Gradio doesn't handle these exceptions, which the client causes; from other paths they are errors of this program.
    """
    if "/gradio_api/" not in request.url.path:
        raise error
    return ApiError(400, "The endpoint does not have these inputs. See /gradio_api/info.").response()

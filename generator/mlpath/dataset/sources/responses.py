"""Interpret the response to a download: status, offset, version, content and name of the file."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import requests
from requests import exceptions

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.sources.cache import Entry

CHUNK = 1 << 16
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_REASONS = {
    401: ("requires a login", "Use https://USER:PASSWORD@HOST/..., or download it in a browser."),
    403: ("denies access", "Check that the link is public and has not expired."),
    404: ("not found", "Check the spelling, or whether the file was moved."),
    410: ("was removed", "Look for its new address."),
}


class BrokenTransferError(Exception):
    """The transfer ended early, or the server is busy: try again."""


def check(response: requests.Response, entry: Entry) -> int:
    """Return the offset at which the content of a response starts.

    Raises:
        MlpathError: The server refuses the request.
        BrokenTransferError: It may succeed if it is repeated.
    """
    status = response.status_code
    if status == requests.codes.partial_content:
        offset, validator = _range_start(response), validator_of(response)
        if offset and offset == entry.partial_size(validator or None):
            return offset
    if status in {requests.codes.partial_content, requests.codes.requested_range_not_satisfiable}:
        entry.clear()
        raise BrokenTransferError("the server sends another part than was requested")
    if status in _RETRIED:
        raise BrokenTransferError(f"the server answers with status {status}")
    if status != requests.codes.ok:
        problem, hint = _REASONS.get(status, ("can't be downloaded", "Check the address."))
        raise MlpathError(f"{entry.label}: {problem} (HTTP status {status})", hint=hint)
    return 0


def _range_start(response: requests.Response) -> int:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else 0


def total_size(response: requests.Response, offset: int) -> int | None:
    """Return the size of the whole file, if the server announces it."""
    length = response.headers.get("Content-Length", "")
    encoded = "Content-Encoding" in response.headers
    return offset + int(length) if length.isdigit() and not encoded else None


def validator_of(response: requests.Response) -> str:
    """Return what identifies the content: a strong ETag, or the time of modification."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def version_of(response: requests.Response, stored: str = "") -> str:
    """Return ETag or time of modification as a text.

    Args:
        response: The response.
        stored: What identifies the content if the response does not say it.
    """
    version = response.headers.get("ETag") or response.headers.get("Last-Modified") or stored
    if version.endswith('"'):
        return f"ETag {version}"
    return f"last modified {version}" if version else ""


def content(response: requests.Response, label: str) -> Iterator[bytes]:
    """Yield the content.

    Raises:
        MlpathError: It is a web page, or is not compressed as the server declares.
        BrokenTransferError: The transfer ended early.
    """
    first = response.status_code == requests.codes.ok
    try:
        for chunk in response.iter_content(CHUNK):
            if first and _is_web_page(chunk, response.headers.get("Content-Type", "")):
                raise MlpathError(
                    f"{label} is a web page, not a file",
                    hint="Use the address of the page's download link; a login may be required.",
                )
            first = False
            yield chunk
    except exceptions.ContentDecodingError:
        encoding = response.headers.get("Content-Encoding")
        raise MlpathError(
            f"{label}: the server declares {encoding}, but the content is not", hint="Try later."
        ) from None
    except exceptions.RequestException:
        raise BrokenTransferError("the transfer ended early") from None


def _is_web_page(head: bytes, content_type: str) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    declared = content_type.lower().startswith("text/html") and start.startswith(b"<")
    return declared or start.startswith((b"<!doctype html", b"<html"))


def file_name(response: requests.Response, url: str) -> str:
    """Return the name that the server gives the file, else the last part of the URL."""
    message = Message()
    message["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    given = [message.get_filename() or ""]
    given += [unquote(urlsplit(each).path.rpartition("/")[2]) for each in (url, response.url)]
    named = [name for name in given if name]
    name = next((name for name in named if "." in name), named[0] if named else "data")
    # The content was unpacked, and DuckDB unpacks by the name.
    return name.removesuffix(".gz") if "Content-Encoding" in response.headers else name

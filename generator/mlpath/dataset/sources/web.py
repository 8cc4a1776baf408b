"""Download a file by HTTP; a broken transfer goes on where it ended."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
from requests import exceptions

from mlpath import __version__
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes."""
ATTEMPTS = 4
PAUSE = 1.0
"""Seconds before the second attempt, doubled for each further one."""
CHUNK = 1 << 16
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_REASONS = {
    401: ("requires a login", "Use https://USER:PASSWORD@HOST/..., or download it in a browser."),
    403: ("denies access", "Check that the link is public and has not expired."),
    404: ("not found", "Check the spelling, or whether the file was moved."),
    410: ("was removed", "Look for its new address."),
}


@dataclass(frozen=True)
class Download:
    """A downloaded file."""

    path: Path
    sha256: str
    version: str
    """ETag or time of modification."""


class _BrokenTransferError(Exception):
    """The transfer ended early, or the server is busy: try again."""


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file.

    Raises:
        MlpathError: It can't be downloaded.
    """
    done = download(address.text.partition("#")[0], entry, options)
    return FetchedDataset(done.path, Provenance(address.label, done.version, sha256=done.sha256))


def download(url: str, entry: Entry, options: DownloadOptions, name: str = "") -> Download:
    """Download a URL to a cache entry, unless it has the same content already.

    The file gets the given name, else that of the server or the URL.

    Raises:
        MlpathError: It can't be downloaded.
    """
    failure = ""
    with _session() as session:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                stored = entry.complete_file()
                with _get(session, url, entry.label, _conditions(entry, stored)) as response:
                    if stored and response.status_code == requests.codes.not_modified:
                        state = entry.state()
                        return Download(stored, state.sha256, _version(response, state.validator))
                    return _store(response, entry, options, name or _file_name(response, url))
            except _BrokenTransferError as error:
                failure = str(error)
    kept = entry.partial_size()
    hint = f"Run the command again: it continues after {kept:,} bytes." if kept else "Try later."
    raise MlpathError(f"{entry.label}: {failure}, {ATTEMPTS} times", hint=hint)


def get_json(url: str, label: str) -> tuple[int, Any]:
    """Return the status and the JSON document at a URL.

    Raises:
        MlpathError: The server can't be reached, or answers with something else.
    """
    with _session() as session, _get(session, url, label, {}) as response:
        try:
            return response.status_code, response.json()
        except (ValueError, exceptions.RequestException):
            raise MlpathError(
                f"{label}: {urlsplit(url).hostname} answered with status {response.status_code} "
                "instead of JSON",
                hint="Try later.",
            ) from None


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"mlpath/{__version__}"
    return session


def _get(
    session: requests.Session, url: str, label: str, headers: dict[str, str]
) -> requests.Response:
    host = urlsplit(url).hostname
    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except exceptions.TooManyRedirects:
        problem, hint = "redirects in a loop", "Use the address that it should lead to."
    except exceptions.SSLError:
        problem = f"the certificate of {host} is not valid"
        hint = "Check the host and this machine's clock."
    except exceptions.ConnectTimeout:
        problem, hint = f"{host} does not answer", "Check the host and the network; try later."
    except exceptions.ConnectionError:
        problem = f"{host} can't be reached"
        hint = "Check the spelling of the host, the network, and HTTPS_PROXY."
    except exceptions.Timeout:
        problem, hint = f"{host} sent nothing for {TIMEOUT[1]:.0f} seconds", "Try later."
    except (exceptions.RequestException, ValueError):
        problem, hint = "is not a valid address, or leads to one", "Check its spelling."
    raise MlpathError(f"{label}: {problem}", hint=hint)


def _conditions(entry: Entry, stored: Path | None) -> dict[str, str]:
    """Return the headers that avoid downloading again what is stored."""
    headers = {"Accept-Encoding": "identity"}
    validator = entry.state().validator
    if stored and validator:
        is_tag = validator.endswith('"')
        headers["If-None-Match" if is_tag else "If-Modified-Since"] = validator
    elif size := entry.partial_size():
        headers |= {"Range": f"bytes={size}-", "If-Range": validator}
    return headers


def _store(
    response: requests.Response, entry: Entry, options: DownloadOptions, name: str
) -> Download:
    offset = _check(response, entry)
    is_encoded = "Content-Encoding" in response.headers
    length = response.headers.get("Content-Length", "")
    total = offset + int(length) if length.isdigit() and not is_encoded else None
    entry.check_size(total, options)
    if not offset:
        entry.start(_validator(response), resumable=not is_encoded)
    entry.receive(_content(response, entry.label), options, offset=offset, total=total)
    path, digest = entry.finish(name)
    return Download(path, digest, _version(response))


def _check(response: requests.Response, entry: Entry) -> int:
    """Return the offset at which the content of a response starts."""
    status = response.status_code
    if status == requests.codes.partial_content:
        match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        offset = int(match[1]) if match else 0
        if offset and offset == entry.partial_size(_validator(response) or None):
            return offset
    if status in {requests.codes.partial_content, requests.codes.requested_range_not_satisfiable}:
        entry.clear()
        raise _BrokenTransferError("the server sends another part than was requested")
    if status in _RETRIED:
        raise _BrokenTransferError(f"the server answers with status {status}")
    if status != requests.codes.ok:
        problem, hint = _REASONS.get(status, ("can't be downloaded", "Check the address."))
        raise MlpathError(f"{entry.label}: {problem} (HTTP status {status})", hint=hint)
    return 0


def _validator(response: requests.Response) -> str:
    """Return what identifies the content: a strong ETag, or the time of modification."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _version(response: requests.Response, stored: str = "") -> str:
    version = response.headers.get("ETag") or response.headers.get("Last-Modified") or stored
    if version.endswith('"'):
        return f"ETag {version}"
    return f"last modified {version}" if version else ""


def _content(response: requests.Response, label: str) -> Iterator[bytes]:
    is_first = response.status_code == requests.codes.ok
    try:
        for chunk in response.iter_content(CHUNK):
            if is_first and _is_web_page(chunk, response.headers.get("Content-Type", "")):
                raise MlpathError(
                    f"{label} is a web page, not a file",
                    hint="Use the address of the page's download link; a login may be required.",
                )
            is_first = False
            yield chunk
    except exceptions.ContentDecodingError:
        encoding = response.headers.get("Content-Encoding")
        raise MlpathError(
            f"{label}: the server declares {encoding}, but the content is not", hint="Try later."
        ) from None
    except exceptions.RequestException:
        raise _BrokenTransferError("the transfer ended early") from None


def _is_web_page(head: bytes, content_type: str) -> bool:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    declared = content_type.lower().startswith("text/html") and start.startswith(b"<")
    return declared or start.startswith((b"<!doctype html", b"<html"))


def _file_name(response: requests.Response, url: str) -> str:
    """Return the name that the server gives the file, else the last part of the URL."""
    message = Message()
    message["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    given = [message.get_filename() or ""]
    given += [unquote(urlsplit(each).path.rpartition("/")[2]) for each in (url, response.url)]
    named = [name for name in given if name] or ["data"]
    name = next((name for name in named if "." in name), named[0])
    # The content was unpacked, and DuckDB unpacks by the name.
    return name.removesuffix(".gz") if "Content-Encoding" in response.headers else name

"""Download a file by HTTP; a broken transfer goes on where it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests import exceptions

from mlpath import __version__
from mlpath.dataset.sources import responses
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes."""
ATTEMPTS = 4
PAUSE = 1.0
"""Seconds before the second attempt, doubled for each further one."""


@dataclass(frozen=True)
class Download:
    """A downloaded file."""

    path: Path
    sha256: str
    version: str
    """ETag or time of modification."""


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file.

    Raises:
        MlpathError: It can't be downloaded.
    """
    done = download(address.text.partition("#")[0], entry, options)
    return FetchedDataset(done.path, Provenance(address.label, done.version, sha256=done.sha256))


def download(url: str, entry: Entry, options: DownloadOptions, name: str | None = None) -> Download:
    """Download a URL to a cache entry, unless it has the same content already.

    Args:
        url: The URL.
        entry: The cache entry.
        options: Limits.
        name: File name; None for that of the server or the URL.

    Raises:
        MlpathError: It can't be downloaded.
    """
    failure = ""
    with _session() as session:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                return _attempt(_Request(session, url, name), entry, options)
            except responses.BrokenTransferError as error:
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


@dataclass(frozen=True)
class _Request:
    session: requests.Session
    url: str
    name: str | None


def _attempt(request: _Request, entry: Entry, options: DownloadOptions) -> Download:
    stored = entry.complete_file()
    with _get(request.session, request.url, entry.label, _conditions(entry, stored)) as response:
        if response.status_code == requests.codes.not_modified and stored:
            state = entry.state()
            version = responses.version_of(response, state.validator)
            return Download(stored, state.sha256, version)
        offset = responses.check(response, entry)
        total = responses.total_size(response, offset)
        entry.check_size(total, options)
        if not offset:
            encoded = "Content-Encoding" in response.headers
            entry.start(responses.validator_of(response), resumable=not encoded)
        entry.receive(responses.content(response, entry.label), options, offset=offset, total=total)
        path, digest = entry.finish(request.name or responses.file_name(response, request.url))
        return Download(path, digest, responses.version_of(response))


def _get(
    session: requests.Session, url: str, label: str, headers: dict[str, str]
) -> requests.Response:
    """Send a request.

    Raises:
        MlpathError: There is no answer.
    """
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
    except exceptions.Timeout:
        problem = f"{host} sent nothing for {TIMEOUT[1]:.0f} seconds"
        hint = "Try later."
    except exceptions.ConnectionError:
        problem = f"{host} can't be reached"
        hint = "Check the spelling of the host, the network, and HTTPS_PROXY."
    except (exceptions.RequestException, ValueError):
        problem, hint = "is not a valid address, or leads to one", "Check its spelling."
    raise MlpathError(f"{label}: {problem}", hint=hint)


def _conditions(entry: Entry, stored: Path | None) -> dict[str, str]:
    """Return the headers that avoid downloading again what is stored."""
    headers = {"Accept-Encoding": "identity"}
    validator = entry.state().validator
    is_tag = validator.endswith('"')
    if stored and validator:
        headers["If-None-Match" if is_tag else "If-Modified-Since"] = validator
    elif size := entry.partial_size():
        headers |= {"Range": f"bytes={size}-", "If-Range": validator}
    return headers

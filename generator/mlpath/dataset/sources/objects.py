"""Download a file from an object store: s3://BUCKET/FILE or gs://BUCKET/FILE.

Credentials and endpoint are those of the store's own tools; without any, the file must be public.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlpath.dataset.sources import clients
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

_CHUNK = 8 << 20


@dataclass(frozen=True)
class _Store:
    """A kind of store, and its client."""

    extra: str
    client: str
    """Module and class, by fsspec's interface."""
    login: str
    """How a user logs in."""
    errors: tuple[str, ...]
    """Module and class of the client's exceptions that are no `OSError`."""
    public: dict[str, Any]
    """Options to use no credentials."""
    options: dict[str, Any] = field(default_factory=dict)

    def open(self, options: dict[str, Any]) -> Any:
        """Return a file system."""
        return self._load(self.client)(skip_instance_cache=True, **self.options, **options)

    def exceptions(self) -> tuple[type[Exception], ...]:
        """Return the client's exceptions."""
        return (OSError, *map(self._load, self.errors))

    def _load(self, path: str) -> Any:
        module, _, name = path.rpartition(".")
        return getattr(clients.load(module, self.extra), name)


_STORES = {
    "s3": _Store(
        "s3",
        "s3fs.S3FileSystem",
        "aws configure",
        ("botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError"),
        {"anon": True},
        {"config_kwargs": {"connect_timeout": 10, "retries": {"max_attempts": 2}}},
    ),
    "gs": _Store(
        "gcs",
        "gcsfs.core.GCSFileSystem",  # fsspec's default asks for the type of the bucket first
        "gcloud auth application-default login",
        (
            "aiohttp.ClientError",
            "google.auth.exceptions.GoogleAuthError",
            "gcsfs.retry.HttpError",
        ),
        {"token": "anon"},
    ),
}


@dataclass(frozen=True)
class _Object:
    """A file of a store."""

    files: Any
    key: str
    size: int
    tag: str
    """Identifies the content."""

    def chunks(self, offset: int) -> Iterator[bytes]:
        """Yield the content from an offset on."""
        for start in range(offset, self.size, _CHUNK):
            yield self.files.cat_file(self.key, start=start, end=min(start + _CHUNK, self.size))


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file.

    Raises:
        MlpathError: It can't be downloaded.
    """
    scheme, _, key = address.text.partition(":")
    store, key = _STORES[scheme.lower()], key.lstrip("/")
    if not key.partition("/")[2]:
        raise MlpathError(
            f"{address.label} names no file", hint=f"Use {scheme}://BUCKET/PATH/FILE."
        )
    exceptions = store.exceptions()
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    found = _find(store, key, address.label, exceptions)
    version = f"ETag {found.tag}" if found.tag else ""
    path, digest = entry.complete_file(), entry.state().sha256
    if path is None or not found.tag or entry.state().validator != found.tag:
        try:
            path, digest = _download(found, entry, options)
        except exceptions as error:
            raise _refusal(store, address.label, error) from None
    return FetchedDataset(path, Provenance(address.label, version, sha256=digest))


def _find(store: _Store, key: str, label: str, exceptions: tuple[type[Exception], ...]) -> _Object:
    """Return a file, read with the user's credentials, or else as a public one.

    Raises:
        MlpathError: There is no such file, or it can't be read.
    """
    for access in ({}, store.public):
        try:
            files = store.open(access)
            info = files.info(key)
        except FileNotFoundError:
            problem, hint = "not found, or not public", "Check bucket and path; to log in: "
            raise MlpathError(f"{label}: {problem}", hint=hint + store.login) from None
        except exceptions as error:
            if not _needs_login(error) or access:
                raise _refusal(store, label, error) from None
        else:
            break
    if info["type"] == "directory":
        raise MlpathError(f"{label} is a folder", hint="Use the address of one file in it.")
    tag = str(info.get("ETag") or info.get("etag") or "").strip('"')
    return _Object(files, key, int(info["size"]), tag)


def _download(found: _Object, entry: Entry, options: DownloadOptions) -> tuple[Any, str]:
    offset = entry.partial_size(found.tag)
    if not offset:
        entry.start(found.tag, resumable=True)
    entry.receive(found.chunks(offset), options, offset=offset, total=found.size)
    return entry.finish(found.key.rpartition("/")[2])


def _needs_login(error: Exception) -> bool:
    names = ("Credential", "GoogleAuth", "Refresh", "Token")
    return isinstance(error, PermissionError) or any(
        name in each.__name__ for each in type(error).__mro__ for name in names
    )


def _refusal(store: _Store, label: str, error: Exception) -> MlpathError:
    if _needs_login(error):
        hint = f"Log in with: {store.login}"
        return MlpathError(f"{label}: the store denies access", hint=hint)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return MlpathError(
        f"{label}: the store can't be reached, or the transfer ended early ({reason})",
        hint="Check the network, then run the command again: what arrived is kept.",
    )

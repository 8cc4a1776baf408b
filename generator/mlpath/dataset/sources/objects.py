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

    def load(self, path: str) -> Any:
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
        ("aiohttp.ClientError", "google.auth.exceptions.GoogleAuthError", "gcsfs.retry.HttpError"),
        {"token": "anon"},
    ),
}


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
    exceptions = (OSError, *map(store.load, store.errors))
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    try:
        files, info = _open(store, key, exceptions)
        if info["type"] == "directory":
            raise MlpathError(f"{address.label} is a folder", hint="Use the address of one file.")
        tag = _tag(info)
        path, digest = entry.complete_file(), entry.state().sha256
        if path is None or not tag or entry.state().validator != tag:
            size, offset = int(info["size"]), entry.partial_size(tag)
            if not offset:
                entry.start(tag, resumable=True)
            entry.receive(_chunks(files, key, offset, size), options, offset=offset, total=size)
            path, digest = entry.finish(key.rpartition("/")[2])
    except exceptions as error:
        raise _explain(store, address.label, error) from None
    version = f"ETag {tag}" if tag else ""
    return FetchedDataset(path, Provenance(address.label, version, sha256=digest))


def _open(store: _Store, key: str, exceptions: tuple[type[Exception], ...]) -> tuple[Any, Any]:
    """Return the file system and the facts of a file, with the user's credentials or as public."""
    create = store.load(store.client)
    try:
        files = create(skip_instance_cache=True, **store.options)
        return files, files.info(key)
    except exceptions as error:
        if not _needs_login(error):
            raise
    files = create(skip_instance_cache=True, **store.options, **store.public)
    return files, files.info(key)


def _tag(info: Any) -> str:
    return str(info.get("ETag") or info.get("etag") or "").strip('"')


def _chunks(files: Any, key: str, offset: int, size: int) -> Iterator[bytes]:
    for start in range(offset, size, _CHUNK):
        yield files.cat_file(key, start=start, end=min(start + _CHUNK, size))


def _needs_login(error: Exception) -> bool:
    names = ("Credential", "GoogleAuth", "Refresh", "Token")
    return isinstance(error, PermissionError) or any(
        name in each.__name__ for each in type(error).__mro__ for name in names
    )


def _explain(store: _Store, label: str, error: Exception) -> MlpathError:
    if isinstance(error, FileNotFoundError):
        hint = f"Check bucket and path; to log in: {store.login}"
        return MlpathError(f"{label}: not found, or not public", hint=hint)
    if _needs_login(error):
        hint = f"Log in with: {store.login}"
        return MlpathError(f"{label}: the store denies access", hint=hint)
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return MlpathError(
        f"{label}: the store can't be reached, or the transfer ended early ({reason})",
        hint="Check the network, then run the command again: what arrived is kept.",
    )

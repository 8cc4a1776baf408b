"""Fetch a data set by its address: a file, from the web or an object store, or a database table.

`fetch` has one module per kind of address; each stores a file in `cache` and returns its path and
`Provenance`.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mlpath.dataset.sources import address as addresses
from mlpath.dataset.sources import cache, convert
from mlpath.dataset.sources.address import creation_command, is_address
from mlpath.dataset.sources.results import (
    DownloadOptions,
    FetchedDataset,
    Provenance,
    add_to_json,
    add_to_report,
)
from mlpath.errors import MlpathError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DownloadOptions", "FetchedDataset", "Provenance", "add_to_json", "add_to_report",
    "creation_command", "errors_of", "fetch", "is_address",
]  # fmt: skip


def fetch(source: str | Path, options: DownloadOptions | None = None) -> FetchedDataset:
    """Return the data set at a path or an address in a form that projects read.

    Raises:
        MlpathError: It can't be fetched or converted. The message has no credentials.
    """
    options = options or DownloadOptions()
    text, part = convert.split_part(str(source))
    if isinstance(source, Path) or not addresses.is_address(text):
        return convert.to_table(FetchedDataset(Path(text)), part, options)
    address = addresses.parse(str(source))
    if address.kind == "database":
        return _download(address, options)
    address = addresses.parse(text)
    with _without_credentials(address):
        fetched = _download(address, options)
        with errors_of(fetched):
            return convert.to_table(fetched, part, options)


def _download(address: addresses.Address, options: DownloadOptions) -> FetchedDataset:
    module = import_module(f"mlpath.dataset.sources.{address.kind}")
    with _without_credentials(address), cache.open_entry(address.label) as entry:
        fetched: FetchedDataset = module.fetch(address, entry, options)
        return fetched


@contextmanager
def errors_of(fetched: FetchedDataset) -> Iterator[None]:
    """Name the address of a data set in errors, instead of the path of its download.

    Raises:
        MlpathError: The error of the block.
    """
    try:
        yield
    except MlpathError as error:
        if fetched.provenance is not None:
            path, address = str(fetched.path), fetched.provenance.address
            error.args = (str(error).replace(path, address),)
            error.hint = error.hint.replace(path, address)
        raise


@contextmanager
def _without_credentials(address: addresses.Address) -> Iterator[None]:
    try:
        yield
    except MlpathError as error:
        error.args = (address.clean(str(error)),)
        error.hint = address.clean(error.hint)
        raise
    except OSError as error:  # of a client, too, whose text may have the whole address
        translated = from_os_error(error)
        raise MlpathError(address.clean(str(translated)), hint=translated.hint) from None

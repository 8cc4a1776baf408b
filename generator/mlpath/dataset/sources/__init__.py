"""Fetch a data set by its address: a file, from the web or an object store, or a database table.

`fetch` has one module per kind of address; each stores a file in `cache` and returns its path and
`Provenance`.
"""

from __future__ import annotations

from mlpath.dataset.sources.address import creation_command, is_address
from mlpath.dataset.sources.fetching import errors_of, fetch
from mlpath.dataset.sources.results import (
    DownloadOptions,
    FetchedDataset,
    Provenance,
    add_to_json,
    add_to_report,
)

__all__ = [
    "DownloadOptions", "FetchedDataset", "Provenance", "add_to_json", "add_to_report",
    "creation_command", "errors_of",
    "fetch", "is_address",
]  # fmt: skip

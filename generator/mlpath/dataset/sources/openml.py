"""Download a data set of OpenML: openml:ID, as Parquet, with its license, citation and target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlpath.dataset.sources import web
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

SERVER = "https://www.openml.org"


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a data set.

    Raises:
        MlpathError: It can't be downloaded.
    """
    match = re.fullmatch(r"openml:(?://)?(\d+)", address.text, re.IGNORECASE)
    if match is None:
        raise MlpathError(
            f"{address.label} is not openml:ID",
            hint="The ID is the number in the address of the data set's page, such as openml:31.",
        )
    described = _describe(match[1], address.label)
    url = str(described.get("parquet_url") or described.get("minio_url") or "")
    if not url.endswith((".pq", ".parquet")):
        raise MlpathError(
            f"{address.label} ({described.get('name')}) is not available as Parquet",
            hint="Download it from its page, and convert its ARFF to CSV.",
        )
    done = web.download(url, entry, options, name=f"{described['name']}.parquet")
    target = str(described.get("default_target_attribute") or "")
    provenance = Provenance(
        address.label,
        f"{described['name']}, version {described.get('version', 1)}",
        license=_text(described.get("licence")),
        citation=_text(described.get("citation")),
        sha256=done.sha256,
    )
    # Several targets are separated by commas; none is declared for clustering.
    return FetchedDataset(done.path, provenance, target if target and "," not in target else None)


def _describe(number: str, label: str) -> dict[str, Any]:
    status, document = web.get_json(f"{SERVER}/api/v1/json/data/{number}", label)
    if isinstance(document, dict) and "data_set_description" in document:
        return dict(document["data_set_description"])
    unknown = status in {404, 412}
    raise MlpathError(
        f"{label}: {'there is no such data set' if unknown else f'OpenML answers {status}'}",
        hint=f"Search for one on {SERVER}/search?type=data" if unknown else "Try later.",
    )


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")

"""A small table, and checks of fetching it by address."""

from __future__ import annotations

import pytest

from mlpath.dataset.sources import DownloadOptions, FetchedDataset, Provenance, fetch
from mlpath.errors import MlpathError

ROWS = [f"{n},{n % 7},{'yes' if n % 3 else 'no'}" for n in range(90)]
CSV = ("size,age,sold\n" + "\n".join(ROWS) + "\n").encode()
TAG = '"v1"'
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


def check_refused(
    source: str, message: str, hint: str, options: DownloadOptions | None = None
) -> None:
    """Check that an address is refused with one line, a hint, and without a password."""
    with pytest.raises(MlpathError) as caught:
        fetch(source, options)
    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value) + caught.value.hint
    assert "cret" not in str(caught.value) + caught.value.hint


def provenance_of(fetched: FetchedDataset) -> Provenance:
    """Return the provenance, which a download always has."""
    assert fetched.provenance is not None
    return fetched.provenance

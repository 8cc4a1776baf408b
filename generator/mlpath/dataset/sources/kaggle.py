"""Download a file of a Kaggle data set: kaggle:OWNER/NAME[/FILE]."""

from __future__ import annotations

import io
import logging
import re
import sys
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.dataset.sources import clients, files
from mlpath.dataset.sources.cache import hash_file
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

_TOKEN_HINT = "Create a token at https://www.kaggle.com/settings and set KAGGLE_API_TOKEN to it."  # noqa: S105
_PAGE_SIZE = 200


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file, or the images of a data set without tables.

    Raises:
        MlpathError: It can't be downloaded.
    """
    match = re.fullmatch(r"kaggle:(?://)?([\w-]+)/([\w-]+)(?:/(.+))?", address.text)
    if match is None:
        raise MlpathError(
            f"{address.label} is not the address of a data set",
            hint="Use kaggle:OWNER/NAME[/FILE], as in the address of its page.",
        )
    owner, name, file = match.groups()
    kagglehub = clients.load("kagglehub", "kaggle")
    logging.getLogger("kagglehub").setLevel(logging.ERROR)
    with _quiet(options), _readable_errors(address.label, f"{owner}/{name}"):
        described, sizes = _describe(owner, name)
        file = files.choose(sizes, address.label, file or "")
        entry.check_size(sizes[file] if file else described.total_bytes, options)
        version = described.current_version_number
        handle = f"{owner}/{name}/versions/{version}"
        path = Path(kagglehub.dataset_download(handle, path=file))  # in its own cache
    return FetchedDataset(
        path,
        Provenance(
            address.label,
            f"version {version}",
            license=described.license_name or "",
            sha256=hash_file(path) if path.is_file() else "",
        ),
    )


def _describe(owner: str, name: str) -> tuple[Any, dict[str, int]]:
    types = clients.load("kagglesdk.datasets.types.dataset_api_service", "kaggle")
    with clients.load("kagglehub.clients", "kaggle").build_kaggle_client() as client:
        api = client.datasets.dataset_api_client
        request = types.ApiGetDatasetRequest()
        request.owner_slug, request.dataset_slug = owner, name
        described = api.get_dataset(request)
        listing = types.ApiListDatasetFilesRequest()
        listing.owner_slug, listing.dataset_slug = owner, name
        listing.page_size = _PAGE_SIZE
        sizes: dict[str, int] = {}
        while True:
            page = api.list_dataset_files(listing)
            sizes |= {file.name: file.total_bytes for file in page.dataset_files}
            if not page.next_page_token:
                break
            listing.page_token = page.next_page_token
    return described, sizes


@contextmanager
def _quiet(options: DownloadOptions) -> Iterator[None]:
    """Keep the client's messages out of stdout, and its progress out of files."""
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr if options.progress else io.StringIO()))
        if not options.progress:
            stack.enter_context(redirect_stderr(io.StringIO()))
        yield


@contextmanager
def _readable_errors(label: str, name: str) -> Iterator[None]:
    exceptions = clients.load("kagglehub.exceptions", "kaggle")
    requests = clients.load("requests.exceptions", "kaggle")
    try:
        yield
    except exceptions.DataCorruptionError:
        problem, hint = "arrived damaged", "Try again."
    except (requests.HTTPError, exceptions.UnauthenticatedError) as error:
        response = getattr(error, "response", None)
        status = 401 if response is None else response.status_code
        problem, hint = f"Kaggle answers with status {status}", "Try later."
        if status == 404:  # noqa: PLR2004
            problem = "there is no such data set, or it is private"
            hint = "Check the spelling. " + _TOKEN_HINT
        if status in {401, 403}:
            problem = "Kaggle denies access"
            hint = f"Accept its terms at https://www.kaggle.com/datasets/{name}. {_TOKEN_HINT}"
    except requests.RequestException:
        problem = "Kaggle can't be reached, or the transfer ended early"
        hint = "Check the network, then try again."
    else:
        return
    raise MlpathError(f"{label}: {problem}", hint=hint)

"""Download a file of a Hugging Face data set: hf://datasets/OWNER/NAME[/FILE][@REVISION]."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.dataset import detect
from mlpath.dataset.sources import clients, files
from mlpath.dataset.sources.cache import hash_file
from mlpath.dataset.sources.results import FetchedDataset, Provenance
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlpath.dataset.sources.address import Address
    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions

_PAGES = "https://huggingface.co/datasets"
_PATTERN = re.compile(
    r"hf:(?://)?datasets/(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<inner>refs/\w+/\w+|[^/@]+))?"
    r"(?:/(?P<file>[^@]+))?(?:@(?P<revision>.+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Location:
    name: str
    """OWNER/NAME."""
    file: str
    revision: str | None


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file, or the images of a data set without tables.

    Raises:
        MlpathError: It can't be downloaded.
    """
    place = _parse(address)
    hub = clients.load("huggingface_hub", "hub")
    utils = clients.load("huggingface_hub.utils", "hub")
    utils.logging.set_verbosity_error()
    if not options.progress:
        utils.disable_progress_bars()
    with _readable_errors(address.label, place):
        info = hub.HfApi().dataset_info(place.name, revision=place.revision, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        file = _choose(place, sizes, address.label)
        folder = _folder(entry, place, info.sha)
        where = {"repo_type": "dataset", "revision": info.sha, "local_dir": folder}
        if file is None:
            images = [name for name in sizes if name.lower().endswith(detect.IMAGE_SUFFIXES)]
            entry.check_size(sum(sizes[name] for name in images), options)
            path = Path(hub.snapshot_download(place.name, allow_patterns=images, **where))
        else:
            entry.check_size(sizes[file], options)
            path = Path(hub.hf_hub_download(place.name, file, **where))
    provenance = _provenance(address, info, path)
    if file is not None:
        url = hub.hf_hub_url(place.name, file, repo_type="dataset", revision=place.revision)
        provenance = replace(provenance, download=url)
    return FetchedDataset(path, provenance)


def _parse(address: Address) -> _Location:
    match = _PATTERN.fullmatch(address.text)
    if match is None:
        raise MlpathError(
            f"{address.label} is not the address of a data set",
            hint="Use hf://datasets/OWNER/NAME[/FILE][@REVISION].",
        )
    return _Location(
        match["name"], (match["file"] or "").strip("/"), match["revision"] or match["inner"]
    )


def _folder(entry: Entry, place: _Location, revision: str) -> Path:
    """Return the folder for a revision, after deleting those of others."""
    for old in entry.folder.iterdir():
        if old.name != revision and old.is_dir():
            shutil.rmtree(old)
    return entry.folder / revision / place.name.rpartition("/")[2]


def _choose(place: _Location, sizes: dict[str, int], label: str) -> str | None:
    if not place.file:
        return files.choose(sizes, label.partition("@")[0].rstrip("/"))
    if place.file not in sizes:
        listed = ", ".join(sorted(name for name in sizes if not detect.is_system_file(name))[:6])
        raise MlpathError(f"{label}: no such file in the data set", hint=f"It has: {listed}")
    return place.file


def _provenance(address: Address, info: Any, path: Path) -> Provenance:
    card = info.card_data.to_dict() if info.card_data else {}
    given = card.get("license_name") or card.get("license") or ""
    return Provenance(
        address.label,
        f"revision {info.sha}",
        license=", ".join(map(str, given)) if isinstance(given, list) else str(given),
        citation=info.citation or "",
        sha256=hash_file(path) if path.is_file() else "",
    )


@contextmanager
def _readable_errors(label: str, place: _Location) -> Iterator[None]:
    """Translate the errors of the hub's client.

    Raises:
        MlpathError: The error, in one line.
    """
    errors = clients.load("huggingface_hub.errors", "hub")
    page = f"{_PAGES}/{place.name}"
    try:
        yield
    except errors.GatedRepoError:
        problem = "is gated: its owner requires that you accept terms"
        hint = f"Accept them at {page}, then log in: hf auth login"
    except errors.RevisionNotFoundError:
        problem, hint = f"has no revision {place.revision!r}", f"See {page}/tree/main"
    except errors.RepositoryNotFoundError:
        problem = "there is no such data set, or it is private"
        hint = "Check the spelling; for a private one, log in: hf auth login"
    except errors.HFValidationError:
        problem, hint = "is not a valid name", "Use hf://datasets/OWNER/NAME."
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        problem, hint = f"the hub answers with status {status}", "Try later."
    except (errors.HTTPError, errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        problem = "the hub can't be reached"
        hint = "Check the network, HF_ENDPOINT and HF_HUB_OFFLINE; what arrived is kept."
    else:
        return
    raise MlpathError(f"{label}: {problem}", hint=hint)

"""Download a file of a Hugging Face data set: hf://datasets/OWNER/NAME[/FILE][@REVISION]."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import replace
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


def fetch(address: Address, entry: Entry, options: DownloadOptions) -> FetchedDataset:
    """Download a file, or the images of a data set without tables.

    Raises:
        MlpathError: It can't be downloaded.
    """
    name, named, revision = _parse(address)
    hub = clients.load("huggingface_hub", "hub")
    utils = clients.load("huggingface_hub.utils", "hub")
    utils.logging.set_verbosity_error()
    if not options.progress:
        utils.disable_progress_bars()
    with _readable_errors(address.label, name, revision):
        info = hub.HfApi().dataset_info(name, revision=revision, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        label = address.label.partition("@")[0].rstrip("/")
        file = files.choose(sizes, label, named)
        wanted = [file] if file else detect.with_suffix(sizes, detect.IMAGE_SUFFIXES)
        entry.check_size(sum(sizes[each] for each in wanted), options)
        folder = _folder(entry, info.sha) / name.rpartition("/")[2]
        where = {"repo_type": "dataset", "revision": info.sha, "local_dir": folder}
        if file:
            path = Path(hub.hf_hub_download(name, file, **where))
        else:
            path = Path(hub.snapshot_download(name, allow_patterns=wanted, **where))
    provenance = _provenance(address, info, path)
    if file:
        url = hub.hf_hub_url(name, file, repo_type="dataset", revision=revision)
        provenance = replace(provenance, download=url)
    return FetchedDataset(path, provenance)


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


def _parse(address: Address) -> tuple[str, str, str | None]:
    """Return OWNER/NAME, the file and the revision."""
    match = _PATTERN.fullmatch(address.text)
    if match is None:
        raise MlpathError(
            f"{address.label} is not the address of a data set",
            hint="Use hf://datasets/OWNER/NAME[/FILE][@REVISION].",
        )
    file = (match["file"] or "").strip("/")
    return match["name"], file, match["revision"] or match["inner"]


def _folder(entry: Entry, revision: str) -> Path:
    """Return the folder for a revision, after deleting those of others."""
    for old in entry.folder.iterdir():
        if old.name != revision and old.is_dir():
            shutil.rmtree(old)
    return entry.folder / revision


@contextmanager
def _readable_errors(label: str, name: str, revision: str | None) -> Iterator[None]:
    errors = clients.load("huggingface_hub.errors", "hub")
    page = f"{_PAGES}/{name}"
    try:
        yield
    except errors.GatedRepoError:
        problem = "is gated: its owner requires that you accept terms"
        hint = f"Accept them at {page}, then log in: hf auth login"
    except errors.RevisionNotFoundError:
        problem, hint = f"has no revision {revision!r}", f"See {page}/tree/main"
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

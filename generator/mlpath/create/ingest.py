"""A user's own data: the answers that follow from it, its copy in the project, its schema."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import AnswerError, MlpathError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlpath.create.request import ProjectRequest
    from mlpath.dataset import DatasetProfile
    from mlpath.dataset.sources import Provenance
    from mlpath.template.answers import Answers

RAW = Path("data", "raw")
SCHEMA = "schema.yaml"
DOMAINS = ("tabular", "text", "timeseries", "vision")
"""Domains that accept a user's own data; each has a module in `mlpath.create.schemas`."""
AMBIGUITY_HINT = "Decide with --target COLUMN or -d domain=NAME, or leave out --defaults."
_FROM_DATA = {
    "dataset", "domain", "task", "target", "metric", "slices", "rows", "lengths", "problem",
    "data_licence",
}  # fmt: skip
_HEADER = """\
# What the data must look like: `prepare` rejects data that does not match. mlpath wrote this file
# once, from the data. Edit it freely.
"""


def without_data_answers(answers: Answers) -> Answers:
    """Return the answers of another project without those that follow from its data."""
    if not answers.get("dataset"):
        return answers
    return {key: value for key, value in answers.items() if key not in _FROM_DATA}


def load_dataset(
    request: ProjectRequest, log: Callable[[str], None]
) -> tuple[ProjectRequest, DatasetProfile | None]:
    """Return a request whose dataset is on this machine, and the profile, if it has a dataset.

    Raises:
        MlpathError: The data can't be downloaded or read, or the request contradicts itself.
    """
    if request.answers.get("dataset"):
        raise AnswerError(
            "dataset", "dataset cannot be set as an answer", hint="Use --dataset SOURCE."
        )
    if request.dataset is None:
        if request.target is not None:
            raise MlpathError("--target needs your own data", hint="Add --dataset SOURCE.")
        return request, None
    if request.template is not None:
        raise MlpathError(
            "--dataset works only with mlpath's own template", hint="Omit --template."
        )
    from mlpath.dataset import sources  # noqa: PLC0415 - imports DuckDB

    if sources.is_address(str(request.dataset)):
        log("Fetching the data ...")
    options = sources.DownloadOptions(request.max_download, request.progress)
    fetched = sources.fetch(request.dataset, options)
    answered = request.answers.get("target")
    target = request.target or (None if answered else fetched.target)
    with sources.errors_of(fetched):
        profile = inspect_dataset(fetched.path, request.answers, target or answered)
    request = replace(request, dataset=fetched.path, target=target, provenance=fetched.provenance)
    return request, profile


def inspect_dataset(path: Path, answers: Mapping[str, Any], target: Any) -> DatasetProfile:
    """Profile a dataset, given the domain and the task if they are answered already.

    Raises:
        MlpathError: The data can't be read, or the domain is unknown.
    """
    from mlpath.dataset import inspect  # noqa: PLC0415 - imports DuckDB

    domain = answers.get("domain")
    if domain not in (None, *DOMAINS):  # from a file, it may be a list
        raise AnswerError(
            "domain",
            f"domain: {domain!r} is not a domain",
            hint=f"Choose from: {', '.join(DOMAINS)}.",
        )
    target = None if target is None else str(target)  # from a file, it may be a number
    return inspect(path, target=target, domain=domain, task=answers.get("task"))


def report(profile: DatasetProfile, *, brief: bool = False) -> str:
    """Return the profile of a dataset as `mlpath inspect` prints it, or without its columns."""
    from mlpath.dataset import report as dataset_report  # noqa: PLC0415 - imports DuckDB

    formatted = dataset_report.format_summary if brief else dataset_report.format_profile
    return formatted(profile)


def suggest_name(profile: DatasetProfile) -> str | None:
    """Return a project name from the name of the data, if it gives one that is free here."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", profile.path.name.partition(".")[0]).strip("-")[:40]
    if not stem[:1].isalpha():
        return None
    # A folder of images already occupies its own name.
    names = (stem, f"{stem}-demo")
    return next((name for name in names if not Path(name.lower()).exists()), None)


def suggest_license(request: ProjectRequest) -> Answers:
    """Return the license of downloaded data as a default, if its source states one."""
    license_name = request.provenance.license_answer() if request.provenance else ""
    return {"data_licence": license_name} if license_name else {}


def data_answers(profile: DatasetProfile) -> Answers:
    """Return the answers that follow from the data.

    Raises:
        MlpathError: There is too little usable data to train a model.
    """
    return {
        "dataset": data_name(profile),
        "domain": profile.domain,
        "task": profile.task or "classification",
        "target": profile.target or "",
        **_schema_module(profile).data_answers(profile),
    }


def check_usable(profile: DatasetProfile) -> None:
    """Check that there is enough usable data to train a model.

    Raises:
        MlpathError: There is not.
    """
    _schema_module(profile).build_schema(profile, "", "")


def write_dataset(
    profile: DatasetProfile, project: Path, license_text: str, provenance: Provenance | None = None
) -> None:
    """Copy the data to `data/raw/` of a project, and write its `schema.yaml`.

    Raises:
        MlpathError: The data changed since it was profiled.
    """
    name = data_name(profile)
    copy = project / RAW / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    size, digest = _copy(profile.path, copy)
    if size != profile.bytes:
        raise MlpathError(
            f"{profile.path} changed while it was read",
            hint="Wait until nothing writes to it, or copy it first; then try again.",
        )
    today = datetime.now(UTC).date().isoformat()
    original = "" if name == profile.path.name else f" (originally {profile.path.name!r})"
    origin = f" from {provenance.origin()}" if provenance else ""
    if provenance and provenance.sha256 not in {"", digest}:
        origin += f", SHA-256 {provenance.sha256}"
    source = f"{name}{original}, {size:,} bytes, SHA-256 {digest}, added on {today}{origin}."
    if provenance and (citation := provenance.citation_text()):
        source += f" Citation: {citation}."
    schemas = _schema_module(profile)
    text = yaml.safe_dump(
        schemas.build_schema(profile, source, license_text),
        allow_unicode=True, sort_keys=False, width=118, default_flow_style=None,
    )  # fmt: skip
    (project / SCHEMA).write_text(_HEADER + schemas.COMMENT + text, encoding="utf-8", newline="\n")
    if provenance and profile.kind == "table":
        _record_url(project, provenance.newer_url())


def _record_url(project: Path, url: str) -> None:
    """Record where `uv run update-data` finds a newer version, if the data has such an address."""
    if url:
        record = (project / RAW).with_suffix(".dvc")
        with record.open("a", encoding="utf-8", newline="\n") as file:
            file.write(yaml.safe_dump({"meta": {"url": url}}))


def data_name(profile: DatasetProfile) -> str:
    """Return the file name that the data gets in a project."""
    if profile.read_options is not None:
        return profile.read_options.file
    from mlpath.dataset import names  # noqa: PLC0415 - imports DuckDB

    return names.file_name(profile.path.resolve())


def _schema_module(profile: DatasetProfile) -> Any:
    return import_module(f"mlpath.create.schemas.{profile.domain}")


def _copy(path: Path, target: Path) -> tuple[int, str]:
    """Copy a file, or the images of a folder with their names; return size and hash."""
    if not path.is_dir():
        shutil.copyfile(path, target)
        return target.stat().st_size, _hash_file(target).hexdigest()
    from mlpath.dataset import images  # noqa: PLC0415 - imports DuckDB

    size, total = 0, hashlib.sha256()
    for name in sorted(images.images_below(path)):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path / name, copy)
        size += copy.stat().st_size
        total.update(name.encode() + b"\0" + _hash_file(copy).digest())
    return size, total.hexdigest()


def _hash_file(path: Path) -> Any:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256")

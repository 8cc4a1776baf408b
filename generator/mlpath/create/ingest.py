"""Takes a person's own data into a project: the answers it gives, a copy of it, and its schema."""

from __future__ import annotations

import hashlib
import re
import shutil
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mlpath.errors import AnswerError, MlpathError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlpath.dataset import DatasetProfile
    from mlpath.template.answers import Answers

RAW = Path("data", "raw")
SCHEMA = "schema.yaml"
DOMAINS = ("tabular", "text", "timeseries", "vision")
"""Of which there is a module in `mlpath.schemas`."""
SETTLE = "Settle it with --target COLUMN or -d domain=NAME, or leave out --defaults."
_OF_ITS_DATA = {
    "dataset", "domain", "task", "target", "metric", "slices", "lengths", "problem", "data_licence",
}  # fmt: skip
_HEADER = """\
# What the data must look like; `prepare` refuses data that breaks it. Written once by mlpath, from
# what was found in the file: it is yours from here on.
"""


def told(findings: DatasetProfile) -> str:
    """Return the profile as the table that `mlpath inspect` prints."""
    from mlpath.dataset import report  # noqa: PLC0415 - as below

    return report.format_profile(findings)


def suggestions(findings: DatasetProfile, place: Path | None) -> Answers:
    """Return better defaults than the template's: the file or folder names the project."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", findings.path.name.partition(".")[0]).strip("-")[:40]
    if place is not None or not stem[:1].isalpha():
        return {}
    # A folder of pictures has its own name already.
    free = (one for one in (stem, f"{stem}-demo") if not Path(one.lower()).exists())
    name = next(free, None)
    return {"project_name": name} if name else {}


def look(path: Path, answers: Mapping[str, Any], target: str | None) -> DatasetProfile:
    """Inspect the data, with what was answered about it already.

    Raises:
        MlpathError: It can't be read, or there is no such domain.
    """
    # Here, since DuckDB is loaded for nobody who brings no data.
    from mlpath.dataset import inspect  # noqa: PLC0415

    domain = answers.get("domain")
    if domain not in (None, *DOMAINS):  # a file of answers may hold a list
        raise AnswerError(
            "domain", f"domain: {domain!r} is none", hint=f"Choose among {', '.join(DOMAINS)}."
        )
    return inspect(path, target=target, domain=domain, task=answers.get("task"))


def of_any_data(answers: Answers) -> Answers:
    """Return what another project's answers say that does not follow from the data it is of."""
    if not answers.get("dataset"):
        return answers
    return {key: value for key, value in answers.items() if key not in _OF_ITS_DATA}


def answers_of(findings: DatasetProfile) -> Answers:
    """Return the answers that follow from the data.

    Raises:
        MlpathError: It is too little, or too poor, to learn from.
    """
    return {
        "dataset": name_of(findings),
        "domain": findings.domain,
        "task": findings.task or "classification",
        "target": findings.target or "",
        **_schemas(findings).data_answers(findings),
    }


def check(findings: DatasetProfile) -> None:
    """Refuse data that is too little, or too poor, to learn from.

    Raises:
        MlpathError: Says why.
    """
    _schemas(findings).build_schema(findings, "", "")


def deliver(findings: DatasetProfile, project: Path, licence: str) -> None:
    """Copy the data below `data/raw/` of a project, and write `schema.yaml`.

    Raises:
        MlpathError: The data is not what it was when it was looked at.
    """
    name = name_of(findings)
    place = project / RAW / name
    place.parent.mkdir(parents=True, exist_ok=True)
    size, digest = _copy(findings.path, place)
    if size != findings.bytes:
        raise MlpathError(
            f"{findings.path} changed while it was read",
            hint="Wait until nothing writes to it, or copy it first; then try again.",
        )
    day = datetime.now(UTC).date().isoformat()
    renamed = "" if name == findings.path.name else f" (it was called {findings.path.name!r})"
    source = f"{name}{renamed}, {size:,} bytes, SHA-256 {digest}, taken in on {day}."
    schemas = _schemas(findings)
    document = schemas.build_schema(findings, source, licence)
    text = yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, width=118, default_flow_style=None
    )
    (project / SCHEMA).write_text(_HEADER + schemas.COMMENT + text, encoding="utf-8", newline="\n")


def _schemas(findings: DatasetProfile) -> Any:
    return import_module(f"mlpath.create.schemas.{findings.domain}")


def name_of(findings: DatasetProfile) -> str:
    """Return the name that the data has in a project."""
    if findings.read_options is not None:
        return findings.read_options.file
    from mlpath.dataset import names  # noqa: PLC0415 - as above

    return names.file_name(findings.path.resolve())


def _copy(path: Path, place: Path) -> tuple[int, str]:
    """Copy a file, or a folder's pictures; return their size and one hash of names and contents."""
    if not path.is_dir():
        shutil.copyfile(path, place)
        return place.stat().st_size, _hash_of(place).hexdigest()
    from mlpath.dataset import images  # noqa: PLC0415 - as above

    size, whole = 0, hashlib.sha256()
    for name in sorted(images.images_below(path)):
        copy = place / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path / name, copy)
        size += copy.stat().st_size
        whole.update(name.encode() + b"\0" + _hash_of(copy).digest())
    return size, whole.hexdigest()


def _hash_of(path: Path) -> Any:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256")

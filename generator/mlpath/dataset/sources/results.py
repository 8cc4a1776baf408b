"""What a download is limited by, and what it returns."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlpath.dataset.sources.address import REMOVED, is_address

if TYPE_CHECKING:
    from pathlib import Path

_MAX_LICENSE, _MAX_CITATION = 200, 500
"""Characters; the license becomes an answer, which has the same limit."""


@dataclass(frozen=True)
class DownloadOptions:
    """Limits of a download, and whether it is shown."""

    max_bytes: int = 1_000_000_000
    progress: bool = False
    """Show the progress on stderr."""


_DOWNLOADABLE = re.compile(r"(?:https?|s3|gs)://", re.IGNORECASE)


@dataclass(frozen=True)
class Provenance:
    """Where a data set comes from, without credentials."""

    address: str
    """Or the name of a file or folder that was converted."""
    version: str = ""
    """Revision, ETag or time of modification, such as `revision 1a2b3c`."""
    license: str = ""
    citation: str = ""
    sha256: str = ""
    """Of the file, before it was converted; empty for a folder of images."""
    part: str = ""
    """What was converted, such as `sheet Orders`."""
    retrieved: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    """Date in ISO 8601, UTC."""
    download: str = ""
    """Address by which DVC downloads the file, if it isn't `address`."""

    def newer_url(self) -> str:
        """Return the address by which DVC downloads a newer version, if there is one.

        Without its secrets an address is of no use, and neither is the original of a conversion.
        """
        url = self.download or self.address
        return url if _DOWNLOADABLE.match(url) and REMOVED not in url and not self.part else ""

    def origin(self) -> str:
        """Return address and version, for Markdown."""
        details = ", ".join(map(_literal, filter(None, (self.part, self.version))))
        return f"{_plain(self.address)}{f' ({details})' if details else ''}"

    def citation_text(self) -> str:
        """Return the citation on one line without markup; a BibTeX entry is shortened."""
        text = _bibtex_text(self.citation) or self.citation
        return _shortened(_plain(text), _MAX_CITATION).rstrip(".")

    def license_answer(self) -> str:
        """Return the license on one line without markup, as an answer to a question."""
        return _shortened(_plain(self.license), _MAX_LICENSE)

    def lines(self) -> list[str]:
        """Return the provenance for the terminal."""
        entries = {
            "Source": self.origin(),
            "License": self.license_answer() or ("not stated" if is_address(self.address) else ""),
            "Citation": self.citation_text(),
            "SHA-256": self.sha256,
        }
        return [f"{name}: {text}" for name, text in entries.items() if text]


@dataclass(frozen=True)
class FetchedDataset:
    """A data set on this machine."""

    path: Path
    provenance: Provenance | None = None
    """None for a path that the user gave, unless it was converted."""
    target: str | None = None
    """The column to predict, where the source declares one."""


def add_to_report(report: str, fetched: FetchedDataset) -> str:
    """Return the report of a data set with its provenance."""
    lines = fetched.provenance.lines() if fetched.provenance else []
    return "\n".join([report, *([""] if lines else []), *lines])


def add_to_json(document: str, fetched: FetchedDataset) -> str:
    """Return the JSON document of a data set with its provenance."""
    if fetched.provenance is None:
        return document
    merged = {**json.loads(document), "provenance": asdict(fetched.provenance)}
    return json.dumps(merged, indent=2, ensure_ascii=False)


def _literal(text: str) -> str:
    """Return a text on one line, in a code span if it has characters of Markdown or HTML."""
    text = " ".join(text.split())
    return text if text == _plain(text) else "`" + text.replace("`", "'") + "`"


def _plain(text: str) -> str:
    """Return a text on one line without the characters that have a meaning in Markdown or HTML."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(re.sub(r"[<>`*|\[\]\\]", " ", printable).split())


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _bibtex_text(citation: str) -> str:
    """Return author, year, title and link of the first BibTeX entry of a text."""
    if not re.search(r"@\w+\s*\{", citation):
        return ""
    pattern = r"""\b(\w+)\s*=\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|"([^"]*)"|(\d+))"""
    fields: dict[str, str] = {}
    for name, braced, quoted, number in re.findall(pattern, citation):
        fields.setdefault(name.lower(), re.sub(r"[{}]", "", braced or quoted or number))
    doi = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
    year = f"({fields['year']})" if "year" in fields else ""
    author = " ".join(filter(None, (fields.get("author"), year)))
    return ". ".join(filter(None, (author, fields.get("title"), doi)))

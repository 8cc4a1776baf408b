"""The data card: `data/croissant.json` describes the raw data in Croissant 1.0, a vocabulary of JSON-LD.

Search engines for data sets and `mlcroissant` read it: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

import hashlib
import json
import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from .. import TITLE
from .schema import RECORD_TYPE, Schema, raw_fields

# More files are described by their pattern alone.
MAX_FILES = 100
FILE_TYPES = {".parquet": "application/vnd.apache.parquet", ".jsonl": "application/jsonlines"}
# The context of the specification: terms of Croissant, of schema.org and of others.
TERMS = (
    "citeAs column dataBiases dataCollection equivalentProperty extract field fileObject fileProperty fileSet "
    "format includes isLiveDataset jsonPath key md5 parentField path personalSensitiveInformation recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
OTHER_TERMS = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
CONTEXT = dict(sorted({**OTHER_TERMS, **{term: f"cr:{term}" for term in TERMS.split()}}.items()))


def write_data_card(schema: Schema, raw: Path, path: Path) -> None:
    """Write the data card of the raw data; `raw` is a folder below that of the data card."""
    files = sorted(file for file in raw.rglob("*") if file.is_file() and not file.name.startswith("."))
    objects = [_file_object(file, path.parent) for file in files] if len(files) <= MAX_FILES else []
    archives = [{"@id": entry["@id"]} for entry in objects if entry["encodingFormat"] == "application/zip"]
    sets, source = [], {"fileObject": {"@id": objects[0]["@id"] if objects else ""}}
    if archives or len(files) > 1:
        sets, source = [_file_set(files, archives, raw.name)], {"fileSet": {"@id": "files"}}
    card = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": TITLE,
        "description": schema.source,
        "license": schema.licence,
        "citeAs": schema.source,
        **_recorded_url(raw),
        "distribution": [*objects, *sets],
        "recordSet": [_record_set(raw_fields(schema), source)],
    }
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _recorded_url(raw: Path) -> dict[str, str]:
    record = raw.with_suffix(".dvc")
    meta = (yaml.safe_load(record.read_text(encoding="utf-8")) or {}).get("meta") if record.exists() else None
    return {"url": str(meta["url"])} if meta and meta.get("url") else {}


def _identifier(name: str) -> str:
    return re.sub(r"\s+", "_", name)


def _file_type(path: Path) -> str:
    return FILE_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _file_object(path: Path, folder: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = path.relative_to(folder).as_posix()
    return {
        "@type": "cr:FileObject",
        "@id": _identifier(name),
        "name": path.name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": _file_type(path),
        "sha256": digest,
    }


def _file_set(files: Sequence[Path], archives: Sequence[dict[str, str]], folder: str) -> dict[str, Any]:
    suffixes = sorted({file.suffix for file in files})
    patterns = ["**/*"] if archives else [f"{folder}/**/*{suffix}" for suffix in suffixes]
    return {
        "@type": "cr:FileSet",
        "@id": "files",
        "name": "files",
        **({"containedIn": archives} if archives else {}),
        "includes": patterns,
        "encodingFormat": RECORD_TYPE if archives else _file_type(files[0]),
    }


def _record_set(fields: Sequence[dict[str, Any]], source: dict[str, Any]) -> dict[str, Any]:
    """Return the columns; `source` names the files, and the field adds where its value is in them."""
    described = [
        field
        | {
            "@type": "cr:Field",
            "@id": f"records/{_identifier(field['name'])}",
            "source": source | field["source"],
        }
        for field in fields
    ]
    return {"@type": "cr:RecordSet", "@id": "records", "name": "records", "field": described}

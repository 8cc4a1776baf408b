"""The data card describes the raw files and what is in them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from which_library.data import croissant
from which_library.data.croissant import write_data_card
from which_library.data.schema import Schema, raw_fields
from which_library.paths import ProjectPaths


def read_card(schema: Schema, raw: Path) -> dict[str, Any]:
    write_data_card(schema, raw, raw.parent / "croissant.json")
    card: dict[str, Any] = json.loads((raw.parent / "croissant.json").read_text(encoding="utf-8"))
    return card


def test_prepare_writes_source_license_and_fields(prepared_project: ProjectPaths, schema: Schema) -> None:
    card = json.loads(prepared_project.data_card.read_text(encoding="utf-8"))
    assert (card["description"], card["license"]) == (schema.source, schema.licence)
    fields = card["recordSet"][0]["field"]
    assert [field["name"] for field in fields] == [field["name"] for field in raw_fields(schema)]
    assert len({field["@id"] for field in fields}) == len(fields)
    sources = {next(iter(field["source"].values()))["@id"] for field in fields}
    assert sources <= {entry["@id"] for entry in card["distribution"]}


def test_a_file_has_its_hash_size_and_format(tmp_path: Path, schema: Schema) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "rows.parquet").write_bytes(b"abc")
    (raw / ".hidden").write_bytes(b"")
    (entry,) = read_card(schema, raw)["distribution"]
    assert entry["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert (entry["contentUrl"], entry["contentSize"]) == ("raw/rows.parquet", "3 B")
    assert entry["encodingFormat"] == "application/vnd.apache.parquet"


def test_files_and_archives_are_a_set(tmp_path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.zip").write_bytes(b"a")
    *_, archive = read_card(schema, raw)["distribution"]
    assert (archive["containedIn"], archive["includes"]) == ([{"@id": "raw/a.zip"}], ["**/*"])
    (raw / "a.zip").rename(raw / "a.csv")
    (raw / "b.csv").write_bytes(b"b")
    monkeypatch.setattr(croissant, "MAX_FILES", 1)
    (folder,) = read_card(schema, raw)["distribution"]
    assert (folder["@type"], folder["includes"]) == ("cr:FileSet", ["raw/**/*.csv"])


@pytest.mark.parametrize(
    ("record", "url"),
    [("meta: {url: https://example.org/rows.csv}", "https://example.org/rows.csv"), ("outs: []", None), ("", None)],
)
def test_the_address_of_a_download_is_named(tmp_path: Path, schema: Schema, record: str, url: str | None) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "rows.csv").write_bytes(b"a")
    (tmp_path / "raw.dvc").write_text(record, encoding="utf-8")
    assert read_card(schema, raw).get("url") == url


def test_identifiers_have_no_white_space(tmp_path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "my rows.csv").write_bytes(b"a")
    fields = [{"name": "tenure (months)", "source": {"extract": {"column": "tenure (months)"}}}]
    monkeypatch.setattr(croissant, "raw_fields", lambda _: fields)
    card = read_card(schema, raw)
    (field,) = card["recordSet"][0]["field"]
    assert (field["@id"], field["name"]) == ("records/tenure_(months)", "tenure (months)")
    (entry,) = card["distribution"]
    assert (entry["@id"], entry["contentUrl"]) == ("raw/my_rows.csv", "raw/my rows.csv")
    assert field["source"]["fileObject"]["@id"] == entry["@id"]

"""Newer data replaces the raw file if it matches `schema.yaml`."""

import shutil
from pathlib import Path

import pytest

from project_package.errors import UserError
from project_package.paths import ProjectPaths
from project_package.pipeline.update_data import download_address, recorded_url, update_data


@pytest.fixture
def paths(project: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    """A project with raw data, and a newer version of it with the first row repeated, `newer.csv`."""
    paths = ProjectPaths(tmp_path / "project")
    shutil.copytree(project.raw, paths.raw)
    shutil.copy(project.schema, paths.schema)
    header, first, *others = (paths.raw / "table.csv").read_text(encoding="utf-8").splitlines()
    rows = "\n".join([header, first, first, *others])
    (tmp_path / "newer.csv").write_text(f"{rows}\n", encoding="utf-8", newline="\n")
    return paths


def test_newer_data_replaces_the_file_and_is_described(paths: ProjectPaths, tmp_path: Path) -> None:
    newer = tmp_path / "newer.csv"
    rows, *target, following = update_data(paths, str(newer))
    count = int(rows.removeprefix("rows: ").split()[0].replace(",", ""))
    assert rows == f"rows: {count:,} (before: {count - 1:,})"
    assert target
    assert following == "Next: uv run dvc repro"
    assert (paths.raw / "table.csv").read_bytes() == newer.read_bytes()
    assert update_data(paths, str(newer)) == ["nothing changed"]


def test_data_that_does_not_match_the_schema_is_refused(paths: ProjectPaths, tmp_path: Path) -> None:
    newer, before = tmp_path / "newer.csv", (paths.raw / "table.csv").read_bytes()
    lines = newer.read_text(encoding="utf-8").splitlines()
    with_column = [f"{line},{'moon' if number == 0 else 'full'}" for number, line in enumerate(lines)]
    newer.write_text("\n".join(with_column), encoding="utf-8")
    with pytest.raises(UserError, match=r"column 'moon' is not in schema\.yaml"):
        update_data(paths, str(newer))
    with pytest.raises(UserError, match=r"none\.csv can't be read"):
        update_data(paths, str(tmp_path / "none.csv"))
    assert (paths.raw / "table.csv").read_bytes() == before
    assert not list((paths.root / ".dvc" / "tmp").iterdir())


def test_the_address_is_recorded_or_given(paths: ProjectPaths) -> None:
    record = paths.raw.with_suffix(".dvc")
    record.write_text("meta:\n  url: https://example.com/rows.csv\nouts:\n- path: raw\n", encoding="utf-8")
    assert recorded_url(paths) == "https://example.com/rows.csv"
    record.write_text("outs:\n- path: raw\n", encoding="utf-8")
    with pytest.raises(UserError, match="uv run update-data SOURCE"):
        recorded_url(paths)


def test_a_file_of_the_hub_is_downloaded_from_its_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    expected = "https://hub.example/datasets/ada/dew/resolve/{}/data/dew.csv"
    assert download_address("hf://datasets/ada/dew/data/dew.csv") == expected.format("main")
    assert download_address("hf://datasets/ada/dew/data/dew.csv@v1") == expected.format("v1")
    assert download_address("s3://shop/dew.csv") == "s3://shop/dew.csv"


@pytest.mark.parametrize("source", ["hf://datasets/ada/dew", "openml:31", "sqlite:///shop.db#orders", "."])
def test_a_source_that_dvc_cannot_download_is_refused(source: str) -> None:
    with pytest.raises(UserError, match="is not a file that DVC can download"):
        download_address(source)

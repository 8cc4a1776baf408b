"""A project of a person's own pictures, lived in: checked, trained, served, cloned, replaced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lived_in import Owner, get, serving
from test_dataset_vision import COLOURS, photos

pytestmark = pytest.mark.e2e

ASK = """
import json, sys
from gradio_client import Client, handle_file
client = Client(sys.argv[1], verbose=False)
for path in json.loads(sys.argv[2]):
    try:
        given = {"picture": handle_file(path)} if path else {}
        print(json.dumps(client.predict(**given, api_name="/predict")))
    except Exception as error:
        print(json.dumps(str(error)))
"""


def ask(owner: Owner, project: Path, address: str, files: list[str]) -> list[Any]:
    python = str(project / ".venv" / "bin" / "python")
    said = owner.types(python, "-c", ASK, address, json.dumps(files), cwd=project)
    return [json.loads(line) for line in said.splitlines()[-len(files) :]]


@pytest.fixture(scope="module")
def project(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained, and committed."""
    path = photos(tmp_path_factory.mktemp("own") / "photos", each=60)
    (path / "moss" / "torn.jpg").write_bytes(b"no picture")
    shutil.copy(path / "moss" / "000.png", path / "blue jay" / "the same.png")
    made = owner.creates("own-pictures", "--dataset", str(path))
    said = owner.uv("run", "dvc", "repro", cwd=made)
    assert "moss/torn.jpg: The file is not a readable image" in said
    assert "another class than the image kept: blue jay/the same.png and moss/000.png" in said
    owner.types("git", "add", "--all", cwd=made)
    owner.types("git", "commit", "--quiet", "--message", "Train the first champion", cwd=made)
    return made


def test_it_passes_its_own_checks(owner: Owner, project: Path) -> None:
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.uv("run", "mypy", cwd=project)
    assert " passed" in owner.uv("run", "pytest", "-q", cwd=project)


def test_it_answers_pictures_and_refuses_what_is_none(
    owner: Owner, project: Path, tmp_path: Path
) -> None:
    record = json.loads((project / "models/champion/champion.json").read_text(encoding="utf-8"))
    assert record["model"] == "svm"
    assert record["metrics"]["accuracy"]["value"] > 0.9
    files = [""]
    for number, colour in enumerate(COLOURS.values()):
        # As large as a phone takes them, upright only by what the file says.
        exif = Image.Exif()
        exif[274] = 6
        path = tmp_path / f"{number}.jpg"
        Image.new("RGB", (3000, 4000), colour).save(path, exif=exif)
        files.append(str(path))
    (tmp_path / "text.png").write_bytes(b"no picture")
    with serving(owner, project) as address:
        assert get(f"{address}/health")[1]["model"] == "svm"
        answers = ask(owner, project, address, [*files, str(tmp_path / "text.png")])
    assert {one["label"] for one in answers[0]["confidences"]} == set(COLOURS)
    assert [answer["label"] for answer in answers[1:-1]] == list(COLOURS)
    assert "not a readable image" in answers[-1]


def test_a_clone_serves_without_the_pictures(owner: Owner, project: Path, tmp_path: Path) -> None:
    assert owner.types("git", "status", "--porcelain", cwd=project) == ""
    clone = tmp_path / "clone"
    owner.types("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    owner.uv("sync", "--quiet", cwd=clone)
    assert not (clone / "data" / "raw").exists()
    Image.new("RGB", (80, 60), COLOURS["moss"]).save(tmp_path / "moss.webp")
    with serving(owner, clone) as address:
        (answer,) = ask(owner, clone, address, [str(tmp_path / "moss.webp")])
    assert answer["label"] == "moss"


def test_pictures_that_changed_are_told_in_words(owner: Owner, project: Path) -> None:
    before = (project / "models/champion/model.onnx").read_bytes()
    raw = project / "data" / "raw" / "photos"
    photos(raw, each=80, seed=1)
    (raw / "lichen").mkdir()
    shutil.copy(raw / "moss" / "001.jpg", raw / "lichen" / "001.jpg")
    moss = raw / "moss"
    moss.rename(project / "data" / "moss")
    said = owner.uv("run", "dvc", "repro", cwd=project, fails=True)
    assert "folders that are not listed as classes: lichen (1 images)" in said
    assert "classes without images: moss" in said
    assert (project / "models/champion/model.onnx").read_bytes() == before
    (project / "data" / "moss").rename(moss)
    shutil.rmtree(raw / "lichen")
    owner.uv("run", "dvc", "repro", cwd=project)
    assert (project / "models/champion/model.onnx").read_bytes() != before
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)

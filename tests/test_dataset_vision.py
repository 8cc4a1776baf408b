"""`mlpath new-project --dataset` with pictures: what the schema says, and what is refused."""

from __future__ import annotations

import hashlib
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from PIL import Image

from conftest import files_below, git
from mlpath.create import ingest
from test_dataset import answers_of, new_project, schema_of

COLOURS = {"red fox 🦊": (200, 80, 30), "blue jay": (40, 80, 200), "moss": (60, 120, 40)}
SIZE = (96, 64)


def photos(folder: Path, each: int = 30, seed: int = 0, size: tuple[int, int] = SIZE) -> Path:
    """Pictures of three classes, a colour with noise each; beside them what is no picture."""
    rng = random.Random(seed)  # noqa: S311
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for at in range(each):
            tones = bytes(
                max(0, min(255, channel + rng.randrange(-60, 60)))
                for _ in range(12 * 8)
                for channel in colour
            )
            picture = Image.frombytes("RGB", (12, 8), tones).resize(size)
            suffix = (".png", ".jpg", ".webp")[at % 3]
            picture.save(folder / name / f"{at:03}{suffix}")
    (folder / "notes.txt").write_text("where they were taken")
    (folder / ".cache").mkdir(exist_ok=True)
    (folder / ".cache" / "x.png").write_bytes(b"junk")
    return folder


def grey(path: Path) -> None:
    """Make every picture of a folder one of grey shades, saved in colour all the same."""
    for file in path.rglob("*.*"):
        if file.suffix in {".png", ".jpg", ".webp"} and ".cache" not in file.parts:
            with Image.open(file) as picture:
                shades = picture.convert("L").convert("RGB")
            shades.save(file)


def zipped(path: Path) -> Path:
    target = path.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                archive.write(file, Path(path.name, file.relative_to(path)))
    return target


def test_the_schema_names_the_classes_and_the_size(folder: Path) -> None:
    new_project("--dataset", str(photos(folder / "my photos")))
    project = folder / "demo"
    answers = answers_of(project)
    assert (answers["domain"], answers["task"], answers["target"]) == (
        "vision",
        "classification",
        "",
    )
    schema = schema_of(project)
    assert sorted(schema["target"]["choices"]) == sorted(COLOURS)
    assert schema["picture"] == {"height": 20, "width": 32, "channels": 3}
    assert "too_rare" not in schema
    assert "most_pictures" not in schema["reading"]


def test_the_pictures_are_there_and_git_has_none_of_them(folder: Path) -> None:
    new_project("--dataset", str(photos(folder / "photos")))
    project = folder / "demo"
    raw = project / "data/raw/photos"
    copied = {path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*.*")}
    given = {
        path.relative_to(folder / "photos").as_posix(): path.read_bytes()
        for name in COLOURS
        for path in (folder / "photos" / name).iterdir()
    }
    assert copied == given, "the pictures, and nothing of what lay beside them"
    assert git("status", "--porcelain", cwd=project) == ""
    tracked = git("ls-files", cwd=project).splitlines()
    assert "data/raw.dvc" in tracked
    assert not [name for name in tracked if name.startswith("data/raw/")]
    whole = hashlib.sha256()
    for name in sorted(given):
        whole.update(name.encode() + b"\0" + hashlib.sha256(given[name]).digest())
    source = schema_of(project)["source"]
    assert whole.hexdigest() in source
    assert f"{sum(map(len, given.values())):,} bytes" in source


def test_an_archive_stays_one(folder: Path) -> None:
    path = zipped(photos(folder / "photos"))
    new_project("--dataset", str(path))
    assert (folder / "demo/data/raw/photos.zip").read_bytes() == path.read_bytes()
    schema = schema_of(folder / "demo")
    assert schema["reading"] == {"file": "photos.zip"}
    assert hashlib.sha256(path.read_bytes()).hexdigest() in schema["source"]
    assert sorted(schema["target"]["choices"]) == sorted(COLOURS)


def test_nothing_of_the_shipped_digits_is_left(folder: Path) -> None:
    new_project("--dataset", str(photos(folder / "photos")))
    for name, content in files_below(folder / "demo").items():
        if name.startswith("data/raw/") or name.endswith(".lock"):
            continue
        for word in (b"handwrit", b"digits.zip", b"NIST", b"Alpaydin", b"fetch_raw"):
            assert word not in content, (name, word)
    for name in ("src/demo/ink.py", "src/demo/source.py", "tests/test_ink.py"):
        assert not (folder / "demo" / name).exists()
    assert (folder / "demo/src/demo/pictures.py").exists()


@pytest.mark.parametrize(
    ("size", "change", "picture"),
    [
        ((28, 28), grey, {"height": 28, "width": 28, "channels": 1}),
        ((9, 13), None, {"height": 12, "width": 8, "channels": 3}),
        ((400, 400), grey, {"height": 32, "width": 32, "channels": 1}),
        ((120, 600), None, {"height": 32, "width": 8, "channels": 3}),
    ],
)
def test_a_model_is_shown_what_the_pictures_have(
    folder: Path,
    size: tuple[int, int],
    change: Callable[[Path], None] | None,
    picture: dict[str, int],
) -> None:
    path = photos(folder / "photos", each=20, size=size)
    if change:
        change(path)
    new_project("--dataset", str(path))
    assert schema_of(folder / "demo")["picture"] == picture


@pytest.mark.parametrize(
    ("kept", "metric", "slices"),
    [
        (30, "accuracy", ["class", "brightness", "contrast"]),
        (6, "f1", ["brightness", "contrast"]),
    ],
)
def test_the_metric_fits_the_balance_of_the_classes(
    folder: Path, kept: int, metric: str, slices: list[str]
) -> None:
    path = photos(folder / "photos")
    for file in sorted((path / "moss").iterdir())[kept:]:
        file.unlink()
    new_project("--dataset", str(path))
    params = yaml.safe_load((folder / "demo/params.yaml").read_text(encoding="utf-8"))
    assert params["evaluate"]["metric"] == metric
    assert params["evaluate"]["slices"] == slices
    assert "fetch" not in params


def test_a_rare_class_is_named_and_broken_files_are_told(folder: Path) -> None:
    path = photos(folder / "photos")
    (path / "moss" / "torn.jpg").write_bytes((path / "moss" / "001.jpg").read_bytes()[:200])
    (path / "heron").mkdir()
    for at in range(3):
        Image.new("RGB", SIZE, (at, at, at)).save(path / "heron" / f"{at}.png")
    (path / "heron" / "gone.png").symlink_to("nowhere.png")
    Image.new("1", (20_000, 20_000)).save(path / "moss" / "vast.png")
    output = new_project("--dataset", str(path))
    assert "2 files can't be read as pictures: moss/torn.jpg, moss/vast.png" in output
    assert "Too few pictures to learn from: 'heron'" in output
    schema = schema_of(folder / "demo")
    assert schema["too_rare"] == ["heron"]
    assert sorted(schema["target"]["choices"]) == sorted(COLOURS)


def test_pictures_of_an_archive_that_cannot_be_unpacked_are_told(folder: Path) -> None:
    path = zipped(photos(folder / "photos"))
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    start = int.from_bytes(content[entry + 42 : entry + 46], "little")
    content[entry + 10] = content[start + 8] = 99  # a method of packing that Python has not
    path.write_bytes(content)
    found = ingest.inspect_dataset(path, {}, None)
    assert found.images["unread"] == 1


def test_an_archive_with_backslashes_between_its_folders(folder: Path) -> None:
    """As some tools of Windows write it; the project could not find the classes in it."""
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("photos\\red\\1.png", "photos\\blue\\1.png"):
            archive.writestr(name, b"")
    said = new_project("--dataset", str(path), code=1)
    assert "puts backslashes between its folders" in said
    assert "Hint: Unpack it" in said


def test_a_split_of_its_own_is_one_set_of_classes(folder: Path) -> None:
    """As many collections come: train/cats, test/cats."""
    for part, seed in (("train", 0), ("test", 1)):
        photos(folder / "photos" / part, each=10, seed=seed)
    new_project("--dataset", str(folder / "photos"))
    assert sorted(schema_of(folder / "demo")["target"]["choices"]) == sorted(COLOURS)
    assert len(list((folder / "demo/data/raw/photos").rglob("*.*"))) == 60


def test_this_folder_has_a_name_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(folder / "birds")
    monkeypatch.chdir(folder / "birds")
    new_project("--dataset", ".")
    project = folder / "birds" / "demo"
    assert answers_of(project)["dataset"] == "birds"
    assert len(list((project / "data/raw/birds").rglob("*.*"))) == 90


def test_a_folder_that_has_its_name_already_lends_it(folder: Path) -> None:
    found = ingest.inspect_dataset(photos(folder / "birds"), {}, None)
    assert ingest.suggest_name(found) == "birds-demo"
    (folder / "birds").rename(folder / "old")
    assert ingest.suggest_name(found) == "birds"


def only_one(path: Path) -> None:
    for name in list(COLOURS)[1:]:
        for file in sorted((path / name).iterdir())[2:]:
            file.unlink()


def loose(path: Path) -> None:
    for file in list(path.rglob("*.png")):
        file.rename(path / f"{file.parent.name} {file.name}")
    for file in [*path.rglob("*.jpg"), *path.rglob("*.webp")]:
        file.unlink()


def unreadable(path: Path) -> None:
    for name in COLOURS:
        for file in (path / name).iterdir():
            file.write_bytes(b"no picture")


def few(path: Path) -> None:
    for name in COLOURS:
        for file in sorted((path / name).iterdir())[7:]:
            file.unlink()


def another_encoding(path: Path) -> None:
    try:
        (path / "moss").rename(os.fsdecode(os.fsencode(path) + b"/caf\xe9"))
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (only_one, [], "fewer than two folders hold 5 pictures or more"),
        (loose, [], "pictures and no sub-folders"),
        (unreadable, [], "none of its pictures can be read"),
        (few, [], "has 21 pictures"),
        (another_encoding, [], "' is not in UTF-8"),
        (lambda _: None, ["--target", "moss"], "pictures have no columns"),
        (lambda _: None, ["-d", "domain=tabular"], "holds pictures, of which no tabular project"),
    ],
    ids=["one class", "no folders", "broken", "too few", "latin-1", "a target", "another domain"],
)
def test_what_can_be_no_project_leaves_nothing(
    folder: Path, change: Callable[[Path], None], arguments: list[str], said: str
) -> None:
    path = photos(folder / "photos")
    change(path)
    output = new_project("--dataset", str(path), *arguments, code=1)
    assert said in output
    assert sum(line.startswith("Error:") for line in output.splitlines()) == 1
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_pictures_that_change_while_they_are_copied_make_no_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photos(folder / "photos")

    def added(findings: object, project: Path, licence: str) -> None:
        (path / "moss" / "late.png").write_bytes((path / "moss" / "000.png").read_bytes())
        deliver(findings, project, licence)

    deliver: Callable[..., None] = ingest.write_dataset
    monkeypatch.setattr(ingest, "write_dataset", added)
    output = new_project("--dataset", str(path), code=1)
    assert "changed while it was read" in output
    assert not (folder / "demo").exists()

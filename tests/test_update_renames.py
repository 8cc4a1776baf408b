"""Renames that a release lists in `template/renames.yaml`, for files that git does not match."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from conftest import ROOT, git
from mlpath.template.store import TemplateVersion
from mlpath.update import renames
from support.installed import FIRST, Files, Installed, commit, install

COPIER_YML = "_subdirectory: template/project\nproject_name: {type: str, default: demo}\n"
TRAIN = "".join(f"old_{number} = {number}\n" for number in range(1, 11))
REWRITTEN = "".join(f"new_{number} = {number}\n" for number in range(1, 31))
RENAMES = """\
0.2.0:
  - {from: train.py, to: pipeline/train.py}
  - {from: "src/{package_name}/model.py", to: "src/{package_name}/models/mlp.py"}
"""
OLD: Files = {
    **{path: text for path, text in FIRST.items() if path.endswith("answers_file }}.jinja")},
    "copier.yml": COPIER_YML,
    "template/project/train.py": "shared = 1\n" + TRAIN + "last = 1\n",
    "template/project/src/demo/model.py": "layers = 2\n" + TRAIN,
    "template/project/notes.md": "notes\n",
}
NEW: Files = {
    **{path: text for path, text in OLD.items() if not path.endswith((".py", "notes.md"))},
    "template/project/pipeline/train.py": "shared = 1\n" + REWRITTEN + "last = 1\n",
    "template/project/src/demo/models/mlp.py": REWRITTEN + "layers = 2\n",
    "template/project/notes.md": "better notes\n",
    "template/renames.yaml": RENAMES,
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install({"v0.1.0": OLD, "v0.2.0": NEW}, tmp_path_factory.mktemp("renames"))


@pytest.fixture
def project(installed: Installed, folder: Path) -> Path:
    return installed.project(folder / "demo")


def edit(project: Path, name: str, old: str, new: str) -> None:
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))


def outcomes(installed: Installed, project: Path) -> dict[str, tuple[str, str]]:
    """Update a project; return the outcome and the old path of each file."""
    done = installed.run("update", "-l", "--json", cwd=project)
    [document] = json.loads(done.stdout)
    assert "files" in document, document
    return {row["path"]: (row["outcome"], row["renamed_from"]) for row in document["files"]}


def test_git_does_not_see_these_renames(project: Path, tmp_path: Path) -> None:
    """Without the list, an edit ends in a conflict beside the new file."""
    unlisted = {path: text for path, text in NEW.items() if path != "template/renames.yaml"}
    without = install({"v0.1.0": OLD, "v0.2.0": unlisted}, tmp_path / "without")
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    commit(project)
    assert outcomes(without, project)["train.py"] == ("conflict", "")
    assert "mine" not in (project / "pipeline/train.py").read_text()


def test_edits_follow_a_listed_rename(installed: Installed, project: Path) -> None:
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    (project / "own.py").write_text("own = 1\n")
    commit(project)

    done = installed.run("update", "-l", cwd=project)

    assert done.returncode == 0, done.stderr
    text = (project / "pipeline/train.py").read_text()
    assert text == "shared = 1\n" + REWRITTEN + "last = 1\nmine = 1\n"
    assert not (project / "train.py").exists()
    assert (project / "own.py").read_text() == "own = 1\n"
    assert "merged  pipeline/train.py       renamed from train.py; with your edits" in done.stdout
    assert "  renamed  src/demo/models/mlp.py  renamed from src/demo/model.py\n" in done.stdout


def test_a_conflict_has_the_new_path(installed: Installed, project: Path) -> None:
    edit(project, "train.py", "old_5 = 5\n", "old_5 = 555\n")
    commit(project)
    assert outcomes(installed, project)["pipeline/train.py"] == ("conflict", "train.py")
    assert "old_5 = 555\n" in (project / "pipeline/train.py").read_text()
    stages = git("ls-files", "--unmerged", cwd=project).splitlines()
    assert [line.split("\t")[1] for line in stages] == ["pipeline/train.py"] * 3


def test_a_project_in_a_folder_of_a_repository(
    installed: Installed, project: Path, folder: Path
) -> None:
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    git("init", "-q", cwd=folder)
    (project / ".git").rename(folder / "old-git")
    (folder / "train.py").write_text("not of the project\n")
    git("add", "demo", "train.py", cwd=folder)
    git("commit", "-q", "-m", "All", cwd=folder)
    found = outcomes(installed, project)
    assert found["pipeline/train.py"] == ("merged", "train.py")
    assert "mine = 1\n" in (project / "pipeline/train.py").read_text()
    assert (folder / "train.py").read_text() == "not of the project\n"


def test_a_file_that_the_user_deleted(installed: Installed, project: Path) -> None:
    (project / "train.py").unlink()
    commit(project)
    found = outcomes(installed, project)
    assert found["pipeline/train.py"] == ("conflict", "")


def test_a_file_that_the_user_renamed(installed: Installed, project: Path) -> None:
    """Git follows the user's rename, and merges the template's changes there."""
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    (project / "train.py").rename(project / "fit.py")
    commit(project)
    found = outcomes(installed, project)
    assert found["fit.py"] == ("merged", "")
    assert (project / "fit.py").read_text() == "shared = 1\n" + REWRITTEN + "last = 1\nmine = 1\n"
    assert not (project / "pipeline/train.py").exists()


def test_a_target_that_the_user_has_is_left_to_git(installed: Installed, project: Path) -> None:
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    (project / "pipeline").mkdir()
    (project / "pipeline/train.py").write_text("own = 1\n")
    commit(project)
    found = outcomes(installed, project)
    assert found["train.py"] == found["pipeline/train.py"] == ("conflict", "")
    assert "mine = 1\n" in (project / "train.py").read_text()
    assert "own = 1\n" in (project / "pipeline/train.py").read_text()


def test_a_file_that_is_split(project: Path, tmp_path: Path) -> None:
    """The listed part continues the old file; what is left at the old path is new."""
    split: Files = {**NEW, "template/project/train.py": "rest = 1\n"}
    newer = install({"v0.1.0": OLD, "v0.2.0": split}, tmp_path / "split")
    edit(project, "train.py", "last = 1\n", "last = 1\nmine = 1\n")
    commit(project)
    found = outcomes(newer, project)
    assert found["pipeline/train.py"] == ("merged", "train.py")
    assert found["train.py"] == ("changed", "")
    assert (project / "train.py").read_text() == "rest = 1\n"
    assert "mine = 1\n" in (project / "pipeline/train.py").read_text()


def test_a_rename_that_git_sees_too(project: Path, tmp_path: Path) -> None:
    similar: Files = {**NEW, "template/project/pipeline/train.py": "shared = 2\n" + TRAIN}
    newer = install({"v0.1.0": OLD, "v0.2.0": similar}, tmp_path / "similar")
    edit(project, "train.py", "old_5 = 5\n", "old_5 = 555\n")
    commit(project)
    assert outcomes(newer, project)["pipeline/train.py"] == ("merged", "train.py")
    text = (project / "pipeline/train.py").read_text()
    assert "shared = 2\n" in text
    assert "old_5 = 555\n" in text


@pytest.mark.parametrize(
    ("versions", "base", "ours", "theirs", "expected"),
    [
        ([[("a", "b")]], "a", "a", "b", {"a": "b"}),
        ([[("a", "b")]], "x", "x", "b", {}),  # the old version does not have it
        ([[("a", "b")]], "a", "a", "x", {}),  # nor does the new one have the new path
        ([[("a", "b")]], "a", "ab", "b", {}),  # the user has both
        ([[("a", "b")]], "a", "", "b", {"a": "b"}),  # the user has deleted it
        ([[("a", "b")]], "ab", "a", "b", {}),  # the old version has both
        ([[("a", "b"), ("b", "c")]], "ab", "a", "bc", {"a": "b", "b": "c"}),
        ([[("a", "b/c")]], "a", "ab", ["b/c"], {}),  # the user has a file b
        ([[("a", "b")]], "a", ["a", "b/c"], "b", {}),  # the user has a folder b
        ([[("a", "b")], [("b", "c")]], "a", "a", "c", {"a": "c"}),
        ([[("a", "b")], [("b", "c")]], "b", "b", "c", {"b": "c"}),
        ([[("a", "c"), ("b", "c")]], "ab", "ab", "c", {"a": "c"}),
        ([[("a", "b"), ("a", "c")]], "a", "a", "c", {"a": "c"}),  # another domain has b
    ],
)
def test_which_renames_apply(
    versions: list[list[renames.Pair]],
    base: Collection[str],
    ours: Collection[str],
    theirs: Collection[str],
    expected: dict[str, str],
) -> None:
    assert renames.resolve(versions, base, ours, theirs) == expected


def test_only_newer_versions_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "template/renames.yaml"
    path.parent.mkdir()
    path.write_text(
        "0.10.0: [{from: b, to: c}]\n0.9.0: [{from: a, to: b}]\n0.8.0: [{from: x, to: y}]\n"
    )
    release = TemplateVersion("v0.10.0", tmp_path)
    assert renames.load(release, "v0.8.0") == [[("a", "b")], [("b", "c")]]
    assert renames.load(release, "v0.9.0.dev0") == [[("a", "b")], [("b", "c")]]
    assert renames.load(release, "v0.10.0") == []


def test_the_list_of_the_template_can_be_read() -> None:
    for version in renames.load(TemplateVersion("current", ROOT), "v0.0.1"):
        assert all(old != new for old, new in version)

"""The released versions of the template, built from a repository's history."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from conftest import ROOT, Repository, files_below, git
from mlpath.template import releases


def built(root: Path, target: Path) -> tuple[dict[str, str], str | None]:
    """Build a repository's releases; return their ids, and why older ones are missing."""
    reason = releases.build(root, target / "folder", target / "template.bundle")
    return releases.tags(target / "template.bundle"), reason


@pytest.fixture
def ids(repository: Repository, tmp_path: Path) -> dict[str, str]:
    return built(repository.path, tmp_path / "reference")[0]


def test_every_version_is_a_tag_with_the_content_of_its_last_commit(
    repository: Repository, tmp_path: Path
) -> None:
    found, reason = built(repository.path, tmp_path)
    assert reason is None
    assert sorted(found) == ["v0.1.0", "v0.1.0.dev0", "v0.2.0", "v0.3.0.dev0"]
    for tag, text in {"v0.1.0.dev0": "better", "v0.2.0": "second"}.items():
        clone = tmp_path / tag
        git("clone", "-q", "-b", tag, str(tmp_path / "template.bundle"), str(clone), cwd=tmp_path)
        git("fsck", "--strict", cwd=clone)
        assert git("describe", "--tags", cwd=clone) == tag
        assert (clone / "template/project/README.md.jinja").read_text().endswith(f"{text}\n")
        assert sorted(path.name for path in clone.iterdir()) == [
            ".git", ".gitattributes", "copier.yml", "template",
        ]  # fmt: skip


def test_packed_filtered_and_linked_copies_give_the_same_ids(
    repository: Repository, ids: dict[str, str], tmp_path: Path
) -> None:
    origin = repository.path
    git("config", "uploadpack.allowFilter", "true", cwd=origin)
    git("clone", "-q", "--filter=blob:none", origin.as_uri(), str(tmp_path / "f"), cwd=tmp_path)
    git("clone", "-q", "--bare", str(origin), str(tmp_path / "bare.git"), cwd=tmp_path)
    git("worktree", "add", "-q", str(tmp_path / "linked"), "main", cwd=tmp_path / "bare.git")
    for name in ("f", "linked"):
        assert built(tmp_path / name, tmp_path / f"from-{name}") == (ids, None)
    git("gc", "-q", cwd=origin)
    assert built(origin, tmp_path / "from-packed") == (ids, None)
    bundles = [path.read_bytes() for path in tmp_path.glob("from-*/template.bundle")]
    assert len(bundles) == 3
    assert len(set(bundles)) == 1


def test_release_keeps_its_id_after_later_commits(
    repository: Repository, ids: dict[str, str], tmp_path: Path
) -> None:
    repository.commit("0.3.0", "third")
    git("commit", "-q", "--amend", "--reset-author", "-m", "otherwise", cwd=repository.path)
    later, _ = built(repository.path, tmp_path / "later")
    assert {**later, **ids} == {**ids, "v0.3.0": later["v0.3.0"]}


def test_merged_branches_are_ignored(
    repository: Repository, ids: dict[str, str], tmp_path: Path
) -> None:
    git("switch", "-q", "-c", "side", "HEAD~3", cwd=repository.path)
    repository.commit("0.2.0", "another second")
    git("switch", "-q", "main", cwd=repository.path)
    git("merge", "-q", "-s", "ours", "-m", "merge", "side", cwd=repository.path)
    assert built(repository.path, tmp_path / "merged")[0] == ids


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("archive", "not a git repository"),
        ("inside another repository", "inside another git repository"),
        ("shallow", "shallow"),
        ("another owner", "dubious ownership"),
        ("no commit", "HEAD"),
    ],
)
def test_without_full_history_only_the_current_version_is_built(
    repository: Repository,
    ids: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    reason: str,
) -> None:
    root = tmp_path / "outer" / "copy"
    if state == "shallow":
        git("clone", "-q", "--depth=1", repository.path.as_uri(), str(root), cwd=tmp_path)
    else:
        shutil.copytree(repository.path, root)
    if state in {"archive", "inside another repository", "no commit"}:
        shutil.rmtree(root / ".git")
    if state == "inside another repository":
        # Its ignore rules must not apply to the template.
        git("init", "-q", cwd=root.parent)
        (root.parent / ".gitignore").write_text("*.jinja\n")
    if state == "no commit":
        git("init", "-q", cwd=root)
    if state == "another owner":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found, actual = built(root, tmp_path / "out")
    assert found == {"v0.3.0.dev0": ids["v0.3.0.dev0"]}
    assert actual is not None
    assert reason in actual


def test_without_git_the_current_version_is_a_folder(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build of a wheel from a source distribution, which has the bundle, needs no more."""
    monkeypatch.setenv("PATH", str(tmp_path))
    releases.write_folder(repository.path, tmp_path / "folder")
    assert "copier.yml" in files_below(tmp_path / "folder")
    with pytest.raises(releases.NoHistoryError, match="git is not installed"):
        releases.build(repository.path, tmp_path / "other", tmp_path / "template.bundle")


def test_includes_uncommitted_changes_and_no_ignored_files(
    repository: Repository, ids: dict[str, str], tmp_path: Path
) -> None:
    repository.write("0.3.0.dev0", "changed a minute ago")
    project = repository.path / "template/project"
    (project / "new.md").write_text("new\n")
    (project / "__pycache__").mkdir()
    (project / "__pycache__/x.pyc").write_bytes(b"\0")
    (repository.path / ".gitignore").write_text("*.log\n")
    (project / "debug.log").write_text("noise\n")
    found, _ = built(repository.path, tmp_path / "out")
    changed = {tag for tag in ids if ids[tag] != found[tag]}
    assert changed == {"v0.3.0.dev0"}
    content = files_below(tmp_path / "out/folder/template/project")
    assert sorted(content) == ["README.md.jinja", "new.md", "{{ _copier_conf.answers_file }}.jinja"]
    assert content["README.md.jinja"].endswith(b"changed a minute ago\n")


def test_checkout_with_crlf_gives_the_same_ids(
    repository: Repository, ids: dict[str, str], tmp_path: Path
) -> None:
    git("-c", "core.autocrlf=true", "clone", "-q", str(repository.path), "win", cwd=tmp_path)
    git("config", "core.autocrlf", "true", cwd=tmp_path / "win")
    assert b"\r\n" in (tmp_path / "win/copier.yml").read_bytes()
    assert built(tmp_path / "win", tmp_path / "out") == (ids, None)


def test_clone_of_the_bundle_has_lf_whatever_autocrlf_is(
    repository: Repository, tmp_path: Path, home: Path
) -> None:
    (home / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")
    built(repository.path, tmp_path / "out")
    git("clone", "-q", str(tmp_path / "out/template.bundle"), "clone", cwd=tmp_path)
    assert b"\r" not in (tmp_path / "clone/copier.yml").read_bytes()


def test_git_variables_of_a_hook_are_ignored(
    repository: Repository,
    ids: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", str(ROOT / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert built(repository.path, tmp_path / "out") == (ids, None)


@pytest.mark.parametrize("damage", [b"", b"text", b"# v2 git bundle\n", b"\xff\xfe\n\n"])
def test_damaged_bundle_is_an_error(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "b").write_bytes(damage)
    with pytest.raises(ValueError, match="complete"):
        releases.tags(tmp_path / "b")


def test_releases_of_this_repository_never_change() -> None:
    """Projects record the id of a release, which depends on its content."""
    try:
        versions = releases.commits_by_version(ROOT)
    except releases.NoHistoryError as error:
        pytest.skip(f"nothing to compare: {error}")
    for version, commits in versions.items():
        if ".dev" in version:
            continue
        last = releases.template_entries(ROOT, commits[-1])
        for commit in commits[:-1]:
            assert releases.template_entries(ROOT, commit) == last, f"{version} changed: {commit}"


def test_template_has_only_portable_files() -> None:
    """Zip archives and Windows lose executable bits and links, which would change ids.

    git would apply a `.gitattributes` or `.gitignore` inside the template.
    """
    for path in (ROOT / "template").rglob("*"):
        assert not path.is_symlink(), path
        assert path.name not in {".gitattributes", ".gitignore"}, f"{path}: add the suffix .jinja"
        if path.is_file() and os.name != "nt":
            assert not path.stat().st_mode & 0o111, f"{path} is executable"

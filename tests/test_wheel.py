"""The distributions: the template and its versions in the wheel and the sdist."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from conftest import ROOT, build, copier, files_below, git
from mlpath import __version__
from mlpath.template import releases


def installed_mlpath(wheel: Path, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mlpath", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_wheel_has_the_current_template_and_all_versions(wheel: Path, tmp_path: Path) -> None:
    package = wheel / "mlpath"
    releases.write_folder(ROOT, tmp_path / "folder")
    assert files_below(package / "_template") == files_below(tmp_path / "folder")
    tags = releases.tags(package / "_template.bundle")
    assert f"v{__version__}" in tags
    try:
        assert set(tags) == {f"v{__version__}", *releases.commits_by_version(ROOT)}
    except releases.NoHistoryError:
        assert len(tags) >= 1  # an archive has its own version, an sdist all of them
    assert (package / "_changelog.md").read_bytes() == (ROOT / "CHANGELOG.md").read_bytes()
    assert sorted(path.name for path in wheel.iterdir()) == [
        "mlpath",
        f"mlpath-{__version__}.dist-info",
    ]


@pytest.mark.e2e
def test_wheel_built_from_the_sdist_is_identical(wheel: Path, tmp_path: Path) -> None:
    build(ROOT, "sdist", tmp_path)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    root = tmp_path / f"mlpath-{__version__}"
    output = build(root, "wheel", tmp_path)
    assert "only the current" not in output
    subprocess.run(
        [
            sys.executable,
            "-m",
            "zipfile",
            "-e",
            str(next(tmp_path.glob("*.whl"))),
            str(tmp_path / "w"),
        ],
        check=True,
    )
    ours, theirs = files_below(wheel), files_below(tmp_path / "w")
    assert {
        name for name in ours if not name.endswith("RECORD") and ours[name] != theirs[name]
    } == set()
    assert set(ours) == set(theirs)


def test_build_without_history_prints_a_warning(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    for name in (
        "pyproject.toml",
        "hatch_build.py",
        "CHANGELOG.md",
        "README.md",
        "LICENSE",
        "copier.yml",
        "template",
        "generator",
    ):
        source, target = ROOT / name, tmp_path / "archive" / name
        for path in [source] if source.is_file() else source.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = target if source.is_file() else target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    output = build(tmp_path / "archive", "wheel", tmp_path / "out")
    assert "only the current template version is included: the folder is inside another" in output


released = pytest.mark.skipif(
    ".dev" in __version__, reason="plain Copier ignores development versions"
)


@pytest.fixture(scope="module")
def rendered(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a project of the installed wheel, `demo`, which is only copied."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n\temail = a@example.com\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        installed_mlpath(wheel, "new-project", "demo", "--defaults", "--no-lock", "-q", cwd=home)
    return home


@pytest.fixture
def project(rendered: Path, home: Path, folder: Path) -> Path:
    shutil.copytree(rendered / ".local", home / ".local")
    return shutil.copytree(rendered / "demo", folder / "demo")


@released
def test_plain_copier_keeps_a_new_project_unchanged(project: Path) -> None:
    before = files_below(project)
    done = copier("update", "--defaults", cwd=project)
    assert done.returncode == 0, done.stderr
    assert f"Keeping template version {__version__}" in done.stderr
    assert files_below(project) == before
    assert git("status", "--porcelain", cwd=project) == ""


@released
def test_plain_copier_applies_a_changed_answer(project: Path) -> None:
    done = copier("update", "--defaults", "-d", "license=Apache-2.0", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "Apache License" in (project / "LICENSE").read_text()
    assert "license: Apache-2.0" in (project / ".copier-answers.yml").read_text()
    changed = git("status", "--porcelain", cwd=project)
    assert " M LICENSE" in f" {changed}"
    assert "UU" not in changed


def test_renders_like_plain_copier_from_the_bundle(project: Path, folder: Path) -> None:
    answers = project / ".copier-answers.yml"
    done = copier(
        "copy", "--defaults", "--quiet", "--vcs-ref", f"v{__version__}",
        "--data-file", str(answers), "~/.local/share/mlpath/template.bundle", "plain", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert files_below(folder / "plain") == files_below(project)
    modes = [
        {path.name: path.stat().st_mode for path in sorted(where.iterdir()) if path.name != ".git"}
        for where in (project, folder / "plain")
    ]
    assert modes[0] == modes[1]

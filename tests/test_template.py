"""The store of template versions, and the bundle at `SRC_PATH`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from conftest import ROOT, Repository, copier, files_below, git
from mlpath.errors import AnswerError
from mlpath.template import releases, render, store
from mlpath.template.answers import ANSWERS_FILE, read_answers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def install(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return Install(repository, tmp_path / "installed", monkeypatch)


class Install:
    """Installs mlpath from the current state of the repository."""

    def __init__(
        self, repository: Repository, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.repository, self.target, self.monkeypatch = repository, target, monkeypatch
        self.count = 0

    def __call__(self) -> dict[str, str]:
        """Install; return the ids of the versions."""
        self.count += 1
        target = self.target / str(self.count)
        releases.build(self.repository.path, target / "folder", target / "template.bundle")
        version = (self.repository.path / releases.VERSION_FILE).read_bytes()
        self.monkeypatch.setattr(store, "CURRENT", f"v{releases.parse_version(version)}")
        paths = (target / "folder", target / "template.bundle")
        self.monkeypatch.setattr(store, "_packaged", lambda: paths)
        return releases.tags(paths[1])


def test_versions_are_sorted(install: Install) -> None:
    install.repository.commit("0.10.0", "tenth")
    install()
    assert store.versions() == ["v0.1.0.dev0", "v0.1.0", "v0.2.0", "v0.3.0.dev0", "v0.10.0"]
    assert store.newest_release() == "v0.10.0"


def test_development_version_is_current_but_not_the_newest_release(install: Install) -> None:
    install()
    assert store.newest_release() == "v0.2.0"
    with store.open_version() as release:
        assert release.tag == "v0.3.0.dev0"


@pytest.mark.parametrize("version", ["v0.1.0", "0.1.0"])
def test_release_provides_a_version_as_a_plain_folder(install: Install, version: str) -> None:
    install()
    with store.open_version(version) as release:
        text = (release.folder / "template/project/README.md.jinja").read_text()
        assert (release.tag, text.splitlines()[-1]) == ("v0.1.0", "first")
        assert not (release.folder / ".git").exists()
    assert not release.folder.exists()


def test_older_version_renders_like_plain_copier(install: Install, tmp_path: Path) -> None:
    install()
    store.publish()
    with store.open_version("v0.1.0") as release:
        render.render(release, tmp_path / "ours", {"project_name": "x" * 90}, defaults=True)
    source = ("--vcs-ref", "v0.1.0", "-d", f"project_name={'x' * 90}", store.SRC_PATH, "theirs")
    assert copier("copy", "--defaults", *source, cwd=tmp_path).returncode == 0
    assert files_below(tmp_path / "ours") == files_below(tmp_path / "theirs")


def test_render_returns_the_recorded_answers(tmp_path: Path) -> None:
    answers = {"project_name": "demo", "container": "no", "slices": "[age]", "domain": "tabular"}
    with store.open_version() as release:
        returned = render.render(release, tmp_path / "demo", answers, defaults=True)
    assert returned == read_answers(tmp_path / "demo" / ANSWERS_FILE)
    assert returned["container"] is False
    assert returned["slices"] == ["age"]


@pytest.mark.parametrize(
    ("answers", "source", "kept"),
    [
        ({}, "nycflights13", "breast_cancer"),
        ({"task": "regression"}, "diabetes", "diabetes"),
        ({"domain": "vision"}, "", ""),
        ({"source": "breast_cancer"}, "breast_cancer", "breast_cancer"),
    ],
)
def test_a_project_keeps_its_example_table(
    tmp_path: Path, answers: dict[str, str], source: str, kept: str
) -> None:
    """`_commit` is defined for a project that exists; up to 0.12.0 it has no `source`."""
    update = render.Prompts(context={"_commit": "v0.12.0"})
    for folder, prompts, expected in (("new", None, source), ("old", update, kept)):
        with store.open_version() as release:
            project = tmp_path / folder
            render.render(release, project, answers, defaults=True, prompts=prompts)
        assert read_answers(project / ANSWERS_FILE)["source"] == expected
        if expected:
            assert f"  source: {expected}\n" in (project / "params.yaml").read_text()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"source": "nycflights13", "task": "regression"}, "choose diabetes"),
        ({"source": "diabetes"}, "choose nycflights13 or breast_cancer"),
        ({"source": "nycflights13", "domain": "text"}, "is of the domain text"),
    ],
)
def test_an_example_table_that_does_not_fit_is_an_error(
    tmp_path: Path, answers: dict[str, str], message: str
) -> None:
    with store.open_version() as release, pytest.raises(AnswerError, match=message):
        render.render(release, tmp_path / "demo", answers, defaults=True)
    assert not (tmp_path / "demo").exists()


def test_metrics_to_choose_from_are_those_of_the_projects() -> None:
    """A project's `primary_metric` accepts those by which one model is better than another."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    validator = questions["metric"]["validator"]
    for task in ("classification", "regression", "forecast"):
        source = ROOT / f"template/tasks/{task}/src/evaluation/metrics.py"
        metrics = re.findall(
            r'^    "(\w+)": Metric\([^=]*higher_is_better=(?:True|False)',
            source.read_text(),
            re.MULTILINE,
        )
        [listed] = re.findall(rf'"{task}": \[(.*)\]', validator)
        assert re.findall(r"\w+", listed) == metrics


def test_publish_writes_the_bundle_to_src_path(
    install: Install, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "elsewhere"))
    ids = install()
    store.publish()
    assert releases.tags(home / ".local/share/mlpath/template.bundle") == ids
    assert [path.name for path in store.home_copy().parent.iterdir()] == ["template.bundle"]


def test_newer_mlpath_updates_the_copy(install: Install) -> None:
    install()
    store.publish()
    install.repository.commit("0.3.0", "third")
    newer = install()
    store.publish()
    assert releases.tags(store.home_copy()) == newer


def test_older_mlpath_keeps_a_newer_copy(install: Install) -> None:
    install.repository.commit("0.3.0", "third")
    newer = install()
    store.publish()
    before = store.home_copy().stat()
    git("reset", "-q", "--hard", "HEAD~2", cwd=install.repository.path)
    assert len(install()) < len(newer)
    store.publish()
    assert store.home_copy().stat().st_ino == before.st_ino
    assert store.home_copy().stat().st_mtime_ns == before.st_mtime_ns
    assert store.newest_release() == "v0.3.0"
    with store.open_version("v0.3.0") as release:
        assert "third" in (release.folder / "template/project/README.md.jinja").read_text()


def test_copy_accumulates_the_versions_of_two_archives(
    install: Install, repository: Repository
) -> None:
    """An mlpath installed from a source archive has one version; older projects need the others."""
    git("reset", "-q", "--hard", "HEAD~1", cwd=repository.path)
    (repository.path / ".git").rename(repository.path / "history")
    repository.write("0.1.0", "first")
    old = install()
    store.publish()
    repository.write("0.2.0", "second")
    new = install()
    store.publish()
    assert releases.tags(store.home_copy()) == {**old, **new}
    assert store.versions() == ["v0.1.0", "v0.2.0"]
    git("clone", "-q", str(store.home_copy()), "c", cwd=repository.path)
    assert git("describe", "--tags", cwd=repository.path / "c") == "v0.2.0"


def test_changed_development_version_replaces_the_previous_one(install: Install) -> None:
    install()
    store.publish()
    install.repository.write("0.3.0.dev0", "changed")
    changed = install()
    store.publish()
    assert releases.tags(store.home_copy()) == changed


def test_damaged_copy_is_replaced(install: Install) -> None:
    ids = install()
    store.publish()
    copy = store.home_copy()
    copy.write_bytes(copy.read_bytes()[:-50])
    assert store.versions()
    store.publish()
    assert releases.tags(copy) == ids


def test_checkout_is_built_again_only_after_a_change(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store._build_from(repository.path)
    monkeypatch.setattr(releases, "build", lambda *_: pytest.fail("built again"))
    assert store._build_from(repository.path) == first
    assert git("status", "--porcelain", cwd=repository.path) == ""
    monkeypatch.undo()
    repository.write("0.3.0.dev0", "changed")
    second = store._build_from(repository.path)
    assert "changed" in (second / "folder/template/project/README.md.jinja").read_text()

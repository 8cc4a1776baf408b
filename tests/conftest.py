"""Fixtures and helpers: an empty home, the program, and small repositories."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mlpath.cli import main
from support import fast_copier
from support.data_server import DataServer, serve
from support.e2e import Owner, restore_sigint_handler
from support.groups import GroupScheduling, rank_of
from support.installed import FIRST, SECOND, Installed, install

if TYPE_CHECKING:
    from xdist.remote import Producer  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
restore_sigint_handler()
fast_copier.install()
UV_CACHE = os.environ.get("UV_CACHE_DIR") or str(Path("~/.cache/uv").expanduser())
MLPATH = [sys.executable, "-m", "mlpath"]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling:
    """Give each process a group after the other, in the order of collection."""
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by group."""
    items.sort(key=lambda item: rank_of(item.nodeid))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own, with nothing but a git identity."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n")
    for name in [name for name in os.environ if name.startswith(("GIT_", "COPIER_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("UV_CACHE_DIR", UV_CACHE)
    return home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test an empty current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def server() -> Iterator[DataServer]:
    """Run an HTTP server of files."""
    with serve() as running:
        yield running


def mlpath(*arguments: str) -> Result:
    """Run a command in this process; the result has its output."""
    return CliRunner().invoke(main, arguments)


def git(*arguments: str, cwd: Path, **environment: str) -> str:
    """Run git and return its output without the last line end."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.rstrip("\n")


def copier(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Copier's own command line."""
    return subprocess.run(
        [sys.executable, "-m", "copier", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder by path, without those of git."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@dataclass
class Repository:
    """A repository like this one, with a template of two files."""

    path: Path

    def write(self, version: str, text: str) -> None:
        """Put files in place, without committing them."""
        files = {
            "generator/mlpath/__init__.py": f'__version__ = "{version}"\n',
            "copier.yml": "_subdirectory: template/project\nproject_name: demo\n",
            "template/project/README.md.jinja": f"# {{{{ project_name }}}}\n{text}\n",
            "template/project/{{ _copier_conf.answers_file }}.jinja": (
                "{{ _copier_answers | to_nice_yaml -}}\n"
            ),
            "unrelated.txt": text,
        }
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, newline="\n")

    def commit(self, version: str, text: str) -> None:
        """Put files in place and commit them."""
        self.write(version, text)
        git("add", "--all", cwd=self.path)
        git("commit", "--quiet", "--allow-empty", "--message", text, cwd=self.path)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Create a repository with two releases and a development version after them."""
    repository = Repository(tmp_path / "repository")
    repository.path.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=repository.path)
    repository.commit("0.1.0.dev0", "begun")
    repository.commit("0.1.0.dev0", "better")
    repository.commit("0.1.0", "first")
    repository.commit("0.2.0", "second")
    repository.commit("0.3.0.dev0", "third, unfinished")
    return repository


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An mlpath with two releases of a small template."""
    return install({"v0.1.0": FIRST, "v0.2.0": SECOND}, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def prototype(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the first release, which is only copied."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n\temail = a@example.com\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        return installed.project(home / "demo")


@pytest.fixture
def project(prototype: Path, folder: Path) -> Path:
    """Give a project of the first release, in a home without a copy of the template."""
    return shutil.copytree(prototype, folder / "demo", symlinks=True)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build this repository's wheel and return it unpacked, for PYTHONPATH."""
    target = tmp_path_factory.mktemp("wheel")
    build(ROOT, "wheel", target)
    unpacked = target / "unpacked"
    shutil.unpack_archive(next(target.glob("*.whl")), unpacked, "zip")
    return unpacked


def build(root: Path, kind: str, target: Path) -> str:
    """Build a wheel or an sdist without isolation; return the output of the build."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """A user with a home, a git identity, and the machine's package cache."""
    home = tmp_path_factory.mktemp("owner")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n")
    base = tmp_path_factory.getbasetemp()
    return Owner(home, shared=base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session")
def trained_project(owner: Owner) -> Path:
    """Give an installed, trained and committed project of a small table; only read it."""
    project = owner.create("demo", "-d", "source=breast_cancer")
    owner.uv("run", "dvc", "repro", cwd=project)
    owner.run("git", "add", "--all", cwd=project)
    owner.run("git", "commit", "--quiet", "--message", "Train the first champion", cwd=project)
    return project


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the environment must hold for uv to find a CPU build of PyTorch; skips without one."""
    if "UV_INDEX" in os.environ:
        return {"UV_INDEX": os.environ["UV_INDEX"]}
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    for folder in find_links():
        if wheels := sorted(folder.glob(f"torch-*{tag}-{tag}-*.whl")):
            index = tmp_path_factory.mktemp("index")
            (index / "torch").mkdir()
            links = "".join(f'<a href="{path.as_uri()}">{path.name}</a>' for path in wheels)
            (index / "torch" / "index.html").write_text(f"<!DOCTYPE html><html>{links}</html>")
            return {"UV_INDEX": f"pytorch={index.as_uri()}"}
    url = re.search(
        r'name = "pytorch"\nurl = "(.+)"',
        (ROOT / "template/project/pyproject.toml.jinja").read_text(),
    )
    assert url, "the template names PyTorch's index"
    try:
        urllib.request.urlopen(f"{url[1]}/torch/", timeout=5).close()  # noqa: S310 (it is https)
    except OSError:
        pytest.skip("PyTorch's index is out of reach, and no wheel of it lies on this machine")
    return {}


def find_links() -> list[Path]:
    """The folders in which pip looks for wheels."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"],
        capture_output=True,
        text=True,
        check=False,
    )
    named = shlex.split(done.stdout) + shlex.split(os.environ.get("PIP_FIND_LINKS", ""))
    return [Path(name) for name in named if Path(name).is_dir()]

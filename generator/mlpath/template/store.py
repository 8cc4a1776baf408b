"""Where the template and its released versions come from.

An installed mlpath carries the current version as a plain folder and every version in a git
bundle. Projects record one literal path, `SRC_PATH`, as their source; `publish` keeps a copy of
the bundle there, so that plain `copier update` works without a network.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from mlpath import __version__
from mlpath.system import git
from mlpath.template import releases
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SRC_PATH = "~/.local/share/mlpath/template.bundle"
"""What a project records as `_src_path`. Literal on purpose: no variable moves it, so it means the
same on every machine."""

CURRENT = f"v{__version__}"
"""The version that belongs to this mlpath, and that `new-project` renders unless told otherwise."""

_CACHE = ".template-cache"
_CACHE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Release:
    """One version of the template: its tag, which projects record, and its files."""

    version: str
    folder: Path


def versions() -> list[str]:
    """Return every version that this machine knows, development versions too, oldest first."""
    known = {tag for bundle in _bundles() for tag in _tags(bundle)}
    return sorted(known, key=_sort_key)


def newest_release() -> str | None:
    """Return the newest version that is no development version, as Copier would choose it."""
    released = [version for version in versions() if not _sort_key(version).is_prerelease]
    return released[-1] if released else None


def check_known(version: str, project: Path) -> None:
    """Refuse a version that a project has and that nobody here knows.

    Raises:
        MlpathError: Names the mlpath that knows it.
    """
    if version not in versions():
        number = version.removeprefix("v")
        raise MlpathError(
            f"{project} has template version {version}, which this mlpath ({__version__}) "
            "does not know",
            hint=f"mlpath {number} does: python -m pip install 'mlpath>={number}'",
        )


def is_older(one: str, other: str) -> bool:
    """Tell whether a version comes before another; no if either is not a version at all."""
    old, new = parse(one), parse(other)
    return old is not None and new is not None and old < new


def parse(tag: str) -> Version | None:
    """Understand a tag, or what `git describe` calls a commit after one."""
    described = re.fullmatch(r"(.+)-(\d+)-g[0-9a-f]+", tag)
    try:
        return Version(f"{described[1]}.post{described[2]}" if described else tag)
    except InvalidVersion:
        return None


@contextmanager
def release(version: str | None = None) -> Iterator[Release]:
    """Give the files of one version of the template, for as long as the context lasts.

    Args:
        version: A tag such as `v0.1.0`; the leading `v` may be left out. None is the current one.

    Raises:
        MlpathError: Nobody here knows that version.
    """
    known = versions()
    wanted = version or CURRENT
    wanted = f"v{wanted}" if f"v{wanted}" in known else wanted
    if wanted == CURRENT:
        yield Release(CURRENT, _packaged()[0])
        return
    bundle = next((path for path in _bundles() if wanted in _tags(path)), None)
    if bundle is None:
        raise MlpathError(
            f"there is no template version {wanted}", hint=f"Known here: {', '.join(known)}."
        )
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        folder = Path(scratch, "template")
        git.run(
            "clone", "--quiet", "--config", "core.autocrlf=false", "--branch", wanted,
            "--", str(bundle), str(folder),
        )  # fmt: skip
        shutil.rmtree(folder / ".git")
        yield Release(wanted, folder)


def home_copy() -> Path:
    """Return where `SRC_PATH` points for this user, by the rule that Copier applies to it.

    Raises:
        MlpathError: This user has no home folder.
    """
    try:
        return Path(SRC_PATH).expanduser()
    except RuntimeError:
        raise MlpathError("this user has no home folder", hint=_HOME_HINT) from None


_HOME_HINT = (
    f"Projects work without it, but `copier update` needs {SRC_PATH}: "
    "run `mlpath doctor` once HOME is a folder that you may write to."
)


def publish() -> None:
    """Bring the copy at `SRC_PATH` up to date, in one step, and never lose a version from it.

    Raises:
        MlpathError: The copy can't be written. What was there before stays as it was.
    """
    ours, copy = _packaged()[1], home_copy()
    try:
        if copy.exists() and filecmp.cmp(ours, copy, shallow=False):
            return
        mine, theirs = _tags(ours), _tags(copy)
        if mine.items() <= theirs.items():
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=copy.parent) as scratch:
            fresh = Path(scratch, "template.bundle")
            if theirs.keys() <= mine.keys():
                shutil.copyfile(ours, fresh)
            else:
                _merge(copy, ours, fresh)
            fresh.replace(copy)
    except OSError as error:
        raise MlpathError(
            f"cannot write {SRC_PATH}: {error.strerror or error}", hint=_HOME_HINT
        ) from None


def publish_or_tell() -> list[str]:
    """Publish; return what the user should know if that fails, since all else can go on."""
    try:
        publish()
    except MlpathError as error:
        return [f"{error}. {error.hint}"]
    return []


def _merge(older: Path, newer: Path, target: Path) -> None:
    """Write a bundle with the versions of both; for one that both have, the newer bundle's."""
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        repository = Path(scratch)
        git.run("init", "--quiet", "--bare", cwd=repository)
        for bundle in (older, newer):
            git.run("fetch", "--quiet", str(bundle), "+refs/tags/*:refs/tags/*", cwd=repository)
        newest = max({**_tags(older), **_tags(newer)}, key=_sort_key)
        git.run("update-ref", "--no-deref", "HEAD", f"refs/tags/{newest}", cwd=repository)
        git.run("bundle", "create", "--quiet", str(target), "--tags", "HEAD", cwd=repository)


def _bundles() -> Iterable[Path]:
    """Return what was installed and, if there is one, the copy, which may know other versions."""
    yield _packaged()[1]
    try:
        yield home_copy()
    except MlpathError:
        return


def _tags(bundle: Path) -> dict[str, str]:
    try:
        return releases.tags(bundle)
    except (OSError, ValueError):
        return {}  # a missing or damaged copy knows nothing, and is replaced


def _sort_key(version: str) -> Version:
    return Version(version)


@cache
def _packaged() -> tuple[Path, Path]:
    """Return the plain folder and the bundle that belong to this mlpath."""
    here = Path(__file__).parents[1]
    if (here / "_template").is_dir():
        return here / "_template", here / "_template.bundle"
    checkout = here.parents[1]
    if (checkout / "copier.yml").is_file():
        built = _build_from(checkout)
        return built / "folder", built / "template.bundle"
    raise MlpathError(
        "this installation of mlpath has lost its template",
        hint="Mend it: python -m pip install --force-reinstall mlpath",
    )


def _build_from(checkout: Path) -> Path:
    """Return what the build hook would ship, made from a checkout as it is at this moment.

    Serves editable installations. Kept in the checkout until a file or the history changes.
    """
    cache_folder = checkout / _CACHE
    cache_folder.mkdir(exist_ok=True)
    (cache_folder / ".gitignore").write_text("*\n", encoding="ascii")
    built = cache_folder / _fingerprint(checkout)
    if built.exists():
        return built
    for old in cache_folder.iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > _CACHE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="new-", dir=cache_folder))
    releases.build(checkout, scratch / "folder", scratch / "template.bundle")
    try:
        scratch.rename(built)
    except OSError:
        shutil.rmtree(scratch)  # somebody else built the same at the same time
    return built


def _fingerprint(checkout: Path) -> str:
    try:
        head = git.run("rev-parse", "HEAD", cwd=checkout)
    except git.GitError:
        head = ""
    files = [checkout / releases.VERSION_FILE, checkout / "copier.yml"]
    for folder, _, names in os.walk(checkout / "template"):
        files.extend(Path(folder, name) for name in names)
    stats = [(str(path), path.stat()) for path in sorted(files)]
    facts = [head, *(f"{path} {s.st_mtime_ns} {s.st_size} {s.st_mode}" for path, s in stats)]
    return hashlib.sha256("\n".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]

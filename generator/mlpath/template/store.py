"""Where the template and its released versions come from.

An installed mlpath carries the current version as a plain folder and all versions in a git bundle.
`publish` copies the bundle to `SRC_PATH`, the source that projects record, so that plain
`copier update` works without a network.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from mlpath import __version__
from mlpath.errors import MlpathError
from mlpath.system import git
from mlpath.template import releases

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC_PATH = "~/.local/share/mlpath/template.bundle"
"""What projects record as `_src_path`. No variable changes it, so it is valid on every machine."""

CURRENT = f"v{__version__}"
"""The version of the template that belongs to this mlpath."""

_CACHE_SECONDS = 24 * 3600

_HOME_HINT = (
    f"Projects work without {SRC_PATH}, but `copier update` needs it. "
    "Set HOME to a folder that you may write to, then run: mlpath doctor"
)


@dataclass(frozen=True)
class TemplateVersion:
    """One version of the template: its tag, which projects record, and its files."""

    tag: str
    folder: Path


def versions() -> list[str]:
    """Return all versions known on this machine, development versions too, oldest first."""
    known = {tag for bundle in _bundles() for tag in _tags(bundle)}
    return sorted(known, key=Version)


def newest_release() -> str | None:
    """Return the newest version that is not a development version, as Copier would choose it."""
    released = [version for version in versions() if not Version(version).is_prerelease]
    return released[-1] if released else None


def check_known(version: str, project: Path) -> None:
    """Check that the version that a project has is known.

    Raises:
        MlpathError: It is not; the hint has the mlpath that knows it.
    """
    if version not in versions():
        number = version.removeprefix("v")
        raise MlpathError(
            f"{project} has template version {version}, which mlpath {__version__} does not know",
            hint=f"Install a newer mlpath: python -m pip install 'mlpath>={number}'",
        )


def is_older(version: str, other: str) -> bool:
    """Return whether a version precedes another; False if either is not a version."""
    try:
        return Version(version) < Version(other)
    except InvalidVersion:
        return False


def find_version(version: str) -> str:
    """Return the tag of a version, which may be given without its `v`.

    Raises:
        MlpathError: The version is unknown.
    """
    known = versions()
    for tag in (version, f"v{version}"):
        if tag in known:
            return tag
    raise MlpathError(
        f"template version {version} not found", hint=f"Choose from: {', '.join(known)}."
    )


@contextmanager
def open_version(version: str | None = None) -> Iterator[TemplateVersion]:
    """Provide the files of one version of the template while the context lasts.

    The version is a tag such as `v0.1.0`, with or without the `v`; None is the current one.

    Raises:
        MlpathError: The version is unknown.
    """
    tag = find_version(version) if version else CURRENT
    if tag == CURRENT:
        yield TemplateVersion(CURRENT, _packaged()[0])
        return
    bundle = next(path for path in _bundles() if tag in _tags(path))
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        folder = Path(scratch, "template")
        git.run(
            "clone", "--quiet", "--config", "core.autocrlf=false", "--branch", tag,
            "--", str(bundle), str(folder),
        )  # fmt: skip
        shutil.rmtree(folder / ".git")
        yield TemplateVersion(tag, folder)


def home_copy() -> Path:
    """Return `SRC_PATH` of this user, expanded as Copier does it.

    Raises:
        MlpathError: The user has no home folder.
    """
    try:
        return Path(SRC_PATH).expanduser()
    except RuntimeError:
        raise MlpathError("this user has no home folder", hint=_HOME_HINT) from None


def publish() -> None:
    """Update the copy at `SRC_PATH` atomically; versions that it already has stay in it.

    Raises:
        MlpathError: The copy can't be written, and is unchanged.
    """
    packaged, copy = _packaged()[1], home_copy()
    ours, theirs = _tags(packaged), _tags(copy)
    if ours.items() <= theirs.items():
        return
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=copy.parent) as scratch:
            new = Path(scratch, "template.bundle")
            if theirs.keys() <= ours.keys():
                shutil.copyfile(packaged, new)
            else:
                _merge(copy, packaged, new)
            new.replace(copy)
    except OSError as error:
        raise MlpathError(
            f"cannot write {SRC_PATH}: {error.strerror or error}", hint=_HOME_HINT
        ) from None


def try_publish() -> list[str]:
    """Update the copy at `SRC_PATH`; return a note for the user if that fails."""
    try:
        publish()
    except MlpathError as error:
        return [f"{error}. {error.hint}"]
    return []


def _merge(older: Path, newer: Path, target: Path) -> None:
    """Write a bundle with the versions of both; the newer bundle wins."""
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        repository = Path(scratch)
        git.run("init", "--quiet", "--bare", cwd=repository)
        for bundle in (older, newer):
            git.run("fetch", "--quiet", str(bundle), "+refs/tags/*:refs/tags/*", cwd=repository)
        newest = max({**_tags(older), **_tags(newer)}, key=Version)
        git.run("update-ref", "--no-deref", "HEAD", f"refs/tags/{newest}", cwd=repository)
        git.run("bundle", "create", "--quiet", str(target), "--tags", "HEAD", cwd=repository)


def _bundles() -> Iterator[Path]:
    """Yield the installed bundle and the copy at `SRC_PATH`, which may have other versions."""
    yield _packaged()[1]
    with suppress(MlpathError):
        yield home_copy()


def _tags(bundle: Path) -> dict[str, str]:
    """Return the versions in a bundle; none if it is missing or damaged, to be replaced."""
    try:
        return releases.tags(bundle)
    except (OSError, ValueError):
        return {}


@cache
def _packaged() -> tuple[Path, Path]:
    package = Path(__file__).parents[1]
    if (package / "_template").is_dir():
        return package / "_template", package / "_template.bundle"
    checkout = package.parents[1]
    if (checkout / "copier.yml").is_file():
        built = _build_from(checkout)
        return built / "folder", built / "template.bundle"
    raise MlpathError(
        "the template is missing from this installation of mlpath",
        hint="Reinstall it: python -m pip install --force-reinstall mlpath",
    )


def _build_from(checkout: Path) -> Path:
    """Return what the build hook would ship, for editable installations.

    The result is cached in the checkout until a file or the history changes.
    """
    cache_folder = checkout / ".template-cache"
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
    except OSError:  # another process built the same
        shutil.rmtree(scratch)
    return built


def _fingerprint(checkout: Path) -> str:
    done = git.attempt("rev-parse", "HEAD", cwd=checkout)
    files = [checkout / releases.VERSION_FILE, checkout / "copier.yml"]
    files += sorted((checkout / "template").rglob("*"))
    stats = [(path, path.stat()) for path in files]
    lines = [done.stdout, *(f"{path} {s.st_mtime_ns} {s.st_size} {s.st_mode}" for path, s in stats)]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]

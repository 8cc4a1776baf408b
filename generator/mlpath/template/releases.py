"""The versions of the template, built from this repository's history.

A wheel has the template twice: the current version as a plain folder, and all versions as tags of
one git bundle, so that plain Copier can update a project without a network. A version is the last
first-parent commit whose `generator/mlpath/__init__.py` has it; the current version is the working
tree.

Each version becomes a commit without a parent, with a fixed author and date, so its id depends only
on its name and content.

Standard library only, and no imports from mlpath: the build hook loads this file by its path.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION_FILE = "generator/mlpath/__init__.py"
TEMPLATE_PATHS = ("copier.yml", "template")

# `* -text`: otherwise a user's `core.autocrlf` rewrites every file of the clone that Copier makes.
_GIT_ATTRIBUTES = b"* -text\n"
_SIGNATURE = "mlpath <mlpath@localhost> 1735689600 +0000"
_VERSION_LINE = re.compile(rb"""^__version__ = ["']([^"']+)["']""", re.MULTILINE)
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# A running git (in a hook, or `git rebase --exec`) points its children to its repository with these.
_REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE",
)  # fmt: skip


class NoHistoryError(Exception):
    """The folder has no complete history; the message has the reason."""


def build(root: Path, folder: Path, bundle: Path) -> str | None:
    """Write the template of the repository at `root` as a plain folder and as a bundle.

    Args:
        root: The repository, or a copy of its files.
        folder: The folder to write the current version to; must not exist.
        bundle: The bundle file to write, with one tag per version.

    Returns:
        None, or the reason why the bundle has only the current version.

    Raises:
        NoHistoryError: git is not installed.
    """
    write_folder(root, folder)
    current = f"v{parse_version((root / VERSION_FILE).read_bytes())}"
    versions: dict[str, str | Path] = {}
    reason = None
    try:
        versions = {version: commits[-1] for version, commits in commits_by_version(root).items()}
    except NoHistoryError as error:
        reason = str(error)
    versions.pop(current, None)
    write_bundle(bundle, {**versions, current: folder}, root)
    return reason


def parse_version(source: bytes) -> str | None:
    """Return the version in the text of `VERSION_FILE`, if any."""
    match = _VERSION_LINE.search(source)
    return match[1].decode() if match else None


def commits_by_version(root: Path) -> dict[str, list[str]]:
    """Return the first-parent commits that have each version, oldest first.

    Raises:
        NoHistoryError: The folder has no complete history of its own.
    """
    _check_own_repository(root)
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise NoHistoryError("the clone is shallow")
    commits = _git(root, "rev-list", "--first-parent", "--reverse", "HEAD", "--").decode().split()
    names = "".join(f"{commit}:{VERSION_FILE}\n" for commit in commits).encode()
    lines = _git(root, "cat-file", "--batch-check=%(objectname)", stdin=names).decode().splitlines()
    # Each distinct content once: in a filtered clone every blob is a download.
    sources = {blob: _git(root, "cat-file", "blob", blob) for blob in {*lines} if " " not in blob}
    result: dict[str, list[str]] = {}
    for commit, blob in zip(commits, lines, strict=True):
        if version := parse_version(sources.get(blob, b"")):
            result.setdefault(f"v{version}", []).append(commit)
    return result


def template_entries(root: Path, commit: str) -> bytes:
    """Return the entries of the template in the tree of a commit, as `git mktree` reads them."""
    if _git(root, "config", "--get-regexp", r"^remote\..*\.promisor$", check=False):
        # `pip install git+…` makes a filtered clone. A diff fetches all missing blobs at once.
        _git(root, "diff", "--shortstat", _EMPTY_TREE, commit, "--", *TEMPLATE_PATHS)
    return _git(root, "ls-tree", "-z", "--full-tree", commit, "--", *TEMPLATE_PATHS)


def write_folder(root: Path, folder: Path) -> None:
    """Write the template, with the uncommitted changes of the checkout, to a new folder."""
    try:
        _check_own_repository(root)
        options = ("-z", "--cached", "--others", "--exclude-standard")
        listed = _git(root, "ls-files", *options, "--", *TEMPLATE_PATHS)
        paths = {root / name for name in listed.decode().split("\0") if name}
    except NoHistoryError:
        paths = {root / "copier.yml", *(root / "template").rglob("*")}
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_unix_lines(path.read_bytes()))


def write_bundle(bundle: Path, versions: Mapping[str, str | Path], root: Path | None) -> None:
    """Write a git bundle with one tag per version, and the last one as its HEAD.

    Args:
        bundle: The file to write.
        versions: Each version's commit in the repository at `root`, or its folder.
        root: The repository; None if all versions are folders.
    """
    with tempfile.TemporaryDirectory(prefix="mlpath-") as scratch:
        store = _ObjectStore(Path(scratch))
        tags = {}
        for version, place in versions.items():
            if isinstance(place, Path):
                tree = store.add_folder(place)
            else:
                assert root is not None  # noqa: S101 - a commit is in a repository
                tree = store.add_commit(root, place)
            tags[version] = store.commit(version, tree)
        refs = [f"{oid} refs/tags/{version}\n" for version, oid in sorted(tags.items())]
        # Copier falls back to HEAD if all versions are development versions.
        refs.append(f"{list(tags.values())[-1]} HEAD\n")
        header = f"# v2 git bundle\n{''.join(refs)}\n"
        bundle.write_bytes(header.encode() + store.pack([*tags.values()]))


def tags(bundle: Path) -> dict[str, str]:
    """Return the versions in a bundle, each with its commit id.

    Raises:
        ValueError: The file is not a git bundle, or damaged.
        OSError: The file can't be read.
    """
    header, _, pack = bundle.read_bytes().partition(b"\n\n")
    checksum = hashlib.sha1(pack[:-20], usedforsecurity=False).digest()
    if not header.startswith(b"# v2 git bundle\n") or checksum != pack[-20:]:
        raise ValueError(f"{bundle} is not a complete git bundle")
    pairs = [ref.split(" ", 1) for ref in header.decode().splitlines()[1:]]
    prefix = "refs/tags/"
    return {ref.removeprefix(prefix): oid for oid, ref in pairs if ref.startswith(prefix)}


class _ObjectStore:
    """An empty bare repository, to which versions of the template are added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        _git(folder, "init", "--quiet", "--bare", "--template=", "--object-format=sha1")

    def add_commit(self, root: Path, commit: str) -> str:
        """Add the template at a commit of another repository, read from there; return its tree."""
        objects = root / _git(root, "rev-parse", "--git-path", "objects").decode().rstrip("\n")
        alternates = self._folder / "objects" / "info" / "alternates"
        alternates.write_bytes(os.fsencode(objects.resolve()) + b"\n")
        attributes = f"100644 blob {self._add('blob', _GIT_ATTRIBUTES)}\t.gitattributes\0".encode()
        entries = attributes + template_entries(root, commit)
        return self._run("mktree", "-z", stdin=entries).decode().strip()

    def add_folder(self, folder: Path) -> str:
        """Add the files of a folder, byte for byte; return their tree."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        names = "".join(f"{path}\n" for path in files)
        options = ("-w", "--no-filters", "--stdin-paths")
        blobs = self._run("hash-object", *options, stdin=os.fsencode(names)).decode().split()
        entries = [f"100644 {self._add('blob', _GIT_ATTRIBUTES)}\t.gitattributes\0"]
        for blob, path in zip(blobs, files, strict=True):
            entries.append(f"100644 {blob}\t{path.relative_to(folder).as_posix()}\0")
        self._run("read-tree", "--empty")
        self._run("update-index", "-z", "--index-info", stdin=os.fsencode("".join(entries)))
        return self._run("write-tree").decode().strip()

    def commit(self, version: str, tree: str) -> str:
        """Add the commit of a version; return its id."""
        # Without the version in the message, two versions with the same content would share an id,
        # and `git describe`, from which Copier takes `_commit`, could return either.
        text = (
            f"tree {tree}\nauthor {_SIGNATURE}\ncommitter {_SIGNATURE}\n\n"
            f"mlpath template {version}\n"
        )
        return self._add("commit", text.encode())

    def pack(self, commits: list[str]) -> bytes:
        """Return a pack with all objects of some commits, the same for each copy of a history."""
        options = ("--no-reuse-object", "--no-reuse-delta", "--threads=1", "--quiet")
        names = "".join(f"{commit}\n" for commit in commits)
        return self._run("pack-objects", "--revs", "--stdout", *options, stdin=names.encode())

    def _add(self, kind: str, content: bytes) -> str:
        return self._run("hash-object", "-w", "-t", kind, "--stdin", stdin=content).decode().strip()

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return _git(self._folder, "--git-dir=.", *arguments, stdin=stdin)


def _check_own_repository(root: Path) -> None:
    """Check that the folder is the top of its repository; another one's history is of no use."""
    top = _git(root, "rev-parse", "--show-toplevel").decode().strip()
    if not Path(top).samefile(root):
        raise NoHistoryError("the folder is inside another git repository")


def _unix_lines(content: bytes) -> bytes:
    """Undo `core.autocrlf`, so that a checkout on Windows gives the same ids."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def _git(root: Path, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
    env = {name: value for name, value in os.environ.items() if name not in _REPOSITORY_VARIABLES}
    env |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            input=stdin, capture_output=True, check=False, env=env,
        )  # fmt: skip
    except OSError:
        raise NoHistoryError("git is not installed") from None
    if check and done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise NoHistoryError(lines[0] if lines else "git failed")
    return done.stdout

"""The released versions of the template, built from this repository's history.

A wheel has the template twice: the current version as a plain folder, and all versions as tags of
one git bundle, so that plain Copier can update a project without a network. A version is the last
first-parent commit whose `generator/mlpath/__init__.py` has it; the current version is the working
tree.

Each version becomes a commit without a parent, with a fixed author and date, so its id depends only
on its name and content. `hashlib` and `zlib` write the objects, so that the bytes are the same with
every version of git, and without git.

Standard library only, and no imports from mlpath: the build hook loads this file by its path.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION_FILE = "generator/mlpath/__init__.py"
TEMPLATE_PATHS = ("copier.yml", "template")

# `* -text`: otherwise a user's `core.autocrlf` rewrites every file of the clone that Copier makes.
_GIT_ATTRIBUTES = b"* -text\n"
_SIGNATURE = b"mlpath <mlpath@localhost> 1735689600 +0000"
_VERSION_LINE = re.compile(rb"""^__version__ = ["']([^"']+)["']""", re.MULTILINE)
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# A running git (in a hook, or `git rebase --exec`) points its children to its repository with these.
_REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE",
)  # fmt: skip
_COMMIT, _TREE, _BLOB = (1, b"commit"), (2, b"tree"), (3, b"blob")


class File(NamedTuple):
    """One file of the template: its git mode and its bytes."""

    mode: bytes
    content: bytes


Tree = dict[str, File]
"""A version of the template: its files by slash-separated path."""


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
    """
    current = f"v{parse_version((root / VERSION_FILE).read_bytes())}"
    versions: dict[str, Tree] = {}
    reason = None
    try:
        for version, commits in carriers(root).items():
            if version != current:
                versions[version] = read_tree(root, commits[-1])
    except NoHistoryError as error:
        versions, reason = {}, str(error)
    versions[current] = working_tree(root)
    for path, file in versions[current].items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(int(file.mode[-3:], 8))
    bundle.write_bytes(make_bundle(versions))
    return reason


def parse_version(source: bytes) -> str | None:
    """Return the version in the text of `VERSION_FILE`, if any."""
    match = _VERSION_LINE.search(source)
    return match[1].decode() if match else None


def carriers(root: Path) -> dict[str, list[str]]:
    """Return the first-parent commits that have each version, oldest first.

    Raises:
        NoHistoryError: The folder has no complete history of its own.
    """
    _check_own_repository(root)
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise NoHistoryError("the clone is shallow")
    commits = _git(root, "rev-list", "--first-parent", "--reverse", "HEAD", "--").decode().split()
    names = "".join(f"{commit}:{VERSION_FILE}\n" for commit in commits)
    # Ids first, then each distinct content once: in a filtered clone every blob is a download.
    lines = _git(root, "cat-file", "--batch-check=%(objectname)", stdin=names.encode())
    blobs = [
        (commit, line.decode())
        for commit, line in zip(commits, lines.splitlines(), strict=True)
        if not line.endswith(b" missing")
    ]
    sources = _read_blobs(root, {blob for _, blob in blobs})
    result: dict[str, list[str]] = {}
    for commit, blob in blobs:
        if version := parse_version(sources[blob]):
            result.setdefault(f"v{version}", []).append(commit)
    return result


def read_tree(root: Path, commit: str) -> Tree:
    """Return the template at a commit."""
    if _git(root, "config", "--get-regexp", r"^remote\..*\.promisor$", check=False):
        # `pip install git+…` makes a filtered clone. A diff fetches all missing blobs at once;
        # reading the contents would fetch them one by one.
        _git(root, "diff", "--shortstat", _EMPTY_TREE, commit, "--", *TEMPLATE_PATHS)
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *TEMPLATE_PATHS)
    entries = [line.partition("\t") for line in listed.decode().split("\0") if line]
    blobs = {path: meta.split()[::2] for meta, _, path in entries}
    contents = _read_blobs(root, {oid for _, oid in blobs.values()})
    return {path: File(mode.encode(), contents[oid]) for path, (mode, oid) in blobs.items()}


def working_tree(root: Path) -> Tree:
    """Return the template with the uncommitted changes of the checkout."""
    try:
        _check_own_repository(root)
        options = ("-z", "--cached", "--others", "--exclude-standard")
        listed = _git(root, "ls-files", *options, "--", *TEMPLATE_PATHS)
        paths = {root / name for name in listed.decode().split("\0") if name}
    except NoHistoryError:
        paths = {root / "copier.yml", *(root / "template").rglob("*")}
    return {
        path.relative_to(root).as_posix(): File(_mode(path), _unix_lines(path.read_bytes()))
        for path in sorted(paths)
        if path.is_file() and "__pycache__" not in path.parts
    }


def make_bundle(versions: Mapping[str, Tree]) -> bytes:
    """Return a git bundle with one tag per version, and the last one as its HEAD."""
    objects: dict[str, bytes] = {}
    tags = {
        version: _store(objects, _COMMIT, _commit(objects, version, tree))
        for version, tree in versions.items()
    }
    refs = [f"{oid} refs/tags/{version}\n" for version, oid in sorted(tags.items())]
    # Copier falls back to HEAD if all versions are development versions.
    refs.append(f"{list(tags.values())[-1]} HEAD\n")
    pack = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects.values())
    checksum = hashlib.sha1(pack, usedforsecurity=False).digest()
    return b"# v2 git bundle\n" + "".join(refs).encode() + b"\n" + pack + checksum


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


def _commit(objects: dict[str, bytes], version: str, tree: Tree) -> bytes:
    content = {".gitattributes": File(b"100644", _GIT_ATTRIBUTES), **tree}
    # Without the version in the message, two versions with the same content would share an id, and
    # `git describe`, from which Copier takes `_commit`, could return either.
    return b"tree %s\nauthor %s\ncommitter %s\n\nmlpath template %s\n" % (
        _write_tree(objects, content).encode(), _SIGNATURE, _SIGNATURE, version.encode(),
    )  # fmt: skip


def _write_tree(objects: dict[str, bytes], files: Mapping[str, File]) -> str:
    """Store the files and their folders; return the id of the top folder."""
    folders: dict[str, dict[str, File]] = {}
    entries: list[tuple[bytes, bytes, str]] = []
    for path, file in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = file
        else:
            oid = _store(objects, _BLOB, file.content)
            entries.append((name.encode(), file.mode, oid))
    for name, content in folders.items():
        entries.append((name.encode() + b"/", b"40000", _write_tree(objects, content)))
    # Git sorts a folder as if its name ended in a slash.
    body = b"".join(
        b"%s %s\0%s" % (mode, name.rstrip(b"/"), bytes.fromhex(oid))
        for name, mode, oid in sorted(entries)
    )
    return _store(objects, _TREE, body)


def _store(objects: dict[str, bytes], kind: tuple[int, bytes], body: bytes) -> str:
    """Add one object in the format of a pack; return its id."""
    number, name = kind
    raw = b"%s %d\0%s" % (name, len(body), body)
    oid = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    if oid not in objects:
        size, byte = len(body) >> 4, number << 4 | len(body) & 15
        head = bytearray()
        while size:
            head.append(byte | 0x80)
            byte, size = size & 0x7F, size >> 7
        head.append(byte)
        objects[oid] = bytes(head) + zlib.compress(body, 9)
    return oid


def _check_own_repository(root: Path) -> None:
    """Check that the folder is the top of its repository; another one's history is of no use."""
    top = _git(root, "rev-parse", "--show-toplevel").decode().strip()
    if not Path(top).samefile(root):
        raise NoHistoryError("the folder is inside another git repository")


def _read_blobs(root: Path, oids: Iterable[str]) -> dict[str, bytes]:
    oids = sorted(oids)
    output = _git(root, "cat-file", "--batch", stdin="".join(f"{o}\n" for o in oids).encode())
    result, start = {}, 0
    for oid in oids:
        head_end = output.index(b"\n", start)
        head = output[start:head_end].split()
        if head[1] != b"blob":
            raise NoHistoryError("the history is incomplete")
        start = head_end + 1 + int(head[2]) + 1
        result[oid] = output[head_end + 1 : start - 1]
    return result


def _mode(path: Path) -> bytes:
    return b"100755" if os.name != "nt" and os.access(path, os.X_OK) else b"100644"


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

"""Turns this repository's history into the template's released versions.

The wheel carries the template twice: the current version as a plain folder, and every version as
a tag of one git bundle, so that plain Copier updates a project without a network. No tags and no
committed binaries are needed: a version is the last first-parent commit whose
`generator/mlpath/__init__.py` carries it, and the current version is the working tree.

Each version becomes a commit without a parent, with a fixed author and date, so its id depends on
its name and content alone and is the same whoever builds it. The objects are written here rather
than by git: a few lines of `hashlib` and `zlib` give the same bytes with every git, and with none.

Standard library only, and nothing of mlpath is imported: the build hook loads this file by path.
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
# By these an enclosing git process (a hook, `git rebase --exec`) points its children elsewhere.
_FROM_OUTSIDE = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_WORK_TREE",
}
_COMMIT, _TREE, _BLOB = (1, b"commit"), (2, b"tree"), (3, b"blob")


class File(NamedTuple):
    """One file of the template: its git mode and its bytes."""

    mode: bytes
    content: bytes


Tree = dict[str, File]
"""A version of the template: what stands under each slash-separated path."""


class NoHistoryError(Exception):
    """The folder has no history to read releases from; the message says why."""


def build(root: Path, folder: Path, bundle: Path) -> str | None:
    """Write the template of the repository at `root` as a plain folder and as a bundle.

    Args:
        root: The repository, or a copy of its files.
        folder: Where the current version goes as plain files; must not exist.
        bundle: The bundle file to write, with one tag a version.

    Returns:
        None, or why the bundle holds the current version alone.
    """
    current = f"v{parse_version((root / VERSION_FILE).read_bytes())}"
    versions: dict[str, Tree] = {}
    why = None
    try:
        for version, commits in carriers(root).items():
            if version != current:
                versions[version] = read_tree(root, commits[-1])
    except NoHistoryError as error:
        versions, why = {}, str(error)
    versions[current] = working_tree(root)
    for path, file in versions[current].items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(int(file.mode[-3:], 8))
    bundle.write_bytes(make_bundle(versions))
    return why


def parse_version(source: bytes) -> str | None:
    """Return the version written in the text of `VERSION_FILE`, if any."""
    found = _VERSION_LINE.search(source)
    return found[1].decode() if found else None


def carriers(root: Path) -> dict[str, list[str]]:
    """Return the first-parent commits that carry each version, oldest first.

    Raises:
        NoHistoryError: There is no complete history of this very folder.
    """
    _check_own_repository(root)
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        raise NoHistoryError("the clone is shallow")
    commits = _git(root, "rev-list", "--first-parent", "--reverse", "HEAD", "--").decode().split()
    names = "".join(f"{commit}:{VERSION_FILE}\n" for commit in commits)
    # Names first, then each distinct content once: in a filtered clone every blob is a download.
    lines = _git(root, "cat-file", "--batch-check=%(objectname)", stdin=names.encode())
    found = [
        (commit, line.decode())
        for commit, line in zip(commits, lines.splitlines(), strict=True)
        if not line.endswith(b" missing")
    ]
    sources = _read_blobs(root, {blob for _, blob in found})
    result: dict[str, list[str]] = {}
    for commit, blob in found:
        if version := parse_version(sources[blob]):
            result.setdefault(f"v{version}", []).append(commit)
    return result


def read_tree(root: Path, commit: str) -> Tree:
    """Return the template as it stood at a commit."""
    if _git(root, "config", "--get-regexp", r"^remote\..*\.promisor$", check=False):
        # `pip install git+…` makes a filtered clone. A diff fetches all that is missing at once;
        # asking for the contents would fetch them one by one.
        _git(root, "diff", "--shortstat", _EMPTY_TREE, commit, "--", *TEMPLATE_PATHS)
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *TEMPLATE_PATHS)
    entries = [line.partition("\t") for line in listed.decode().split("\0") if line]
    blobs = {path: meta.split()[::2] for meta, _, path in entries}
    contents = _read_blobs(root, {oid for _, oid in blobs.values()})
    return {path: File(mode.encode(), contents[oid]) for path, (mode, oid) in blobs.items()}


def working_tree(root: Path) -> Tree:
    """Return the template as its files are now, so that a developer sees uncommitted changes."""
    try:
        _check_own_repository(root)
        kinds = ("--cached", "--others", "--exclude-standard")
        listed = _git(root, "ls-files", "-z", *kinds, "--", *TEMPLATE_PATHS)
        paths = {root / name for name in listed.decode().split("\0") if name}
    except NoHistoryError:
        paths = {root / "copier.yml", *(root / "template").rglob("*")}
    return {
        path.relative_to(root).as_posix(): File(_mode(path), _unix_lines(path.read_bytes()))
        for path in sorted(paths)
        if path.is_file() and "__pycache__" not in path.parts
    }


def make_bundle(versions: Mapping[str, Tree]) -> bytes:
    """Return a git bundle with one tag for each version, and the last one as its HEAD."""
    objects: dict[str, bytes] = {}
    tags = {
        version: _store(objects, _COMMIT, _commit(objects, version, tree))
        for version, tree in versions.items()
    }
    refs = [f"{oid} refs/tags/{version}\n" for version, oid in sorted(tags.items())]
    # Copier falls back to HEAD while no version but development ones exists.
    refs.append(f"{list(tags.values())[-1]} HEAD\n")
    pack = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects.values())
    checksum = hashlib.sha1(pack, usedforsecurity=False).digest()
    return b"# v2 git bundle\n" + "".join(refs).encode() + b"\n" + pack + checksum


def tags(bundle: Path) -> dict[str, str]:
    """Return the versions in a bundle, each with its commit id.

    Raises:
        ValueError: The file is no git bundle, or a damaged one.
        OSError: The file can't be read.
    """
    header, _, pack = bundle.read_bytes().partition(b"\n\n")
    checksum = hashlib.sha1(pack[:-20], usedforsecurity=False).digest()
    if not header.startswith(b"# v2 git bundle\n") or checksum != pack[-20:]:
        raise ValueError(f"{bundle} is not a whole git bundle")
    pairs = [ref.split(" ", 1) for ref in header.decode().splitlines()[1:]]
    prefix = "refs/tags/"
    return {ref.removeprefix(prefix): oid for oid, ref in pairs if ref.startswith(prefix)}


def _commit(objects: dict[str, bytes], version: str, tree: Tree) -> bytes:
    content = {".gitattributes": File(b"100644", _GIT_ATTRIBUTES), **tree}
    # The version in the message keeps two versions of the same content apart: otherwise they
    # would share an id, and `git describe`, which Copier asks for `_commit`, would name either.
    return b"tree %s\nauthor %s\ncommitter %s\n\nmlpath template %s\n" % (
        _write_tree(objects, content).encode(), _SIGNATURE, _SIGNATURE, version.encode(),
    )  # fmt: skip


def _write_tree(objects: dict[str, bytes], files: Mapping[str, File]) -> str:
    """Store the files and the folders they need; return the id of the top folder."""
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
    """Add one object, in the form that it has in a pack, under its id."""
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
    """Refuse a folder inside somebody else's repository, whose history says nothing about it."""
    top = _git(root, "rev-parse", "--show-toplevel").decode().strip()
    if not Path(top).samefile(root):
        raise NoHistoryError("the git repository around it is another one")


def _read_blobs(root: Path, oids: Iterable[str]) -> dict[str, bytes]:
    asked = sorted(oids)
    output = _git(root, "cat-file", "--batch", stdin="".join(f"{o}\n" for o in asked).encode())
    result, start = {}, 0
    for oid in asked:
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
    """Undo `core.autocrlf`, so that a checkout on Windows gives the ids of its commits."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def _git(root: Path, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
    env = {name: value for name, value in os.environ.items() if name not in _FROM_OUTSIDE}
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

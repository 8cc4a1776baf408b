"""Two versions of a template, how they differ, and a project of the older one."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from support.e2e import Owner

_T = TypeVar("_T")

ANSWERS_FILE = ".copier-answers.yml"
FILE, EXECUTABLE, LINK = "100644", "100755", "120000"

# Files with edits of their own, or with a meaning to git or Copier.
_EXCLUDED = {"README.md", ANSWERS_FILE, ".gitignore", ".gitattributes"}
_SAFE_DISTANCE = 4
"""Lines between two edits that a merge always keeps apart."""


class Entry(NamedTuple):
    """A path as git sees it: its mode, and its bytes or the target of a link."""

    mode: str
    content: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.content.splitlines(keepends=True)


Files = dict[str, Entry]


class NotApplicableError(Exception):
    """The two versions lack the kind of change that an edit needs."""


def snapshot(folder: Path) -> Files:
    """Return every file and link below a folder, without those of git."""
    found = {}
    for top, folders, names in os.walk(folder):
        if Path(top) == folder:
            folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if Path(top, name).is_symlink()]
        for name in (*names, *links):
            path = Path(top, name)
            found[path.relative_to(folder).as_posix()] = _entry(path)
    return found


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Entry(LINK, os.fsencode(path.readlink()))
    executable = path.stat().st_mode & 0o100
    return Entry(EXECUTABLE if executable else FILE, path.read_bytes())


@dataclass(frozen=True)
class VersionPair:
    """Renders of two versions of a template with the same answers."""

    old: Files
    new: Files
    renames: dict[str, str]
    """Renames that git finds: new paths by old path."""

    @property
    def differing(self) -> set[str]:
        """The paths that are not the same in both."""
        return {name for name in {*self.old, *self.new} if self.old.get(name) != self.new.get(name)}

    @cached_property
    def changed(self) -> str:
        """A text in both, with a changed line and a line far from any change."""
        candidates = (name for name in self._common() if self._same_line_and_other_line(name))
        return _first(candidates, "no text changes with enough unchanged lines for an edit")

    @cached_property
    def unchanged(self) -> str:
        candidates = (n for n in self.old if n not in _EXCLUDED and self.old[n] == self.new.get(n))
        return _first(candidates, "every file changes")

    @cached_property
    def binary(self) -> str:
        candidates = (name for name in self._common() if b"\0" in self.new[name].content)
        return _first(candidates, "no binary file changes")

    @cached_property
    def made_executable(self) -> str:
        candidates = (n for n in self._common() if self.old[n].mode != self.new[n].mode)
        return _first(candidates, "no file becomes executable")

    @cached_property
    def removed(self) -> str:
        gone = (name for name in self.old if name not in self.new and name not in self.renames)
        return _first((n for n in gone if b"\0" not in self.old[n].content), "no file is removed")

    @cached_property
    def renamed(self) -> tuple[str, str]:
        pairs = ((old, new) for old, new in self.renames.items() if self._distinctive(old, new))
        return _first(pairs, "no file is renamed and changed")

    @cached_property
    def added(self) -> str:
        return _first(self._added(), "no file is added")

    @cached_property
    def added_in_a_new_folder(self) -> tuple[str, str]:
        """A file, and the topmost folder that is new with it."""
        folders = {up for name in self.old for up in _folders_of(name)}
        found = (
            (name, up) for name in self._added() for up in _folders_of(name) if up not in folders
        )
        return _first(found, "no folder is added")

    @cached_property
    def added_beside_others(self) -> tuple[str, str]:
        """A file, and its folder, which has several other files."""
        found = (
            (name, str(Path(name).parent))
            for name in self._added()
            if len(self.below(str(Path(name).parent))) > 1
        )
        return _first(found, "no file is added to a folder of several")

    def below(self, folder: str) -> list[str]:
        """Return the older version's files in a folder; none for the top one."""
        return [name for name in self.old if name.startswith(f"{folder}/")]

    def ever_below(self, folder: str) -> list[str]:
        """Return the files of either version in a folder."""
        return [name for name in {*self.old, *self.new} if name.startswith(f"{folder}/")]

    def new_lines(self, new: str, old: str | None = None) -> list[bytes]:
        """Return the lines that the newer version adds to a file, and has in no other."""
        before = self.old.get(old or new, Entry(FILE, b"")).lines
        elsewhere = {
            line
            for files in (self.old, self.new)
            for name, entry in files.items()
            if name not in {old, new}
            for line in entry.lines
        }
        return [
            line
            for line in self.new[new].lines
            if line.strip() and line not in before and line not in elsewhere
        ]

    def at_a_change(self, name: str) -> slice:
        """Return where the newer version changes a file, as a slice of its old lines."""
        after = self.new[self.renames.get(name, name)].lines
        opcodes = difflib.SequenceMatcher(None, self.old[name].lines, after, False).get_opcodes()
        tag, start, end, _, _ = next(code for code in opcodes if code[0] != "equal")
        return slice(start, start if tag == "insert" else end)

    def far_from_changes(self, name: str) -> int | None:
        """Return the number of an old line that is far from any change."""
        before, after = self.old[name].lines, self.new[self.renames.get(name, name)].lines
        for tag, start, end, _, _ in difflib.SequenceMatcher(
            None, before, after, False
        ).get_opcodes():
            first = start and start + _SAFE_DISTANCE
            last = end - 1 if end == len(before) else end - 1 - _SAFE_DISTANCE
            if tag == "equal" and first <= last:
                return (first + last) // 2
        return None

    def _common(self) -> Iterator[str]:
        both = sorted(set(self.old) & set(self.new) - _EXCLUDED)
        return (name for name in both if self.old[name] != self.new[name])

    def _added(self) -> Iterator[str]:
        new = set(self.new) - set(self.old) - set(self.renames.values())
        return (name for name in sorted(new) if self.new_lines(name))

    def _distinctive(self, old: str, new: str) -> bool:
        return bool(self.new_lines(new, old)) and self.far_from_changes(old) is not None

    def _same_line_and_other_line(self, name: str) -> bool:
        return b"\0" not in self.new[name].content and self._distinctive(name, name)


def _folders_of(name: str) -> list[str]:
    """Return the folders that a path lies in, the topmost first."""
    return [up.as_posix() for up in reversed(Path(name).parents) if up.name]


def _first(found: Iterator[_T], otherwise: str) -> _T:
    for item in found:
        return item
    raise NotApplicableError(otherwise)


@dataclass(frozen=True)
class BaseProject:
    """An unedited project of the older version, to be copied, edited and updated."""

    repository: Path
    below: str
    """Where the project is in its repository; empty is its top."""
    versions: VersionPair
    owner: Owner
    version: str
    """The newer version."""


def prepare(
    owner: Owner,
    folder: Path,
    source: str,
    old: str,
    new: str,
    *,
    answers: Path | None = None,
    below: str = "",
) -> BaseProject:
    """Render two versions with plain Copier, and commit the older one as a project.

    The folder must not exist. The project has the answers of a file, or the defaults, and lies
    `below` the top of its repository.
    """
    given = ("--data-file", str(answers)) if answers else ()
    folder.mkdir(parents=True)
    for version, name in {old: "project", new: "new"}.items():
        owner.run(
            sys.executable, "-m", "copier", "copy", "--defaults", "--quiet",
            "--vcs-ref", version, *given, source, name, cwd=folder,
        )  # fmt: skip
    versions = compare(owner, folder / "project", folder / "new")
    repository = folder / "repository"
    (folder / "project").rename(_with_parents(repository / below))
    owner.run("git", "init", "--quiet", "--initial-branch=main", cwd=repository)
    owner.run("git", "add", "--all", cwd=repository)
    owner.run("git", "commit", "--quiet", "--message", "Begin", cwd=repository)
    return BaseProject(repository, below, versions, owner, new)


def _with_parents(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def compare(owner: Owner, old: Path, new: Path) -> VersionPair:
    """Return two renders, which are in the same folder, as a pair."""
    assert old.parent == new.parent
    renames = {}
    # `git diff --no-index` exits with 1 if there are differences.
    listed = owner.run(
        "sh", "-c", f"git diff --no-index -M --diff-filter=R --name-status -z {old.name} {new.name}"
        " || test $? = 1", cwd=old.parent,
    )  # fmt: skip
    words = listed.split("\0")[:-1]
    for before, after in zip(words[1::3], words[2::3], strict=True):
        renames[before.removeprefix(f"{old.name}/")] = after.removeprefix(f"{new.name}/")
    return VersionPair(snapshot(old), snapshot(new), renames)


def write_tiny_template(owner: Owner, folder: Path) -> str:
    """Create a repository with two releases that differ in every way; return its address."""
    folder.mkdir(parents=True)
    owner.run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    for version, files in {"v1.0.0": _FIRST, "v1.1.0": _SECOND}.items():
        owner.run("git", "rm", "-r", "--quiet", "--ignore-unmatch", ".", cwd=folder)
        for name, (mode, content) in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(int(mode[-3:], 8))
        owner.run("git", "add", "--all", cwd=folder)
        owner.run("git", "commit", "--quiet", "--message", version, cwd=folder)
        owner.run("git", "tag", version, cwd=folder)
    return str(folder)


def _text(title: str, **changed: str) -> bytes:
    """Return thirty lines, some of them replaced: `line_7="..."`."""
    lines = {f"line_{number}": f"{title}, line {number}." for number in range(1, 31)} | changed
    return "".join(f"{line}\n" for line in lines.values()).encode()


_SHARED = {
    "copier.yml": Entry(FILE, b"_subdirectory: project\nname:\n  type: str\n  default: demo\n"),
    "project/{{ _copier_conf.answers_file }}.jinja": Entry(
        FILE, b"# Written by Copier.\n{{ _copier_answers | to_nice_yaml -}}\n"
    ),
    "project/.gitignore": Entry(FILE, b".env\n"),
    "project/src/alone.py": Entry(FILE, _text("# alone")),
    "project/src/model.py": Entry(FILE, _text("# model")),
    "project/src/train.py": Entry(FILE, _text("# train")),
}
_FIRST: Files = _SHARED | {
    "project/README.md.jinja": Entry(FILE, b"# {{ name }}\n\n" + _text("Read me")),
    "project/guide.md": Entry(FILE, _text("Guide")),
    "project/legacy.py": Entry(FILE, _text("# legacy")),
    "project/logo.png": Entry(FILE, b"\x89PNG\0" + bytes(range(256))),
    "project/settings.ini": Entry(FILE, _text("; settings")),
    "project/start.sh": Entry(FILE, _text("# start")),
}
_SECOND: Files = _SHARED | {
    "copier.yml": Entry(
        FILE, _SHARED["copier.yml"].content + b"color:\n  type: str\n  default: blue\n"
    ),
    "project/README.md.jinja": Entry(
        FILE, b"# {{ name }}\n\n" + _text("Read me", line_3="A better third line, in {{ color }}.")
    ),
    "project/checklist.md": Entry(FILE, _text("Checklist")),
    "project/config/settings.ini": Entry(FILE, _text("; settings", line_12="; better settings")),
    "project/guide.md": Entry(FILE, _text("Guide", line_12="A better twelfth line.")),
    "project/logo.png": Entry(FILE, b"\x89PNG\0" + bytes(reversed(range(256)))),
    "project/src/predict.py": Entry(FILE, _text("# predict")),
    "project/start.sh": Entry(EXECUTABLE, _text("# start")),
    "project/tools/lint.py": Entry(FILE, _text("# lint")),
}

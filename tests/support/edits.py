"""Edits of a project before an update, and what must hold after it.

Each edit is a function that changes a project and returns what is expected after an update: what
must be left of the user's work, and of the template's changes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from support.version_pairs import EXECUTABLE, LINK, Entry, Files, VersionPair, snapshot

if TYPE_CHECKING:
    from support.e2e import Owner

LINE = b"# Written by the user.\n"
CRLF = b"\r\n"
BINARY = b"\0The user's own bytes\xff\n"


class Decision(Enum):
    """What an update does with an edit. The first three lose nothing."""

    MERGED = "merged"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LOST = "lost"
    """Work of the user is missing."""
    DROPPED = "dropped"
    """A change of the template is missing, without an error or a conflict."""
    BROKEN = "broken"
    """It failed, and left the project neither unchanged nor in conflict."""


@dataclass(frozen=True)
class State:
    """The files and the index of a project."""

    files: Files
    stages: dict[tuple[str, int], Entry]
    """The index entries of conflicts by path and stage."""
    index: str
    head: str

    @property
    def conflicts(self) -> set[str]:
        return {path for path, _ in self.stages}

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every file, and every stage of a conflict, with its path."""
        yield from self.files.items()
        yield from ((path, entry) for (path, _), entry in self.stages.items())

    def holds(self, test: Callable[[Entry], bool]) -> bool:
        """Return whether any file, or any stage of a conflict, passes a test."""
        return any(test(entry) for _, entry in self.entries())


@dataclass(frozen=True)
class Check:
    """A check of a project after an update, and what it means if it fails."""

    failure: str
    holds: Callable[[State], bool]


@dataclass(frozen=True)
class Expectation:
    """What an update must not lose, on either side."""

    mine: tuple[Check, ...]
    theirs: tuple[Check, ...] = ()
    names: tuple[str, ...] = ()
    """Paths of which a report of a conflict or an error must name at least one."""
    elsewhere: tuple[str, ...] = ()
    """Paths of the template that may end up under another name."""


@dataclass(frozen=True)
class EditedProject:
    """A project to edit, and the two versions of the template between which it is updated."""

    path: Path
    versions: VersionPair
    owner: Owner

    def git(self, *arguments: str) -> str:
        return self.owner.run("git", *arguments, cwd=self.path)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "My work")

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def append(self, name: str, content: bytes) -> None:
        self.write(name, self.read(name) + content)

    def move(self, old: str, new: str) -> None:
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    def delete(self, name: str) -> None:
        (self.path / name).unlink()

    def ignore(self, name: str) -> None:
        self.append(".gitignore", f"/{name}\n".encode())
        self.git("add", ".gitignore")
        self.git("commit", "--quiet", "--message", f"Ignore {name}")

    def edit_far_from_changes(self, name: str, line: bytes = LINE) -> None:
        number = self.versions.far_from_changes(name)
        assert number is not None
        self.replace(name, slice(number, number + 1), line)

    def edit_at_a_change(self, name: str, line: bytes = LINE) -> None:
        self.replace(name, self.versions.at_a_change(name), line)

    def replace(self, name: str, lines: slice, line: bytes) -> None:
        text = self.read(name).splitlines(keepends=True)
        text[lines] = [line]
        self.write(name, b"".join(text))

    def stop_tracking(self, name: str) -> None:
        self.git("rm", "--quiet", "--cached", name)
        self.ignore(name)


@dataclass(frozen=True)
class Edit:
    """An edit, and what `mlpath update` must do with it."""

    theirs: str
    """What the newer version of the template does."""
    mine: str
    """What the user does."""
    expected: Decision
    make: Callable[[EditedProject], Expectation]
    leaves_uncommitted: bool = False

    @property
    def name(self) -> str:
        return self.make.__name__

    def apply(self, project: EditedProject) -> Expectation:
        """Make the edit, and commit it unless it is one that stays uncommitted."""
        expected = self.make(project)
        if not self.leaves_uncommitted:
            project.commit()
        return expected


ALL_EDITS: list[Edit] = []
_Make = Callable[..., Expectation]


def _edits_when(
    theirs: str, find: Callable[[VersionPair], Sequence[str]] = lambda _: ()
) -> Callable[..., Callable[[_Make], _Make]]:
    """Return a decorator that registers an edit under what the template does.

    The edit gets the project and the paths that `find` returns.
    """

    def edit(
        mine: str, expected: Decision, *, leaves_uncommitted: bool = False
    ) -> Callable[[_Make], _Make]:
        def enter(make: _Make) -> _Make:
            @functools.wraps(make)
            def made(project: EditedProject) -> Expectation:
                return make(project, *find(project.versions))

            ALL_EDITS.append(Edit(theirs, mine, expected, made, leaves_uncommitted))
            return make

        return enter

    return edit


# ------------------------------------------------------------------------------------------- checks


def line(text: bytes = LINE, what: str = "your line is lost") -> Check:
    return Check(what, lambda state: state.holds(lambda entry: text in entry.lines))


def content(expected: bytes, what: str = "your file is lost") -> Check:
    return Check(what, lambda state: state.holds(lambda entry: entry.content == expected))


def unchanged(project: EditedProject, *names: str) -> tuple[Check, ...]:
    """Check that files are the same as now, in the same place."""
    now = snapshot(project.path)

    def as_now(name: str) -> Check:
        return Check("your file is lost", lambda state: state.files.get(name) == now[name])

    return tuple(map(as_now, names))


def executable(name: str, what: str = "your executable bit is lost") -> Check:
    return Check(
        what, lambda state: (name, EXECUTABLE) in ((n, e.mode) for n, e in state.entries())
    )


def link(target: str) -> Check:
    entry = Entry(LINK, target.encode())
    return Check("your link is lost", lambda state: state.holds(lambda found: found == entry))


def gone(name: str, what: str) -> Check:
    """Check that there is no file, except for a conflict."""
    return Check(what, lambda state: name not in state.files or name in state.conflicts)


def there(name: str, what: str) -> Check:
    return Check(what, lambda state: name in state.files or name in state.conflicts)


def arrived(lines: Iterable[bytes], where: str | None = None) -> tuple[Check, ...]:
    """Check that new lines of the template are in a file, or in any, with any line ends."""

    def check(text: bytes) -> Check:
        bare = text.rstrip(CRLF)

        def holds(state: State) -> bool:
            return any(
                bare in entry.content.splitlines()
                for path, entry in state.entries()
                if where in {None, path}
            )

        return Check("the template's change is missing", holds)

    return tuple(map(check, lines))


def renamed(old: str, new: str) -> tuple[Check, ...]:
    return there(new, "your new name is lost"), gone(old, "your new name is lost")


# ---------------------------------------------------------------------- the template changes a file

changes = _edits_when("changes a file", lambda versions: [versions.changed])
differs = _edits_when("changes a file")


def _kept(project: EditedProject, *mine: Check, moved_to: str | None = None) -> Expectation:
    """Expect the user's line or other checks, and the template's change."""
    name = project.versions.changed
    names = (name, moved_to) if moved_to else (name,)
    return Expectation(
        mine or (line(),), arrived(project.versions.new_lines(name), moved_to), names
    )


@changes("edits the very line", Decision.CONFLICT)
def same_line(project: EditedProject, name: str) -> Expectation:
    project.edit_at_a_change(name)
    return _kept(project)


@changes("edits another line of it", Decision.MERGED)
def other_line(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    return _kept(project)


@changes("edits another line of it, not in UTF-8", Decision.MERGED)
def latin_1(project: EditedProject, name: str) -> Expectation:
    text = "# schön, würde ich sagen\n".encode("latin-1")
    project.edit_far_from_changes(name, text)
    return _kept(project, line(text))


@changes("renames it", Decision.MERGED)
def rename(project: EditedProject, name: str) -> Expectation:
    project.move(name, "mine.txt")
    return _kept(project, *renamed(name, "mine.txt"), moved_to="mine.txt")


@changes("renames it, with spaces, quotes and umlauts", Decision.MERGED)
def rename_to_an_awkward_name(project: EditedProject, name: str) -> Expectation:
    new = 'Mein "Leitfaden" für später.md'
    project.move(name, new)
    return _kept(project, *renamed(name, new), moved_to=new)


@changes("renames it and edits another line", Decision.MERGED)
def rename_and_edit(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    project.move(name, "mine.txt")
    return _kept(project, *renamed(name, "mine.txt"), line(), moved_to="mine.txt")


@changes("moves it to a folder", Decision.MERGED)
def move_to_a_folder(project: EditedProject, name: str) -> Expectation:
    new = f"attic/of mine/{Path(name).name}"
    project.move(name, new)
    return _kept(project, *renamed(name, new), moved_to=new)


@changes("deletes it", Decision.CONFLICT)
def delete(project: EditedProject, name: str) -> Expectation:
    project.delete(name)
    return _kept(project, gone(name, "your deletion is undone"))


@changes("rewrites it with CRLF", Decision.CONFLICT)
def crlf(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    project.write(name, project.read(name).replace(b"\n", CRLF))
    project.git("add", name)
    # If the project's attributes ask for LF, git stores LF, and that is all that can be kept.
    end = CRLF if "i/crlf" in project.git("ls-files", "--eol", "--", name) else b"\n"
    return _kept(project, line(LINE.replace(b"\n", end)))


@changes("has git write it with CRLF (`.gitattributes`)", Decision.MERGED)
def crlf_by_attributes(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    attributes = project.path / ".gitattributes"
    text = attributes.read_bytes() if attributes.exists() else b""
    project.write(".gitattributes", text + f"/{name} text eol=crlf\n".encode())
    project.write(name, project.read(name).replace(b"\n", CRLF))
    return _kept(project, line(LINE.replace(b"\n", CRLF)))


@changes("makes it executable", Decision.MERGED)
def make_executable(project: EditedProject, name: str) -> Expectation:
    (project.path / name).chmod(0o755)
    return _kept(project, executable(name))


@changes("puts a symbolic link in its place", Decision.CONFLICT)
def symbolic_link(project: EditedProject, name: str) -> Expectation:
    project.delete(name)
    (project.path / name).symlink_to("README.md")
    return _kept(project, link("README.md"))


@changes("puts a folder in its place", Decision.CONFLICT)
def folder_in_its_place(project: EditedProject, name: str) -> Expectation:
    project.delete(name)
    project.write(f"{name}/part-1.txt", LINE)
    return _kept(project, *unchanged(project, f"{name}/part-1.txt"), line())


@changes("puts binary data in its place", Decision.CONFLICT)
def binary_in_its_place(project: EditedProject, name: str) -> Expectation:
    project.write(name, BINARY)
    return _kept(project, content(BINARY))


@differs("changes it too, and it is binary", Decision.CONFLICT)
def binary(project: EditedProject) -> Expectation:
    name = project.versions.binary
    project.write(name, BINARY)
    theirs = content(project.versions.new[name].content, "the template's change is missing")
    return Expectation((content(BINARY),), (theirs,), (name,))


@differs("appends a section, and it is the README", Decision.MERGED)
def readme_section(project: EditedProject) -> Expectation:
    section = b"\n## What I learned\n\nA section by the user.\n"
    project.append("README.md", section)
    mine = tuple(line(text, "your section is lost") for text in section.splitlines(keepends=True))
    return Expectation(mine, arrived(project.versions.new_lines("README.md")), ("README.md",))


@changes("has stopped tracking it, and ignores it", Decision.REFUSED)
def stop_tracking(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    project.stop_tracking(name)
    return _kept(project, *unchanged(project, name))


@changes("has not committed an edit of it", Decision.REFUSED, leaves_uncommitted=True)
def uncommitted(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    return _kept(project)


@changes("has staged an edit of it", Decision.REFUSED, leaves_uncommitted=True)
def staged(project: EditedProject, name: str) -> Expectation:
    project.edit_far_from_changes(name)
    project.git("add", name)
    return _kept(project)


@changes("edits it under `--assume-unchanged`", Decision.REFUSED, leaves_uncommitted=True)
def assume_unchanged(project: EditedProject, name: str) -> Expectation:
    project.git("update-index", "--assume-unchanged", name)
    project.edit_far_from_changes(name)
    return _kept(project)


@changes("edits it under `--skip-worktree`", Decision.REFUSED, leaves_uncommitted=True)
def skip_worktree(project: EditedProject, name: str) -> Expectation:
    project.git("update-index", "--skip-worktree", name)
    project.edit_far_from_changes(name)
    return _kept(project)


@differs("edits it, and it becomes executable", Decision.MERGED)
def edit_what_becomes_executable(project: EditedProject) -> Expectation:
    name = project.versions.made_executable
    project.write(name, LINE + project.read(name))
    return Expectation((line(),), (executable(name, "the template's change is missing"),), (name,))


# ---------------------------------------------------------------------- the template renames a file

renames = _edits_when("renames and changes a file", lambda versions: versions.renamed)


def _its_change(project: EditedProject, where: str | None = None) -> tuple[Check, ...]:
    old, new = project.versions.renamed
    return arrived(project.versions.new_lines(new, old), where)


def _kept_renamed(project: EditedProject, mine: Check) -> Expectation:
    """Expect the user's work, and the template's rename and change."""
    old, new = project.versions.renamed
    theirs = (*_its_change(project), gone(old, "the template's rename is missing"))
    return Expectation((mine,), theirs, (old, new))


@renames("edits the very line", Decision.CONFLICT)
def rename_same_line(project: EditedProject, old: str, _new: str) -> Expectation:
    project.edit_at_a_change(old)
    return _kept_renamed(project, line())


@renames("edits another line of it", Decision.MERGED)
def rename_other_line(project: EditedProject, old: str, _new: str) -> Expectation:
    project.edit_far_from_changes(old)
    return _kept_renamed(project, line())


@renames("makes it executable", Decision.MERGED)
def rename_executable(project: EditedProject, old: str, new: str) -> Expectation:
    (project.path / old).chmod(0o755)
    return _kept_renamed(project, executable(new))


@renames("renames it differently", Decision.CONFLICT)
def rename_otherwise(project: EditedProject, old: str, new: str) -> Expectation:
    project.move(old, "mine.txt")
    return Expectation(
        renamed(old, "mine.txt"), _its_change(project, "mine.txt"), (old, new, "mine.txt")
    )


@renames("renames it in the same way, and edits it", Decision.MERGED)
def rename_alike(project: EditedProject, old: str, new: str) -> Expectation:
    project.edit_far_from_changes(old)
    project.move(old, new)
    return Expectation((line(), *renamed(old, new)), _its_change(project), (new,))


@renames("deletes it", Decision.CONFLICT)
def rename_deleted(project: EditedProject, old: str, new: str) -> Expectation:
    project.delete(old)
    mine = (gone(old, "your deletion is undone"), gone(new, "your deletion is undone"))
    return Expectation(mine, _its_change(project), (old, new))


@renames("has a file of the new name", Decision.CONFLICT)
def rename_onto_mine(project: EditedProject, _: str, new: str) -> Expectation:
    project.write(new, LINE)
    return Expectation((line(),), _its_change(project), (new,))


@renames("has an untracked file of the new name", Decision.REFUSED, leaves_uncommitted=True)
def rename_onto_untracked(project: EditedProject, _: str, new: str) -> Expectation:
    project.write(new, LINE)
    return Expectation(unchanged(project, new), _its_change(project), (new,))


@renames("has an ignored file of the new name", Decision.REFUSED)
def rename_onto_ignored(project: EditedProject, _: str, new: str) -> Expectation:
    project.ignore(new)
    project.write(new, LINE)
    return Expectation(unchanged(project, new), _its_change(project), (new,))


# ---------------------------------------------------------------------- the template removes a file

removes = _edits_when("removes a file", lambda versions: [versions.removed])


def _its_removal(name: str) -> tuple[Check, ...]:
    return (gone(name, "the template's removal is missing"),)


@removes("edits it", Decision.CONFLICT)
def removed_edited(project: EditedProject, name: str) -> Expectation:
    project.append(name, LINE)
    return Expectation((line(),), _its_removal(name), (name,))


@removes("makes it executable", Decision.CONFLICT)
def removed_executable(project: EditedProject, name: str) -> Expectation:
    (project.path / name).chmod(0o755)
    return Expectation((executable(name),), _its_removal(name), (name,))


@removes("renames it", Decision.CONFLICT)
def removed_renamed(project: EditedProject, name: str) -> Expectation:
    project.move(name, "mine.txt")
    mine = there("mine.txt", "your file is lost"), content(project.read("mine.txt"))
    return Expectation(mine, (), (name, "mine.txt"))


@removes("renames and edits it", Decision.CONFLICT)
def removed_renamed_edited(project: EditedProject, name: str) -> Expectation:
    project.append(name, LINE)
    project.move(name, "mine.txt")
    return Expectation((there("mine.txt", "your file is lost"), line()), (), (name, "mine.txt"))


@removes("deletes it too", Decision.MERGED)
def removed_deleted(project: EditedProject, name: str) -> Expectation:
    project.delete(name)
    return Expectation((gone(name, "your deletion is undone"),), (), (name,))


@removes("has stopped tracking it, and ignores it", Decision.MERGED)
def removed_untracked(project: EditedProject, name: str) -> Expectation:
    project.append(name, LINE)
    project.stop_tracking(name)
    return Expectation(unchanged(project, name), (), (name,))


# ------------------------------------------------------------------------- the template adds a file

adds = _edits_when("adds a file", lambda versions: [versions.added])
adds_to_a_new_folder = _edits_when("adds a file", lambda versions: versions.added_in_a_new_folder)
adds_beside_others = _edits_when("adds a file", lambda versions: versions.added_beside_others)


def _its_file(project: EditedProject, name: str) -> tuple[Check, ...]:
    return arrived(project.versions.new_lines(name))


@adds("has another file of its name", Decision.CONFLICT)
def added_mine(project: EditedProject, name: str) -> Expectation:
    project.write(name, LINE)
    return Expectation((line(),), _its_file(project, name), (name,))


@adds("has the same file", Decision.MERGED)
def added_alike(project: EditedProject, name: str) -> Expectation:
    project.write(name, project.versions.new[name].content)
    return Expectation(unchanged(project, name), _its_file(project, name), (name,))


@adds("has an untracked file of its name", Decision.REFUSED, leaves_uncommitted=True)
def added_untracked(project: EditedProject, name: str) -> Expectation:
    project.write(name, LINE)
    return Expectation(unchanged(project, name), _its_file(project, name), (name,))


@adds("has an ignored file of its name", Decision.REFUSED)
def added_ignored(project: EditedProject, name: str) -> Expectation:
    project.ignore(name)
    project.write(name, LINE)
    return Expectation(unchanged(project, name), _its_file(project, name), (name,))


@adds("has a folder of its name", Decision.CONFLICT)
def added_folder(project: EditedProject, name: str) -> Expectation:
    project.write(f"{name}/notes.txt", LINE)
    return Expectation((line(),), _its_file(project, name), (name,), (name,))


@adds("has an ignored folder of its name", Decision.REFUSED)
def added_ignored_folder(project: EditedProject, name: str) -> Expectation:
    project.ignore(name)
    project.write(f"{name}/notes.txt", LINE)
    return Expectation(
        unchanged(project, f"{name}/notes.txt"), _its_file(project, name), (name,), (name,)
    )


@adds_to_a_new_folder("has a file of its folder's name", Decision.CONFLICT)
def added_below_mine(project: EditedProject, name: str, folder: str) -> Expectation:
    project.write(folder, LINE)
    return Expectation((line(),), _its_file(project, name), (folder, name), (name,))


@adds_to_a_new_folder("has an ignored file of its folder's name", Decision.REFUSED)
def added_below_ignored(project: EditedProject, name: str, folder: str) -> Expectation:
    project.ignore(folder)
    project.write(folder, LINE)
    return Expectation(
        unchanged(project, folder), _its_file(project, name), (folder, name), (name,)
    )


@adds_to_a_new_folder("has an ignored link of its folder's name", Decision.REFUSED)
def added_below_ignored_link(project: EditedProject, name: str, folder: str) -> Expectation:
    outside = project.path.with_name(f"{project.path.name}-outside")
    outside.mkdir()
    project.ignore(folder)
    (project.path / folder).symlink_to(outside)
    return Expectation(
        unchanged(project, folder), _its_file(project, name), (folder, name), (name,)
    )


def _beside_others(project: EditedProject, name: str, moved: str) -> tuple[Check, ...]:
    """Check that the template's file is in the folder to which the user moved the others."""
    checks = arrived(project.versions.new_lines(name), moved)
    what = "the template's file is apart from the others"
    return tuple(Check(what, check.holds) for check in checks)


@adds_beside_others("moves the folder it belongs to", Decision.MERGED)
def added_to_a_moved_folder(project: EditedProject, name: str, folder: str) -> Expectation:
    before = project.versions.below(folder)
    project.move(folder, "mine")
    mine = [check for old in before for check in renamed(old, f"mine{old.removeprefix(folder)}")]
    moved = f"mine{name.removeprefix(folder)}"
    theirs = _beside_others(project, name, moved)
    return Expectation(
        tuple(mine), theirs, (name, moved), tuple(project.versions.ever_below(folder))
    )


@adds_beside_others("moves its folder, and ignores a file of its name there", Decision.REFUSED)
def added_onto_ignored_in_a_moved_folder(
    project: EditedProject, name: str, folder: str
) -> Expectation:
    moved = f"mine{name.removeprefix(folder)}"
    project.move(folder, "mine")
    project.ignore(moved)
    project.write(moved, LINE)
    theirs = _beside_others(project, name, moved)
    return Expectation(
        unchanged(project, moved), theirs, (moved,), tuple(project.versions.ever_below(folder))
    )


# ----------------------------------------------------------------- the template leaves a file alone

leaves = _edits_when("leaves a file alone")


@leaves("does nothing", Decision.MERGED)
def nothing(_project: EditedProject) -> Expectation:
    return Expectation(())


@leaves("edits it", Decision.MERGED)
def unchanged_edited(project: EditedProject) -> Expectation:
    name = project.versions.unchanged
    project.append(name, LINE)
    return Expectation(unchanged(project, name))


@leaves("deletes it", Decision.MERGED)
def unchanged_deleted(project: EditedProject) -> Expectation:
    name = project.versions.unchanged
    project.delete(name)
    return Expectation((gone(name, "your deletion is undone"),))


@leaves("has own files", Decision.MERGED)
def own_files(project: EditedProject) -> Expectation:
    project.write("mine/notes.txt", LINE)
    project.write("mine/photo.png", BINARY)
    project.write("mine/run.sh", LINE)
    (project.path / "mine/run.sh").chmod(0o755)
    (project.path / "mine/link").symlink_to("../README.md")
    names = ("mine/notes.txt", "mine/photo.png", "mine/run.sh", "mine/link")
    return Expectation(unchanged(project, *names))


@leaves("has an untracked file elsewhere", Decision.MERGED, leaves_uncommitted=True)
def untracked_elsewhere(project: EditedProject) -> Expectation:
    project.write("mine/notes.txt", LINE)
    return Expectation(unchanged(project, "mine/notes.txt"))


@leaves("has ignored files elsewhere", Decision.MERGED)
def ignored_elsewhere(project: EditedProject) -> Expectation:
    project.ignore("mine")
    project.write("mine/notes.txt", LINE)
    project.write("mine/photo.png", BINARY)
    return Expectation(unchanged(project, "mine/notes.txt", "mine/photo.png"))

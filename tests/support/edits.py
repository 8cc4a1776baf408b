"""What owners do to a project between two updates, and how to tell whether it outlived one.

Each edit is a function that changes a project and returns what is at stake: what the owner must
find again afterwards, and what the template must have brought or have asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from support.version_pairs import EXECUTABLE, LINK, Entry, Files, Pair, snapshot

if TYPE_CHECKING:
    from support.e2e import Owner

LINE = b"# Written by the owner of this project.\n"
CRLF = b"\r\n"
BINARY = b"\0The owner's own bytes\xff\n"


class Kind(Enum):
    """What an update makes of an edit. The first three lose nothing."""

    MERGED = "merged"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LOST = "lost"
    """Something of the owner's is nowhere any more."""
    DROPPED = "dropped"
    """Something of the template's did not come, and nothing says so."""
    BROKEN = "broken"
    """It failed, and left the project neither as it was nor in conflict."""


@dataclass(frozen=True)
class State:
    """A project at one moment."""

    files: Files
    stages: dict[tuple[str, int], Entry]
    """What git's index holds of each conflict: the path and the side, as in `:2:path`."""
    index: str
    head: str

    @property
    def conflicts(self) -> set[str]:
        return {path for path, _ in self.stages}

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Give every file, and every side of a conflict, with its path."""
        yield from self.files.items()
        yield from ((path, entry) for (path, _), entry in self.stages.items())

    def holds(self, test: Callable[[Entry], bool]) -> bool:
        """Tell whether any file, or any side of a conflict, passes a test."""
        return any(test(entry) for _, entry in self.entries())


@dataclass(frozen=True)
class Claim:
    """Something that must hold after an update, and what is lost if it does not."""

    what: str
    holds: Callable[[State], bool]


@dataclass(frozen=True)
class Stake:
    """What an update may not lose, on either side."""

    mine: tuple[Claim, ...]
    theirs: tuple[Claim, ...] = ()
    names: tuple[str, ...] = ()
    """The paths that a report of trouble has to name, or one of them."""
    elsewhere: tuple[str, ...] = ()
    """Paths of the template that may rightly end up under another name."""


@dataclass(frozen=True)
class Site:
    """A project to be edited, and the two versions of the template that it stands between."""

    path: Path
    pair: Pair
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
        number = self.pair.far_from_changes(name)
        assert number is not None
        self.replace(name, slice(number, number + 1), line)

    def edit_at_a_change(self, name: str, line: bytes = LINE) -> None:
        self.replace(name, self.pair.at_a_change(name), line)

    def replace(self, name: str, lines: slice, line: bytes) -> None:
        text = self.read(name).splitlines(keepends=True)
        text[lines] = [line]
        self.write(name, b"".join(text))

    def stop_tracking(self, name: str) -> None:
        self.git("rm", "--quiet", "--cached", name)
        self.ignore(name)


@dataclass(frozen=True)
class Edit:
    """One entry of the catalogue."""

    theirs: str
    """What the template does meanwhile."""
    mine: str
    """What the owner does."""
    expected: Kind
    """What `mlpath update` has to make of it."""
    make: Callable[[Site], Stake]
    leaves_uncommitted: bool = False

    @property
    def name(self) -> str:
        return self.make.__name__

    def apply(self, site: Site) -> Stake:
        """Make the edit, and commit it, unless it is one that its owner leaves uncommitted."""
        stake = self.make(site)
        if not self.leaves_uncommitted:
            site.commit()
        return stake


CATALOGUE: list[Edit] = []
_Make = Callable[[Site], Stake]


def _when_it(theirs: str) -> Callable[..., Callable[[_Make], _Make]]:
    """Return a decorator that enters an edit into the catalogue under what the template does."""

    def edit(
        mine: str, expected: Kind, *, leaves_uncommitted: bool = False
    ) -> Callable[[_Make], _Make]:
        def enter(make: _Make) -> _Make:
            CATALOGUE.append(Edit(theirs, mine, expected, make, leaves_uncommitted))
            return make

        return enter

    return edit


# ------------------------------------------------------------------------------------------- claims


def line(text: bytes = LINE, what: str = "your line is lost") -> Claim:
    return Claim(what, lambda state: state.holds(lambda entry: text in entry.lines))


def content(expected: bytes, what: str = "your file is lost") -> Claim:
    return Claim(what, lambda state: state.holds(lambda entry: entry.content == expected))


def untouched(site: Site, *names: str) -> tuple[Claim, ...]:
    """Claim files as they are now, to the byte, at this very place."""
    now = snapshot(site.path)

    def as_now(name: str) -> Claim:
        return Claim("your file is lost", lambda state: state.files.get(name) == now[name])

    return tuple(map(as_now, names))


def executable(name: str, what: str = "your executable bit is lost") -> Claim:
    return Claim(
        what, lambda state: (name, EXECUTABLE) in ((n, e.mode) for n, e in state.entries())
    )


def link(target: str) -> Claim:
    entry = Entry(LINK, target.encode())
    return Claim("your link is lost", lambda state: state.holds(lambda found: found == entry))


def gone(name: str, what: str) -> Claim:
    """Claim that nothing stands there, unless as a conflict."""
    return Claim(what, lambda state: name not in state.files or name in state.conflicts)


def there(name: str, what: str) -> Claim:
    return Claim(what, lambda state: name in state.files or name in state.conflicts)


def arrived(lines: Iterable[bytes], where: str | None = None) -> tuple[Claim, ...]:
    """Claim lines of the template, whichever line ends they have here.

    Args:
        lines: What the newer version brings.
        where: The file in which they have to be; None is any.
    """

    def one(text: bytes) -> Claim:
        bare = text.rstrip(CRLF)

        def holds(state: State) -> bool:
            return any(
                bare in entry.content.splitlines()
                for path, entry in state.entries()
                if where in {None, path}
            )

        return Claim("the template's change is missing", holds)

    return tuple(map(one, lines))


def renamed(old: str, new: str) -> tuple[Claim, ...]:
    return there(new, "your new name is lost"), gone(old, "your new name is lost")


# ---------------------------------------------------------------------- the template changes a file

changes = _when_it("changes a file")


@changes("edits the very line", Kind.CONFLICT)
def same_line(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_at_a_change(name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("edits another line of it", Kind.MERGED)
def other_line(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("edits another line of it, not in UTF-8", Kind.MERGED)
def latin_1(site: Site) -> Stake:
    name = site.pair.changed
    text = "# schön, würde ich sagen\n".encode("latin-1")
    site.edit_far_from_changes(name, text)
    return Stake((line(text),), arrived(site.pair.new_lines(name)), (name,))


@changes("renames it", Kind.MERGED)
def rename(site: Site) -> Stake:
    name = site.pair.changed
    site.move(name, "mine.txt")
    mine = renamed(name, "mine.txt")
    return Stake(mine, arrived(site.pair.new_lines(name), "mine.txt"), (name, "mine.txt"))


@changes("renames it, with spaces, quotes and umlauts", Kind.MERGED)
def rename_to_an_awkward_name(site: Site) -> Stake:
    name, new = site.pair.changed, 'Mein "Leitfaden" für später.md'
    site.move(name, new)
    return Stake(renamed(name, new), arrived(site.pair.new_lines(name), new), (name, new))


@changes("renames it and edits another line", Kind.MERGED)
def rename_and_edit(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    site.move(name, "mine.txt")
    mine = (*renamed(name, "mine.txt"), line())
    return Stake(mine, arrived(site.pair.new_lines(name), "mine.txt"), (name, "mine.txt"))


@changes("moves it to a folder", Kind.MERGED)
def move_to_a_folder(site: Site) -> Stake:
    name = site.pair.changed
    new = f"attic/of mine/{Path(name).name}"
    site.move(name, new)
    return Stake(renamed(name, new), arrived(site.pair.new_lines(name), new), (name, new))


@changes("deletes it", Kind.CONFLICT)
def delete(site: Site) -> Stake:
    name = site.pair.changed
    site.delete(name)
    mine = (gone(name, "your deletion is undone"),)
    return Stake(mine, arrived(site.pair.new_lines(name)), (name,))


@changes("rewrites it with CRLF", Kind.CONFLICT)
def crlf(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    site.write(name, site.read(name).replace(b"\n", CRLF))
    site.git("add", name)
    # A project whose attributes ask for LF has git put away LF, and that is what can be kept.
    end = CRLF if "i/crlf" in site.git("ls-files", "--eol", "--", name) else b"\n"
    mine = line(LINE.replace(b"\n", end))
    return Stake((mine,), arrived(site.pair.new_lines(name)), (name,))


@changes("has git write it with CRLF (`.gitattributes`)", Kind.MERGED)
def crlf_by_attributes(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    attributes = site.path / ".gitattributes"
    text = attributes.read_bytes() if attributes.exists() else b""
    site.write(".gitattributes", text + f"/{name} text eol=crlf\n".encode())
    site.write(name, site.read(name).replace(b"\n", CRLF))
    mine = line(LINE.replace(b"\n", CRLF))
    return Stake((mine,), arrived(site.pair.new_lines(name)), (name,))


@changes("makes it executable", Kind.MERGED)
def make_executable(site: Site) -> Stake:
    name = site.pair.changed
    (site.path / name).chmod(0o755)
    return Stake((executable(name),), arrived(site.pair.new_lines(name)), (name,))


@changes("puts a symbolic link in its place", Kind.CONFLICT)
def symbolic_link(site: Site) -> Stake:
    name = site.pair.changed
    site.delete(name)
    (site.path / name).symlink_to("README.md")
    return Stake((link("README.md"),), arrived(site.pair.new_lines(name)), (name,))


@changes("puts a folder in its place", Kind.CONFLICT)
def folder_in_its_place(site: Site) -> Stake:
    name = site.pair.changed
    site.delete(name)
    site.write(f"{name}/part-1.txt", LINE)
    theirs = arrived(site.pair.new_lines(name))
    return Stake((*untouched(site, f"{name}/part-1.txt"), line()), theirs, (name,))


@changes("puts binary data in its place", Kind.CONFLICT)
def binary_in_its_place(site: Site) -> Stake:
    name = site.pair.changed
    site.write(name, BINARY)
    return Stake((content(BINARY),), arrived(site.pair.new_lines(name)), (name,))


@changes("changes it too, and it is binary", Kind.CONFLICT)
def binary(site: Site) -> Stake:
    name = site.pair.binary
    site.write(name, BINARY)
    theirs = content(site.pair.new[name].content, "the template's change is missing")
    return Stake((content(BINARY),), (theirs,), (name,))


@changes("appends a section, and it is the README", Kind.MERGED)
def readme_section(site: Site) -> Stake:
    section = b"\n## What I learned\n\nThat the owner's words stay.\n"
    site.append("README.md", section)
    mine = tuple(line(text, "your section is lost") for text in section.splitlines(keepends=True))
    return Stake(mine, arrived(site.pair.new_lines("README.md")), ("README.md",))


@changes("has stopped tracking it, and ignores it", Kind.REFUSED)
def stop_tracking(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    site.stop_tracking(name)
    return Stake(untouched(site, name), arrived(site.pair.new_lines(name)), (name,))


@changes("has not committed an edit of it", Kind.REFUSED, leaves_uncommitted=True)
def uncommitted(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("has staged an edit of it", Kind.REFUSED, leaves_uncommitted=True)
def staged(site: Site) -> Stake:
    name = site.pair.changed
    site.edit_far_from_changes(name)
    site.git("add", name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("edits it under `--assume-unchanged`", Kind.REFUSED, leaves_uncommitted=True)
def assume_unchanged(site: Site) -> Stake:
    name = site.pair.changed
    site.git("update-index", "--assume-unchanged", name)
    site.edit_far_from_changes(name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("edits it under `--skip-worktree`", Kind.REFUSED, leaves_uncommitted=True)
def skip_worktree(site: Site) -> Stake:
    name = site.pair.changed
    site.git("update-index", "--skip-worktree", name)
    site.edit_far_from_changes(name)
    return Stake((line(),), arrived(site.pair.new_lines(name)), (name,))


@changes("edits it, and it becomes executable", Kind.MERGED)
def edit_what_becomes_executable(site: Site) -> Stake:
    name = site.pair.made_executable
    site.write(name, LINE + site.read(name))
    return Stake((line(),), (executable(name, "the template's change is missing"),), (name,))


# ---------------------------------------------------------------------- the template renames a file

renames = _when_it("renames and changes a file")


def _its_change(site: Site, where: str | None = None) -> tuple[Claim, ...]:
    old, new = site.pair.renamed
    return arrived(site.pair.new_lines(new, old), where)


def _its_rename(site: Site) -> Claim:
    return gone(site.pair.renamed[0], "the template's rename is missing")


@renames("edits the very line", Kind.CONFLICT)
def rename_same_line(site: Site) -> Stake:
    old, new = site.pair.renamed
    site.edit_at_a_change(old)
    return Stake((line(),), (*_its_change(site), _its_rename(site)), (old, new))


@renames("edits another line of it", Kind.MERGED)
def rename_other_line(site: Site) -> Stake:
    old, new = site.pair.renamed
    site.edit_far_from_changes(old)
    return Stake((line(),), (*_its_change(site), _its_rename(site)), (old, new))


@renames("makes it executable", Kind.MERGED)
def rename_executable(site: Site) -> Stake:
    old, new = site.pair.renamed
    (site.path / old).chmod(0o755)
    return Stake(
        (executable(new),),
        (*_its_change(site), _its_rename(site)),
        (old, new),
    )


@renames("renames it otherwise", Kind.CONFLICT)
def rename_otherwise(site: Site) -> Stake:
    old, new = site.pair.renamed
    site.move(old, "mine.txt")
    return Stake(renamed(old, "mine.txt"), _its_change(site, "mine.txt"), (old, new, "mine.txt"))


@renames("renames it in the same way, and edits it", Kind.MERGED)
def rename_alike(site: Site) -> Stake:
    old, new = site.pair.renamed
    site.edit_far_from_changes(old)
    site.move(old, new)
    return Stake((line(), *renamed(old, new)), _its_change(site), (new,))


@renames("deletes it", Kind.CONFLICT)
def rename_deleted(site: Site) -> Stake:
    old, new = site.pair.renamed
    site.delete(old)
    mine = (gone(old, "your deletion is undone"), gone(new, "your deletion is undone"))
    return Stake(mine, _its_change(site), (old, new))


@renames("has a file of the new name", Kind.CONFLICT)
def rename_onto_mine(site: Site) -> Stake:
    _, new = site.pair.renamed
    site.write(new, LINE)
    return Stake((line(),), _its_change(site), (new,))


@renames("has an untracked file of the new name", Kind.REFUSED, leaves_uncommitted=True)
def rename_onto_untracked(site: Site) -> Stake:
    _, new = site.pair.renamed
    site.write(new, LINE)
    return Stake(untouched(site, new), _its_change(site), (new,))


@renames("has an ignored file of the new name", Kind.REFUSED)
def rename_onto_ignored(site: Site) -> Stake:
    _, new = site.pair.renamed
    site.ignore(new)
    site.write(new, LINE)
    return Stake(untouched(site, new), _its_change(site), (new,))


# ---------------------------------------------------------------------- the template removes a file

removes = _when_it("removes a file")


@removes("edits it", Kind.CONFLICT)
def removed_edited(site: Site) -> Stake:
    name = site.pair.removed
    site.append(name, LINE)
    return Stake((line(),), (gone(name, "the template's removal is missing"),), (name,))


@removes("makes it executable", Kind.CONFLICT)
def removed_executable(site: Site) -> Stake:
    name = site.pair.removed
    (site.path / name).chmod(0o755)
    return Stake((executable(name),), (gone(name, "the template's removal is missing"),), (name,))


@removes("renames it", Kind.CONFLICT)
def removed_renamed(site: Site) -> Stake:
    name = site.pair.removed
    site.move(name, "mine.txt")
    mine = there("mine.txt", "your file is lost"), content(site.read("mine.txt"))
    return Stake(mine, (), (name, "mine.txt"))


@removes("renames and edits it", Kind.CONFLICT)
def removed_renamed_edited(site: Site) -> Stake:
    name = site.pair.removed
    site.append(name, LINE)
    site.move(name, "mine.txt")
    return Stake((there("mine.txt", "your file is lost"), line()), (), (name, "mine.txt"))


@removes("deletes it too", Kind.MERGED)
def removed_deleted(site: Site) -> Stake:
    name = site.pair.removed
    site.delete(name)
    return Stake((gone(name, "your deletion is undone"),), (), (name,))


@removes("has stopped tracking it, and ignores it", Kind.MERGED)
def removed_untracked(site: Site) -> Stake:
    name = site.pair.removed
    site.append(name, LINE)
    site.stop_tracking(name)
    return Stake(untouched(site, name), (), (name,))


# ------------------------------------------------------------------------- the template adds a file

adds = _when_it("adds a file")


def _its_file(site: Site, name: str) -> tuple[Claim, ...]:
    return arrived(site.pair.new_lines(name))


@adds("has another file of its name", Kind.CONFLICT)
def added_mine(site: Site) -> Stake:
    name = site.pair.added
    site.write(name, LINE)
    return Stake((line(),), _its_file(site, name), (name,))


@adds("has the same file", Kind.MERGED)
def added_alike(site: Site) -> Stake:
    name = site.pair.added
    site.write(name, site.pair.new[name].content)
    return Stake(untouched(site, name), _its_file(site, name), (name,))


@adds("has an untracked file of its name", Kind.REFUSED, leaves_uncommitted=True)
def added_untracked(site: Site) -> Stake:
    name = site.pair.added
    site.write(name, LINE)
    return Stake(untouched(site, name), _its_file(site, name), (name,))


@adds("has an ignored file of its name", Kind.REFUSED)
def added_ignored(site: Site) -> Stake:
    name = site.pair.added
    site.ignore(name)
    site.write(name, LINE)
    return Stake(untouched(site, name), _its_file(site, name), (name,))


@adds("has a folder of its name", Kind.CONFLICT)
def added_folder(site: Site) -> Stake:
    name = site.pair.added
    site.write(f"{name}/notes.txt", LINE)
    return Stake((line(),), _its_file(site, name), (name,), (name,))


@adds("has an ignored folder of its name", Kind.REFUSED)
def added_ignored_folder(site: Site) -> Stake:
    name = site.pair.added
    site.ignore(name)
    site.write(f"{name}/notes.txt", LINE)
    return Stake(untouched(site, f"{name}/notes.txt"), _its_file(site, name), (name,), (name,))


@adds("has a file of its folder's name", Kind.CONFLICT)
def added_below_mine(site: Site) -> Stake:
    name, folder = site.pair.added_in_a_new_folder
    site.write(folder, LINE)
    return Stake((line(),), _its_file(site, name), (folder, name), (name,))


@adds("has an ignored file of its folder's name", Kind.REFUSED)
def added_below_ignored(site: Site) -> Stake:
    name, folder = site.pair.added_in_a_new_folder
    site.ignore(folder)
    site.write(folder, LINE)
    return Stake(untouched(site, folder), _its_file(site, name), (folder, name), (name,))


@adds("has an ignored link of its folder's name", Kind.REFUSED)
def added_below_ignored_link(site: Site) -> Stake:
    name, folder = site.pair.added_in_a_new_folder
    outside = site.path.with_name(f"{site.path.name}-outside")
    outside.mkdir()
    site.ignore(folder)
    (site.path / folder).symlink_to(outside)
    return Stake(untouched(site, folder), _its_file(site, name), (folder, name), (name,))


def _beside_others(site: Site, name: str, moved: str) -> tuple[Claim, ...]:
    """Claim that the template's file is where its owner has moved the others of its folder."""
    there_it_is = arrived(site.pair.new_lines(name), moved)
    what = "the template's file is apart from the others"
    return tuple(Claim(what, claim.holds) for claim in there_it_is)


@adds("moves the folder it belongs to", Kind.MERGED)
def added_to_a_moved_folder(site: Site) -> Stake:
    name, folder = site.pair.added_beside_others
    before = site.pair.below(folder)
    site.move(folder, "mine")
    mine = [claim for old in before for claim in renamed(old, f"mine{old.removeprefix(folder)}")]
    moved = f"mine{name.removeprefix(folder)}"
    theirs = _beside_others(site, name, moved)
    return Stake(tuple(mine), theirs, (name, moved), tuple(site.pair.ever_below(folder)))


@adds("moves its folder, and ignores a file of its name there", Kind.REFUSED)
def added_onto_ignored_in_a_moved_folder(site: Site) -> Stake:
    name, folder = site.pair.added_beside_others
    moved = f"mine{name.removeprefix(folder)}"
    site.move(folder, "mine")
    site.ignore(moved)
    site.write(moved, LINE)
    theirs = _beside_others(site, name, moved)
    return Stake(untouched(site, moved), theirs, (moved,), tuple(site.pair.ever_below(folder)))


# ----------------------------------------------------------------- the template leaves a file alone

leaves = _when_it("leaves a file alone")


@leaves("does nothing", Kind.MERGED)
def nothing(_site: Site) -> Stake:
    return Stake(())


@leaves("edits it", Kind.MERGED)
def unchanged_edited(site: Site) -> Stake:
    name = site.pair.unchanged
    site.append(name, LINE)
    return Stake(untouched(site, name))


@leaves("deletes it", Kind.MERGED)
def unchanged_deleted(site: Site) -> Stake:
    name = site.pair.unchanged
    site.delete(name)
    return Stake((gone(name, "your deletion is undone"),))


@leaves("has files of their own", Kind.MERGED)
def own_files(site: Site) -> Stake:
    site.write("mine/notes.txt", LINE)
    site.write("mine/photo.png", BINARY)
    site.write("mine/run.sh", LINE)
    (site.path / "mine/run.sh").chmod(0o755)
    (site.path / "mine/link").symlink_to("../README.md")
    names = ("mine/notes.txt", "mine/photo.png", "mine/run.sh", "mine/link")
    return Stake(untouched(site, *names))


@leaves("has an untracked file in nobody's way", Kind.MERGED, leaves_uncommitted=True)
def untracked_elsewhere(site: Site) -> Stake:
    site.write("mine/notes.txt", LINE)
    return Stake(untouched(site, "mine/notes.txt"))


@leaves("has ignored files in nobody's way", Kind.MERGED)
def ignored_elsewhere(site: Site) -> Stake:
    site.ignore("mine")
    site.write("mine/notes.txt", LINE)
    site.write("mine/photo.png", BINARY)
    return Stake(untouched(site, "mine/notes.txt", "mine/photo.png"))

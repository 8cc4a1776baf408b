"""Put every edit of the tests' catalogue through both updates, and write what came of it to docs.

python scripts/update_table.py            write the table in docs/updates.md anew
python scripts/update_table.py --check    exit 1 if it is not what the two updates do today
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from support.decisions import COPIER, MLPATH, Verdict, edited, update  # noqa: E402
from support.e2e import Owner  # noqa: E402
from support.edits import CATALOGUE, Edit, Kind  # noqa: E402
from support.version_pairs import Ground, prepare, write_tiny_template  # noqa: E402

PAGE = ROOT / "docs" / "updates.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
HARMLESS = {Kind.MERGED, Kind.CONFLICT, Kind.REFUSED}


@dataclass(frozen=True)
class Outcome:
    """What the two updates made of one edit."""

    edit: Edit
    ours: Verdict
    theirs: Verdict


def tiny_ground(owner: Owner, folder: Path, below: str = "") -> Ground:
    """Make a project of a tiny template that differs between two releases in every way."""
    source = write_tiny_template(owner, folder / "template")
    return prepare(owner, folder / "ground", source, "v1.0.0", "v1.1.0", below=below)


def outcomes(ground: Ground, folder: Path) -> list[Outcome]:
    """Update each edited project twice: one copy with mlpath, one with Copier."""
    return [
        Outcome(
            edit,
            update(*edited(ground, folder / "mlpath" / edit.name, edit), MLPATH),
            update(*edited(ground, folder / "copier" / edit.name, edit), COPIER),
        )
        for edit in CATALOGUE
    ]


def table(found: list[Outcome]) -> str:
    """Return the table, and what it adds up to, as Markdown."""
    rows = [
        "| the template … | and you … | `mlpath update` | `copier update` |",
        "|---|---|---|---|",
    ]
    for number, outcome in enumerate(found):
        edit = outcome.edit
        first = not number or found[number - 1].edit.theirs != edit.theirs
        cells = edit.theirs if first else "", edit.mine, _cell(outcome.ours), _cell(outcome.theirs)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([_sum(found), "", *rows, ""])


def _cell(verdict: Verdict) -> str:
    """Return a verdict in a few words; what is bad about it stands in bold."""
    quietly = "" if verdict.status else ", exit 0"
    if verdict.kind is Kind.CONFLICT:
        return f"conflict{quietly}"
    if verdict.kind is Kind.BROKEN:
        return "**fails half-way**"
    if verdict.missing:
        return f"**{' and '.join(verdict.missing)}**{quietly}"
    return "both kept" if verdict.kind is Kind.MERGED else "refused"


def _sum(found: list[Outcome]) -> str:
    def count(who: str, *kinds: Kind) -> int:
        return sum(getattr(outcome, who).kind in kinds for outcome in found)

    def without_a_word(who: str) -> int:
        verdicts = [getattr(outcome, who) for outcome in found]
        return sum(verdict.kind is Kind.CONFLICT and not verdict.status for verdict in verdicts)

    lines = [
        f"Of {len(found)} edits:",
        "",
        "| | `mlpath update` | `copier update` |",
        "|---|---|---|",
    ]
    for title, kinds in {
        "both sides kept, nothing to ask": (Kind.MERGED,),
        "a conflict, or refused before anything was written": (Kind.CONFLICT, Kind.REFUSED),
        "your work lost": (Kind.LOST,),
        "the template's change dropped without a word": (Kind.DROPPED,),
        "failed half-way": (Kind.BROKEN,),
    }.items():
        lines.append(f"| {title} | {count('ours', *kinds)} | {count('theirs', *kinds)} |")
    silent = without_a_word("ours"), without_a_word("theirs")
    lines.append(f"| a conflict that exits with 0 | {silent[0]} | {silent[1]} |")
    return "\n".join(lines)


def page(found: list[Outcome]) -> str:
    """Return the page with the table of these outcomes in its place."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table(found)}\n{END}{tail}"


def main() -> int:
    """Write the table, or check it."""
    parser = argparse.ArgumentParser(description="Write the table in docs/updates.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch, "home")
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
        ground = tiny_ground(Owner(home), Path(scratch, "tiny"))
        wanted = page(outcomes(ground, Path(scratch, "projects")))
    if not check:
        PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    elif PAGE.read_text(encoding="utf-8") != wanted:
        sys.stdout.write(f"{PAGE.name} is out of date; run: python scripts/update_table.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the table in docs/updates.md: what `mlpath update` and `copier update` do with each edit.

python scripts/update_table.py            write the table
python scripts/update_table.py --check    exit 1 if it is out of date
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from support.comparison import PAGE, compare_updates, format_page, tiny_base
from support.e2e import Owner
from support.scenarios import run_scenarios


def main() -> int:
    """Write the table, or check it."""
    parser = argparse.ArgumentParser(description="Write the table in docs/updates.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch, "home")
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
        base = tiny_base(Owner(home), Path(scratch, "tiny"))
        scenarios = run_scenarios(base, Path(scratch, "scenarios"))
        page = format_page(compare_updates(base, scenarios, Path(scratch, "comparisons")))
    if not check:
        PAGE.write_text(page, encoding="utf-8", newline="\n")
    elif PAGE.read_text(encoding="utf-8") != page:
        sys.stdout.write(f"{PAGE.name} is out of date; run: python scripts/update_table.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

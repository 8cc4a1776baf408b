"""Real tables that nobody here prepared, lived in: python benchmarks/real_tables.py [NAME ...].

They come inside scikit-learn, statsmodels and vega_datasets, which uv installs beside. Each becomes
a project by `--defaults` and at most one `--target`; its tests pass, its pipeline runs, its demo
answers. NAME is that of a project, such as `cars-table`. Exits with 1 if one fails.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from measure import parser
from support.e2e import Owner, get, restore_sigint_handler, serving

PACKAGES = ("scikit-learn", "statsmodels", "vega_datasets")
FOLDERS = """\
import sklearn, statsmodels, vega_datasets
from pathlib import Path
folders = {sklearn: "datasets/data", statsmodels: "datasets", vega_datasets: "_data"}
for package, below in folders.items():
    print(Path(package.__file__).parent / below)
"""
ASK = """\
import json, sys
from gradio_client import Client
print(json.dumps(Client(sys.argv[1], verbose=False).predict(api_name="/predict")))
"""


@dataclass(frozen=True)
class Table:
    """A table: which package has it, where, and the column to predict if nothing else tells."""

    package: int
    path: str
    target: str = ""

    @property
    def name(self) -> str:
        """The name of its project."""
        return Path(self.path).name.partition(".")[0].replace("_", "-") + "-table"


TABLES = (
    Table(0, "breast_cancer.csv"),  # a line of counts for a header
    Table(0, "iris.csv"),  # counts that pass for a header
    Table(0, "wine_data.csv"),
    Table(0, "digits.csv.gz"),  # no header
    Table(0, "diabetes_data_raw.csv.gz"),  # no header, runs of blanks
    Table(1, "anes96/src/anes96.csv", "vote"),  # blanks between the columns
    Table(1, "fair/fair.csv"),  # every sixth row a copy
    Table(1, "randhie/src/randhie.csv", "mdvis"),  # 45 columns that follow from each other
    Table(1, "star98/src/star98.dat", "MATH"),  # tabs, blanks around categories
    Table(1, "grunfeld/grunfeld.csv", "invest"),
    Table(1, "heart/heart.csv", "censors"),  # 69 rows
    Table(1, "co2/co2.csv"),  # weeks, with gaps
    Table(1, "elec_equip/elec_equip.csv"),  # months as Jan-1-1995
    Table(1, "sunspots/sunspots.csv"),  # years
    Table(2, "cars.json"),  # a list of objects, with gaps
    Table(2, "seattle-weather.csv"),  # a date, and a rare class
    Table(2, "sf-temps.csv"),  # hours
)


def tried(owner: Owner, table: Table, path: Path) -> str:
    """Take a table from its file to an answer of its demo; return a line on what came of it."""
    begun = time.monotonic()
    flags = ("--target", table.target) if table.target else ()
    project = owner.create(table.name, "--dataset", str(path), *flags)
    owner.uv("run", "pytest", "-q", cwd=project)
    owner.uv("run", "dvc", "repro", cwd=project)
    text = (project / "reports" / "evaluation.json").read_text(encoding="utf-8")
    evaluation: dict[str, Any] = json.loads(text)
    with serving(owner, project) as address:
        status, health = get(f"{address}/health")
        assert status == 200, health  # noqa: PLR2004, S101
        said = owner.run(str(project / ".venv/bin/python"), "-c", ASK, address, cwd=project)
    metric, champion = evaluation["metric"], evaluation["champion"]
    first, best = (
        f"{evaluation['scores'][one][metric]['value']:.3g}" for one in ("baseline", champion)
    )
    cells = (
        f"`{table.path}`", table.target, f"{metric} {best} ({first})", champion,
        in_short(json.loads(said.splitlines()[-1])), f"{time.monotonic() - begun:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def in_short(answer: Any) -> str:
    """Return what the demo answered: a class and its probability, a number, the last forecast."""
    if isinstance(answer, dict) and "confidences" in answer:
        return f"{answer['label']}, {answer['confidences'][0]['confidence']:.0%}"
    if isinstance(answer, dict):
        return " ".join(map(str, answer["data"][-1][:2]))
    return str(answer)


def main(names: list[str]) -> int:
    """Try the tables that are named, or all; return how many failed."""
    restore_sigint_handler()
    wanted = [one for one in TABLES if not names or one.name in names]
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        owner = Owner(Path(scratch))
        (owner.home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
        asked = [word for package in PACKAGES for word in ("--with", package)]
        python = ("run", "--quiet", "--no-project", *asked, "python", "-c", FOLDERS)
        said = owner.uv(*python, cwd=owner.home)
        folders = [Path(line) for line in said.splitlines()[-len(PACKAGES) :]]
        failed = 0
        for table in wanted:
            try:
                line = tried(owner, table, folders[table.package] / table.path)
            except AssertionError as error:
                failed += 1
                line = f"FAILED {table.path}: {error}"
            print(line, flush=True)
    return failed


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("names", nargs="*", metavar="NAME", help="of these projects alone")
    asked = command.parse_args()
    known = [one.name for one in TABLES]
    if unknown := sorted(set(asked.names) - set(known)):
        command.error(f"no project is called {', '.join(unknown)}; known are {', '.join(known)}")
    sys.exit(bool(main(asked.names)))

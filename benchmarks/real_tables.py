"""Projects of real data: python benchmarks/real_tables.py [--folder FOLDER] [NAME ...].

Each table, series, set of texts or folder of images that benchmarks/real_data.py lists becomes a
project, with `--target` and `-d domain=` where they can't be inferred. A row of the table says
whether it is read as another reader does, whether the suggested target is the one that a person
would choose, the champion's score on the test split and that of a reference on the same split,
whether the tests of the data, the predictor, the API and silent bugs pass, and what `POST /predict`
answers. FOLDER keeps the data, one environment for all projects and the results, so that a run
that was stopped goes on. The data comes from PyPI, npm and Debian's packages. Exits with 1 if a
project fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import real_data
from measure import parser, script
from support.e2e import Owner, get, restore_sigint_handler, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from real_data import Dataset

TESTS = (
    "tests/data", "tests/serving/test_api.py", "tests/serving/test_predictor.py",
    "tests/test_silent_bugs.py",
)  # fmt: skip
REFERENCE = """\
import importlib, json, sys, warnings
from pathlib import Path
import numpy as np

def load(module):
    return importlib.import_module(f"{package}.{module}")

def tabular():
    import pandas as pd
    from sklearn import ensemble
    names = [column.name for column in schema.features if column.kind == "category"]
    levels = {name: pd.CategoricalDtype(sorted(train.features[name].unique())) for name in names}
    model = getattr(ensemble, "HistGradientBoosting" + kind)(random_state=0)
    model.fit(train.features.astype(levels), train.target)
    predict = model.predict_proba if kind == "Classifier" else model.predict
    return predict(test.features.astype(levels))

def text():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    words = TfidfVectorizer()
    model = LogisticRegression(max_iter=1000).fit(
        words.fit_transform(train.features["text"]), train.target)
    return model.predict_proba(words.transform(test.features["text"]))

def vision():
    from sklearn.svm import SVC
    model = SVC().fit(train.features.reshape(len(train.features), -1), train.target)
    found = model.predict(test.features.reshape(len(test.features), -1))
    return (found[:, None] == np.array(schema.classes)).astype(float)

def timeseries():
    import pandas as pd
    from statsmodels.tsa.forecasting.theta import ThetaModel
    series = pd.concat([splits.join_windows(part) for part in parts.values()])
    series = series[~series.index.duplicated()].sort_index()
    forecasts = []
    for origin in test.features.index:
        known = series[series.index <= origin]
        theta = ThetaModel(known.to_numpy(), period=schema.season, deseasonalize=schema.season > 1)
        forecast = theta.fit().forecast(test.target.shape[1])
        forecasts.append(np.repeat(np.asarray(forecast)[:, None], 3, axis=1))
    return np.array(forecasts)

warnings.simplefilter("ignore")
package, domain, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
paths, splits = load("paths").ProjectPaths(folder), load("data.splits")
schema = load("data.schema").load_schema(paths.schema)
params = load("config").load_params(paths.params)
metric = load("evaluation.scores").primary_metric(params.evaluate.metric)
parts = splits.read_splits(paths.prepared, schema)
train, test = parts["train"], parts["test"]
kind = "Classifier" if getattr(schema, "classes", ()) else "Regressor"
score = metric.score(splits.encode_target(test.target, schema), globals()[domain]())
print(json.dumps({"score": float(score), "rows": sum(len(part.target) for part in parts.values())}))
"""


class Runner:
    """Creates, tests, trains and serves projects in one environment."""

    def __init__(self, folder: Path, virtual: Path, scratch: Path) -> None:
        self.folder, self.environment = folder, virtual
        (scratch / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n")
        programs = f"{virtual / 'bin'}{os.pathsep}{os.environ['PATH']}"
        variables = {"PATH": programs, "VIRTUAL_ENV": str(virtual)}
        self.owner = Owner(scratch).with_variables(variables)

    @property
    def python(self) -> str:
        """The interpreter of the environment."""
        return str(self.environment / "bin" / "python")

    def run(self, dataset: Dataset, source: str, flags: list[str]) -> dict[str, Any]:
        """Return what happens to the project of a data set."""
        project = self.owner.home / dataset.name
        shutil.rmtree(project, ignore_errors=True)
        create = ("new-project", dataset.name, "-l", "--quiet", "--no-lock", "--defaults")
        self.owner.run(script("mlpath"), *create, "--dataset", source, *flags, cwd=self.owner.home)
        install = ("pip", "install", "--quiet", "--editable", ".", "--group", "train")
        self.owner.uv(*install, "--group", "dev", cwd=project)
        (project / ".venv").symlink_to(self.environment)
        self.owner.run(self.python, "-m", "pytest", "-q", *TESTS, cwd=project)
        self.owner.run(self.python, "-m", "dvc", "repro", cwd=project)
        document = json.loads((project / "reports/evaluation.json").read_text(encoding="utf-8"))
        champion, metric = document["champion"], document["metric"]
        package = dataset.name.replace("-", "_")
        output = self.owner.run(
            self.python, "-c", REFERENCE, package, dataset.domain, str(project), cwd=project
        )
        reference = json.loads(output.splitlines()[-1])
        with serving(self.owner, project) as address:
            prediction = ask(address)
        shutil.rmtree(project)
        return {
            "champion": champion, "metric": metric, "rows": reference["rows"],
            "score": document["scores"][champion][metric]["value"],
            "baseline": document["validation_scores"]["baseline"][metric]["value"],
            "reference": reference["score"], "prediction": prediction,
        }  # fmt: skip


def ask(address: str) -> str:
    """Return the prediction for the example of the API's description."""
    _, description = get(f"{address}/openapi.json")
    content = description["paths"]["/predict"]["post"]["requestBody"]["content"]
    body = json.dumps(content["application/json"]["example"]).encode()
    request = urllib.request.Request(  # noqa: S310 - it is http
        f"{address}/predict", body, {"Content-Type": "application/json"}
    )
    status, answer = get(request)
    assert status == 200, answer  # noqa: PLR2004, S101
    prediction = answer["prediction"]
    if isinstance(prediction, list):
        return f"{len(prediction)} steps"
    return f"{prediction:.4g}" if isinstance(prediction, float) else str(prediction)


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; return its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measure(dataset: Dataset, runner: Runner, web: str) -> str:
    """Return the row of a data set; what took long is kept in a file."""
    path, expected = real_data.export(dataset, runner.folder)
    scheme, _, part = dataset.address.partition("#")
    address = {"http": f"{web}/{path.name}", "sqlite": f"sqlite:///{path}#{part}"}
    source = address.get(scheme, str(path))
    profile = real_data.inspect(source)
    target = real_data.compare_target(dataset, profile)
    flags = ["--target", dataset.target] if target != "right" else []
    flags += ["-d", f"domain={dataset.domain}"] if profile["domain"] != dataset.domain else []
    kept = runner.folder / "results" / f"{dataset.name}.json"
    if not kept.exists():
        result = runner.run(dataset, source, flags)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(result, indent=1), encoding="utf-8")
    unlike = real_data.differences(expected, profile)
    return format_row(dataset, target, json.loads(kept.read_text(encoding="utf-8")), unlike)


def format_row(dataset: Dataset, target: str, result: dict[str, Any], unlike: list[str]) -> str:
    """Return a row of Markdown."""
    way = f", by {dataset.address.partition('#')[0]}" if dataset.address else ""
    origin = f"{dataset.source} `{dataset.path}`{way}"
    wanted = dataset.target if dataset.domain != "vision" else "folders"
    cells = (
        origin, dataset.domain, f"{result['rows']:,}", "; ".join(unlike[:2]) or "yes",
        f"`{wanted}`: {target}",
        f"{result['metric']} {result['score']:.3f} ({result['champion']})",
        f"{result['reference']:.3f}", "yes", result["prediction"],
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main(names: list[str], folder: Path) -> int:
    """Run the named projects, or all; return how many failed."""
    restore_sigint_handler()
    virtual = real_data.install(folder)
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch,
        web_server(folder / "files") as web,
    ):
        runner = Runner(folder, virtual, Path(scratch))
        for dataset in real_data.DATASETS:
            if names and dataset.name not in names:
                continue
            try:
                print(measure(dataset, runner, web), flush=True)
            except (AssertionError, subprocess.CalledProcessError) as error:
                failed += 1
                output = str(getattr(error, "stderr", None) or error)
                print(f"FAILED {dataset.name}: {output[-2000:]}", flush=True)
    return failed


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("--folder", type=Path, help="what a later run goes on with")
    command.add_argument("names", nargs="*", metavar="NAME", help="only these projects")
    arguments = command.parse_args()
    known = [dataset.name for dataset in real_data.DATASETS]
    if unknown := sorted(set(arguments.names) - set(known)):
        command.error(f"unknown project: {', '.join(unknown)}; choose from {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="mlpath-data-") as temporary:
        sys.exit(bool(main(arguments.names, (arguments.folder or Path(temporary)).resolve())))

"""Shared fixtures: a small project whose whole pipeline ran once, and what it consists of."""

import gc
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

gc.disable()  # until the tests are collected: the imports leave no garbage

from gradio_client import Client
from mlflow.tracking import MlflowClient

from which_library.config import Params, load_params
from which_library.data.schema import Schema, load_schema
from which_library.data.splits import Split, read_splits
from which_library.paths import ProjectPaths
from which_library.pipeline import evaluate, explore, prepare, report, search_queue, train
from which_library.reporting.sections import END, START, find_prompts
from which_library.serving import app, request_log
from which_library.serving.api import Api
from which_library.serving.feedback_collector import FeedbackCollector
from which_library.serving.predictor import Predictor, load_predictor
from which_library.serving.request_log import RequestLog

from .raw_data import write_raw_data

SMALL = Path(__file__).with_name("small.yaml")
DATA_MD5 = "0123456789abcdef0123456789abcdef.dir"
ISOLATED = (
    "CANARY",
    "DATABASE_URL",
    "GIT_",
    "GRADIO_SERVER_",
    "GRADIO_ROOT_",
    "MLFLOW_TRACKING_",
    "MLFLOW_EXPERIMENT_",
    "MONITOR_WEBHOOK",
    "REQUEST_LOG_SHARE",
)
BLOCKS = {
    "README.md": ("results", "models"),
    "docs/post.md": ("data", "steps", "comparison", "decision", "errors", "limits"),
    "docs/api.md": ("request", "response"),
}
MODELS = load_params(ProjectPaths().params).train.models


def pytest_collection_finish() -> None:
    """Collect garbage less often, and not among what was imported: it took a tenth of the time of the tests."""
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the sections that only the author can write; they are no failure."""
    if prompts := find_prompts(ProjectPaths().root):
        sections = "section" if len(prompts) == 1 else "sections"
        terminalreporter.write_line(f"{len(prompts)} {sections} still yours to write: {', '.join(prompts)}")


@pytest.fixture(scope="session", autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from the MLflow store, git repository and server address of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(ISOLATED):
                patch.delenv(name)
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow sets it itself


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs, to copy: creating its tables takes seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path.as_posix()}").search_experiments()
    return path


@pytest.fixture(scope="session")
def empty_studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Optuna database without studies, to copy."""
    path = tmp_path_factory.mktemp("studies") / "optuna.db"
    search_queue.open_storage(f"sqlite:///{path.as_posix()}").engine.dispose()
    return path


@pytest.fixture(scope="session")
def prepared_project(tmp_path_factory: pytest.TempPathFactory) -> ProjectPaths:
    """A project in a temporary folder, with the smaller parameters of `small.yaml`, whose data are split."""
    paths = ProjectPaths(tmp_path_factory.mktemp("project"))
    shutil.copy(ProjectPaths().schema, paths.schema)
    params = yaml.safe_load(ProjectPaths().params.read_text(encoding="utf-8"))
    update_params(params, yaml.safe_load(SMALL.read_text(encoding="utf-8")))
    paths.params.write_text(yaml.safe_dump(params), encoding="utf-8")
    write_raw_data(paths)
    prepare.main(paths)
    return paths


@pytest.fixture(scope="session")
def project(prepared_project: ProjectPaths, empty_store: Path) -> ProjectPaths:
    """The same project after the rest of the pipeline."""
    paths = prepared_project
    shutil.copy(empty_store, paths.root)
    for name, blocks in BLOCKS.items():
        (paths.root / name).parent.mkdir(exist_ok=True)
        (paths.root / name).write_text(with_blocks(blocks), encoding="utf-8")
    # Written by `dvc repro` in a real project; the lineage reads the hash of the data from it.
    lock = {"stages": {"prepare": {"deps": [{"path": "data/raw", "md5": DATA_MD5}]}}}
    (paths.root / "dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")

    explore.main(paths)
    for name in load_params(paths.params).train.models:
        train.main(name, paths)
    evaluate.main(paths)
    report.main(paths)
    return paths


@pytest.fixture
def copy(project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectPaths:
    """A copy of the project with its own MLflow store."""
    copy = ProjectPaths(tmp_path / "copy")
    shutil.copytree(project.root, copy.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{(copy.root / 'mlflow.db').as_posix()}")
    return copy


def with_blocks(names: Iterable[str]) -> str:
    """Return a text with blocks, as an author has it before the first run."""
    blocks = (f"{START.format(name=name)}\nold {name}\n{END.format(name=name)}\n" for name in names)
    return "\n".join(["# Title\n", *blocks, "## Limitations\n\n- Few rows.\n", "## After\n"])


def update_params(params: dict[str, Any], changes: dict[str, Any]) -> None:
    """Change existing entries of `params.yaml`."""
    for key, value in changes.items():
        if isinstance(value, dict):
            update_params(params[key], value)
        else:
            assert key in params, f"small.yaml changes {key}, which params.yaml does not have"
            params[key] = value


@pytest.fixture(scope="session")
def params(prepared_project: ProjectPaths) -> Params:
    return load_params(prepared_project.params)


@pytest.fixture(scope="session")
def schema(prepared_project: ProjectPaths) -> Schema:
    return load_schema(prepared_project.schema)


@pytest.fixture(scope="session")
def splits(prepared_project: ProjectPaths, schema: Schema) -> dict[str, Split]:
    return read_splits(prepared_project.prepared, schema)


@pytest.fixture(scope="session")
def predictor(project: ProjectPaths) -> Predictor:
    return load_predictor(project.champion)


@pytest.fixture(scope="session")
def feedback_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the running demo's database of feedback."""
    return f"sqlite:///{(tmp_path_factory.mktemp('feedback') / 'feedback.db').as_posix()}"


@pytest.fixture(scope="session")
def address(project: ProjectPaths, predictor: Predictor, feedback_url: str) -> Iterator[str]:
    """The address of the running demo."""
    collector, log = FeedbackCollector(predictor, feedback_url), RequestLog(predictor, feedback_url, share=1)
    page = app.build_app(predictor, project.reports, collector, log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_log, "BATCH_SECONDS", 0.05)
        with app.serve_in_background(page, Api(predictor, collector=collector, log=log)) as url:
            yield url
        log.close()


@pytest.fixture(scope="session")
def client(address: str) -> Client:
    return Client(address, verbose=False)

"""What the tests share: a small project, run once from the raw data to the report, and its parts."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from gradio_client import Client

from . import raw
from .package import Layout, app, data, evaluate, params, prepare, report, serving, train

SMALL = Path(__file__).with_name("small.yaml")
DATA_MD5 = "0123456789abcdef0123456789abcdef.dir"


@pytest.fixture(scope="session", autouse=True)
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing here reaches the MLflow store, the git repository or the address that this machine is set up for."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "GRADIO_SERVER_", "GRADIO_ROOT_", "MLFLOW_TRACKING_", "MLFLOW_EXPERIMENT_")):
                patch.delenv(name)
        patch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path_factory.getbasetemp()))
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield
        # MLflow puts this here itself, once it is told of a store.
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """This project, with less to compute, after its whole pipeline has run in a folder of its own."""
    layout = Layout(tmp_path_factory.mktemp("project"))
    shutil.copy(Layout().schema, layout.schema)
    turned = yaml.safe_load(Layout().params.read_text(encoding="utf-8"))
    merge(turned, yaml.safe_load(SMALL.read_text(encoding="utf-8")))
    layout.params.write_text(yaml.safe_dump(turned), encoding="utf-8")
    readme = f"# Mine\n\nbefore\n{report.START}\nold results\n{report.END}\nafter\n"
    (layout.root / "README.md").write_text(readme, encoding="utf-8")
    # What `dvc repro` would leave behind; the lineage reads the hash of the data from it.
    lock = {"stages": {"prepare": {"deps": [{"path": "data/raw", "md5": DATA_MD5}]}}}
    (layout.root / "dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")

    raw.write(layout)
    prepare.main(layout)
    for name in turned["train"]["models"]:
        train.main(name, layout)
    evaluate.main(layout)
    report.main(layout)
    return layout


def merge(document: dict[str, Any], changes: dict[str, Any]) -> None:
    """Put the changes into a document of the same form; a key that is not there is a mistake."""
    for key, value in changes.items():
        if isinstance(value, dict):
            merge(document[key], value)
        else:
            assert key in document, f"small.yaml names {key}, which params.yaml does not have"
            document[key] = value


@pytest.fixture(scope="session")
def turned(project: Layout) -> params.Params:
    """The parameters of the small project."""
    return params.load_params(project.params)


@pytest.fixture(scope="session")
def schema(project: Layout) -> data.Schema:
    """What a row must look like."""
    return data.load_schema(project.schema)


@pytest.fixture(scope="session")
def splits(project: Layout, schema: data.Schema) -> dict[str, data.Split]:
    """The rows for training, validation and test."""
    return data.read_splits(project.prepared, schema)


@pytest.fixture(scope="session")
def predictor(project: Layout) -> serving.Predictor:
    """The champion of the small project, ready to answer."""
    return serving.load_predictor(project.champion)


@contextmanager
def served(page: Any, health: dict[str, Any]) -> Iterator[str]:
    """The page on a free port of this machine, for as long as it is asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app.launch(page, health, prevent_thread_lock=True, quiet=True, server_port=port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.close(verbose=False)


@pytest.fixture(scope="session")
def address(project: Layout, predictor: serving.Predictor) -> Iterator[str]:
    with served(app.build_app(predictor, project.reports), app.health_of(predictor)) as found:
        yield found


@pytest.fixture(scope="session")
def client(address: str) -> Client:
    return Client(address, verbose=False)

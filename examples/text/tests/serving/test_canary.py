"""The canary: which requests it gets, what answers and log say about it, and what happens if it fails."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from sqlalchemy import select

from which_library.evaluation.candidate import Candidate
from which_library.paths import ProjectPaths
from which_library.pipeline import monitor
from which_library.serving import app, canary, payloads, request_log
from which_library.serving.api import Api
from which_library.serving.canary import Router, load_router, position
from which_library.serving.champion import load_champion, publish, sha256
from which_library.serving.database import Database
from which_library.serving.feedback_collector import FeedbackCollector
from which_library.serving.predictor import Predictor, load_predictor
from which_library.serving.request_log import RequestLog
from which_library.serving.request_table import TABLE

from ..conftest import MODELS


@pytest.fixture(scope="module")
def paths(project: ProjectPaths, tmp_path_factory: pytest.TempPathFactory) -> ProjectPaths:
    """A project with a champion and another model of it as version 7 in `models/canary/`."""
    copy = ProjectPaths(tmp_path_factory.mktemp("canary"))
    shutil.copytree(project.champion, copy.champion)
    for path in (project.params, project.schema):
        shutil.copy(path, copy.root)
    record = load_champion(project.champion)[0].record
    other = next(name for name in MODELS if name != record["model"])
    exported = Candidate.read(project.candidate(other)).exported
    lineage = record["lineage"] | {"registry_version": 7}
    publish(copy.canary, record | {"model": other, "sha256": sha256(exported), "lineage": lineage}, exported)
    return copy


def router_of(paths: ProjectPaths, text: str, patch: pytest.MonkeyPatch) -> Router:
    patch.setenv("CANARY", text)
    return load_router(paths, load_predictor(paths.champion))


@pytest.fixture(scope="module")
def url(paths: ProjectPaths) -> str:
    return f"sqlite:///{(paths.root / 'feedback.db').as_posix()}"


@pytest.fixture(scope="module")
def router(paths: ProjectPaths) -> Router:
    """The router of the served demo, whose canary gets all requests until a test changes its share."""
    with pytest.MonkeyPatch.context() as patch:
        return router_of(paths, "7:1", patch)


@pytest.fixture(scope="module")
def address(paths: ProjectPaths, router: Router, url: str) -> Iterator[str]:
    champion = router.champion
    collector, log = FeedbackCollector(champion, url, router), RequestLog(champion, url, 1, router)
    page = app.build_app(champion, paths.reports, collector, log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_log, "BATCH_SECONDS", 0.05)
        with app.serve_in_background(page, Api(champion, collector=collector, log=log, router=router)) as address:
            yield address
        log.close()


def logged(url: str, request_id: str) -> list[dict[str, Any]]:
    """Return the rows of a request in the log, the failed ones first."""
    for _ in range(100):
        rows = list(Database(url, TABLE).select(select(TABLE).filter_by(request_id=request_id)))
        if rows:
            return sorted(rows, key=lambda row: -row["status"])
        time.sleep(0.05)
    raise AssertionError(f"request {request_id} is not in the log")


def test_the_canary_answers_and_is_named(address: str, router: Router, url: str) -> None:
    answer = httpx.post(f"{address}/predict", json={}).json()
    assert router.canary
    assert answer["model"] == router.canary.champion.version
    assert answer["model"]["version"] == 7
    expected = payloads.predict(router.canary, [payloads.complete(router.champion, {})])[0]
    assert answer["prediction"] == json.loads(json.dumps(expected["prediction"]))
    (row,) = logged(url, answer["request_id"])
    assert (row["status"], row["model_version"]) == (200, 7)
    feedback = {"correct": True, "request_id": answer["request_id"]}
    assert httpx.post(f"{address}/feedback", json=feedback).json()["model"] == answer["model"]
    assert httpx.get(f"{address}/health").json()["canary"]["lineage"]["registry_version"] == 7
    metrics = httpx.get(f"{address}/metrics").text
    assert 'canary_info{name="' in metrics
    assert 'canary_requests_total{outcome="answered"}' in metrics


def test_the_page_names_the_canary(address: str, router: Router) -> None:
    assert Client(address, verbose=False).predict(api_name="/predict")
    log = RequestLog(router.champion, share=0, router=router)
    assert log.route(lambda model: model.champion.note)() == (
        f"<p>Predicted by the canary: {router.models[1].champion.record['model']}, version 7.</p>"
    )
    assert "The canary predicts for 100%" in str(app.build_app(router.champion, log=log).get_config_file())
    assert router.champion.champion.note == ""


def test_a_failing_canary_is_an_error_of_its_own_and_the_champion_answers(
    address: str, router: Router, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = payloads.predict

    def fail(model: Predictor, rows: Any) -> Any:
        if model is router.canary:
            raise RuntimeError("out of memory")
        return predict(model, rows)

    monkeypatch.setattr(payloads, "predict", fail)
    response = httpx.post(f"{address}/predict", json={})
    assert response.status_code == 200
    answer = response.json()
    assert answer["model"] == router.champion.champion.version
    failed, served = logged(url, answer["request_id"])
    assert (failed["status"], failed["model_version"], failed["inputs"]) == (500, 7, None)
    assert (served["status"], served["model_sha256"]) == (200, answer["model"]["sha256"])
    assert 'canary_requests_total{outcome="failed"} 1.0' in httpx.get(f"{address}/metrics").text
    assert httpx.post(f"{address}/predict", json=[]).status_code == 422


def test_monitor_compares_the_canary(
    address: str, router: Router, url: str, paths: ProjectPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = httpx.post(f"{address}/predict", json={}).json()
    logged(url, answer["request_id"])
    monitor.main(["--json"], paths)
    canary_part = json.loads(capsys.readouterr().out)["canary"]
    assert canary_part["model"]["version"] == 7
    assert canary_part["requests"]["canary"] >= 1
    assert {difference["conclusion"] for difference in canary_part["differences"]} == {"too few"}
    assert "## Canary" in (paths.reports / "monitor.md").read_text(encoding="utf-8")


def test_a_share_of_the_inputs_goes_to_the_canary(router: Router) -> None:
    canary = router.canary
    assert canary
    shares = [position(canary, [{"a": number}]) for number in range(2000)]
    assert sum(share < 0.1 for share in shares) == pytest.approx(200, abs=45)  # 3.4 standard deviations
    rows = [payloads.complete(router.champion, {})]
    where = position(canary, [payloads.logged_inputs(router.champion, rows[0])])
    for share, model in ((where, router.champion), (where + 1e-9, router.canary)):
        assert Router(router.champion, router.canary, share).choose(rows) is model


def test_without_the_variable_there_is_no_canary(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert router_of(paths, "", monkeypatch).canary is None


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        ("7", None, "CANARY=7 must be a version and a share from 0 to 1, such as CANARY=7:0.1"),
        ("7:1.5", None, "CANARY=7:1.5 must be a version and a share"),
        ("7:nan", None, "CANARY=7:nan must be"),
        ("8:0.1", None, "models/canary/ must have version 8, not 7; run: uv run promote 8 --canary"),
        ("7:0.1", lambda folder: shutil.rmtree(folder), "must have version 7, not no valid model"),
        ("7:0.1", lambda folder: (folder / "model.onnx").write_bytes(b""), "must have version 7, not no valid model"),
        ("7:0.1", lambda folder: edit(folder, "target", {}), "version 7 has other inputs, classes or another target"),
        ("7:0.1", lambda folder: copy_champion(folder), "version 7 is the champion; choose another version, or unset"),
    ],
)
def test_a_canary_that_can_t_be_served_is_refused(
    paths: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, change: Any, message: str
) -> None:
    shutil.copytree(paths.root / "models", tmp_path / "models")
    copy = ProjectPaths(tmp_path)
    if change:
        change(copy.canary)
    with pytest.raises(canary.CanaryError, match=message):
        router_of(copy, text, monkeypatch)


def test_the_limits_of_the_champion_hold_for_the_canary(
    paths: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a training on data of a smaller range: the canary explains what is outside, too."""
    shutil.copytree(paths.root / "models", tmp_path / "models")
    copy = ProjectPaths(tmp_path)
    record = load_champion(copy.canary)[0].record
    inputs = [
        column | ({"maximum": column.get("minimum", 1)} if "maximum" in column else {}) for column in record["inputs"]
    ]
    edit(copy.canary, "inputs", inputs)
    if "series" in record:  # without which there is no forecast
        with pytest.raises(canary.CanaryError, match="can't predict for the champion's default inputs"):
            router_of(copy, "7:1", monkeypatch)
        return
    router = router_of(copy, "7:1", monkeypatch)
    rows = [payloads.complete(router.champion, payloads.example_inputs(router.champion))]
    routed = router.run(rows, lambda model: payloads.explain(model, rows[0]))
    assert (routed.model, routed.failed) == (router.canary, None)


def edit(folder: Path, key: str, value: Any) -> None:
    """Change an entry of `champion.json`."""
    path = folder / "champion.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {key: value}), encoding="utf-8")


def copy_champion(folder: Path) -> None:
    """Make the canary the champion."""
    shutil.copytree(folder.with_name("champion"), folder, dirs_exist_ok=True)
    record = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    edit(folder, "lineage", record["lineage"] | {"registry_version": 7})


def test_a_canary_that_does_not_predict_the_default_inputs_is_refused(
    router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> Any:
        raise ValueError("shape (2,)")

    monkeypatch.setattr(payloads, "predict", fail)
    assert router.canary
    found = canary.find_difference(router.champion, router.canary)
    assert found == "can't predict for the champion's default inputs (shape (2,))"

"""The command `monitor`: its exit status, what it prints, and the page that it writes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from late_flights.evaluation.candidate import Candidate
from late_flights.evaluation.reference import predicted_columns
from late_flights.paths import ProjectPaths
from late_flights.pipeline import monitor
from late_flights.serving import payloads
from late_flights.serving.champion import load_champion
from late_flights.serving.predictor import Predictor
from late_flights.serving.request_log import API, Call, RequestLog, summarize


@pytest.fixture
def watched(project: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    """A copy of the project, whose request log and reports are its own."""
    copy = ProjectPaths(tmp_path)
    shutil.copytree(project.champion, copy.champion)
    for path in (project.params, project.schema):
        shutil.copy(path, copy.root)
    return copy


@pytest.fixture
def log(watched: ProjectPaths, predictor: Predictor) -> RequestLog:
    return RequestLog(predictor, f"sqlite:///{(watched.root / 'feedback.db').as_posix()}", share=1)


def run(paths: ProjectPaths, *arguments: str) -> int:
    """Run the command and return its exit status."""
    try:
        monitor.main(arguments, paths)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_without_requests_there_are_too_few_rows(watched: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(watched) == 0
    assert "too few rows: 0 of the 50" in capsys.readouterr().out
    assert "too few rows" in (watched.reports / "monitor.md").read_text(encoding="utf-8")


def test_many_invalid_requests_are_an_alert_that_a_dead_webhook_does_not_hide(
    watched: ProjectPaths,
    log: RequestLog,
    predictor: Predictor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = next(iter(payloads.example_inputs(predictor)))
    for _ in range(60):
        log.add(Call(API, 422, 0.01, problems=[name]))
    log.close()
    monkeypatch.setenv("MONITOR_WEBHOOK", "http://127.0.0.1:9/")
    assert run(watched, "--json") == monitor.EXIT_DRIFT
    output, errors = capsys.readouterr()
    document = json.loads(output)
    assert (document["status"], document["invalid_inputs"]) == ("drift", {name: 60})
    assert document["alerts"] == [f"100% of the requests are invalid: {name} 60"]
    assert errors.startswith("the alert could not be sent to MONITOR_WEBHOOK")
    assert run(watched, "--since", "2999-01-01") == 0


def test_many_failures_of_the_server_are_an_alert(
    watched: ProjectPaths, log: RequestLog, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(60):
        log.add(Call(API, 503, 0.01))
    log.close()
    assert run(watched, "--json") == monitor.EXIT_DRIFT
    assert json.loads(capsys.readouterr().out)["alerts"] == ["100% of the requests failed with status 5xx"]


def test_the_reference_has_columns_of_the_request_log(
    project: ProjectPaths, predictor: Predictor, watched: ProjectPaths
) -> None:
    record = load_champion(project.champion)[0].record
    reference = monitor.read_reference(watched.champion, record["sha256"])
    row = payloads.complete(predictor, payloads.example_inputs(predictor))
    logged = summarize(record, payloads.predict(predictor, [row])[0])
    inputs = payloads.logged_inputs(predictor, row)
    assert {column["name"] for column in reference["inputs"]} <= inputs.keys()
    validation = Candidate.read(project.candidate(record["model"])).predictions["validation"]
    columns = predicted_columns(record, validation)
    assert {column["name"] for column in reference["predictions"]} == {str(column.name) for column in columns}
    assert {str(column.name) for column in columns} <= logged.keys()
    for column in reference["inputs"]:
        value = inputs[column["name"]]
        assert value is None or type(value) is (float if column["kind"] == "number" else str)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "was evaluated by an older version. Run: uv run dvc repro evaluate"),
        (lambda path: path.write_text("{", encoding="utf-8"), "can't be read: .* Run: git restore models/champion"),
        (lambda path: path.write_text("{}", encoding="utf-8"), "is that of another model"),
    ],
)
def test_a_champion_without_a_reference_is_explained(watched: ProjectPaths, damage: Any, message: str) -> None:
    damage(watched.champion / "reference.json")
    with pytest.raises(SystemExit, match=message):
        monitor.main([], watched)


def test_an_ignored_input_that_does_not_exist_is_named(watched: ProjectPaths) -> None:
    lines = watched.params.read_text(encoding="utf-8").splitlines()
    lines.insert(lines.index("monitor:") + 1, "  ignore: [wrong name]")
    watched.params.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"monitor\.ignore: there is no input 'wrong name'; inputs: \w"):
        monitor.main([], watched)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("x", "DATABASE_URL is not the address of a database"),
        ("sqlite:////nowhere/log.db", "/nowhere/log.db does not exist"),
        ("postgresql://127.0.0.1:9/none", "uv sync --extra postgres|refused.*; check that it runs, and DATABASE_URL"),
        ("mysql://127.0.0.1/none", "needs the module MySQLdb; install it, or use PostgreSQL or SQLite"),
    ],
)
def test_a_database_that_can_t_be_used_is_a_failure(
    watched: ProjectPaths, url: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SystemExit, match=message) as ended:
        monitor.main([], watched)
    assert isinstance(ended.value.code, str), "a message, with exit status 1"

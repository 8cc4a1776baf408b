"""The command `feedback`: what it exports and lists."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digit_reader.paths import ProjectPaths
from digit_reader.pipeline import feedback
from digit_reader.serving import payloads
from digit_reader.serving.feedback_collector import FeedbackCollector
from digit_reader.serving.predictor import Predictor

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.fixture
def database(project: ProjectPaths, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with an entry that has a right answer, one that has none, and one that may have inputs."""
    url = f"sqlite:///{(tmp_path / 'feedback.db').as_posix()}"
    monkeypatch.setenv("DATABASE_URL", url)
    collector, inputs = FeedbackCollector(predictor), payloads.example_inputs(predictor)
    predicted = payloads.predict(predictor, [payloads.complete(predictor, inputs)])[0]["prediction"]
    known = {"truth": predicted if isinstance(predicted, str | float) else predicted[-1]}
    for said in (
        {"correct": True, "consent": True, "remark": "\x9b31m?"[1:], **known},
        {"correct": False, "consent": True},
        {"correct": True, **known},
    ):
        asyncio.run(collector.save({"inputs": inputs, **said}))


@pytest.mark.usefixtures("database")
def test_rows_with_a_known_answer_are_exported(
    project: ProjectPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feedback.main(["export", "--json", "--since", TODAY], project)
    output, messages = capsys.readouterr()
    private = bool(payloads.PRIVATE_INPUT)
    assert len(json.loads(output)) == (1 if private else 2)
    without_inputs = ", 1 without the inputs" if private else ""
    exported = "1 row exported" if private else "2 rows exported"
    assert messages == f"{exported}; left out: 1 without a known answer{without_inputs}\n"
    path = tmp_path / "export"
    feedback.main(["export", "--json", "--output", str(path)], project)
    assert path.read_text(encoding="utf-8") == output


@pytest.mark.usefixtures("database")
def test_entries_are_listed(project: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    feedback.main(["list"], project)
    first, second, _, last = capsys.readouterr().out.splitlines()
    assert first.startswith(TODAY)
    assert " right: " in first
    assert first.endswith(", remark '31m?'")
    assert " wrong: " in second
    assert last == "right: 2, wrong: 1"
    feedback.main(["list", "--since", "2999-01-01"], project)
    assert capsys.readouterr().out == "right: 0, wrong: 0\n"


@pytest.mark.usefixtures("database")
def test_a_path_that_can_t_be_written_is_reported(project: ProjectPaths, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"can't be written: .*; choose another --output"):
        feedback.main(["export", "--output", str(tmp_path / "file" / "below")], project)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "COMMAND"), (["export", "--since", "today"], "'today' is not a date such as 2026-11-30")],
)
def test_a_wrong_command_line_is_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        feedback.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err

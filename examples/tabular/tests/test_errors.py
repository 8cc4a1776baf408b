"""Problems of the machine end a command with one line; other exceptions keep their traceback."""

import errno
import sqlite3
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from late_flights.errors import DataError, UserError, exit_on_user_error
from late_flights.paths import ProjectPaths
from late_flights.serving.champion import load_champion, publish


def message_of(error: Exception) -> str:
    """Return what a command prints that raises an exception."""
    with pytest.raises(SystemExit) as ended, exit_on_user_error():
        raise error
    return str(ended.value.code)


def test_a_full_disk_is_explained() -> None:
    expected = "No space left on the disk, or in your quota. Free some, then run the same command again."
    assert message_of(OSError(errno.ENOSPC, "No space left on device", "model.onnx")) == expected
    with sqlite3.connect(":memory:") as database:
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.executescript("CREATE TABLE a (b); INSERT INTO a VALUES (zeroblob(100000))")
    database.close()
    error = MlflowException("the run was not logged")
    error.__cause__ = full.value
    assert message_of(error) == expected


def test_a_locked_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    first, second = sqlite3.connect(path, isolation_level=None), sqlite3.connect(path, timeout=0)
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        second.execute("CREATE TABLE a (b)")
    first.close()
    second.close()
    assert message_of(locked.value) == (
        "A database of this project is locked by another program. Wait for it, or end it, then run the same command "
        "again."
    )


def test_other_exceptions_keep_their_traceback() -> None:
    assert message_of(UserError("fix it")) == "fix it"
    assert message_of(DataError("fix it")) == "The data does not match schema.yaml:\nfix it"
    for error in (OSError(errno.EACCES, "denied"), RuntimeError("a bug")):
        with pytest.raises(type(error)), exit_on_user_error():
            raise error


def test_a_full_disk_leaves_the_champion(project: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_champion(project.champion)

    def fail(_path: Path, text: str, **_options: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space left"):
        publish(project.champion, {"model": "other"}, b"other")
    assert load_champion(project.champion) == before
    assert not list(project.champion.parent.glob(".champion-*"))

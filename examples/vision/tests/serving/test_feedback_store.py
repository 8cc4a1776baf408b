"""The database of feedback: what is kept, what fails, and several processes that write at once."""

import dataclasses
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digit_reader.paths import ProjectPaths
from digit_reader.serving import database, feedback
from digit_reader.serving.database import DatabaseError, database_url
from digit_reader.serving.feedback import TABLE, Entry, FeedbackStore

ENTRY = Entry(
    id="0" * 32,
    time=datetime(2026, 11, 30, 12, 30, tzinfo=UTC),
    request_id=None,
    inputs={"a": 0.1, "b": None, "c": "ä '"},
    prediction={"prediction": "yes"},
    correct=False,
    truth="no",
    remark="<b>",
    model="a model",
    model_version=3,
    model_sha256="abc",
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'feedback.db').as_posix()}"


def test_entries_are_kept_as_they_are(url: str) -> None:
    later = dataclasses.replace(ENTRY, id="1" * 32, time=datetime(2026, 12, 1, tzinfo=UTC), inputs=None, truth=None)
    store = FeedbackStore(url)
    assert list(store.entries()) == []
    for entry in (later, ENTRY):
        store.add(entry)
    assert list(FeedbackStore(url).entries()) == [ENTRY, later]
    assert list(store.entries(since=later.time)) == [later]


def test_a_database_without_the_table_has_no_entries(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "feedback.db")) as connection:
        connection.execute("CREATE TABLE others (x)")
    assert list(FeedbackStore(url).entries()) == []


def test_a_table_that_was_dropped_is_created_again(url: str, tmp_path: Path) -> None:
    store = FeedbackStore(url)
    store.add(ENTRY)
    (tmp_path / "feedback.db").unlink()
    with pytest.raises(DatabaseError, match="no such table"):
        store.add(ENTRY)
    store.add(ENTRY)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def test_a_locked_database_fails(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS", 0.1)
    store = FeedbackStore(url)
    store.add(ENTRY)
    with locked(tmp_path / "feedback.db"), pytest.raises(DatabaseError, match="database is locked"):
        store.add(dataclasses.replace(ENTRY, id="1"))


def test_a_read_only_or_foreign_database_fails(url: str, tmp_path: Path) -> None:
    read_only = f"{url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true"
    (tmp_path / "feedback.db").touch()
    with pytest.raises(DatabaseError, match="readonly"):  # not that there is no table
        FeedbackStore(read_only).add(ENTRY)
    FeedbackStore(url).add(ENTRY)
    with pytest.raises(DatabaseError, match="readonly"):
        FeedbackStore(read_only).add(ENTRY)
    (tmp_path / "feedback.db").write_text("no database" * 99, encoding="utf-8")
    with pytest.raises(DatabaseError, match="file is not a database"):
        list(FeedbackStore(url).entries())


@pytest.mark.parametrize("url", ["postgres://ada:hidden-word@db/x", "postgresql://ada:hidden-word@db/x"])
def test_postgresql_takes_the_current_driver(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseError, match=r"needs the module psycopg; run: uv sync --extra postgres"):
        FeedbackStore(url)


@pytest.mark.parametrize("url", ["", "x", "none://a", "postgresql://a:b@c:port/d"])
def test_other_addresses_are_explained(url: str) -> None:
    with pytest.raises(DatabaseError, match="DATABASE_URL is not the address of a database, such as postgresql://"):
        FeedbackStore(url)


def test_the_address_is_that_of_the_environment_or_a_file_that_git_and_dvc_ignore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = ProjectPaths()
    assert database_url(paths) == f"sqlite:///{(paths.root / 'feedback.db').as_posix()}"
    for name in (".gitignore", ".dvcignore"):
        assert "feedback.db*" in (paths.root / name).read_text(encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    assert database_url(paths) == "sqlite:///other.db"


def test_several_processes_write_to_one_file(url: str) -> None:
    code = f"""
import sys
from dataclasses import replace
from {__name__} import ENTRY
from {feedback.__name__} import FeedbackStore
store = FeedbackStore({url!r})
for number in range(25):
    store.add(replace(ENTRY, id=sys.argv[1] + str(number)))
"""
    processes = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ProjectPaths().root) for name in "ab"]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(list(FeedbackStore(url).entries())) == 50
    assert TABLE.name.startswith("feedback_")

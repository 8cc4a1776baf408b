"""The database of feedback: what is kept, what fails, and several processes that write at once."""

import dataclasses
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from which_library.paths import ProjectPaths
from which_library.serving import database
from which_library.serving.database import Database, DatabaseError, database_url
from which_library.serving.feedback import TABLE, Entry, read_entries

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


def add(url: str, *entries: Entry) -> None:
    for entry in entries:
        Database(url, TABLE).insert([dataclasses.asdict(entry)])


def test_entries_are_kept_as_they_are(url: str) -> None:
    later = dataclasses.replace(ENTRY, id="1" * 32, time=datetime(2026, 12, 1, tzinfo=UTC), inputs=None, truth=None)
    assert list(read_entries(url)) == []
    add(url, later, ENTRY)
    assert list(read_entries(url)) == [ENTRY, later]
    assert list(read_entries(url, since=later.time)) == [later]


def test_a_locked_database_fails(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS", 0.1)
    add(url, ENTRY)
    with closing(sqlite3.connect(tmp_path / "feedback.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match="database is locked"):
            add(url, dataclasses.replace(ENTRY, id="1"))


def test_a_read_only_or_foreign_database_fails(url: str, tmp_path: Path) -> None:
    (tmp_path / "feedback.db").touch()
    with pytest.raises(DatabaseError, match="readonly"):
        add(f"{url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true", ENTRY)
    (tmp_path / "feedback.db").write_text("no database" * 99, encoding="utf-8")
    with pytest.raises(DatabaseError, match="file is not a database"):
        list(read_entries(url))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://ada:hidden-word@db/x", "needs the module psycopg; run: uv sync --extra postgres"),
        ("postgresql://ada:hidden-word@db/x", "needs the module psycopg; run: uv sync --extra postgres"),
        ("mysql://127.0.0.1/none", "needs the module MySQLdb; install it, or use PostgreSQL or SQLite"),
        ("x", "DATABASE_URL is not the address of a database, such as postgresql://"),
        ("postgresql://a:b@c:port/d", "DATABASE_URL is not the address of a database, such as postgresql://"),
    ],
)
def test_other_addresses_are_explained(url: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseError, match=message):
        Database(url, TABLE)


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
from {__name__} import ENTRY, add
add({url!r}, *(replace(ENTRY, id=sys.argv[1] + str(number)) for number in range(25)))
"""
    processes = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ProjectPaths().root) for name in "ab"]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(list(read_entries(url))) == 50

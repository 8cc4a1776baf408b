"""Invalid input to `new-project`: one clear error, a hint, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import mlpath


def error_of(*arguments: str, code: int = 1) -> str:
    """Run a `new-project` that must fail; return its error and hint."""
    result = mlpath("new-project", *arguments, "--no-lock")
    assert result.exit_code == code, result.output
    lines = result.stderr.splitlines()
    assert result.stdout == ""
    if code == 1:
        assert lines[0].startswith("Error: ")
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("Hint: "))
    assert not [path for path in Path().iterdir() if "mlpath" in path.name]
    return result.stderr


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../x",
        "/tmp/x",  # noqa: S108
        "a/b",
        "class",
        "json",
        "test",
        "numpy",
        "CON",
        "1st",
        "x" * 300,
        "🎉",
        "naïve",
        "it's",
        'say "hi"',
        "two\nlines",
        "tab\there",
        "{{ 7*7 }}",
        "{% raw %}",
        "- a: b",
        "!!python/name:os.system",
        "trailing-",
        "-leading",
        "a--b",
        "a\\b",
        "nul\0l",
    ],
)
def test_invalid_project_names(folder: Path, name: str) -> None:
    message = error_of("demo", "-l", "-d", f"project_name={name}")
    assert message.startswith("Error: project_name: ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["1st", "numpy", "naïve", "a.b"])
def test_folder_name_that_is_not_a_project_name_has_a_hint(folder: Path, name: str) -> None:
    message = error_of(name, "-l")
    assert "The folder names the project. To override: -d project_name=NAME" in message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "two\nlines", "bell\a", "nul\0", "\x1b[31mred", "x" * 301]
)
def test_invalid_free_text(folder: Path, text: str) -> None:
    assert error_of("demo", "-l", "-d", f"problem={text}").startswith("Error: problem: ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("color=red", "color is not a question of this template"),
        ("package_name=x", "package_name is computed and cannot be set"),
        ("_commit=v1", "_commit is not a question"),
        ("container=banana", "container: 'banana' is not yes or no"),
        ("container=", "container: '' is not yes or no"),
        ("task=guessing", "task: 'guessing' is not one of its choices"),
        ("license=mit", "Choose from: MIT, BSD-3-Clause, Apache-2.0, none."),
        ("python_version=2.7", "python_version: '2.7' is not one of its choices"),
        ("author_email=ada", "author_email: enter an address such as"),
        ("slices={", "slices: '{' is not YAML, such as [age, city]"),
        ("lengths=2024-13-13", "lengths: '2024-13-13' is not YAML"),
        ("metric=bogus", "metric: bogus is not a metric for classification; choose roc_auc, "),
        ("metric=mae", "metric: mae is not a metric for classification"),
    ],
)
def test_invalid_answers(folder: Path, answer: str, expected: str) -> None:
    assert expected in error_of("demo", "-l", "-d", answer)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"problem: [a, b]\n", "problem: ['a', 'b'] is not text"),
        (b"problem:\n", "problem: None is not text"),
        (b"project_name: 2024-01-01\n", "project_name: datetime.date(2024, 1, 1) is not text"),
        (b"project_name: yes\n", "project_name: True is not text"),
        (b"container: [true]\n", "container: [True] is not yes or no"),
        (b"python_version: 3.1\n", "python_version: 3.1 is not one of its choices"),
        (b"a: b: c\n", "is not YAML"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"\x89PNG\r\n\x1a\n", "is not YAML"),
        (b"!!python/object/apply:os.system [touch /tmp/x]\n", "is not YAML"),
        (b"- a\n- b\n", "holds no answers"),
        (b"just text\n", "holds no answers"),
        (b"1: 2\n", "holds no answers"),
    ],
)
def test_invalid_data_files(folder: Path, tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_bytes(content)
    assert expected in error_of("demo", "-l", "--data-file", str(file))
    assert list(folder.iterdir()) == []


def test_unreadable_data_files(folder: Path) -> None:
    assert "nowhere.yml: No such file" in error_of("d", "-l", "--data-file", "nowhere.yml")
    assert "Is a directory" in error_of("d", "-l", "--data-file", str(folder))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "task"], "'task' is not KEY=VALUE"),
        (["-d", "=x"], "'=x' is not KEY=VALUE"),
        (["--color"], "No such option"),
        (["a", "b"], "unexpected extra argument"),
        (["--pretend", "--run"], "cannot be combined"),
    ],
)
def test_invalid_usage(folder: Path, arguments: list[str], expected: str) -> None:
    assert expected in error_of(*arguments, code=2)
    assert list(folder.iterdir()) == []


def test_destination_that_is_not_empty(folder: Path) -> None:
    (folder / "demo").mkdir()
    (folder / "demo/precious.txt").write_text("mine")
    assert "the folder demo is not empty" in error_of("demo", "-l")
    assert "is not empty" in error_of(".", "-l")
    assert [path.name for path in folder.rglob("*")] == ["demo", "precious.txt"]


def test_folder_of_the_project_name_is_not_empty(folder: Path) -> None:
    (folder / "tree-rings").mkdir()
    (folder / "tree-rings/precious.txt").write_text("mine")
    assert "tree-rings is not empty" in error_of("-l", "-d", "project_name=Tree rings")
    assert [path.name for path in folder.rglob("*")] == ["tree-rings", "precious.txt"]


def test_destinations_that_are_not_folders(folder: Path) -> None:
    (folder / "file").write_text("mine")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    assert "file is a file, not a folder" in error_of("file", "-l")
    assert "file is not a folder" in error_of("file/demo", "-l")
    assert "dangling is a broken link" in error_of("dangling", "-l")
    assert "is not a folder" in error_of("dangling/demo", "-l")
    assert "loop is a broken link" in error_of("loop", "-l")
    assert "'' is not a name for a folder" in error_of("", "-l")
    assert "is not a name for a folder" in error_of("a\0b", "-l")
    assert sorted(path.name for path in folder.iterdir()) == ["dangling", "file", "loop"]


def test_destination_name_too_long(folder: Path) -> None:
    assert "File name too long" in error_of("x" * 300, "-l", "-d", "project_name=demo")
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="needs a folder that root can't write to"
)
def test_destination_that_cannot_be_written() -> None:
    assert "/proc" in error_of("/proc/demo", "-l")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_destination_without_write_permission(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o555)
    assert "is not writable" in error_of("locked/demo", "-l")


def test_missing_git(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = error_of("demo", "-l")
    assert message.startswith("Error: git is not installed")
    assert "mlpath doctor" in message
    assert list(folder.iterdir()) == []


def test_questions_without_a_terminal(folder: Path) -> None:
    message = error_of("demo")
    assert "no terminal to ask in" in message
    assert "--defaults" in message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ref", ["v9.9.9", "main", "--upload-pack=x"])
def test_unknown_versions(folder: Path, ref: str) -> None:
    message = error_of("demo", "-l", "--vcs-ref", ref)
    assert f"template version {ref} not found" in message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("source", ["nowhere", "gh:", "file:///nowhere.git", "~unknown-user/x"])
def test_unavailable_templates(folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    assert "cannot use the template" in error_of("demo", "-l", "--template", source)
    assert list(folder.iterdir()) == []


def test_template_that_runs_code(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/copier.yml").write_text("_tasks: [touch ran]\n")
    assert "runs code: Template uses potentially unsafe feature" in error_of(
        "demo", "-l", "--template", str(tmp_path / "t")
    )
    assert "the folder '' has no copier.yml" in error_of("demo", "-l", "--template", "")
    assert list(folder.iterdir()) == []

"""What people type by mistake, or to see what happens: one clear line, a remedy, and no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import mlpath


def refusal(*arguments: str, code: int = 1) -> str:
    """Run a new-project that must fail; return its message, a line and perhaps a hint."""
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
        " ",
        "../x",
        "/tmp/x",  # noqa: S108
        "a/b",
        "class",
        "None",
        "json",
        "test",
        "gradio",
        "numpy",
        "CON",
        "aux",
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
def test_bad_project_names(folder: Path, name: str) -> None:
    message = refusal("demo", "-l", "-d", f"project_name={name}")
    assert message.startswith("Error: project_name: ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["1st", "numpy", "naïve", "a.b"])
def test_a_folder_that_cannot_name_a_project_is_told_how_to(folder: Path, place: str) -> None:
    message = refusal(place, "-l")
    assert "The folder names the project; -d project_name=NAME gives another." in message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "two\nlines", "bell\a", "nul\0", "\x1b[31mred", "x" * 301]
)
def test_bad_free_text(folder: Path, text: str) -> None:
    assert refusal("demo", "-l", "-d", f"problem={text}").startswith("Error: problem: ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("colour=red", "colour is no question of this template"),
        ("package_name=x", "package_name is computed, not asked"),
        ("_commit=v1", "_commit is no question"),
        ("container=banana", "container: 'banana' is not yes or no"),
        ("container=", "container: '' is not yes or no"),
        ("task=guessing", "task: 'guessing' is not one of its choices"),
        ("license=mit", "Choose from: MIT, BSD-3-Clause, Apache-2.0, none."),
        ("python_version=2.7", "python_version: '2.7' is not one of its choices"),
        ("author_email=nobody", "author_email: an address such as"),
        ("slices={", "slices: '{' is not YAML, such as [age, city]"),
        ("lengths=2024-13-13", "lengths: '2024-13-13' is not YAML"),
    ],
)
def test_bad_answers(folder: Path, answer: str, expected: str) -> None:
    assert expected in refusal("demo", "-l", "-d", answer)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"problem: [a, b]\n", "problem: ['a', 'b'] is not text"),
        (b"problem: {a: b}\n", "problem: {'a': 'b'} is not text"),
        (b"problem:\n", "problem: None is not text"),
        (b"project_name: 2024-01-01\n", "project_name: datetime.date(2024, 1, 1) is not text"),
        (b"project_name: yes\n", "project_name: True is not text"),
        (b"container: [true]\n", "container: [True] is not yes or no"),
        (b"python_version: 3.1\n", "python_version: 3.1 is not one of its choices"),
        (b"a: b: c\n", "is not YAML"),
        (b"\tx\n", "is not YAML"),
        (b"{", "is not YAML"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"\x89PNG\r\n\x1a\n", "is not YAML"),
        (b"!!python/object/apply:os.system [touch /tmp/x]\n", "is not YAML"),
        (b"- a\n- b\n", "holds no answers"),
        (b"just text\n", "holds no answers"),
        (b"1: 2\n", "holds no answers"),
    ],
)
def test_bad_answer_files(folder: Path, tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_bytes(content)
    assert expected in refusal("demo", "-l", "--data-file", str(file))
    assert list(folder.iterdir()) == []


def test_answer_files_that_cannot_be_read(folder: Path) -> None:
    assert "cannot read nowhere.yml: No such file" in refusal(
        "d", "-l", "--data-file", "nowhere.yml"
    )
    assert "Is a directory" in refusal("d", "-l", "--data-file", str(folder))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "task"], "'task' is not KEY=VALUE"),
        (["-d", "=x"], "'=x' is not KEY=VALUE"),
        (["--colour"], "No such option"),
        (["a", "b"], "unexpected extra argument"),
        (["--pretend", "--run"], "exclude each other"),
    ],
)
def test_bad_usage(folder: Path, arguments: list[str], expected: str) -> None:
    assert expected in refusal(*arguments, code=2)
    assert list(folder.iterdir()) == []


def test_a_folder_with_something_in_it(folder: Path) -> None:
    (folder / "demo").mkdir()
    (folder / "demo/precious.txt").write_text("mine")
    assert "the folder demo is not empty" in refusal("demo", "-l")
    assert "is not empty" in refusal(".", "-l")
    assert [path.name for path in folder.rglob("*")] == ["demo", "precious.txt"]


def test_a_place_that_the_name_leads_to_is_taken(folder: Path) -> None:
    (folder / "tree-rings").mkdir()
    (folder / "tree-rings/precious.txt").write_text("mine")
    assert "tree-rings is not empty" in refusal("-l", "-d", "project_name=Tree rings")
    assert [path.name for path in folder.rglob("*")] == ["tree-rings", "precious.txt"]


def test_places_that_are_no_folder(folder: Path) -> None:
    (folder / "file").write_text("mine")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    assert "file is a file" in refusal("file", "-l")
    assert "file is not a folder" in refusal("file/demo", "-l")
    assert "dangling is a link to nowhere" in refusal("dangling", "-l")
    assert "is not a folder" in refusal("dangling/demo", "-l")
    assert "loop is a link to nowhere" in refusal("loop", "-l")
    assert "has no name" in refusal("", "-l")
    assert "has no name" in refusal("a\0b", "-l")
    assert sorted(path.name for path in folder.iterdir()) == ["dangling", "file", "loop"]


def test_a_name_too_long_for_the_disk(folder: Path) -> None:
    assert "File name too long" in refusal("x" * 300, "-l", "-d", "project_name=demo")
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write")
def test_a_place_that_cannot_be_written() -> None:
    assert "/proc" in refusal("/proc/demo", "-l")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o555)
    assert "can't be written" in refusal("locked/demo", "-l")


def test_no_git(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = refusal("demo", "-l")
    assert message.startswith("Error: git is not installed")
    assert "mlpath doctor" in message
    assert list(folder.iterdir()) == []


def test_nobody_to_ask(folder: Path) -> None:
    message = refusal("demo")
    assert "no terminal to ask them in" in message
    assert "--defaults" in message
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ref", ["v9.9.9", "main", "--upload-pack=x", ""])
def test_versions_that_are_none(folder: Path, ref: str) -> None:
    if ref:
        assert "there is no template version" in refusal("demo", "-l", "--vcs-ref", ref)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("source", ["nowhere", "gh:", "file:///nowhere.git", "~nobody-here/x"])
def test_templates_that_are_none(
    folder: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    assert "cannot use the template" in refusal("demo", "-l", "--template", source)
    assert list(folder.iterdir()) == []


def test_a_template_that_wants_to_run_code(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t/copier.yml").write_text("_tasks: [touch ran]\n")
    assert "wants to run code" in refusal("demo", "-l", "--template", str(tmp_path / "t"))
    (tmp_path / "bare").mkdir()
    assert "has no copier.yml" in refusal("demo", "-l", "--template", str(tmp_path / "bare"))
    assert list(folder.iterdir()) == []

"""What an owner writes wrongly ends in lines that say what to change; it must not end in a traceback."""

import dataclasses
import runpy
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .package import Layout, data, metrics, mistakes, params, tune


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Form:
    number: Annotated[int, Field(gt=0)]
    words: list[str]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("number: 1\nwords: [a]\nnumbr: 2", "form.yaml: numbr is unknown"),
        ("words: [a]", "form.yaml: number is missing"),
        ("words: a", 'form.yaml: number is missing\nform.yaml: words should be a valid array, and is "a"'),
        ("number: 0\nwords: []", "form.yaml: number should be greater than 0, and is 0"),
        ("number: 2001-01-01\nwords: []", 'form.yaml: number should be a valid integer, and is "2001-01-01"'),
        ("number: 1\nwords: [a, é, 2]", "form.yaml: words.2 should be a valid string, and is 2"),
        ("- 1", "form.yaml: it should be an object"),
        ("", "form.yaml: it should be an object, and is null"),
    ],
)
def test_each_wrong_entry_has_a_line(written: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "form.yaml").write_text(written, encoding="utf-8")
    with pytest.raises(mistakes.UserError) as caught:
        mistakes.read_yaml(tmp_path / "form.yaml", Form)
    assert str(caught.value) == said


def test_what_is_right_is_read(tmp_path: Path) -> None:
    (tmp_path / "form.yaml").write_text("number: 1\nwords: [é]", encoding="utf-8")
    assert mistakes.read_yaml(tmp_path / "form.yaml", Form) == Form(number=1, words=["é"])


@pytest.mark.parametrize("written", ["1e-05", "1.0e-05", "0.00001", "1E-5"])
def test_a_small_number_is_read_as_dvc_writes_it(written: str, tmp_path: Path) -> None:
    """`dvc exp run -S` puts 1e-05 there for 0.00001."""
    (tmp_path / "rate.yaml").write_text(f"rate: {written}", encoding="utf-8")
    assert mistakes.read_yaml(tmp_path / "rate.yaml", dict[str, float]) == {"rate": 1e-5}


@pytest.mark.parametrize("content", [b"number: [", "number: é".encode("latin-1")])
def test_what_is_no_yaml_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "form.yaml").write_bytes(content)
    with pytest.raises(mistakes.UserError, match=r"^form\.yaml is no YAML: "):
        mistakes.read_yaml(tmp_path / "form.yaml", Form)


@pytest.mark.parametrize(
    ("written", "said"), [("2001-01-01: 1", r"keys must be .*date"), ("number: 1\nwords: &own [*own]", "Circular")]
)
def test_what_only_yaml_can_hold_is_refused(written: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "form.yaml").write_text(written, encoding="utf-8")
    with pytest.raises(mistakes.UserError, match=rf"^form\.yaml: {said}"):
        mistakes.read_yaml(tmp_path / "form.yaml", Form)


def test_a_file_that_is_gone_can_be_had_back(tmp_path: Path) -> None:
    with pytest.raises(mistakes.UserError, match=r"`git restore form\.yaml` brings it back"):
        mistakes.read_yaml(tmp_path / "form.yaml", Form)


def test_a_mistake_ends_the_program_in_words() -> None:
    with pytest.raises(SystemExit) as ended, mistakes.in_words():
        raise data.DataError("column 'a' is missing\ncolumn 'b' is not in schema.yaml")
    assert ended.value.code == (
        "The data is not what schema.yaml says:\ncolumn 'a' is missing\ncolumn 'b' is not in schema.yaml"
    )


@pytest.mark.parametrize(
    ("command", "file", "said"),
    [
        (["prepare"], "params.yaml", "evaluate.luck is unknown"),
        (["train", "baseline"], "params.yaml", "evaluate.luck is unknown"),
        (["evaluate"], "params.yaml", "evaluate.luck is unknown"),
        (["tune", "shallow"], "params.yaml", "evaluate.luck is unknown"),
        (["prepare"], "schema.yaml", "luck is unknown"),
        (["train", "baseline"], "schema.yaml", "luck is unknown"),
        (["evaluate"], "schema.yaml", "luck is unknown"),
        (["report"], "schema.yaml", "luck is unknown"),
    ],
)
def test_every_program_says_what_is_wrong_in_what_it_reads(
    command: list[str], file: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclasses.dataclass(frozen=True)
    class Elsewhere(Layout):
        root: Path = tmp_path

    for path in (Layout().params, Layout().schema):
        shutil.copy(path, tmp_path)
    written = yaml.safe_load((tmp_path / file).read_text(encoding="utf-8"))
    (written["evaluate"] if file == "params.yaml" else written)["luck"] = 7
    (tmp_path / file).write_text(yaml.safe_dump(written), encoding="utf-8")
    monkeypatch.setattr(import_module(Layout.__module__), "Layout", Elsewhere)
    monkeypatch.setattr(sys, "argv", command)
    module = f"{data.__package__}.{command[0]}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    assert ended.value.code == f"{file}: {said}"


def test_a_search_without_data_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "Layout", lambda: Layout(tmp_path))
    shutil.copy(Layout().params, tmp_path)
    monkeypatch.setattr(sys, "argv", ["tune", "shallow"])
    with pytest.raises(SystemExit, match="uv run dvc repro prepare"):
        tune.main()


def test_a_metric_that_is_none_is_named(schema: data.Schema) -> None:
    with pytest.raises(mistakes.UserError, match=r"^params\.yaml: evaluate\.metric is 'luck'; for \w+ it is one of "):
        metrics.deciding(schema.task, "luck")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"train": {"models": ["baseline", "oracle"]}}, "train.models names 'oracle', and there is no train.oracle"),
        ({"train": {"models": []}}, "train.models should have at least 1 item"),
        ({"train": {"seed": -1}}, "train.seed should be greater than or equal to 0, and is -1"),
        ({"train": {"models": ["seed"]}}, "train.models names 'seed', and there is no train.seed"),
        ({"tune": {"shallow": {"luck": {"low": 1, "high": 2}}}}, "and there is no train.shallow.luck"),
        ({"tune": {"oracle": {"luck": {"low": 1, "high": 2}}}}, "and there is no train.oracle.luck"),
        ({"tune": {"shallow": {"luck": {"low": 2, "high": 2}}}}, "tune.shallow.luck: low (2) must be less than high"),
        ({"tune": {"shallow": {"luck": {"low": 0, "high": 2, "log": True}}}}, "low (0) must be more than 0"),
    ],
)
def test_entries_that_do_not_fit_each_other_are_named(change: dict[str, Any], said: str) -> None:
    written = yaml.safe_load(Layout().params.read_text(encoding="utf-8"))
    for section, entries in change.items():
        written[section] |= entries
    with pytest.raises(mistakes.UserError) as caught:
        mistakes.checked(written, params.Params, "params.yaml")
    assert said in str(caught.value)

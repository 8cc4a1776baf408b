"""Errors in params.yaml and schema.yaml are reported in one line each, without a traceback."""

import runpy
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import Field
from pydantic.dataclasses import dataclass

from late_flights import config, paths
from late_flights.config import STRICT, Params, load_params, load_yaml
from late_flights.errors import UserError
from late_flights.evaluation.scores import primary_metric
from late_flights.models.base import hyperparameters, load_model_module
from late_flights.paths import ProjectPaths


@dataclass(frozen=True, config=STRICT)
class Form:
    number: Annotated[int, Field(gt=0)]
    words: list[str]


def write(folder: Path, text: str) -> Path:
    path = folder / "form.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("number: 1\nwords: [a]\nsize: 2", "form.yaml: size is unknown; remove it or fix its spelling"),
        ("words: [a]", "form.yaml: number is missing"),
        ("words: a", 'form.yaml: number is missing\nform.yaml: words should be a valid array, not "a"'),
        ("number: 0\nwords: []", "form.yaml: number should be greater than 0, not 0"),
        ("number: 2001-01-01\nwords: []", 'form.yaml: number should be a valid integer, not "2001-01-01"'),
        ("number: 1\nwords: [a, é, 2]", "form.yaml: words.2 should be a valid string, not 2"),
        ("- 1", "form.yaml: the document should be an object"),
    ],
)
def test_each_invalid_entry_has_a_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_yaml(write(tmp_path, text), Form)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["1e-05", "1.0e-05", "0.00001", "1E-5"])
def test_numbers_with_an_exponent_are_numbers(text: str, tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, f"rate: {text}"), dict[str, float]) == {"rate": 1e-5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("number: [", r"is not valid YAML"),
        ("2001-01-01: 1", r"keys must be .*date"),
        ("number: 1\nwords: &own [*own]", "Circular"),
    ],
)
def test_invalid_yaml_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"^form\.yaml:? {message}"):
        load_yaml(write(tmp_path, text), Form)


def test_a_missing_file_can_be_restored(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"form\.yaml not found; restore it with: git restore form\.yaml"):
        load_yaml(tmp_path / "form.yaml", Form)


def load_changed(folder: Path, path: str, value: Any) -> Params:
    """Load params.yaml with one entry changed; a value of None removes it."""
    section = params = yaml.safe_load(ProjectPaths().params.read_text(encoding="utf-8"))
    *sections, name = path.split(".")
    for key in sections:
        section = section[key]
    section[name] = value
    if value is None:
        del section[name]
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return load_params(folder / "params.yaml")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("evaluate.margins", 0.01, "evaluate.margins is unknown"),
        ("training", {}, "training is unknown"),
        ("train", [], "train should be an object"),
        ("train.seed", True, "train.seed should be a valid integer, not true"),
        ("train.seed", -1, "train.seed should be greater than or equal to 0, not -1"),
        ("train.models", [], "train.models Tuple should have at least 1 item"),
        ("train.models", ["oracle"], "models lists 'oracle', but there is no section train.oracle"),
        ("train.baseline", 3, "train.baseline should be an object, not 3"),
        ("evaluate.margin", -0.1, "evaluate.margin should be greater than or equal to 0, not -0.1"),
        ("evaluate.confidence", 95, "evaluate.confidence should be less than 1, not 95"),
        ("evaluate.margin", None, "evaluate.margin is missing"),
        ("prepare", None, "prepare is missing"),
        ("search.baseline", {"x": {"low": 1, "high": 2}}, "but there is no train.baseline.x"),
        ("search.baseline", {"x": {"low": 2, "high": 2}}, "low (2) must be less than high (2)"),
        ("search.baseline", {"x": {"low": 0, "high": 2, "log": True}}, "low (0) must be greater than 0"),
    ],
)
def test_an_invalid_parameter_is_named(path: str, value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_changed(tmp_path, path, value)
    assert message in str(caught.value)


def test_the_project_s_params_are_valid() -> None:
    params = load_params(ProjectPaths().params)
    primary_metric(params.evaluate.metric)
    for name in params.train.models:
        hyperparameters(name, params.train)


def test_an_unknown_hyperparameter_is_named(tmp_path: Path) -> None:
    params = load_changed(tmp_path, "train.baseline", {"luck": 7})
    with pytest.raises(UserError, match=r"^params\.yaml: train\.baseline\.luck is unknown"):
        hyperparameters("baseline", params.train)


@pytest.mark.parametrize("name", ["oracle", "base", "../baseline"])
def test_an_unknown_model_is_an_error_with_the_available_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"there is no model '.*' in models/; available models: baseline, "):
        load_model_module(name)


def test_an_unknown_metric_is_an_error_with_the_choices() -> None:
    with pytest.raises(UserError, match=r"^params\.yaml: evaluate\.metric 'luck' is unknown; choose one of \w+, \w+"):
        primary_metric("luck")


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["prepare"], "params.yaml"),
        (["train", "baseline"], "schema.yaml"),
        (["evaluate"], "params.yaml"),
        (["search", "baseline"], "params.yaml"),
    ],
)
def test_every_command_reports_invalid_entries(
    command: list[str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (ProjectPaths().params, ProjectPaths().schema):
        shutil.copy(path, tmp_path)
    document = yaml.safe_load((tmp_path / file).read_text(encoding="utf-8")) | {"luck": 7}
    (tmp_path / file).write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setattr(paths.ProjectPaths.__init__, "__defaults__", (tmp_path,))
    monkeypatch.setattr(sys, "argv", command)
    module = f"{config.__package__}.pipeline.{command[0]}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    assert str(ended.value.code).startswith(f"{file}: luck is unknown")

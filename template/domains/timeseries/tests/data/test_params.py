"""A typo in `params.yaml` is an error that names it; it must not train another model than the one meant."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from .package import Layout, metrics, mistakes, params


def load_with(change: dict[str, Any], folder: Path, without: str = "") -> params.Params:
    """The project's parameters with `change` (dotted name → value), or without one of them."""
    written = yaml.safe_load(Layout().params.read_text(encoding="utf-8"))
    for path, value in (change | ({without: None} if without else {})).items():
        *sections, name = path.split(".")
        place = written
        for section in sections:
            place = place[section]
        place[name] = value
        if path == without:
            del place[name]
    (folder / "params.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    return params.load_params(folder / "params.yaml")


def test_the_projects_own_file_is_valid() -> None:
    loaded = params.load_params(Layout().params)
    known = metrics.FORECAST
    assert loaded.evaluate.metric in known
    assert loaded.train.models[0] == "baseline", "the simplest model comes first"


def test_a_change_arrives(tmp_path: Path) -> None:
    assert load_with({"train.shallow.alpha": 7.0}, tmp_path).train.shallow.alpha == 7


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train.shallow.alhpa", 1.0),
        ("evaluate.magin", 0.01),
        ("trian", {}),
        ("train.shallow.alpha", "much"),
        ("train.shallow.alpha", 0),
        ("train.classical.damped", "yes"),
        ("train.models", "shallow"),
        ("train.seed", True),
        ("prepare.horizon", 0),
        ("prepare.horizon", 10_000),
        ("prepare.horizon", 1.5),
        ("prepare.history", 2),
        ("prepare.test", 0),
        ("evaluate.slices", ["moon"]),
        ("evaluate.margin", -0.1),
        ("evaluate.confidence", 95),
    ],
)
def test_a_wrong_entry_is_named(path: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(mistakes.UserError) as caught:
        load_with({path: value}, tmp_path)
    assert path in str(caught.value)


@pytest.mark.parametrize("path", ["evaluate.margin", "train.shallow.alpha", "prepare", "train.classical"])
def test_a_missing_entry_is_named(path: str, tmp_path: Path) -> None:
    with pytest.raises(mistakes.UserError) as caught:
        load_with({}, tmp_path, without=path)
    assert path in str(caught.value)


def test_parameters_do_not_change_midway() -> None:
    loaded = params.load_params(Layout().params)
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.train.seed = 5  # type: ignore[misc]  # that is the point

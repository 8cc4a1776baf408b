"""The committed examples match the template."""

from __future__ import annotations

from pathlib import Path

import pytest

import examples

EXAMPLES = sorted(path for path in examples.EXAMPLES.iterdir() if path.is_dir())


def test_every_domain_has_an_example() -> None:
    domains = Path(examples.EXAMPLES.parent, "template", "domains")
    assert {path.name for path in EXAMPLES} == {path.name for path in domains.iterdir()}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_is_current(example: Path) -> None:
    assert not examples.outdated(example), "run: python scripts/examples.py"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_has_no_lock_data_model_or_database(example: Path) -> None:
    names = examples.files_of(example)
    assert not [
        name
        for name in names
        if name.startswith(("data/", "models/", "mlruns/", "mlartifacts/"))
        or name.endswith((".lock", ".db", ".onnx", ".parquet"))
    ]

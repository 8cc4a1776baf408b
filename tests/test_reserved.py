"""Reserved names: a project must not have the name of something that it imports."""

from __future__ import annotations

import keyword
import subprocess
import sys

import jinja2
import pytest

from conftest import ROOT

SCRIPT = ROOT / "scripts" / "reserved_names.py"


@pytest.fixture(scope="module")
def reserved() -> set[str]:
    """Return the names, read like in copier.yml."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT), autoescape=False)  # noqa: S701
    source = '{% from "template/reserved.jinja" import reserved %}{{ reserved }}'
    return set(environment.from_string(source).render().split())


def test_standard_library_is_reserved(reserved: set[str]) -> None:
    public = {name.lower() for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public - reserved == set()


def test_keywords_are_reserved(reserved: set[str]) -> None:
    assert {name.lower() for name in keyword.kwlist} - reserved == set()


def test_windows_devices_are_reserved(reserved: set[str]) -> None:
    ports = {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
    assert {"con", "prn", "aux", "nul"} | ports <= reserved


def test_dependencies_are_reserved(reserved: set[str]) -> None:
    assert {"dvc", "git", "gradio", "mlflow", "numpy", "pandera", "pytest"} <= reserved
    assert {"sklearn", "scikit_learn", "yaml", "pyyaml", "skops", "tests", "src"} <= reserved


@pytest.mark.parametrize("name", ["demo", "churn", "my_first_ml_project", "match", "type"])
def test_other_names_are_allowed(reserved: set[str], name: str) -> None:
    assert name not in reserved


def test_names_are_spelled_like_packages(reserved: set[str]) -> None:
    assert [name for name in reserved if not name.isidentifier() or name != name.lower()] == []


def test_file_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr

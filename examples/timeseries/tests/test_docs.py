"""The guides name and link files that exist, and commands that the project has."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import air_ahead
from air_ahead.config import load_params
from air_ahead.paths import ProjectPaths

ROOT = ProjectPaths().root
GUIDES = ("AGENTS.md", "docs/tour.md")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("guide", GUIDES)
def test_named_files_exist(guide: str) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    named = re.findall(r"\b((?:src|tests)/[\w/]+(?:\.py)?)", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_are_scripts_of_the_project_or_its_dependencies(guide: str) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    commands = set(re.findall(r"uv run ([\w-]+)", text))
    assert commands
    assert commands - set(scripts) <= {"dvc", "mypy", "pytest", "ruff"}


def test_no_other_module_than_the_guide_names_imports_models() -> None:
    guide, package = (ROOT / "AGENTS.md").read_text(encoding="utf-8"), Path(air_ahead.__file__).parent
    models = {path.stem for path in (package / "models").glob("*.py")} & set(
        load_params(ROOT / "params.yaml").train.models
    )
    importing = [
        f"src/{path.relative_to(package.parent).as_posix()}"
        for path in sorted(package.rglob("*.py"))
        if path.parent.name != "models"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and models & _modules_of_models(node)
    ]
    assert [path for path in importing if path not in guide] == []


def _modules_of_models(node: ast.ImportFrom) -> set[str]:
    """Return the modules in `models/` that a statement imports: `models.svm`, or `svm` from `models`."""
    *_, package, module = ["", *(node.module or "").split(".")]
    if module == "models":
        return {alias.name for alias in node.names}
    return {module} if package == "models" else set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_linked_files_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    trained = (ROOT / "reports").exists()
    assert [link for link in missing if trained or "reports/" not in link] == []

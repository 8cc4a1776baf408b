"""The guides name and link files that exist, and commands that the project has."""

import re
import tomllib
from pathlib import Path

import pytest

from late_flights.paths import ProjectPaths

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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_linked_files_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    trained = (ROOT / "reports").exists()
    assert [link for link in missing if trained or "reports/" not in link] == []

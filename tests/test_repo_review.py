"""The repository passes sp-repo-review, apart from the checks that pyproject.toml ignores."""

from __future__ import annotations

from repo_review.processor import process

from conftest import ROOT


def test_the_repository_passes_repo_review() -> None:
    results = process(ROOT).results
    assert len(results) > 40, "sp-repo-review is not installed"
    assert [f"{check.name} {check.description}" for check in results if check.result is False] == []

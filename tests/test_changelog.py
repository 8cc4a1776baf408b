"""The changelog: Keep a Changelog's form, and a section for every release."""

from __future__ import annotations

import re

import pytest

from conftest import ROOT
from mlpath import __version__

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
SECTIONS = re.split(r"^## .+$", CHANGELOG, flags=re.MULTILINE)[1:]
CHANGES = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_heading_has_a_version_and_a_date(heading: str) -> None:
    assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|Unreleased)", heading)


@pytest.mark.parametrize("section", SECTIONS, ids=HEADINGS)
def test_a_section_summarizes_the_update_and_groups_its_entries(section: str) -> None:
    assert section.strip().startswith("Update: ")
    groups = re.findall(r"^### (.+)$", section, re.MULTILINE)
    assert groups
    assert len(groups) == len(set(groups))
    assert set(groups) <= set(CHANGES)


def test_only_the_newest_section_may_be_unreleased() -> None:
    assert not any(heading.endswith("Unreleased") for heading in HEADINGS[1:])


def test_a_release_has_a_dated_section() -> None:
    release = __version__.partition(".dev")[0]
    [heading] = [heading for heading in HEADINGS if heading.startswith(f"[{release}]")]
    assert ".dev" in __version__ or not heading.endswith("Unreleased")

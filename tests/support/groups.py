"""Which tests run in the same process, and in which order."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

GROUPS = (
    r"test_(add_a_model|bucket|container|project|services)\.py|test_domains\.py::test_a_project_passes",
    r"test_domains\.py::.*\[vision",
    r"test_domains\.py::.*\[text",
    r"test_domains\.py::.*\[tabular",
    r"test_domains\.py::.*\[timeseries",
    r"test_own_data_e2e\.py::.*\[tabular",
    r"test_own_data_e2e\.py::.*\[text",
    r"test_own_data_e2e\.py::.*\[vision",
    r"test_own_data_e2e\.py::.*\[timeseries",
    r"test_own_data_e2e\.py::test_forecasts_in_years",
    r"test_own_data_e2e\.py::test_regression",
    r"::test_a_regression_with_a_network_passes",
    r"test_edits\.py",
    r"test_update_killed\.py",
    r"test_own_data\.py",
    r"test_new_project\.py",
    r"test_inspect\.py",
)
"""Groups of tests that share a project or take long; the longest start first."""


def group_of(test: str) -> str:
    """Return the group of a test, of which all tests run in one process: by default its file."""
    return next((group for group in GROUPS if re.search(group, test)), test.partition("::")[0])


def rank_of(test: str) -> int:
    """Return the place of a test's group in the order of `GROUPS`; others come last."""
    group = group_of(test)
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """The scheduling of `--dist loadfile`, for groups of tests instead of files."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

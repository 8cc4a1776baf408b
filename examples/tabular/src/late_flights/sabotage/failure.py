"""Which test fails first."""

import io
import textwrap
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError

# In this order: the first failing test ends the run.
TESTS = (
    "tests/test_silent_bugs.py",
    "tests/data",
    "tests/evaluation",
    "tests/models",
    "tests/serving",
)
OPTIONS = ("-x", "-q", "--no-cov", "--tb=no", "--no-showlocals", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Failure:
    """A test that fails, and the beginning of its message."""

    test: str
    message: str


class FirstFailure:
    """A plug-in of pytest that keeps the first failure."""

    failure: Failure | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the failure of a test, or of its fixtures."""
        if report.failed and not self.failure:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(crash.message if crash else report.longrepr)
            self.failure = Failure(report.nodeid, textwrap.shorten(message, 160))


def first_failure(*expected: str) -> Failure | None:
    """Run the tests that are expected to fail in the current folder, then the others, until one fails.

    Raises:
        UserError: the tests can't run.
    """
    import pytest  # not in the container

    for tests in (expected, [name for name in TESTS if Path(name).exists()]):
        plugin, output = FirstFailure(), io.StringIO()
        with redirect_stdout(output), redirect_stderr(output):
            status = pytest.main([*OPTIONS, *tests], [plugin])
        if plugin.failure:
            return plugin.failure
    if status:
        raise UserError(f"the tests stop with an error:\n{output.getvalue()[-1000:].strip()}")
    return None

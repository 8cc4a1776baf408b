"""Does one thing to several projects, so that one that fails doesn't stop the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError
from mlpath.update import Outcome, Renders, abort, update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What came of one project: an outcome, or what was in the way."""

    project: Path
    outcome: Outcome | None = None
    error: MlpathError | None = None


def update_all(projects: Sequence[Path], **options: Any) -> Iterator[Result]:
    """Update projects, with the options of `update.update`."""
    with Renders() as renders:
        for project in projects:
            yield _attempt(project, lambda place: update(place, renders, **options))


def abort_all(projects: Sequence[Path]) -> Iterator[Result]:
    """Undo the last update of projects."""
    for project in projects:
        yield _attempt(project, abort)


def _attempt(project: Path, action: Callable[[Path], Outcome]) -> Result:
    try:
        return Result(project, outcome=action(project))
    except MlpathError as error:
        return Result(project, error=error)

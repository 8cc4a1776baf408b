"""What a user asks `mlpath new-project` for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class ProjectRequest:
    """A project to create."""

    dest: str | None = None
    """Its folder, whose name becomes the project's unless `answers` has one. None: a folder in the
    current one, named after the project."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Fixed answers."""
    defaults: bool = False
    """Ask no questions."""
    template: str | None = None
    """Another Copier template than mlpath's."""
    ref: str | None = None
    """The version of the template; None is the current one."""
    lock: bool = True
    """Resolve the dependencies to `uv.lock`, which needs a package index."""
    dataset: Path | None = None
    """The user's own data: a file, or a folder of images."""
    target: str | None = None
    """The column of it to predict; None is the one that the data suggests."""

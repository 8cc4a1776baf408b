"""What a user asks `mlpath new-project` for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlpath.dataset.sources import Provenance


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
    dataset: str | Path | None = None
    """The user's own data: a file, a folder of images, or an address."""
    target: str | None = None
    """The column of it to predict; None is the one that the data suggests."""
    max_download: int = 1_000_000_000
    """The largest download, in bytes."""
    progress: bool = False
    """Show the progress of a download on stderr."""
    provenance: Provenance | None = None
    """Where the data was downloaded from."""

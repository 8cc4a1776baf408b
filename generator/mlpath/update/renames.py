"""The list of files that a version of the template renames, `template/renames.yaml`.

Git finds a rename by the similarity of two files. The list names the new path of a file that
changes too much for that. It is applied to the old render and to the project before the merge.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import yaml
from packaging.version import Version

from mlpath.template import store
from mlpath.template.answers import Loader

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlpath.template.store import TemplateVersion

Pair = tuple[str, str]
"""The old and the new path of a file."""


def load(version: TemplateVersion, old_version: str) -> list[list[Pair]]:
    """Return the renames of each version after an older one, as a version lists them."""
    path = version.folder / "template" / "renames.yaml"
    if not path.is_file():
        return []
    versions: dict[str, list[dict[str, str]]] = yaml.load(path.read_bytes(), Loader=Loader) or {}  # noqa: S506
    return [
        [(pair["from"], pair["to"]) for pair in versions[number]]
        for number in sorted(versions, key=Version)
        if store.is_older(old_version, number)
    ]


def resolve(
    versions: list[list[Pair]],
    base: Collection[str],
    ours: Collection[str],
    theirs: Collection[str],
) -> dict[str, str]:
    """Return the renames that apply to a project.

    A rename applies if the old render has the old path, the new render has the new path, and no
    file or folder of the user's is in the way: git reports that as a conflict. Of several renames
    of one file, the first that applies counts: domains continue a file under different names.

    `versions` has the renames of each version, oldest first; the others are the paths of the old
    render, of the project, and of the new render.
    """
    renames: dict[str, str] = {}
    for old_pattern, new_pattern in _chain(versions):
        old, new = _match(old_pattern, base), _match(new_pattern, theirs)
        if not old or not new or old in renames:
            continue
        if new not in {old, *renames.values()} and _is_free(old, new, ours):
            renames[old] = new
    remaining = {*base} - renames.keys()
    return {old: new for old, new in renames.items() if new not in remaining}


def _is_free(old: str, new: str, ours: Collection[str]) -> bool:
    """Return whether a file of the project can get a new path without replacing another one."""
    folders = {str(folder) for folder in PurePosixPath(new).parents}
    if folders & {*ours} or any(path.startswith(f"{new}/") for path in ours):
        return False
    return not {old, new} <= {*ours}


def _chain(versions: list[list[Pair]]) -> list[Pair]:
    """Add the pairs that join renames of the same file by several versions."""
    chained: list[Pair] = []
    for pairs in versions:
        later = [(old, last) for old, new in chained for first, last in pairs if first == new]
        chained += [*later, *pairs]
    return chained


def _match(pattern: str, paths: Collection[str]) -> str | None:
    expression = re.compile(re.escape(pattern).replace(re.escape("{package_name}"), "[^/]+"))
    found = [path for path in paths if expression.fullmatch(path)]
    return found[0] if len(found) == 1 else None

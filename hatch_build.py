"""Build hook: add the template's released versions, and the changelog, to the distributions."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from types import ModuleType

BUNDLE = "_template.bundle"
FOLDER = "_template"
CHANGELOG = "_changelog.md"


class TemplateHook(BuildHookInterface[Any]):
    """Add `_template/` (current version), `_template.bundle` (all versions) and `_changelog.md`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files to a temporary folder and include them from there."""
        if version == "editable":
            return  # an editable install reads the template from the checkout
        self._scratch = tempfile.mkdtemp(prefix="mlpath-build-")
        root, scratch = Path(self.root), Path(self._scratch)
        sources, target = root / "generator" / "mlpath", "mlpath"
        if self.target_name == "sdist":
            target = "generator/mlpath"
        releases = _load(sources / "template" / "releases.py")
        shipped = sources / BUNDLE
        if shipped.exists():
            # A wheel built from the source distribution, which has the bundle but no history.
            releases.write_folder(root, scratch / FOLDER)
            shutil.copyfile(shipped, scratch / BUNDLE)
        elif problem := releases.build(root, scratch / FOLDER, scratch / BUNDLE):
            message = f"mlpath: only the current template version is included: {problem}"
            print(message, file=sys.stderr)
        build_data["force_include"][str(scratch / BUNDLE)] = f"{target}/{BUNDLE}"
        if self.target_name == "wheel":
            build_data["force_include"][str(scratch / FOLDER)] = f"{target}/{FOLDER}"
            build_data["force_include"][str(root / "CHANGELOG.md")] = f"{target}/{CHANGELOG}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self._scratch, ignore_errors=True)


def _load(path: Path) -> ModuleType:
    """Import a file without its package, whose dependencies are not installed during a build."""
    spec = importlib.util.spec_from_file_location("mlpath_releases", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module

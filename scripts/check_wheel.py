"""Check that a wheel may be published: `python scripts/check_wheel.py [--tag TAG] WHEEL`.

A wheel built from a shallow clone or an archive has only one version of the template, so that
projects of older versions could not be updated. Run it in a full clone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from mlpath import __version__  # noqa: E402 - from this checkout
from mlpath.template import releases  # noqa: E402 - from this checkout


def problem(wheel: Path, tag: str | None) -> str | None:
    """Return why the wheel must not be published, or None."""
    if tag is not None and (tag != f"v{__version__}" or ".dev" in tag):
        return f"the tag {tag} is not the release of this version, {__version__}"
    try:
        expected = {*releases.commits_by_version(ROOT), f"v{__version__}"}
    except releases.NoHistoryError as error:
        return f"the history is incomplete: {error}"
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel) as archive:
        bundle = Path(archive.extract("mlpath/_template.bundle", scratch))
        missing = expected - set(releases.tags(bundle))
    return f"{wheel.name} lacks {', '.join(sorted(missing))}" if missing else None


def main() -> None:
    """Exit with 1 and the reason if the wheel must not be published."""
    parser = argparse.ArgumentParser(description="Check that a wheel may be published.")
    parser.add_argument("--tag", help="the tag to publish")
    parser.add_argument("wheel", type=Path)
    arguments = parser.parse_args()
    sys.exit(problem(arguments.wheel, arguments.tag))


if __name__ == "__main__":
    main()

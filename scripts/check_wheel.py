"""Refuses a wheel that must not be published: `python scripts/check_wheel.py [--tag TAG] WHEEL`.

A wheel made from a shallow clone or an archive works, but holds one version of the template, and
would leave every project of an older one without its way forward. Run it in a whole clone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "generator"))

from mlpath import __version__  # noqa: E402 - of this checkout, installed or not
from mlpath.template import releases  # noqa: E402 - of this checkout, installed or not


def problem(wheel: Path, tag: str | None) -> str | None:
    """Return why the wheel must not be published, if anything speaks against it."""
    if tag is not None and (tag != f"v{__version__}" or ".dev" in tag):
        return f"the tag {tag} is no release, or not this version, {__version__}"
    try:
        expected = {*releases.carriers(ROOT), f"v{__version__}"}
    except releases.NoHistoryError as error:
        return f"the history is not whole: {error}"
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel) as archive:
        bundle = Path(archive.extract("mlpath/_template.bundle", scratch))
        missing = expected - set(releases.tags(bundle))
    return f"{wheel.name} lacks {', '.join(sorted(missing))}" if missing else None


def main() -> None:
    """Exit with 1 and the reason, or quietly."""
    parser = argparse.ArgumentParser(description="Refuse a wheel that must not be published.")
    parser.add_argument("--tag", help="the tag that is being published")
    parser.add_argument("wheel", type=Path)
    arguments = parser.parse_args()
    sys.exit(problem(arguments.wheel, arguments.tag))


if __name__ == "__main__":
    main()

"""The files of the Space: the code of serving, its requirements, the champion, and the reports that the page shows."""

import re
import shutil
import textwrap
from collections.abc import Mapping
from importlib.metadata import distribution, metadata
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, SpaceCard, SpaceCardData

from .. import PACKAGE, TITLE
from ..errors import UserError
from ..paths import ProjectPaths
from ..serving.champion import MODEL_FILE, RECORD_FILE, load_champion
from .uv import run_uv

SOURCE = Path(__file__).resolve().parents[2]
# The page reads the project's metadata, but a Space does not install the project. No other folder has this file.
METADATA_FILE = f"src/{PACKAGE}.dist-info/METADATA"
APPEARANCE: dict[str, Any] = {"emoji": "🔎", "colorFrom": "blue", "colorTo": "indigo"}
HUB = "https://huggingface.co"
MAX_SHORT_DESCRIPTION = 60
PICTURES = ("docs/social.png", "reports/figures/comparison.png")  # the first that exists is shown for shared links
DATABASE = ("--extra", "postgres")  # a Space loses its files, so that feedback needs a database
# A Space installs these together with requirements.txt, whose versions must allow them: gradio[mcp] limits pydantic.
BUILDER_REQUIREMENTS = "gradio[oauth,mcp]=={version}\nuvicorn>=0.14.0\nwebsockets>=10.4\nspaces\n"
APP = f'''\
"""Serve the demo. The code is in src/, the model in models/champion/."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
os.environ.setdefault("GRADIO_SERVER_NAME", "0.0.0.0")

from {PACKAGE}.serving.app import main

main([])
'''


def build(paths: ProjectPaths, folder: Path, space: str | None = None) -> None:
    """Write the files of the Space to a folder that is empty or has an older version of them.

    Args:
        paths: the project.
        folder: where to write.
        space: `OWNER/NAME`, for the address that the card and the page have.

    Raises:
        UserError: there is no champion, model card or lock file, or the folder has other files.
    """
    champion, _ = load_champion(paths.champion)
    card_file = paths.reports / "model_card.md"
    if not card_file.exists():
        raise UserError("reports/model_card.md not found. Run: uv run dvc repro")
    requirements = resolve_requirements(paths.root)
    _make_empty(folder)
    files = {path.relative_to(SOURCE.parent).as_posix(): path for path in serving_modules()}
    files |= {path.relative_to(paths.root).as_posix(): path for path in _assets(paths)}
    for name, path in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    urls = _urls(paths, space) if space else {}
    texts = {
        "README.md": _readme(card_file.read_text(encoding="utf-8"), champion.record["model"], requirements, urls),
        "app.py": APP,
        "requirements.txt": requirements,
        METADATA_FILE: _metadata(urls),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _urls(paths: ProjectPaths, space: str) -> dict[str, str]:
    """Return the address of the demo and of its picture, by the label that the page expects in the metadata."""
    address = f"{HUB}/spaces/{space}"
    picture = next((name for name in PICTURES if (paths.root / name).is_file()), PICTURES[-1])
    return {"Demo": address, "Picture": f"{address}/resolve/main/{picture}"}


def _metadata(urls: Mapping[str, str]) -> str:
    """Return the headers of the project's metadata, with these URLs instead of its own of the same labels."""
    headers, _, _ = (distribution(PACKAGE).read_text("METADATA") or "").partition("\n\n")
    replaced = tuple(f"Project-URL: {label}, " for label in urls)
    kept = [line for line in headers.splitlines() if not line.startswith(replaced)]
    return "\n".join([*kept, *(f"Project-URL: {label}, {url}" for label, url in urls.items()), ""])


def _readme(model_card: str, model: str, requirements: str, urls: Mapping[str, str]) -> str:
    """Return the model card with the settings of the Space as front matter, in place of the card's own."""
    project = metadata(PACKAGE).json
    settings = SpaceCardData(
        title=TITLE,
        sdk="gradio",
        sdk_version=_gradio_version(requirements),
        python_version=python_version(),
        app_file="app.py",
        license=str(project.get("license_expression", "")).lower() or None,
        tags=["onnx", model],
        short_description=textwrap.shorten(str(project["summary"]), MAX_SHORT_DESCRIPTION, placeholder="…"),
        thumbnail=urls.get("Picture"),
        **APPEARANCE,
    )
    text = ModelCard(model_card).text.lstrip().replace("](figures/", "](reports/figures/")
    if "Demo" in urls:
        text = text.replace("\n", f"\n\nTry it: <{urls['Demo']}>\n", 1)  # below the title
    return str(SpaceCard(f"---\n{settings.to_yaml()}\n---\n\n{text}"))


def serving_modules() -> list[Path]:
    """Return the modules of this package that the demo imports."""
    finder = ModuleFinder([str(SOURCE)])  # finds nothing else
    finder.import_hook(f"{PACKAGE}.serving.app")
    files = [vars(module)["__file__"] for module in finder.modules.values()]
    return [Path(file) for file in files if file]


def python_version() -> str:
    """Return the oldest version of Python that the project supports."""
    found = re.search(r"\d+\.\d+", str(metadata(PACKAGE).json.get("requires_python")))
    if not found:
        raise UserError("pyproject.toml has no requires-python; add it under [project]")
    return found[0]


def resolve_requirements(root: Path) -> str:
    """Return the versions in `uv.lock`, changed only where the packages that a Space adds don't allow them.

    Raises:
        UserError: there is no lock file, or the package index can't be reached.
    """
    if not (root / "uv.lock").exists():
        raise UserError("uv.lock not found; create it with: uv lock")
    locked = root / ".cache" / "requirements.txt"
    locked.parent.mkdir(exist_ok=True)
    export = ("--no-default-groups", "--no-hashes", "--no-emit-project", "--no-annotate", "--no-header", "--frozen")
    run_uv("export", "--project", str(root), *DATABASE, *export, "--output-file", str(locked))
    # uv keeps the versions in the output file where it can.
    run_uv(
        *("pip", "compile", str(root / "pyproject.toml"), "-", *DATABASE, "--output-file", str(locked)),
        *("--python-version", python_version(), "--python-platform", "linux", "--no-annotate", "--no-header"),
        stdin=BUILDER_REQUIREMENTS.format(version=_gradio_version(locked.read_text(encoding="utf-8"))),
    )
    return locked.read_text(encoding="utf-8")


def _gradio_version(requirements: str) -> str:
    found = re.search(r"^gradio(?:\[.*\])?==([^\s;]+)", requirements, re.MULTILINE)
    if not found:
        raise UserError("uv.lock has no gradio; update it with: uv lock")
    return found[1]


def _assets(paths: ProjectPaths) -> list[Path]:
    champion = [paths.champion / name for name in (RECORD_FILE, MODEL_FILE)]
    files = [*champion, paths.reports / "evaluation.json", *(paths.reports / "figures").glob("*.png")]
    others = [paths.root / name for name in ("LICENSE", "forecasts/log.csv", *PICTURES)]
    return [path for path in [*sorted(files), *others] if path.is_file()]


def _make_empty(folder: Path) -> None:
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    is_space = (folder / METADATA_FILE).is_file() and not (folder / ".git").exists()
    if not is_free and not is_space:
        raise UserError(f"{folder} has other files; choose an empty folder with --output")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

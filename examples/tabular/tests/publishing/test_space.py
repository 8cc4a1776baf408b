"""The folder of the Space has what serving needs, and settings that the hub accepts."""

import re
import shutil
import sys
from email import message_from_string
from importlib.metadata import metadata
from pathlib import Path

import pytest
from huggingface_hub import metadata_load

from late_flights import PACKAGE, TITLE
from late_flights.errors import UserError
from late_flights.paths import ProjectPaths
from late_flights.publishing import space, uv
from late_flights.publishing.space import METADATA_FILE, build, resolve_requirements

REQUIREMENTS = "gradio==6.7.0\nnumpy==2.4.6\n"


@pytest.fixture
def folder(project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(space, "resolve_requirements", lambda _: REQUIREMENTS)
    build(project, tmp_path / "space", "ada/demo")
    return tmp_path / "space"


SPACE = "https://huggingface.co/spaces/ada/demo"


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_has_the_model_the_reports_and_the_code_of_serving_only(folder: Path, project: ProjectPaths) -> None:
    code = {name for name in names(folder) if name.startswith(f"src/{PACKAGE}/")}
    assert {f"src/{PACKAGE}/serving/{module}.py" for module in ("__init__", "app", "predictor", "demo")} <= code
    assert not [name for name in code if re.search(r"/(pipeline|tracking|publishing|config|train)", name)]
    figures = {f"reports/figures/{path.name}" for path in (project.reports / "figures").glob("*.png")}
    champion = {"models/champion/champion.json", "models/champion/model.onnx"}
    others = {"README.md", "app.py", "requirements.txt", METADATA_FILE, "reports/evaluation.json"}
    assert names(folder) - code == figures | champion | others
    assert (folder / "requirements.txt").read_text(encoding="utf-8") == REQUIREMENTS
    assert (folder / "models/champion/model.onnx").read_bytes() == (project.champion / "model.onnx").read_bytes()


def test_the_readme_has_the_settings_of_the_space(folder: Path) -> None:
    settings = metadata_load(folder / "README.md")
    assert settings is not None
    project = metadata(PACKAGE).json
    assert settings["title"] == TITLE
    assert (settings["sdk"], settings["sdk_version"], settings["app_file"]) == ("gradio", "6.7.0", "app.py")
    assert str(project["requires_python"]) == f">={settings['python_version']}"
    assert (settings.get("license") or "") == str(project.get("license_expression", "")).lower()
    assert 0 < len(settings["short_description"]) <= 60
    assert settings["thumbnail"] == f"{SPACE}/resolve/main/reports/figures/comparison.png"


def test_card_and_page_have_the_address_and_the_social_card(
    folder: Path, project: ProjectPaths, tmp_path: Path
) -> None:
    assert f"\n\nTry it: <{SPACE}>\n" in (folder / "README.md").read_text(encoding="utf-8")
    root = tmp_path / "project"
    shutil.copytree(project.root, root, ignore=shutil.ignore_patterns("data", "*.db"))
    (root / "docs/social.png").write_bytes(b"a picture")
    build(ProjectPaths(root), folder, "ada/demo")
    picture = f"{SPACE}/resolve/main/docs/social.png"
    assert (metadata_load(folder / "README.md") or {})["thumbnail"] == picture
    assert (folder / "docs/social.png").read_bytes() == b"a picture"
    urls = message_from_string((folder / METADATA_FILE).read_text(encoding="utf-8")).get_all("Project-URL")
    assert urls == [f"Demo, {SPACE}", f"Picture, {picture}"]


def test_the_readme_has_the_model_card_with_its_figures(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "## Intended use and limits\n" in text
    assert "model-index" not in text, "it is of the card, not of the Space"
    figures = set(re.findall(r"!\[.*?\]\((.*?)\)", text))
    assert figures
    assert figures <= names(folder)


def test_an_older_version_of_the_folder_is_replaced(folder: Path, project: ProjectPaths) -> None:
    before = names(folder)
    (folder / "outdated.txt").touch()
    build(project, folder)
    assert names(folder) == before
    assert "thumbnail" not in (metadata_load(folder / "README.md") or {}), "its address has the name of the Space"


@pytest.mark.parametrize("name", ["notes.txt", f"src/{PACKAGE}/serving/app.py"])
def test_a_folder_with_other_files_is_kept(folder: Path, project: ProjectPaths, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other" / name
    other.parent.mkdir(parents=True)
    other.touch()
    for output in (tmp_path / "other", other):
        with pytest.raises(UserError, match="has other files; choose an empty folder with --output"):
            build(project, output)
    assert names(tmp_path / "other") == {name}
    (folder / ".git").mkdir()
    with pytest.raises(UserError, match="has other files"):
        build(project, folder)


def test_without_reports_or_lock_file_the_message_says_what_to_run(project: ProjectPaths, tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    shutil.copytree(project.champion, paths.champion)
    with pytest.raises(UserError, match=r"model_card.md not found. Run: uv run dvc repro"):
        build(paths, tmp_path / "space")
    shutil.copytree(project.reports, paths.reports)
    with pytest.raises(UserError, match=r"uv.lock not found; create it with: uv lock"):
        build(paths, tmp_path / "space")
    assert not (tmp_path / "space").exists()


def test_versions_are_those_of_the_lock_that_the_space_s_own_packages_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_uv(*arguments: str, stdin: str = "") -> str:
        output = Path(arguments[arguments.index("--output-file") + 1])
        if arguments[0] == "export":
            output.write_text("gradio==6.7.0\npydantic==2.14.4\n", encoding="utf-8")
        else:
            assert "gradio[oauth,mcp]==6.7.0\n" in stdin
            output.write_text(output.read_text(encoding="utf-8").replace("2.14.4", "2.12.5"), encoding="utf-8")
        return ""

    (tmp_path / "uv.lock").touch()
    monkeypatch.setattr(space, "run_uv", run_uv)
    assert resolve_requirements(tmp_path) == "gradio==6.7.0\npydantic==2.12.5\n"


def test_a_failure_of_uv_is_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", sys.executable)
    assert uv.run_uv("-c", "print(input())", stdin="text") == "text\n"
    with pytest.raises(UserError, match=r"^uv -c .* failed: no network$"):
        uv.run_uv("-c", "import sys; sys.exit('trying\\n  no network')")
    monkeypatch.setenv("UV", "no-such-program")
    with pytest.raises(UserError, match="uv not found; install it"):
        uv.run_uv("lock")

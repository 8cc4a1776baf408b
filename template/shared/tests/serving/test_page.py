"""The page and `/health` over HTTP, with a champion and without one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from project_package.paths import ProjectPaths
from project_package.serving import app
from project_package.serving import predictor as predictor_module
from project_package.serving.api import Api
from project_package.serving.champion import MODEL_FILE
from project_package.serving.events import format_error
from project_package.serving.predictor import InvalidInputError, Predictor

from ..conftest import serve


def test_the_page_has_every_tab_and_the_model_s_hash(address: str, predictor: Predictor) -> None:
    assert httpx.get(address).status_code == 200
    page = httpx.get(f"{address}/config").text
    for text in ("Demo", "Evaluation", "Lineage", predictor.champion.record["sha256"]):
        assert text in page


def test_health_returns_the_lineage(address: str, predictor: Predictor) -> None:
    response = httpx.get(f"{address}/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["lineage"] == predictor.champion.lineage


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No evaluation yet. Run: `uv run dvc repro`"),
        ("", "is not valid JSON. Run: `uv run dvc repro`"),
        (json.dumps({"verdicts": []}), "written by an older version. Run: `uv run dvc repro`"),
        (json.dumps({"champion": "a", "scores": {"a": {}}}), "written by an older version. Run: `uv run dvc repro`"),
    ],
)
def test_a_page_without_a_usable_evaluation_says_so(
    predictor: Predictor, tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "evaluation.json").write_text(content, encoding="utf-8")
    assert message in str(app.build_app(predictor, tmp_path).get_config_file())


def test_figures_are_shown_in_pairs(project: ProjectPaths, predictor: Predictor, tmp_path: Path) -> None:
    shutil.copytree(project.reports, tmp_path / "reports")
    shutil.copy(tmp_path / "reports/figures/comparison.png", tmp_path / "reports/figures/another.png")
    for folder in (project.reports, tmp_path / "reports"):
        names = [path.stem for path in (folder / "figures").glob("*.png")]
        parts = app.build_app(predictor, folder).get_config_file()["components"]
        shown = [part["props"]["label"] for part in parts if part["type"] == "image"]
        shown = [label for label in shown if label in names]
        assert shown == ["comparison", *sorted(set(names) - {"comparison"})]
        spacers = [part for part in parts if part["type"] == "html" and part["props"].get("min_width") == 320]
        assert len(spacers) == len(names) % 2


def test_an_error_message_is_escaped_html() -> None:
    def refuse(**_: Any) -> None:
        raise InvalidInputError("<i>7</i> is not a digit.")

    assert format_error(refuse, {"digit": 7}).endswith("&lt;i&gt;7&lt;/i&gt; is not a digit.</p>")
    assert format_error(lambda **_: None, {"digit": 7}) == ""


def remove(project: ProjectPaths, folder: Path) -> None:
    assert not folder.exists()


def tamper(project: ProjectPaths, folder: Path) -> None:
    shutil.copytree(project.champion, folder)
    (folder / MODEL_FILE).write_bytes(b"another model")


@pytest.mark.parametrize(
    ("damage", "fix"), [(remove, "uv run dvc repro"), (tamper, "git restore models/champion")], ids=["none", "tampered"]
)
def test_without_a_champion_the_page_says_what_to_run(
    project: ProjectPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[ProjectPaths, Path], None],
    fix: str,
) -> None:
    damage(project, ProjectPaths(tmp_path).champion)
    launched: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(app, "launch", lambda *arguments: launched.extend(arguments))
        app.serve(ProjectPaths(tmp_path))
    with serve(*launched) as address:
        page = httpx.get(f"{address}/config").text
        response = httpx.get(f"{address}/health")
        prediction = httpx.post(f"{address}/predict", json={})
        description = httpx.get(f"{address}/openapi.json")
        assert httpx.get(f"{address}/metrics").status_code == 200
    assert "No model available" in page
    assert fix in page
    assert response.status_code == 503
    assert fix in response.json()["reason"]
    for problem in (prediction, description):
        assert problem.status_code == 503
        assert fix in problem.json()["detail"]


def test_main_serves_the_champion_until_it_is_interrupted(
    project: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[Api] = []

    def launch(_: Any, api: Api) -> None:
        launched.append(api)
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "ProjectPaths", lambda: project)
    monkeypatch.setattr(app, "launch", launch)
    app.main([])
    assert launched[0].health["status"] == "ok"


def test_help_does_not_serve(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["--help"])
    assert ended.value.code == 0
    assert "GRADIO_SERVER_PORT" in capsys.readouterr().out


def test_a_predictor_needs_no_training_library() -> None:
    """Gradio itself imports pandas, so here an empty module stands for it."""
    libraries = {"mlflow", "dvc", "pandas", "sklearn", "matplotlib", "yaml"}
    code = f"""
import sys, unittest.mock
sys.modules["gradio"] = unittest.mock.MagicMock()
import {predictor_module.__name__}
print(sorted({libraries} & set(sys.modules)))"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"

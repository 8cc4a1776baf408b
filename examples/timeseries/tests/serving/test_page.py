"""The page and `/health` over HTTP, with a champion and without one."""

import html
import os
import re
import shutil
import subprocess
import sys
from email.message import Message
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest

from air_ahead import ACCENT, PACKAGE, TITLE
from air_ahead.paths import ProjectPaths
from air_ahead.serving import app, payloads
from air_ahead.serving import predictor as predictor_module
from air_ahead.serving.api import Api
from air_ahead.serving.champion import MODEL_FILE
from air_ahead.serving.events import DEBOUNCE, PREDICTION, format_error
from air_ahead.serving.predictor import InvalidInputError, Predictor
from air_ahead.serving.theme import HUE


def test_the_page_has_every_tab_and_health_the_lineage(address: str, predictor: Predictor) -> None:
    assert httpx.get(address).status_code == 200
    page = httpx.get(f"{address}/config").text
    for text in ("Demo", "Evaluation", "Lineage", predictor.champion.record["sha256"]):
        assert text in page
    response = httpx.get(f"{address}/health")
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert response.json()["lineage"] == predictor.champion.lineage


@pytest.mark.parametrize("content", [None, "<<<<<<< HEAD", '{"champion": "a", "scores": {"a": {}}}'])
def test_a_page_without_a_usable_evaluation_says_so(predictor: Predictor, tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "evaluation.json").write_text(content, encoding="utf-8")
    page = str(app.build_app(predictor, tmp_path).get_config_file())
    assert "There is no valid evaluation. Run: `uv run dvc repro`" in page


def test_figures_are_shown_the_comparison_first(project: ProjectPaths, predictor: Predictor) -> None:
    names = {path.stem for path in (project.reports / "figures").glob("*.png")}
    parts = app.build_app(predictor, project.reports).get_config_file()["components"]
    (gallery,) = [part["props"]["value"] for part in parts if part["props"].get("elem_id") == "figures"]
    shown = [Path(figure["image"]["path"]).stem for figure in gallery]
    assert shown == ["comparison", *sorted(names - {"comparison"})]


def test_an_error_message_is_escaped_html() -> None:
    message = format_error(InvalidInputError("<i>7</i> is not a digit."))
    assert message.endswith("&lt;i&gt;7&lt;/i&gt; is not a digit.</p>")


def test_the_page_names_purpose_author_and_links(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    about = Message()
    about["Summary"] = "Tells <b> from 8"
    about["Author-email"] = '"Doe, <Jane>" <jane@example.org>'
    about["Project-URL"] = "Code, https://example.org/code"
    monkeypatch.setattr(app, "metadata", lambda _: about)
    page = str(app.build_app(predictor).get_config_file())
    assert "Tells &lt;b&gt; from 8" in page
    assert 'Doe, &lt;Jane&gt; <a href="mailto:jane@example.org">' in page
    assert '<a href="https://example.org/code">Code</a>' in page


def test_the_head_has_title_icon_and_open_graph_tags_of_the_project_only(address: str) -> None:
    page = httpx.get(address).text
    head, _, body = page.partition("</head>")
    tags = dict(re.findall(r'<meta property="(og:[^"]+)" content="([^"]*)"', head))
    assert tags == {
        "og:type": "website",
        "og:title": html.escape(TITLE),
        "og:description": html.escape(metadata(PACKAGE)["Summary"]),
    }
    assert f"<title>{html.escape(TITLE)}</title>" in head
    assert 'rel="icon" href="data:image/svg+xml,' in head
    assert "</html>" in body


def luminance(color: str) -> float:
    """Return the relative luminance of a color as WCAG 2.2 defines it."""
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_accent_color_has_enough_contrast_in_light_and_dark() -> None:
    white, dark = 1.0, luminance("#1e293b")  # the blocks of the page
    for shade, other, minimum in (
        (HUE.c700, white, 4.5),  # buttons, links, the prediction
        (HUE.c600, white, 3),  # sliders
        (HUE.c300, dark, 4.5),  # the prediction
        (HUE.c400, dark, 4.5),  # the chosen tab
    ):
        low, high = sorted((luminance(shade), other))
        assert (high + 0.05) / (low + 0.05) >= minimum, f"choose another ACCENT in __init__.py than {ACCENT}"


def test_a_published_page_has_its_address_and_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    about = Message()
    about["Summary"] = "A demo"
    about["Project-URL"] = "Demo, https://example.org/a&b"
    about["Project-URL"] = "Picture, https://example.org/social.png"
    monkeypatch.setattr(app, "metadata", lambda _: about)
    with app.serve_in_background(app.build_error_page("no model"), Api(None)) as address:
        head = httpx.get(address).text.partition("</head>")[0]
    tags = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', head))
    assert tags["og:url"] == "https://example.org/a&amp;b"
    assert tags["og:image"] == "https://example.org/social.png"
    assert tags["twitter:card"] == "summary_large_image"


def test_inputs_update_the_prediction_and_the_first_page_has_one(predictor: Predictor) -> None:
    config = app.build_app(predictor).get_config_file()
    ids = {part["props"].get("elem_id"): part for part in config["components"]}
    assert 'class="summary"' in ids[PREDICTION]["props"]["value"]
    updates = [entry for entry in config["dependencies"] if entry["js"] == DEBOUNCE]
    assert {event for entry in updates for _, event in entry["targets"]} <= {"input", "change"}
    assert len(updates[0]["targets"]) == len(predictor.champion.record["inputs"])


def test_without_errors_in_the_record_the_section_is_left_out(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(predictor.champion.record, "errors", raising=False)
    assert "Where it fails" not in str(app.build_app(predictor).get_config_file())


def test_with_a_tampered_champion_the_page_says_what_to_run(
    project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ProjectPaths(tmp_path)
    shutil.copytree(project.champion, paths.champion)
    (paths.champion / MODEL_FILE).write_bytes(b"another model")
    launched: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(app, "launch", lambda *arguments: launched.extend(arguments))
        app.serve(paths)
    with app.serve_in_background(*launched) as address:
        page = httpx.get(f"{address}/config").text
        response = httpx.get(f"{address}/health")
        problems = [httpx.post(f"{address}/predict", json={}), httpx.get(f"{address}/openapi.json")]
        assert httpx.get(f"{address}/metrics").status_code == 200
    fix = "git restore models/champion"
    assert "No model available" in page
    assert fix in page
    assert response.status_code == 503
    assert fix in response.json()["reason"]
    for problem in problems:
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


def run_without_gradio(code: str, **environment: str) -> str:
    """Run code in another process and return what it prints.

    Gradio imports pandas and takes seconds, so an empty module stands for it.
    """
    stub = "import sys, unittest.mock; sys.modules['gradio'] = unittest.mock.MagicMock()"
    command = [sys.executable, "-c", f"{stub}\n{code}"]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True).stdout


def test_a_prediction_leaves_no_trace_in_the_home_folder(
    project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime keeps an identifier of the machine there, if it may send usage data."""
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    code = f"""
from pathlib import Path
from {payloads.__package__} import payloads, predictor
champion = predictor.load_predictor(Path({str(project.champion)!r}))
payloads.predict(champion, [payloads.complete(champion, dict())])"""
    run_without_gradio(code, HOME=str(tmp_path), USERPROFILE=str(tmp_path), TMPDIR=str(tmp_path))
    assert list(tmp_path.rglob("*")) == []


def test_a_predictor_needs_no_training_library() -> None:
    libraries = {"mlflow", "dvc", "pandas", "sklearn", "scipy", "statsmodels", "matplotlib", "yaml"}
    code = f"import {predictor_module.__name__}\nprint(sorted({libraries} & set(sys.modules)))"
    assert run_without_gradio(code).strip() == "[]"

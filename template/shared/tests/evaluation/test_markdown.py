"""The page around a domain's own tab, and `/health`, over HTTP: with a champion, and without one."""

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import served
from .package import Layout, app, champion, serving


def test_the_page_and_its_parts_are_there(address: str, predictor: serving.Predictor) -> None:
    assert httpx.get(address).status_code == 200
    page = httpx.get(f"{address}/config").text
    for part in ("Try it", "How good is it", "Lineage", predictor.champion.record["sha256"]):
        assert part in page


def test_a_report_that_is_cut_off_does_not_stop_the_page(predictor: serving.Predictor, tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("", encoding="utf-8")
    page = str(app.build_app(predictor, tmp_path).get_config_file())
    assert "What was measured cannot be read. Run: `uv run dvc repro`" in page


def test_health_tells_the_lineage(address: str, predictor: serving.Predictor) -> None:
    answer = httpx.get(f"{address}/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["lineage"] == predictor.champion.lineage


def test_why_an_input_was_refused_stays_to_be_read() -> None:
    asking = import_module(f"{app.__package__}.asking")

    def refuse(**_: Any) -> None:
        raise serving.InvalidInputError("<i>7</i> is no digit.")

    assert asking.reason(refuse, {"digit": "<i>7</i>"}).endswith("&lt;i&gt;7&lt;/i&gt; is no digit.</p>")
    assert asking.reason(lambda **_: None, {"digit": 7}) == ""


def missing(project: Layout, folder: Path) -> None:
    assert not folder.exists()


def tampered(project: Layout, folder: Path) -> None:
    shutil.copytree(project.champion, folder)
    (folder / champion.MODEL_FILE).write_bytes(b"another model")


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [(missing, "uv run dvc repro"), (tampered, "git restore models/champion")],
    ids=["missing", "tampered"],
)
def test_without_a_champion_the_page_says_what_to_do(
    project: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any, remedy: str
) -> None:
    damage(project, Layout(tmp_path).champion)
    launched: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(app, "Layout", lambda: Layout(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(app, "launch", lambda page, health: launched.append((page, health)))
        app.main([])
    with served(*launched[0]) as address:
        assert httpx.get(address).status_code == 200
        assert remedy in httpx.get(f"{address}/config").text
        answer = httpx.get(f"{address}/health")
    assert answer.status_code == 503
    assert remedy in answer.json()["reason"]


def test_help_serves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["--help"])
    assert ended.value.code == 0
    assert "GRADIO_SERVER_PORT" in capsys.readouterr().out

"""The commands `forecast` and `score`: a forecast is on record before its outcome is known, and compared when it is."""

import json
import shutil
from pathlib import Path

import pytest

from air_ahead.data.periods import period_start
from air_ahead.paths import ProjectPaths
from air_ahead.pipeline import forecast
from air_ahead.serving import app, demo
from air_ahead.serving.predictor import Predictor, load_predictor
from air_ahead.serving.track_record import LOG, describe, describe_log, read_log

README = "# Title\n\n<!-- record: written by `uv run score` -->\n<!-- end of record -->\n"
KNOWN = 3  # steps that become known after the forecast


@pytest.fixture
def copy(project: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    """A copy of the project whose series ends earlier."""
    paths = ProjectPaths(tmp_path)
    shutil.copytree(project.champion, paths.champion)
    (paths.root / "README.md").write_text(README, encoding="utf-8")
    predictor = load_predictor(project.champion)
    path = paths.champion / "champion.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["series"] |= {"values": record["series"]["values"][:-KNOWN], "filled": []}
    day = predictor.inputs[0]["default"]
    record["inputs"][0] |= {"default": _earlier(predictor), "maximum": day}
    path.write_text(json.dumps(record), encoding="utf-8")
    return paths


def _earlier(predictor: Predictor) -> str:
    """Return the first day of the step that follows the shorter series."""
    return str(period_start(predictor.start + len(predictor.series) - KNOWN, predictor.step))


def test_a_forecast_is_compared_when_its_outcome_is_known(
    project: ProjectPaths,
    copy: ProjectPaths,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forecast.main([], copy)
    assert f"Commit them: git add {LOG}" in capsys.readouterr().out
    predictor = load_predictor(copy.champion)
    steps = read_log(copy.root / LOG)
    assert len(steps) == predictor.inputs[1]["maximum"]
    assert steps[0].last_known == predictor.name(len(predictor.series) - 1)
    forecast.main([], copy)
    assert "Nothing changed: the forecast of this model after" in capsys.readouterr().out
    assert read_log(copy.root / LOG) == steps
    forecast.score([], copy)
    assert "no outcome is known yet" in capsys.readouterr().out

    shutil.copytree(project.champion, copy.champion, dirs_exist_ok=True)
    forecast.score([], copy)
    output = capsys.readouterr().out
    later = load_predictor(project.champion)
    known = map(later.name, range(len(later.series) - KNOWN, len(later.series)))
    measured = [name for name in known if name not in later.filled]
    assert f"{len(measured)} of them with a known outcome: mean absolute error" in output
    assert output.count("\n") == 1 + len(measured) + 1
    assert describe(later, steps) in (copy.root / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr(demo, "ProjectPaths", lambda: copy)
    assert describe(later, steps) in str(app.build_app(later).get_config_file())


def test_a_damaged_log_is_explained(copy: ProjectPaths) -> None:
    path = copy.root / LOG
    path.parent.mkdir()
    path.write_text("made_at,last_known\n2026-11-30,x\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 2 is not a forecast; restore it: git restore"):
        forecast.score([], copy)
    assert f"can't be read: {LOG}: line 2 is not a forecast" in describe_log(load_predictor(copy.champion), path)


def test_without_a_forecast_the_commands_say_so(copy: ProjectPaths, capsys: pytest.CaptureFixture[str]) -> None:
    (copy.root / "README.md").unlink()
    forecast.score([], copy)
    assert capsys.readouterr().out == "No forecast is on record yet: `uv run forecast`.\n"

"""The served model answers alike to one picture and to many, says when it is in doubt, and explains itself."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .package import Layout, champion, data, serving

pictures: Any = import_module(f"{data.__package__}.pictures")


def test_a_guess_is_called_one(predictor: serving.Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two classes the page must not look as sure as on one."""
    url = predictor.champion.record["examples"][0]["inputs"]["picture"]
    others = len(predictor.classes) - 1
    doubts = {}
    for likeliest in (serving.UNSURE - 0.01, serving.UNSURE + 0.01):
        answer = np.array([[likeliest, *[(1 - likeliest) / others] * others]])
        monkeypatch.setattr(predictor, "scores", lambda _, answer=answer: answer)
        doubts[likeliest] = predictor.predict(pictures.from_url(url)).doubts
    unsure, sure = doubts.values()
    assert set(unsure) > set(sure)


def test_a_picture_that_is_left_out_is_answered(predictor: serving.Predictor) -> None:
    answer = predictor.predict()
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert answer.probabilities[answer.label] == max(answer.probabilities.values())


def test_the_answer_falls_without_what_it_rests_on(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    falls = []
    for picture in splits["test"].features[:20]:
        shifts = predictor.explain(picture)
        assert shifts.shape == picture.shape[:2]
        whole = predictor.scores(picture[None])[0]
        wiped = picture.copy()
        wiped[shifts > np.quantile(shifts, 0.85)] = 0 if predictor.grid.drawn else picture.mean(axis=(0, 1))
        falls.append(whole.max() - predictor.scores(wiped[None])[0][whole.argmax()])
    assert np.mean(np.array(falls) > 0) > 0.9


def test_a_champion_of_an_older_make_is_not_asked(project: Layout, tmp_path: Path) -> None:
    """Before mlpath 0.7 the record had no grid, and models took other numbers."""
    shutil.copytree(project.champion, tmp_path / "champion")
    place = tmp_path / "champion" / champion.RECORD_FILE
    record = json.loads(place.read_text(encoding="utf-8"))
    del record["grid"]
    place.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(champion.ChampionError, match=r"made by another version of this code.*Run: uv run dvc repro"):
        serving.load_predictor(tmp_path / "champion")


def test_many_pictures_are_answered_like_one(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    some = splits["test"].features[:20]
    together = predictor.scores(some)
    for position, picture in enumerate(some):
        np.testing.assert_allclose(predictor.scores(picture[None])[0], together[position], atol=1e-6)


def test_serving_needs_nothing_of_the_training_side() -> None:
    heavy = "{'mlflow', 'dvc', 'pandas', 'sklearn', 'matplotlib', 'yaml'}"
    code = f"import sys, {serving.__name__}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""A model is one file: every part of a project picks it up, and editing it retrains it alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.e2e import Owner, resample_less

pytestmark = pytest.mark.e2e

EXTRA_TREES = '''\
"""Extremely randomized trees."""

from dataclasses import asdict

from pydantic.dataclasses import dataclass
from sklearn.ensemble import ExtraTreesClassifier

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import Model, TrainingContext
from .sklearn_model import fit_sklearn


@dataclass(frozen=True, config=STRICT)
class Params:
    """The parameters of `ExtraTreesClassifier`."""

    n_estimators: int
    min_samples_leaf: int


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> Model:
    """Fit the trees."""
    trees = ExtraTreesClassifier(**asdict(params), random_state=context.seed)
    return fit_sklearn(trees, train, schema)
'''


def add_extra_trees(project: Path) -> None:
    """Write the module, its section and its search ranges, and list its name."""
    (project / "src/demo/models/extra_trees.py").write_text(EXTRA_TREES, encoding="utf-8")
    params = (project / "params.yaml").read_text(encoding="utf-8")
    params = params.replace("  - boosting\n", "  - boosting\n  - extra_trees\n", 1)
    section = "  extra_trees:\n    n_estimators: 50\n    min_samples_leaf: 2\n\nevaluate:"
    params = params.replace("\nevaluate:", f"{section}", 1)
    ranges = "  extra_trees:\n    min_samples_leaf: {low: 1, high: 10}\n"
    (project / "params.yaml").write_text(params + ranges, encoding="utf-8")


def trained(output: str) -> list[str]:
    """Return the models that a run of the pipeline trained."""
    return re.findall(r"Running stage 'train@(\w+)'", output)


def test_a_new_model_is_picked_up_everywhere(
    owner: Owner, trained_project: Path, tmp_path: Path
) -> None:
    project = owner.copy(trained_project, tmp_path)
    resample_less(project, prepared=True)

    add_extra_trees(project)
    assert trained(owner.uv("run", "dvc", "repro", cwd=project)) == ["extra_trees"]
    evaluation = json.loads((project / "reports/evaluation.json").read_text(encoding="utf-8"))
    challengers = [entry["challenger"] for entry in evaluation["comparisons"]]
    assert challengers == ["logistic_regression", "boosting", "extra_trees"]
    assert list(evaluation["validation_scores"]) == ["baseline", *challengers]
    for report in ("README.md", "reports/model_card.md"):
        assert "| extra_trees |" in (project / report).read_text(encoding="utf-8")
    assert "best:" in owner.uv("run", "search", "extra_trees", "--trials", "2", cwd=project)
    tests = owner.uv("run", "pytest", "-q", "-k", "extra_trees", cwd=project)
    assert int(re.findall(r"(\d+) passed", tests)[0]) >= 5

    module = project / "src/demo/models/extra_trees.py"
    edited = EXTRA_TREES.replace("random_state=context.seed", "random_state=context.seed + 1")
    module.write_text(edited, encoding="utf-8")
    assert trained(owner.uv("run", "dvc", "repro", "train", cwd=project)) == ["extra_trees"]
    owner.uv("run", "ruff", "check", cwd=project)
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.mypy(project)

"""The model card has the form of the Hugging Face hub, and the values of the reports."""

import json
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData

from air_ahead import HUB_TASK
from air_ahead.data.schema import Schema
from air_ahead.paths import ProjectPaths
from air_ahead.reporting.model_card import describe_cost
from air_ahead.serving.champion import load_champion


@pytest.fixture(scope="module")
def card(project: ProjectPaths) -> ModelCard:
    return ModelCard((project.reports / "model_card.md").read_text(encoding="utf-8"))


def test_the_hub_reads_the_scores_of_the_test_split(card: ModelCard, project: ProjectPaths) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    scores = {key: score["value"] for key, score in evaluation["scores"][evaluation["champion"]].items()}
    data = card.data
    assert isinstance(data, ModelCardData)
    results = data.eval_results or []
    assert {result.metric_type: result.metric_value for result in results} == {
        key: value for key, value in scores.items() if value is not None
    }
    assert {(result.task_type, result.dataset_split) for result in results} == {(HUB_TASK, "test")}
    assert (data.pipeline_tag, data.library_name) == (HUB_TASK, "onnx")
    assert evaluation["champion"] in (data.tags or [])


def test_every_section_has_content(card: ModelCard, project: ProjectPaths, schema: Schema) -> None:
    _, *sections = card.text.split("\n## ")
    contents = dict(section.split("\n\n", 1) for section in sections)
    assert list(contents) == [
        "Model description",
        "Intended use and limits",
        "Training data",
        "Evaluation",
        "Environmental cost",
        "Lineage",
        "Citation",
    ]
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    assert "- Few rows." in contents["Intended use and limits"]
    assert contents["Training data"].startswith(f"{schema.source} License: {schema.licence}\n")
    notes = [label["note"] for label in evaluation["labels"].values() if label["note"]]
    assert all(note in contents["Evaluation"] for note in notes)
    assert str(load_champion(project.champion)[0].lineage["mlflow_run_id"]) in contents["Lineage"]


def test_the_cost_is_what_was_measured() -> None:
    def cost(**costs: dict[str, Any]) -> str:
        return describe_cost({"costs": costs})

    known = {"fit_cpu_seconds": 1.5, "machine": "Linux x86_64, 2 CPUs"}
    unknown = {"fit_cpu_seconds": None}
    assert cost(plain=known, net={"fit_cpu_seconds": 2.5, "gpu": "GPU 1"}) == (
        "Training took 4 s of CPU time in total, for plain, net. Hardware: Linux x86\\_64, 2 CPUs; GPU 1. "
        "The CPU time excludes the GPU's work. Energy and emissions were not measured."
    )
    assert cost(plain=unknown) == "The training time of plain is unknown. Energy and emissions were not measured."

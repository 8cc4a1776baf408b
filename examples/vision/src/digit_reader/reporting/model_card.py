"""The model card in the form of the Hugging Face hub.

It follows Mitchell et al., "Model Cards for Model Reporting", 2019, with other sections.
"""

import textwrap
from email.utils import parseaddr
from importlib.metadata import metadata
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from .. import HUB_TASK, PACKAGE, TITLE
from ..evaluation import markdown
from ..serving.champion import Champion

MAX_DATASET_NAME = 80
QUOTED = str.maketrans('{}\\"', "()/'")  # characters with a meaning in BibTeX
MODEL_CARD = """\
---
{front_matter}
---

# Model card: {title}

Written by `dvc repro`; its text is in `reporting/model_card.py`.

## Model description

`{model}`, {size:,} bytes of ONNX, by {author}. Inputs: {inputs}. Target: {target}.

## Intended use and limits

{summary}

The model was trained on {rows:,} {noun} and may not generalize to others.{sampling}

{limitations}

## Training data

{source} License: {license}

{splits}

## Evaluation

{decision}{models}

{comparisons}

{scores}

{explanation}

### {label} by slice of the test split

{slices}

{figures}

## Environmental cost

{cost}

## Lineage

{lineage}

## Citation

```bibtex
{citation}
```
"""


def model_card(evaluation: dict[str, Any], champion: Champion, figures: list[str], limitations: str) -> str:
    """Return the model card.

    Args:
        evaluation: the contents of `reports/evaluation.json`.
        champion: the served model.
        figures: their names in `reports/figures/`.
        limitations: Markdown that the author wrote.
    """
    data = evaluation["data"]
    notes = [label["note"] for label in evaluation["labels"].values() if label.get("note")]
    return MODEL_CARD.format(
        front_matter=_front_matter(evaluation).to_yaml(line_break="\n"),
        title=TITLE,
        decision="".join(f"{paragraph}\n\n" for paragraph in markdown.describe_outcome(evaluation)),
        model=champion.record["model"],
        size=champion.record["size_bytes"],
        author=markdown.escape(_author()),
        target=markdown.escape(markdown.lower_first(data["target"])),
        inputs=data["inputs"],
        summary=markdown.escape(str(metadata(PACKAGE)["Summary"])),
        # The owner writes these as Markdown.
        source=data["source"],
        license=data["license"],
        splits=_split_table(evaluation),
        models=markdown.model_table(evaluation),
        comparisons="\n".join(f"- {sentence}" for sentence in evaluation["decisions"]),
        scores=markdown.champion_table(evaluation),
        explanation=" ".join([markdown.explain_scores(evaluation), *notes]),
        label=evaluation["labels"][evaluation["metric"]]["label"],
        slices=markdown.slice_table(evaluation),
        figures="\n".join(f"![{name}](figures/{name}.png)" for name in figures),
        rows=evaluation["rows"]["train"],
        noun=evaluation["sample_noun"],
        sampling=f" {markdown.describe_sampling(sampling)}" if (sampling := evaluation.get("sampling")) else "",
        limitations=limitations,
        cost=describe_cost(evaluation),
        lineage=markdown.lineage_table(champion.lineage),
        citation=_citation(champion),
    )


def _front_matter(evaluation: dict[str, Any]) -> ModelCardData:
    """Return the metadata that the hub reads: license, task, and the champion's scores on the test split."""
    project = metadata(PACKAGE).json
    name, scores = str(project["name"]), evaluation["scores"][evaluation["champion"]]
    results = [
        EvalResult(
            task_type=HUB_TASK,
            dataset_type=evaluation["data"].get("name") or name,
            dataset_name=textwrap.shorten(evaluation["data"]["source"], MAX_DATASET_NAME, placeholder="…"),
            dataset_split="test",
            metric_type=key,
            metric_name=evaluation["labels"][key]["label"],
            metric_value=score["value"],
        )
        for key, score in scores.items()
        if score["value"] is not None
    ]
    return ModelCardData(
        license=str(project.get("license_expression", "")).lower() or None,
        library_name="onnx",
        pipeline_tag=HUB_TASK,
        tags=["onnx", evaluation["champion"]],
        metrics=[result.metric_type for result in results],
        model_name=name,
        eval_results=results,
    )


def _split_table(evaluation: dict[str, Any]) -> str:
    folds, aim = evaluation.get("folds"), (evaluation.get("decision") or {}).get("aim", {})
    chosen = "threshold" if "threshold" in (evaluation.get("decision") or {}) else "tolerance"
    by_folds = ", selecting the champion by folds" if folds else ""
    validation = ["selecting the champion by folds" if folds else "selecting the champion"]
    if aim and not {"abstain", "tolerance"} & set(aim):  # these are set in params.yaml
        validation.append(f"choosing the {chosen}")
    uses = {
        "train": f"training{by_folds}",
        "validation": ", ".join(validation),
        "test": "the scores below, after the selection",
    }
    rows = [[part, f"{evaluation['rows'][part]:,}", use] for part, use in uses.items()]
    return markdown.table(["split", evaluation["sample_noun"], "used for"], rows)


def describe_cost(evaluation: dict[str, Any]) -> str:
    """Return the measured time of the trainings and the machines, as a paragraph."""
    costs = evaluation["costs"]
    known = {name: cost["fit_cpu_seconds"] for name, cost in costs.items() if cost["fit_cpu_seconds"] is not None}
    unknown = [name for name in costs if name not in known]
    gpus = _hardware(costs, "gpu")
    hardware = [*_hardware(costs, "machine"), *gpus]
    sentences = []
    if known:
        seconds, names = markdown.rounded(sum(known.values())), ", ".join(known)
        sentences.append(f"Training took {seconds} s of CPU time in total, for {names}.")
    if refits := [cost["folds_cpu_seconds"] for cost in costs.values() if "folds_cpu_seconds" in cost]:
        sentences.append(f"The refits on folds took {markdown.rounded(sum(refits))} s.")
    if unknown:
        sentences.append(f"The training time of {', '.join(unknown)} is unknown.")
    if hardware:
        sentences.append(f"Hardware: {markdown.escape('; '.join(hardware))}.")
    if gpus:
        sentences.append("The CPU time excludes the GPU's work.")
    return " ".join([*sentences, "Energy and emissions were not measured."])


def _hardware(costs: dict[str, dict[str, Any]], key: str) -> list[str]:
    return sorted({cost[key] for cost in costs.values() if cost.get(key)})


def _author() -> str:
    """Return the name of the project's author."""
    project = metadata(PACKAGE).json
    return str(project.get("author") or parseaddr(str(project.get("author_email", "")))[0] or "its author")


def _citation(champion: Champion) -> str:
    """Return an entry of BibTeX."""
    fields = {"author": _author(), "title": TITLE}
    if evaluated_at := champion.lineage.get("evaluated_at"):
        fields["year"] = evaluated_at[:4]
    lines = [f'  {key} = "{value.translate(QUOTED)}",' for key, value in fields.items()]
    return "\n".join(["@misc{" + f"{PACKAGE},", *lines, "}"])

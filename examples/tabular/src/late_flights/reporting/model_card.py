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


def model_card(evaluation: dict[str, Any], champion: Champion, figures: list[str], limitations: str) -> str:
    """Return the model card, with the figures of these names in `reports/figures/`."""
    data, record = evaluation["data"], champion.record
    sampling = f" {markdown.describe_sampling(evaluation['sampling'])}" if evaluation.get("sampling") else ""
    notes = [label["note"] for label in evaluation["labels"].values() if label.get("note")]
    outcome = "".join(f"{paragraph}\n\n" for paragraph in markdown.describe_outcome(evaluation))
    comparisons = "\n".join(f"- {sentence}" for sentence in evaluation["decisions"])
    images = "\n".join(f"![{name}](figures/{name}.png)" for name in figures)
    # The owner writes inputs, source, license and limitations as Markdown.
    return f"""\
---
{_front_matter(evaluation)}
---

# Model card: {TITLE}

Written by `dvc repro`; its text is in `reporting/model_card.py`.

## Model description

`{record["model"]}`, {record["size_bytes"]:,} bytes of ONNX, by {markdown.escape(_author())}. \
Inputs: {data["inputs"]}. Target: {markdown.escape(markdown.lower_first(data["target"]))}.

## Intended use and limits

{markdown.escape(str(metadata(PACKAGE)["Summary"]))}

The model was trained on {evaluation["rows"]["train"]:,} {evaluation["sample_noun"]} and may not generalize to \
others.{sampling}

{limitations}

## Training data

{data["source"]} License: {data["license"]}

{_split_table(evaluation)}

## Evaluation

{outcome}{markdown.model_table(evaluation)}

{comparisons}

{markdown.champion_table(evaluation)}

{" ".join([markdown.explain_scores(evaluation), *notes])}

### {evaluation["labels"][evaluation["metric"]]["label"]} by slice of the test split

{markdown.slice_table(evaluation)}

{images}

## Environmental cost

{describe_cost(evaluation)}

## Lineage

{markdown.lineage_table(champion.lineage)}

## Citation

```bibtex
{_citation(champion)}
```
"""


def _front_matter(evaluation: dict[str, Any]) -> str:
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
    card = ModelCardData(
        license=str(project.get("license_expression", "")).lower() or None,
        library_name="onnx",
        pipeline_tag=HUB_TASK,
        tags=["onnx", evaluation["champion"]],
        metrics=[result.metric_type for result in results],
        model_name=name,
        eval_results=results,
    )
    return str(card.to_yaml(line_break="\n"))


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
    project = metadata(PACKAGE).json
    return str(project.get("author") or parseaddr(str(project.get("author_email", "")))[0] or "its author")


def _citation(champion: Champion) -> str:
    fields = {"author": _author(), "title": TITLE}
    if evaluated_at := champion.lineage.get("evaluated_at"):
        fields["year"] = evaluated_at[:4]
    lines = [f'  {key} = "{value.translate(QUOTED)}",' for key, value in fields.items()]
    return "\n".join(["@misc{" + f"{PACKAGE},", *lines, "}"])

"""The blocks that the pipeline writes into README and article: every number in them comes from `reports/`."""

import json
import re
from pathlib import Path
from typing import Any

from ..evaluation import markdown
from .sections import read_section

SAME_SCORE = 1e-6  # up to rounding
IMAGE = re.compile(r"!\[.*?\]\(.*?\)")


def render_blocks(evaluation: dict[str, Any], reports: Path, limitations: str) -> dict[str, str]:
    """Return the blocks by name; their links are relative to `reports/`. Other reports are blocks without their title.

    `limitations` is Markdown that the author wrote in the README.
    """
    data, errors = ((reports / name).read_text(encoding="utf-8") for name in ("data.md", "errors.md"))
    others = {path.stem: path.read_text(encoding="utf-8").partition("\n\n")[2] for path in reports.glob("*.md")}
    return {
        **{name: text.strip() for name, text in others.items()},
        "results": describe_results(evaluation),
        "models": describe_models(evaluation, reports),
        "comparison": describe_comparison(evaluation, reports),
        "steps": "\n".join(f"- {sentence}" for sentence in evaluation["decisions"]),
        "data": describe_data(evaluation, data),
        "decision": describe_decision(evaluation, reports),
        "errors": describe_errors(evaluation, errors),
        "limits": limitations,
    }


def describe_results(evaluation: dict[str, Any]) -> str:
    """Return the decision with its consequences, and the test scores of champion and simplest model."""
    name, metric = evaluation["champion"], evaluation["metric"]
    label, scores = markdown.label_with_unit(evaluation["labels"][metric]), evaluation["scores"]
    others = [f"; {other}: {markdown.format_score(scores[other][metric])}" for other in scores if other != name]
    test = _test_split(evaluation)
    links = "[all scores](model_card.md) · [where the model fails](errors.md) · [the data](data.md)"
    sentence = f"{label} of {name} on {test}: {markdown.format_score(scores[name][metric])}{''.join(others)}"
    return "\n\n".join([*markdown.describe_outcome(evaluation), f"{sentence} · {links}", *_sampling(evaluation)])


def describe_models(evaluation: dict[str, Any], reports: Path) -> str:
    """Return the comparison of the models: table, figure, how to read them, searches, learning curve."""
    return f"{markdown.gain_table(evaluation)}\n\n{describe_comparison(evaluation, reports)}"


def describe_comparison(evaluation: dict[str, Any], reports: Path) -> str:
    """Return the same without the table, for a text that has the gains as sentences."""
    image = "![The score of each model with its interval](figures/comparison.png)"
    others = [*describe_searches(reports), *describe_learning_curve(evaluation, reports)]
    return "\n\n".join([image, markdown.explain_comparison(evaluation), *others])


def describe_searches(reports: Path) -> list[str]:
    """Return what each search for hyperparameters gained, as `uv run search --write` recorded it."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((reports / "search").glob("*.json"))]
    return [f"{record['sentence']} [The trials](search/{record['model']}.md)" for record in records]


def describe_learning_curve(evaluation: dict[str, Any], reports: Path) -> list[str]:
    """Return whether more rows would help, if `uv run learning-curve` measured it with this champion and its score."""
    path = reports / "learning_curve.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    champion = evaluation["champion"]
    if (record.get("model"), record.get("rows")) != (champion, evaluation["rows"]["train"]):
        return []
    if abs(record["score"] - evaluation["validation_scores"][champion][evaluation["metric"]]["value"]) > SAME_SCORE:
        return []
    return [f"{record['sentence']} [The learning curve](learning_curve.md)"]


def describe_data(evaluation: dict[str, Any], report: str) -> str:
    """Return source and splits of the data, the findings that matter most, and the first figure."""
    rows, data = evaluation["rows"], evaluation["data"]
    splits = f"{rows['train']:,} {evaluation['sample_noun']} for training, {rows['validation']:,} for validation"
    parts = [
        f"{data['source']} License: {data['license']}",
        *_sampling(evaluation),
        f"{splits}, {rows['test']:,} for the test. What [the training split](data.md) shows first:",
        read_section(report, "What matters most"),
        *IMAGE.findall(report)[:1],
    ]
    return "\n\n".join(parts)


def describe_decision(evaluation: dict[str, Any], reports: Path) -> str:
    """Return the decision, how it was made, and the figure of its alternatives; without one, the champion's score."""
    image = "![What other choices give on the validation split](figures/decision.png)"
    return describe_results(evaluation) + (f"\n\n{image}" if (reports / "figures/decision.png").exists() else "")


def describe_errors(evaluation: dict[str, Any], report: str) -> str:
    """Return the summary of the errors, and the hardest case."""
    summary = report.partition("\n## ")[0].split("\n\n", 2)[2].strip()
    cases = read_section(report, "The hardest cases")
    hardest = "\n".join([line for line in cases.splitlines() if line.startswith("|")][:3])  # header, line, first row
    scored = f"The champion, {evaluation['champion']}, was tested on {_test_split(evaluation)}."
    images = IMAGE.findall(cases)
    title = "The hardest cases, and the first of them in numbers:" if images else "The hardest case:"
    return "\n\n".join([f"{scored} {summary}", title, *images, hardest, "[More of them](errors.md)."])


def _sampling(evaluation: dict[str, Any]) -> list[str]:
    sampling = evaluation.get("sampling")
    return [markdown.describe_sampling(sampling)] if sampling else []


def _test_split(evaluation: dict[str, Any]) -> str:
    return f"the {evaluation['rows']['test']:,} {evaluation['sample_noun']} of the test split"

"""Stage `report`: write the model card, and put the results into the README.

DVC deletes the outputs of a stage before it runs. So the README is no output: only the lines between its two markers
are replaced.
"""

import json
import re
from collections.abc import Sequence
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from .. import TITLE
from ..errors import exit_on_user_error
from ..evaluation import markdown
from ..paths import ProjectPaths
from ..serving.champion import Champion, load_champion

START, END = "<!-- results: written by `dvc repro`, do not edit -->", "<!-- end of results -->"
PACKAGE = __package__.partition(".")[0]  # not __name__, which is __main__ if the module is run


def main(paths: ProjectPaths | None = None) -> None:
    """Write the model card, and put the results into the README."""
    paths = paths or ProjectPaths()
    readme, card = render(paths)
    (paths.root / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    (paths.reports / "model_card.md").write_text(card, encoding="utf-8", newline="\n")
    print("wrote reports/model_card.md, and the results in README.md")


def render(paths: ProjectPaths) -> tuple[str, str]:
    """Return the README with the results of `reports/evaluation.json`, and the model card."""
    champion, _ = load_champion(paths.champion)
    evaluation = json.loads((paths.reports / "evaluation.json").read_text(encoding="utf-8"))
    figures = sorted(path.stem for path in (paths.reports / "figures").glob("*.png"))
    readme = (paths.root / "README.md").read_text(encoding="utf-8")
    card = model_card(evaluation, champion, figures, section(readme, "Limitations"))
    return replace_results(readme, results(evaluation, describe_searches(paths.reports))), card


def describe_searches(reports: Path) -> list[str]:
    """Return what each search for hyperparameters gained, as `uv run search --write` recorded it."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((reports / "search").glob("*.json"))]
    return [f"{record['sentence']} [The trials](reports/search/{record['model']}.md)" for record in records]


def results(evaluation: dict[str, Any], searches: Sequence[str] = ()) -> str:
    """Return the results as Markdown."""
    return "\n".join(
        [
            *(f"{paragraph}\n" for paragraph in markdown.describe_outcome(evaluation)),
            markdown.model_table(evaluation),
            "",
            *(f"- {sentence}" for sentence in [*evaluation["decisions"], *searches]),
            "",
            "![Validation score of each model with its interval](reports/figures/comparison.png)",
            "",
            markdown.champion_table(evaluation),
            "",
            markdown.explain_scores(evaluation),
            "",
            "[Where the model fails](reports/errors.md): the samples with the largest errors, and groups of them.",
        ]
    )


MODEL_CARD = """\
# Model card: {title}

Written by `dvc repro`; change its text in `pipeline/report.py`.

{decision}## Model

{model}, {size:,} bytes of ONNX, by {author}. It predicts {target} from {inputs}.

## Intended use

{summary}

## Data

{source} License: {license}

## Evaluation

{models}

{decisions}

{scores}

{explanation}

### {label} by slice of the test split

{slices}

{figures}

## Limitations

The model was trained on {rows:,} {noun} from one source and may not generalize to others.

{limitations}

## Lineage

{lineage}
"""


def model_card(evaluation: dict[str, Any], champion: Champion, figures: list[str], limitations: str) -> str:
    """Return the model card (Mitchell et al., "Model Cards for Model Reporting", 2019), with these limitations."""
    project = metadata(PACKAGE).json
    author = str(project.get("author") or project.get("author_email") or "its author")
    data = evaluation["data"]
    return MODEL_CARD.format(
        title=TITLE,
        decision="".join(f"{paragraph}\n\n" for paragraph in markdown.describe_outcome(evaluation)),
        model=champion.record["model"],
        size=champion.record["size_bytes"],
        author=markdown.escape(author),
        target=markdown.escape(markdown.lower_first(data["target"])),
        inputs=data["inputs"],
        summary=markdown.escape(str(project["summary"])),
        # The owner writes these as Markdown.
        source=data["source"],
        license=data["license"],
        models=markdown.model_table(evaluation),
        decisions="\n".join(f"- {decision}" for decision in evaluation["decisions"]),
        scores=markdown.champion_table(evaluation),
        explanation=markdown.explain_scores(evaluation),
        label=evaluation["labels"][evaluation["metric"]]["label"],
        slices=markdown.slice_table(evaluation),
        figures="\n".join(f"![{name}](figures/{name}.png)" for name in figures),
        rows=evaluation["rows"]["train"],
        noun=evaluation["sample_noun"],
        limitations=limitations,
        lineage=markdown.lineage_table(champion.lineage),
    )


def section(text: str, title: str) -> str:
    """Return what stands below a heading of the second level, up to the next one; empty without such a heading."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def replace_results(text: str, block: str) -> str:
    """Return the README with `block` between its markers; without markers it is returned unchanged."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}\n{block}\n{end}{after}" if start and end else text


if __name__ == "__main__":
    with exit_on_user_error():
        main()

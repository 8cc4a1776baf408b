"""Stage `report`: draw the figures, write the model card, and put the results into the README.

DVC deletes the outputs of a stage before it runs. So the README is no output: only the lines between its two markers
are replaced.
"""

import json
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from .. import TITLE
from ..data.schema import Schema, load_schema
from ..errors import exit_on_user_error
from ..evaluation import markdown
from ..evaluation.figures import draw_comparison, draw_slices
from ..evaluation.plots import draw_plots
from ..paths import ProjectPaths
from ..serving.champion import Champion, load_champion

START, END = "<!-- results: written by `dvc repro`, do not edit -->", "<!-- end of results -->"
PACKAGE = __package__.partition(".")[0]  # not __name__, which is __main__ if the module is run


def main(paths: ProjectPaths | None = None) -> None:
    """Draw the figures, write the model card, put the results into the README."""
    paths = paths or ProjectPaths()
    schema = load_schema(paths.schema)
    evaluation = json.loads((paths.reports / "evaluation.json").read_text(encoding="utf-8"))
    champion, _ = load_champion(paths.champion)

    figures = draw_plots(schema, read_tables(paths.reports / "plots", evaluation["champion"]))
    figures |= draw_overview(evaluation)
    for name, figure in figures.items():
        save_figure(figure, paths.reports / "figures" / f"{name}.png")
    write_text(paths.reports / "model_card.md", model_card(evaluation, champion, schema, sorted(figures)))
    readme = paths.root / "README.md"
    write_text(readme, replace_results(readme.read_text(encoding="utf-8"), results(evaluation)))
    print(f"wrote {len(figures)} figures, the model card, and the results in README.md")


def read_tables(folder: Path, model: str) -> dict[str, pd.DataFrame]:
    """Return the rows of one model in the plot tables, by the name of the table."""
    tables = {path.stem: pd.read_csv(path, keep_default_na=False) for path in sorted(folder.glob("*.csv"))}
    return {name: table[table["model"] == model] for name, table in tables.items()}


def draw_overview(evaluation: dict[str, Any]) -> dict[str, Figure]:
    """Return the figures that every project has: all models, and the champion on each slice."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
    scores = {name: by_metric[evaluation["metric"]] for name, by_metric in evaluation["scores"].items()}
    figures = {"comparison": draw_comparison(label, scores, evaluation["champion"])}
    if any(record["value"] is not None for record in evaluation["slices"]):
        overall = scores[evaluation["champion"]]["value"]
        figures["slices"] = draw_slices(label, evaluation["slices"], overall)
    return figures


def results(evaluation: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    return "\n".join(
        [
            markdown.score_table(evaluation),
            "",
            markdown.explain_scores(evaluation),
            "",
            *(f"- {decision}" for decision in evaluation["decisions"]),
            "",
            "Costs:",
            "",
            markdown.cost_table(evaluation),
            "",
            "![Each model with its interval](reports/figures/comparison.png)",
        ]
    )


MODEL_CARD = """\
# Model card: {title}

Written by `dvc repro`; change its text in `report.py`.

## Model

{model}, {size:,} bytes of ONNX, by {author}. It predicts {target} from {inputs}.

## Intended use

{summary}

## Data

{source} License: {license}

## Evaluation

{scores}

{explanation}

{decisions}

### Cost

{costs}

### {label} by slice

{slices}

{figures}

## Limitations

The model was trained on {rows:,} {noun} from one source and may not generalize to others. See "Limitations" in the
README.

## Lineage

{lineage}
"""


def model_card(evaluation: dict[str, Any], champion: Champion, schema: Schema, figures: list[str]) -> str:
    """Return the model card (Mitchell et al., "Model Cards for Model Reporting", 2019)."""
    project = metadata(PACKAGE).json
    author = str(project.get("author") or project.get("author_email") or "its author")
    target = schema.target.label
    return MODEL_CARD.format(
        title=TITLE,
        model=champion.record["model"],
        size=champion.record["size_bytes"],
        author=markdown.escape(author),
        target=markdown.escape(target[:1].lower() + target[1:]),
        inputs=schema.input_summary,
        summary=markdown.escape(str(project["summary"])),
        # The owner writes these as Markdown.
        source=schema.source,
        license=schema.licence,
        scores=markdown.score_table(evaluation),
        explanation=markdown.explain_scores(evaluation),
        decisions="\n".join(f"- {decision}" for decision in evaluation["decisions"]),
        costs=markdown.cost_table(evaluation),
        label=evaluation["labels"][evaluation["metric"]]["label"],
        slices=markdown.slice_table(evaluation),
        figures="\n".join(f"![{name}](figures/{name}.png)" for name in figures),
        rows=evaluation["rows"]["train"],
        noun=evaluation["sample_noun"],
        lineage=markdown.lineage_table(champion.lineage),
    )


def replace_results(text: str, block: str) -> str:
    """Return the README with `block` between its markers; without markers it is returned unchanged."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}\n{block}\n{end}{after}" if start and end else text


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG without version metadata: the same figure gives the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with the line endings that git stores."""
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    with exit_on_user_error():
        main()

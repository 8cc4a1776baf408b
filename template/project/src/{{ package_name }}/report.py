"""Stage 5, report: pictures, the model card, and the results in the README, all from what `evaluate` wrote.

The README is no output of DVC (DVC would delete it): only the lines between its markers are written here.
"""

import json
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from . import TITLE, data, figures, markdown, mistakes, plots
from .champion import Champion, load_champion
from .layout import Layout

START, END = "<!-- results: written by `dvc repro`, do not edit -->", "<!-- end of results -->"


def main(layout: Layout | None = None) -> None:
    """Draw the figures, write the model card, put the results into the README."""
    layout = layout or Layout()
    schema = data.load_schema(layout.schema)
    evaluation = json.loads((layout.reports / "evaluation.json").read_text(encoding="utf-8"))
    champion, _ = load_champion(layout.champion)

    pictures = plots.fit_figures(schema, read_tables(layout.reports / "plots", evaluation["champion"]))
    pictures |= overview(evaluation)
    for name, figure in pictures.items():
        save(figure, layout.reports / "figures" / f"{name}.png")
    write(layout.reports / "model_card.md", model_card(evaluation, champion, schema, sorted(pictures)))
    readme = layout.root / "README.md"
    write(readme, insert(readme.read_text(encoding="utf-8"), results(evaluation)))
    print(f"{len(pictures)} figures, the model card, and the results in README.md")


def read_tables(folder: Path, model: str) -> dict[str, pd.DataFrame]:
    """The rows of one model in the tables that the evaluation wrote; by name."""
    every = {path.stem: pd.read_csv(path, keep_default_na=False) for path in sorted(folder.glob("*.csv"))}
    return {name: table[table["model"] == model] for name, table in every.items()}


def overview(evaluation: dict[str, Any]) -> dict[str, Figure]:
    """The models beside each other, and the champion on each slice; by name."""
    label = evaluation["labels"][evaluation["metric"]]["label"]
    scores = {name: by_metric[evaluation["metric"]] for name, by_metric in evaluation["scores"].items()}
    pictures = {"comparison": figures.comparison_figure(label, scores, evaluation["champion"])}
    if any(record["value"] is not None for record in evaluation["slices"]):
        overall = scores[evaluation["champion"]]["value"]
        pictures["slices"] = figures.slices_figure(label, evaluation["slices"], overall)
    return pictures


def results(evaluation: dict[str, Any]) -> str:
    """The results as Markdown: one line a model, the outcome of each duel in words, the picture."""
    return "\n".join(
        [
            markdown.score_table(evaluation),
            "",
            markdown.measured_on(evaluation),
            "",
            *(f"- {verdict}" for verdict in evaluation["verdicts"]),
            "",
            "What it costs:",
            "",
            markdown.cost_table(evaluation),
            "",
            "![Each model with its interval](reports/figures/comparison.png)",
        ]
    )


def model_card(evaluation: dict[str, Any], champion: Champion, schema: data.Schema, pictures: list[str]) -> str:
    """What a reader must know before trusting the model (after Mitchell et al., "Model cards", 2019)."""
    project = metadata(__package__).json
    # An author with an address stands in a field of their own.
    author = str(project.get("author") or project.get("author_email") or "its author")
    record = champion.record
    label = evaluation["labels"][evaluation["metric"]]["label"]
    return "\n".join(
        [
            f"# Model card: {TITLE}",
            "",
            "Written by `dvc repro` from what was measured; edit `report.py` to say more.",
            "",
            "## Model",
            "",
            f"{record['model']}, {record['size_bytes']:,} bytes of {record['format'].upper()}, by "
            f"{markdown.escape(author)}. "
            f"It predicts {markdown.escape(label_within(schema.target.label))} from {schema.inputs_in_words}.",
            "",
            "## Intended use",
            "",
            markdown.escape(str(project["summary"])),
            "",
            "## Data",
            "",
            # The owner's Markdown: a link says more than a name.
            f"{schema.source} Licence: {schema.licence}",
            "",
            "## Quality",
            "",
            markdown.score_table(evaluation),
            "",
            markdown.measured_on(evaluation),
            "",
            *(f"- {verdict}" for verdict in evaluation["verdicts"]),
            "",
            "### Cost",
            "",
            markdown.cost_table(evaluation),
            "",
            f"### {label} by group",
            "",
            markdown.slice_table(evaluation),
            "",
            *(f"![{name}](figures/{name}.png)" for name in pictures),
            "",
            "## Limits",
            "",
            f"It was trained on {evaluation['rows']['train']:,} {evaluation['cases']} of one source and knows nothing "
            "of others. The README names what it can't do. A score is not a decision.",
            "",
            "## Lineage",
            "",
            markdown.lineage_table(champion.lineage),
            "",
        ]
    )


def label_within(label: str) -> str:
    """A label inside a sentence: only its first letter is there for the beginning of one."""
    return label[:1].lower() + label[1:]


def insert(text: str, block: str) -> str:
    """The README with `block` between its markers; without the markers it is the author's own and stays as it is."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}\n{block}\n{end}{after}" if start and end else text


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without the date or the versions, so that the same picture is the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def write(path: Path, text: str) -> None:
    """UTF-8, with the line ends that git stores."""
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    with mistakes.in_words():
        main()

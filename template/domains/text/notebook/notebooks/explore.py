"""Explore the training split by hand: `uv run --group notebook marimo edit notebooks/explore.py`.

The test split is not shown: what you decide here must not depend on it.
"""

import marimo

app = marimo.App(width="medium", app_title="Explore the training split")

with app.setup:
    import re

    import marimo as mo

    from project_package.data.prepared import read_prepared
    from project_package.exploration.exploration import typical_words
    from project_package.paths import ProjectPaths

    schema, splits = read_prepared(ProjectPaths())
    train = splits["train"]


@app.cell
def words():
    """Show which words distinguish the classes."""
    mo.vstack([mo.md("## Typical words"), mo.ui.table(typical_words(train, schema), selection=None)])
    return


@app.cell
def choose():
    """Choose texts by class and content."""
    label = mo.ui.dropdown(["every class", *schema.classes], value="every class", label="Class")
    pattern = mo.ui.text(label="Regular expression", debounce=True)
    mo.hstack([label, pattern], justify="start")
    return label, pattern


@app.cell
def show(label, pattern):
    """Show the texts, and how many of each class there are."""
    mo.stop(error := invalid(pattern.value), mo.callout(f"{pattern.value} is not a regular expression: {error}"))
    texts = train.features[["text"]].assign(label=train.target.to_numpy())
    found = texts[texts["text"].str.contains(pattern.value, case=False, regex=True)]
    counts = found["label"].value_counts()
    if label.value != "every class":
        found = found[found["label"] == label.value]
    mo.vstack(
        [
            mo.md(", ".join(f"{name}: {count:,}" for name, count in counts.items()) or "No text matches."),
            mo.ui.table(found, page_size=10, selection=None, wrapped_columns=["text"]),
        ]
    )
    return (found,)


@app.function
def invalid(pattern: str) -> str:
    """Return what is wrong with a regular expression; empty for nothing."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


if __name__ == "__main__":
    app.run()

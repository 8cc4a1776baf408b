"""Explore the training split by hand: `uv run --group notebook marimo edit notebooks/explore.py`.

The test split is not shown: what you decide here must not depend on it.
"""

import marimo

app = marimo.App(width="medium", app_title="Explore the training split")

with app.setup:
    import marimo as mo
    import pandas as pd
    from matplotlib.figure import Figure

    from project_package.data.prepared import read_prepared
    from project_package.data.schema import Column
    from project_package.exploration.exploration import explore
    from project_package.paths import ProjectPaths

    schema, splits = read_prepared(ProjectPaths())
    train, target = splits["train"], schema.target


@app.cell
def findings():
    """Show what `reports/data.md` begins with."""
    exploration = explore(train, splits["validation"], schema)
    ranked = sorted(exploration.findings, key=lambda finding: -finding.weight)
    mo.md("\n".join(["## What matters most", *(f"- {finding.text}" for finding in ranked)]))
    return


@app.cell
def filter_rows():
    """Filter, group and aggregate; the view shows the pandas code for it, too."""
    rows = train.features.assign(**{target.name: train.target.to_numpy()})
    rows = rows.astype(dict.fromkeys(rows.select_dtypes("float32"), "float64")).round(4)
    view = mo.ui.dataframe(rows, page_size=10)
    view
    return (view,)


@app.cell
def choose():
    """Choose an input."""
    inputs = {column.label: column for column in schema.features}
    chosen = mo.ui.dropdown(inputs, value=next(iter(inputs)), label="Input")
    chosen
    return (chosen,)


@app.cell
def show(chosen, view):
    """Draw the target of the filtered rows against the input."""
    draw(view.value, chosen.value)
    return


@app.function
def draw(rows: pd.DataFrame, column: Column) -> Figure:
    """Draw the mean of the target, or the share of each class, by category or tenth of the input."""
    values = rows[column.name]
    if column.kind != "category" and values.nunique() > 10:
        values = pd.qcut(values, 10, duplicates="drop", precision=2)
    answers = pd.get_dummies(rows[target.name]) if target.kind == "category" else rows[[target.name]]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    answers.groupby(values, observed=True).mean().plot.barh(ax=axes, stacked=True, legend=False)
    axes.set(ylabel=column.label, xlabel=target.label if target.kind == "number" else "share of the rows")
    figure.legend(loc="outside upper right", ncols=3)
    return figure


if __name__ == "__main__":
    app.run()

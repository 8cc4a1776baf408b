"""Explore the training split by hand: `uv run --group notebook marimo edit notebooks/explore.py`.

The test split is not shown: what you decide here must not depend on it.
"""

import marimo

app = marimo.App(width="medium", app_title="Explore the training split")

with app.setup:
    import marimo as mo

    from project_package.data.prepared import read_prepared
    from project_package.data.splits import join_windows
    from project_package.exploration.exploration import decompose, draw_parts
    from project_package.paths import ProjectPaths

    schema, splits = read_prepared(ProjectPaths())
    series = join_windows(splits["train"]).astype(float).interpolate()


@app.cell
def choose():
    """Choose a part of the series, and the length of a season."""
    steps = mo.ui.range_slider(0, len(series) - 1, value=(0, len(series) - 1), label="Steps", full_width=True)
    season = mo.ui.number(1, max(1, len(series) // 4), value=schema.season, label=f"Season in {schema.step}s")
    mo.vstack([steps, season])
    return season, steps


@app.cell
def show(season, steps):
    """Show the series with its trend, its season and the rest."""
    first, last = steps.value
    mo.stop(last - first < 10, mo.md("Choose at least ten steps."))
    part = series.iloc[first : last + 1]
    draw_parts(part, *decompose(part, season.value), schema)
    return (part,)


@app.cell
def changes(part):
    """Show the largest changes from one step to the next."""
    largest = part.diff().dropna().sort_values(key=abs, ascending=False).head(10)
    table = largest.rename(f"change of {schema.target.label}").rename_axis(schema.step).reset_index()
    table[schema.step] = table[schema.step].astype(str)
    mo.vstack([mo.md("## Largest changes"), mo.ui.table(table, selection=None)])
    return


if __name__ == "__main__":
    app.run()

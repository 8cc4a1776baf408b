"""Explore the training split by hand: `uv run --group notebook marimo edit notebooks/explore.py`.

The test split is not shown: what you decide here must not depend on it.
"""

import marimo

app = marimo.App(width="medium", app_title="Explore the training split")

with app.setup:
    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from project_package.data.images import Pixels
    from project_package.data.prepared import read_prepared
    from project_package.exploration.exploration import describe
    from project_package.paths import ProjectPaths

    ACROSS, DOWN = 10, 4
    schema, splits = read_prepared(ProjectPaths())
    train = splits["train"]
    images = describe(train, schema).assign(label=train.target)


@app.cell
def choose():
    """Choose a class, and the number by which its images are sorted."""
    label = mo.ui.dropdown(list(schema.classes), value=schema.classes[0], label="Class")
    numbers = [name for name in images.columns if name != "label"]
    order = mo.ui.dropdown(numbers, value=numbers[0], label="Sorted by")
    mo.hstack([label, order], justify="start")
    return label, order


@app.cell
def turn_pages(label):
    """Choose a page of the images of the class."""
    last = max(1, -(-int((images["label"] == label.value).sum()) // (ACROSS * DOWN)))
    page = mo.ui.number(1, last, label=f"Page, of {last}")
    page
    return (page,)


@app.cell
def show(label, order, page):
    """Show the images."""
    ranked = images[images["label"] == label.value].sort_values(order.value).index.to_numpy()
    shown = ranked[(page.value - 1) * ACROSS * DOWN : page.value * ACROSS * DOWN]
    draw(train.features[shown])
    return (shown,)


@app.cell
def compare():
    """Show the mean of each number by class."""
    mo.ui.table(images.groupby("label").mean().astype(float).round(3), selection=None)
    return


@app.function
def draw(pixels: Pixels) -> Figure:
    """Return a sheet of images, of pixels of shape (images, height, width, channels)."""
    figure = Figure(figsize=(ACROSS, DOWN), layout="constrained")
    for axes, image in zip(np.ravel(figure.subplots(DOWN, ACROSS)), pixels, strict=False):
        axes.imshow(image if image.shape[2] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=1)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure


if __name__ == "__main__":
    app.run()

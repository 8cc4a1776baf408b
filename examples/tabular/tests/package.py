"""The package under test. Tests import its modules from here, so that its name is written once."""

from second_look import (
    app,
    candidate,
    champion,
    data,
    evaluate,
    fetch,
    lineage,
    metrics,
    models,
    params,
    prepare,
    report,
    serving,
    tracking,
    train,
)
from second_look.layout import Layout

__all__ = [
    "Layout",
    "app",
    "candidate",
    "champion",
    "data",
    "evaluate",
    "fetch",
    "lineage",
    "metrics",
    "models",
    "params",
    "prepare",
    "report",
    "serving",
    "tracking",
    "train",
]

"""Air ahead."""

import os
from pathlib import Path

TITLE = "Air ahead"
PACKAGE = __name__
ACCENT = "teal"  # of the page: a hue of gradio.themes.colors
HUB_TASK = "time-series-forecasting"  # of huggingface.co/tasks

# ONNX Runtime reads it when it is imported; since 1.32 it sends usage data to Microsoft otherwise.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# `dvc exp run --queue` runs the stages in a copy of the project below .dvc/tmp. They must use the code of that copy,
# but Python would import the installed code.
_installed = Path(__file__).resolve().parent
_copy = Path("src", _installed.name).resolve()
if _installed.parents[1] / ".dvc" / "tmp" in _copy.parents and _copy.is_dir():
    __path__ = [str(_copy)]

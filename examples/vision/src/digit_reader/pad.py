"""The pad of the demo, on which pictures are drawn, with the mouse or a finger."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr
from PIL import Image

from .pictures import InvalidInputError

SIDE = 320  # pixels
BRUSH = 13  # the radius: as thick a line, against a digit, as the pens of the data drew


def make(target: str) -> Any:
    """The pad, for pictures of one `target` each."""
    return gr.Sketchpad(
        _sheet(),
        label=f"Draw one {target.lower()}",
        format="png",
        canvas_size=(SIDE, SIDE),
        fixed_canvas=True,
        brush=gr.Brush(default_size=BRUSH, colors=["#000000"], default_color="#000000", color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
        height=SIDE + 120,
        elem_id="pad",
    )


def _sheet() -> Image.Image:
    # On a pad without a picture one must choose the brush first.
    return Image.new("RGB", (SIDE, SIDE), "white")


def follow(pad: Any, answer: Callable[[Any], tuple[dict[str, float], str]], outputs: list[Any]) -> None:
    """Answer what is drawn, stroke by stroke: for the page alone.

    Args:
        pad: what `make` made.
        answer: the probabilities and the explanation for a file as Gradio hands it over.
        outputs: where to show both.
    """
    pad.clear(_sheet, outputs=pad, api_visibility="private")
    # `change` alone does not tell of the first stroke.
    gr.on(
        [pad.input, pad.change],
        lambda drawing: answered(answer, drawing),
        pad,
        outputs,
        trigger_mode="always_last",
        api_visibility="private",
        preprocess=False,
        show_progress="hidden",
    )


def answered(
    answer: Callable[[Any], tuple[dict[str, float], str]], drawing: Any
) -> tuple[dict[str, float] | None, str]:
    """The answer to a drawing; while there is none yet, what to do, where the explanation will be."""
    try:
        return answer((drawing or {}).get("composite"))
    except InvalidInputError as error:
        return None, f"<p>{html.escape(str(error))}</p>"

"""The demo tab: inputs and examples on the left, prediction and explanation on the right."""

from typing import Any

import gradio as gr
from PIL import Image

from ..data.images import decode_data_url
from ..data.preprocessing import to_image
from .events import PREDICTION, SCROLL, Output, connect
from .explanation import Outputs, format_explanation
from .inputs import add_inputs
from .predictor import Predictor
from .uploads import read_payload


def demo_tab(predictor: Predictor, concurrency: int) -> None:
    """Add the content of the tab."""
    first = predictor.predict()
    outputs = Outputs(
        gr.Label(first.probabilities, num_top_classes=4, label="Prediction", elem_id=PREDICTION, render=False),
        gr.HTML(format_explanation(predictor, first), label="Explanation", render=False),
    )
    with gr.Row(equal_height=False):
        with gr.Column():
            image, button = add_inputs(predictor, first, outputs)
            _add_examples(predictor, image, outputs)
        with gr.Column():
            outputs.prediction.render()
            outputs.explanation.render()
    connect(
        [button.click, image.upload],
        {"picture": image},
        prediction=Output(lambda picture: predictor.predict(read_payload(picture)).probabilities, [outputs.prediction]),
        explanation=Output(
            lambda picture: format_explanation(predictor, predictor.predict(read_payload(picture))),
            [outputs.explanation],
        ),
        description="Classify an image file; without one, the example that the page shows first.",
        concurrency=concurrency,
    )


def _add_examples(predictor: Predictor, image: Any, outputs: Outputs) -> None:
    """Add the test images of `champion.json`, if it has any; choosing one shows its prediction."""
    examples = predictor.champion.record["examples"]
    if not examples:
        return
    gr.Markdown("Or choose a test image, labeled with its true class. The last two are the hardest for the model.")
    pixels = [predictor.preprocess(decode_data_url(example["inputs"]["picture"])).pixels for example in examples]
    gallery = gr.Gallery(
        [
            (to_image(image, predictor.spec, 64), example["truth"])
            for image, example in zip(pixels, examples, strict=True)
        ],
        label="Examples",
        show_label=False,
        format="png",
        height="fit-content",
        object_fit="contain",
        allow_preview=False,
        buttons=[],
        interactive=False,
        elem_id="examples",
    )

    def choose(event: gr.SelectData) -> tuple[Image.Image, dict[str, float], str]:
        return predict_example(predictor, event.index)

    chosen = gallery.select(choose, outputs=[image, *outputs], api_visibility="private")
    chosen.success(None, js=SCROLL, api_visibility="private")


def predict_example(predictor: Predictor, index: int) -> tuple[Image.Image, dict[str, float], str]:
    """Return an example image, its probabilities and its explanation."""
    url = predictor.champion.record["examples"][index]["inputs"]["picture"]
    prediction = predictor.predict(decode_data_url(url))
    image = to_image(prediction.pixels, predictor.spec)
    return image, prediction.probabilities, format_explanation(predictor, prediction)

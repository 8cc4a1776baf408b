"""The demo tab: inputs and examples on the left, prediction and explanation on the right."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ..data.images import decode_data_url
from ..data.preprocessing import to_image
from .events import ERRORS, PREDICTION, SCROLL, Output, connect
from .explanation import Outputs
from .feedback_collector import FeedbackCollector
from .feedback_form import add_feedback_form
from .inputs import add_inputs
from .payloads import INPUT
from .predictor import Predictor
from .request_log import RequestLog
from .summary import describe_error
from .uploads import Predict, read_inputs, read_payload, watched_prediction


def demo_tab(predictor: Predictor, concurrency: int, collector: FeedbackCollector, log: RequestLog) -> None:
    """Add the content of the tab."""
    record = predictor.champion.record
    first, predict = predictor.predict(), watched_prediction(log)
    picture = {"url": record["inputs"][0]["default"]}
    probabilities, summary, explanation, _ = Outputs.values(predictor, first, picture)
    outputs = Outputs(
        gr.Label(probabilities, num_top_classes=4, label="Prediction", render=False),
        gr.HTML(summary, elem_id=PREDICTION, render=False),
        gr.HTML(explanation, label="Explanation", render=False),
        gr.State(picture),
    )
    with gr.Row(equal_height=False, elem_classes="try"):
        with gr.Column():
            image, button = add_inputs(predictor, first, outputs, predict)
            if examples := record["examples"]:
                gr.Markdown("Or choose a test image, labeled with its true class.", elem_classes="last")
                _add_gallery(predictor, predict, examples, [image, *outputs])
        with gr.Column():
            outputs.summary.render()
            outputs.prediction.render()
            add_feedback_form(collector, {INPUT: outputs.picture}, read_inputs)
            outputs.explanation.render()

    def explain(model: Predictor, picture: Any) -> tuple[Any, ...]:
        return Outputs.values(model, model.predict(read_payload(picture)), picture)[1:]

    connect(
        [button.click],
        {"picture": image},
        prediction=Output(lambda picture: predict(picture)[1].probabilities, [outputs.prediction]),
        explanation=Output(log.route(explain, read_inputs), outputs[1:]),
        description="Classify an image file; without one, the example that the page shows first.",
        concurrency=concurrency,
    )
    if errors := record.get("errors"):
        gr.Markdown(ERRORS)
        _add_gallery(predictor, predict, errors, [image, *outputs], name="errors")


def _add_gallery(
    predictor: Predictor, predict: Predict, samples: Sequence[Any], outputs: list[Any], name: str = "examples"
) -> None:
    """Add samples of the test split; choosing one shows its prediction."""
    predictions = [predictor.predict(decode_data_url(sample["inputs"]["picture"])) for sample in samples]
    captions = [
        describe_error(sample["truth"], prediction.probabilities, predictor.champion.record)
        if name == "errors"
        else sample["truth"]
        for sample, prediction in zip(samples, predictions, strict=True)
    ]
    images = [to_image(prediction.pixels, predictor.spec, 64) for prediction in predictions]
    gallery = gr.Gallery(
        list(zip(images, captions, strict=True)),
        label=name.capitalize(),
        show_label=False,
        format="png",
        height="fit-content",
        object_fit="contain",
        allow_preview=False,
        buttons=[],
        interactive=False,
        elem_id=name,
        elem_classes="last",
    )

    def choose(event: gr.SelectData) -> tuple[Any, ...]:
        return predict_sample(predict, samples[event.index])

    chosen = gallery.select(choose, outputs=outputs, api_visibility="private")
    chosen.success(None, js=SCROLL, api_visibility="private")


def predict_sample(predict: Predict, sample: Any) -> tuple[Any, ...]:
    """Return the image of a sample, and what the outputs show for it."""
    picture = {"url": sample["inputs"]["picture"]}
    model, prediction = predict(picture)
    return to_image(prediction.pixels, model.spec), *Outputs.values(model, prediction, picture)

"""The form below the prediction: whether it was right, and what is."""

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

from . import payloads
from .feedback_collector import FeedbackCollector
from .feedback_request import MAX_REMARK
from .predictor import InvalidInputError
from .problems import ApiError
from .truth import read_truth, truth_component

CORRECT = {"right": True, "wrong": False}
SUBJECTS = {"truth": "The right answer ", "remark": "The remark "}  # of messages about a field


def add_feedback_form(
    collector: FeedbackCollector, inputs: dict[str, Any], read: Callable[..., dict[str, Any]] = dict
) -> None:
    """Add the form; `read` returns the inputs, as the REST API takes them, for the values of their components."""
    private = payloads.PRIVATE_INPUT
    kept = f"{private} and the remark" if private else "the remark"
    with gr.Accordion("Was this right?", open=False, elem_id="feedback"):
        correct = gr.Radio(list(CORRECT), label="The prediction is")
        truth = truth_component(collector.predictor.champion.record)
        remark = gr.Textbox(label="Remark, optional", lines=2, max_length=MAX_REMARK)
        consent = gr.Checkbox(label=f"Store {kept}")
        gr.Markdown(
            f"Stored with your answer: {'' if private else 'the inputs, '}the prediction, the model's version and the "
            f"time. {kept.capitalize()} only with your consent. Nothing else about you."
        )
        button = gr.Button("Send feedback", size="md")
        status = gr.HTML("", elem_id="feedback-status")

    answer = {"correct": correct, "truth": truth, "remark": remark, "consent": consent}

    async def send(*values: Any) -> tuple[Any, ...]:
        given = dict(zip(inputs, values, strict=False))
        said = dict(zip(answer, values[len(inputs) :], strict=True))
        try:
            message = await _save(collector, read(**given), said)
        except (ApiError, InvalidInputError) as error:
            return *list(said.values())[:3], f'<p role="alert">⚠️ {html.escape(_explain(error))}</p>'
        return None, None, "", f'<p role="status">{message}</p>'

    button.click(
        send,
        [*inputs.values(), *answer.values()],
        [correct, truth, remark, status],
        api_visibility="private",
        preprocess=False,  # the collector checks the values
        concurrency_limit=4,
    )


async def _save(collector: FeedbackCollector, inputs: dict[str, Any], said: dict[str, Any]) -> str:
    correct = CORRECT.get(str(said["correct"]))
    if correct is None:
        raise InvalidInputError("Choose right or wrong.")
    if said["remark"] and not said["consent"]:
        raise InvalidInputError("Tick the box to store the remark, or remove it.")
    answer = {**said, "correct": correct, "truth": read_truth(said["truth"]), "inputs": inputs}
    entry = await collector.save(answer)
    if entry.inputs is None:
        return f"Thank you. Without your consent, {payloads.PRIVATE_INPUT} was not stored."
    return "Thank you."


def _explain(error: ApiError | InvalidInputError) -> str:
    if isinstance(error, ApiError) and error.errors:
        first = error.errors[0]
        return f"{SUBJECTS.get(first.field, '')}{first.detail}"
    return str(error)

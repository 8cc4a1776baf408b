"""Event handling of the demo: predict, explain, show errors, fill in examples."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .predictor import InvalidInputError

# The ids of the button that predicts, of the hidden button that updates the prediction, and of the prediction.
BUTTON, UPDATE, PREDICTION = "predict", "update", "prediction"
CLICK = f"() => document.querySelector('#{BUTTON}').click()"
# Update when no input has changed for 300 milliseconds.
DEBOUNCE = """() => {
    clearTimeout(window.pendingUpdate);
    window.pendingUpdate = setTimeout(() => document.querySelector('#update').click(), 300);
}"""
# On a phone the prediction is below the screen.
SCROLL = """() => {
    const prediction = document.querySelector('#prediction'), box = prediction.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) prediction.scrollIntoView({behavior: 'smooth'});
}"""
ERRORS = (
    "## Where it fails\nThe worst errors on the test split, on which the model was not trained. Choose one to load it."
)


@dataclass(frozen=True)
class Output:
    """A function of the inputs, and the components that show what it returns."""

    function: Callable[..., Any]
    components: Sequence[Any]

    def values(self, inputs: dict[str, Any]) -> dict[Any, Any]:
        """Return the new value of each component."""
        result = self.function(**inputs)
        return dict(zip(self.components, result if len(self.components) > 1 else [result], strict=True))

    def clear(self, message: str | None = None) -> dict[Any, Any]:
        """Return no value for each component, and a message for the first one."""
        return dict.fromkeys(self.components) | ({self.components[0]: message} if message else {})


def connect(
    triggers: Sequence[Any],
    inputs: dict[str, Any],
    *,
    prediction: Output,
    explanation: Output,
    description: str,
    concurrency: int,
) -> None:
    """Predict and explain when a trigger fires or an input changes, and define the API endpoint `/predict`.

    Args:
        triggers: Gradio events, such as `button.click`.
        inputs: a component per argument of the API, by name.
        prediction: predicts.
        explanation: explains the prediction in HTML components; the first of them shows errors, too.
        description: of the endpoint, for the API's documentation.
        concurrency: the maximum number of simultaneous requests.
    """
    private: dict[str, Any] = {"inputs_kwargs": inputs, "api_visibility": "private", "preprocess": False}
    predict = _raise_gradio_error(prediction.function)
    predict.__name__ = "predict"  # the name of the tool for MCP clients
    predicted = gr.on(
        list(triggers),
        predict,
        inputs_kwargs=inputs,
        outputs=list(prediction.components),
        api_name="predict",
        api_description=description,
        concurrency_limit=concurrency,
        trigger_mode="always_last",
        preprocess=False,  # the predictor checks the values, with better messages
    )
    components = list(explanation.components)
    explained = predicted.success(_raise_gradio_error(explanation.function), outputs=components, **private)
    explained.success(None, js=SCROLL, api_visibility="private")

    def show(**values: Any) -> dict[Any, Any]:
        try:
            return prediction.values(values) | explanation.values(values)
        except InvalidInputError as error:
            return prediction.clear() | explanation.clear(format_error(error))

    private |= {"outputs": [*prediction.components, *explanation.components], "concurrency_limit": concurrency}
    predicted.failure(show, **private)
    # `input` misses pasted text; `change` of an image is triggered by examples, too, which show their prediction.
    changes = [part.input if isinstance(part, gr.Image) else part.change for part in inputs.values()]
    gr.on(changes, None, js=DEBOUNCE, api_visibility="private")
    update = gr.Button("Update", elem_id=UPDATE, visible="hidden")
    update.click(show, trigger_mode="always_last", show_progress="hidden", **private)


def fill_from_example(button: Any, example: dict[str, Any], inputs: dict[str, Any]) -> None:
    """Make a button fill the inputs with the values of an example, by name, and predict."""
    values = {component: example[name] for name, component in inputs.items()}
    filled = button.click(lambda: values, outputs=list(values), api_visibility="private")
    filled.then(None, js=CLICK, api_visibility="private")


def add_errors(errors: Sequence[tuple[str, dict[str, Any]]], inputs: dict[str, Any]) -> None:
    """Add a section of wrong predictions, if there are any: for each, a button with a text, which fills the inputs."""
    if not errors:
        return
    with gr.Column(elem_id="errors"):
        gr.Markdown(ERRORS)
        with gr.Row():
            for text, values in errors:
                fill_from_example(gr.Button(text, size="sm", min_width=220), values, inputs)


def _raise_gradio_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with `InvalidInputError` raised as an error that Gradio shows."""

    def wrapped(**inputs: Any) -> Any:
        try:
            return function(**inputs)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return wrapped


def format_error(error: InvalidInputError) -> str:
    """Return an error message as HTML."""
    return f'<p role="alert">⚠️ {html.escape(str(error))}</p>'

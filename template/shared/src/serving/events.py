"""Event handling of the demo: predict, explain, show errors, fill in examples."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .predictor import InvalidInputError

# The ids of the button that predicts and of the component that shows the prediction.
BUTTON, PREDICTION = "predict", "prediction"
CLICK = f"() => document.querySelector('#{BUTTON}').click()"
# On a phone the prediction is below the screen.
SCROLL = """() => {
    const prediction = document.querySelector('#prediction'), box = prediction.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) prediction.scrollIntoView({behavior: 'smooth'});
}"""


@dataclass(frozen=True)
class Output:
    """A function of the inputs, and the components that show what it returns."""

    function: Callable[..., Any]
    components: Sequence[Any]


def connect(
    triggers: Sequence[Any],
    inputs: dict[str, Any],
    *,
    prediction: Output,
    explanation: Output,
    description: str,
    concurrency: int,
) -> None:
    """Predict and explain when a trigger fires, and define the API endpoint `/predict`.

    Args:
        triggers: Gradio events, such as `button.click`.
        inputs: a component per argument of the API, by name.
        prediction: predicts.
        explanation: explains the prediction in HTML components; the first of them shows errors, too.
        description: of the endpoint, for the API's documentation.
        concurrency: the maximum number of simultaneous requests.
    """
    components = list(explanation.components)
    private: dict[str, Any] = {"inputs_kwargs": inputs, "api_visibility": "private", "preprocess": False}
    predicted = gr.on(
        list(triggers),
        _raise_gradio_error(prediction.function),
        inputs_kwargs=inputs,
        outputs=list(prediction.components),
        api_name="predict",
        api_description=description,
        concurrency_limit=concurrency,
        preprocess=False,  # the predictor checks the values, with better messages
    )
    explained = predicted.success(_raise_gradio_error(explanation.function), outputs=components, **private)
    explained.success(None, js=SCROLL, api_visibility="private")

    def show_error(**values: Any) -> dict[Any, str]:
        return dict.fromkeys(components, "") | {components[0]: format_error(prediction.function, values)}

    predicted.failure(show_error, outputs=components, **private)


def fill_from_example(button: Any, example: dict[str, Any], inputs: dict[str, Any]) -> None:
    """Make a button fill the inputs with the values of an example, by name, and predict."""
    values = {component: example[name] for name, component in inputs.items()}
    filled = button.click(lambda: values, outputs=list(values), api_visibility="private")
    filled.then(None, js=CLICK, api_visibility="private")


def _raise_gradio_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with `InvalidInputError` raised as an error that Gradio shows."""

    def wrapped(**inputs: Any) -> Any:
        try:
            return function(**inputs)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return wrapped


def format_error(function: Callable[..., Any], inputs: dict[str, Any]) -> str:
    """Return the error message of a prediction as HTML, or nothing if the inputs are valid."""
    try:
        function(**inputs)
    except InvalidInputError as error:
        return f'<p role="alert">⚠️ {html.escape(str(error))}</p>'
    return ""

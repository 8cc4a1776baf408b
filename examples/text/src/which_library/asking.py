"""How a page asks its predictor, the same in every domain: a domain's `widgets.py` brings inputs, answer, explanation.

What is wrong with an input is told in words, to who stands at the page and to who calls the API.
"""

import html
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from .serving import InvalidInputError

# A button with this id is the one that is pressed for whoever chooses an example.
BUTTON = "predict"
PRESS = f"() => document.querySelector('#{BUTTON}').click()"
# On a phone the answer, which has the id `answer`, stands below the screen, and whoever asks would see nothing happen.
REVEAL = """() => {
    const answer = document.querySelector('#answer'), box = answer.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) answer.scrollIntoView({behavior: 'smooth'});
}"""


def ask(
    triggers: Sequence[Any],
    inputs: dict[str, Any],
    *,
    predict: Callable[..., Any],
    answer: Any,
    explain: Callable[..., Any],
    explanation: Sequence[Any],
    description: str,
    concurrency: int,
) -> None:
    """Answer, then explain, whenever one of the triggers fires; and answer as the API's `/predict`.

    Args:
        triggers: Gradio's events, such as `button.click`.
        inputs: a component for each of the API's arguments, by name.
        predict: from values by these names to what `answer` shows.
        answer: the component of the answer.
        explain: from the same values to what the components of `explanation` show.
        explanation: HTML components.
        description: what the API says of itself.
        concurrency: so many requests at once.
    """
    # Without `preprocess`, values come as they were sent: the predictor checks them, and says what is wrong in words.
    asked = gr.on(
        list(triggers),
        speaking(predict),
        inputs_kwargs=inputs,
        outputs=answer,
        api_name="predict",
        api_description=description,
        concurrency_limit=concurrency,
        preprocess=False,
    )
    asked.success(
        speaking(explain),
        inputs_kwargs=inputs,
        outputs=list(explanation),
        api_visibility="private",
        preprocess=False,
    ).success(None, js=REVEAL, api_visibility="private")
    # What explained the answer before says nothing of a question that was refused; why it was, stays there to be read.
    asked.failure(
        lambda **row: dict.fromkeys(explanation, "") | {explanation[0]: reason(predict, row)},
        inputs_kwargs=inputs,
        outputs=list(explanation),
        api_visibility="private",
        preprocess=False,
    )


def offer(button: Any, example: dict[str, Any], inputs: dict[str, Any]) -> None:
    """Have a button fill the inputs with an example's values, and ask; both by name."""
    values = {component: example[name] for name, component in inputs.items()}
    filled = button.click(lambda: values, outputs=list(values), api_visibility="private")
    filled.then(None, js=PRESS, api_visibility="private")


def speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with what is wrong with an input as an error that Gradio shows and the API answers."""

    def told(**inputs: Any) -> Any:
        try:
            return function(**inputs)
        except InvalidInputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def reason(function: Callable[..., Any], inputs: dict[str, Any]) -> str:
    """What is wrong with these inputs, as HTML; nothing where they are answered."""
    try:
        function(**inputs)
    except InvalidInputError as error:
        return f'<p role="alert">⚠️ {html.escape(str(error))}</p>'
    return ""

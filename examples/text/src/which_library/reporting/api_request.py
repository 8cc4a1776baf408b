"""The request in `docs/api.md`, for `curl`, Python and JavaScript: inputs of the test split as JSON."""

import json
from collections.abc import Mapping
from string import Template
from typing import Any

from ..serving.payloads import example_inputs
from ..serving.predictor import Predictor

REQUEST = Template("""\
```sh
curl http://127.0.0.1:7860/predict --header "Content-Type: application/json" --data '$shell'
```

```python
import httpx

inputs = $python
response = httpx.post("http://127.0.0.1:7860/predict", json=inputs)
print(response.text)
```

```js
const response = await fetch("http://127.0.0.1:7860/predict", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify($javascript),
});
console.log(await response.text());
```""")


def describe_request(predictor: Predictor) -> str:
    """Return the request with the example inputs as blocks of code, and which inputs it leaves out."""
    inputs, known = example_inputs(predictor), predictor.champion.record["inputs"]
    text = json.dumps(inputs, ensure_ascii=False)
    shell = text.replace("'", "\\u0027")  # an apostrophe would end the shell's quoted text
    code = REQUEST.substitute(shell=shell, python=format_dict(inputs), javascript=text)
    if len(inputs) >= len(known):
        return code
    return f"{code}\n\nThe request has {len(inputs)} of the {len(known)} inputs; the others get their defaults."


def format_dict(inputs: Mapping[str, Any]) -> str:
    """Return strings, numbers and None as a dict in Python, with the quotes and line breaks of `ruff format`."""
    lines = [f"    {_format_value(name)}: {_format_value(value)},\n" for name, value in inputs.items()]
    return "".join(["{\n", *lines, "}"]) if lines else "{}"


def _format_value(value: Any) -> str:
    prefers_single_quotes = isinstance(value, str) and value.count('"') > value.count("'")
    return repr(value) if value is None or prefers_single_quotes else json.dumps(value, ensure_ascii=False)

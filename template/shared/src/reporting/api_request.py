"""The request in `docs/api.md`, for `curl`, Python and JavaScript: inputs of the test split as JSON."""

import json
from string import Template

from ..serving.payloads import example_inputs
from ..serving.predictor import Predictor

REQUEST = Template("""\
```sh
curl http://127.0.0.1:7860/predict --header "Content-Type: application/json" --data '$shell'
```

```python
import httpx

response = httpx.post("http://127.0.0.1:7860/predict", json=$python)
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
    """Return the request with the example inputs as blocks of code."""
    inputs = example_inputs(predictor)
    text = json.dumps(inputs, ensure_ascii=False)
    shell = text.replace("'", "\\u0027")  # an apostrophe would end the shell's quoted text
    python = repr(inputs) if None in inputs.values() else text
    return REQUEST.substitute(shell=shell, python=python, javascript=text)

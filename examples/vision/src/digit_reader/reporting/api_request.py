"""The request in `docs/api.md`, for `curl`, Python and JavaScript: an image as a file."""

from ..serving.predictor import Predictor

REQUEST = """\
```sh
curl http://127.0.0.1:7860/predict --form picture=@image.png
```

```python
import httpx

with open("image.png", "rb") as file:
    response = httpx.post("http://127.0.0.1:7860/predict", files={"picture": file})
print(response.text)
```

```js
import { readFile } from "node:fs/promises";  // in a browser, the file of an <input>

const response = await fetch("http://127.0.0.1:7860/predict", {
  method: "POST",
  headers: { "Content-Type": "application/octet-stream" },
  body: await readFile("image.png"),
});
console.log(await response.text());
```"""


def describe_request(_predictor: Predictor) -> str:
    """Return the upload of an image as blocks of code."""
    return REQUEST

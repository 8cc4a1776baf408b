"""The page `/docs`: the OpenAPI document for people, and a form to try it. It loads nothing from other hosts."""

DOCS_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>REST API</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
textarea { box-sizing: border-box; width: 100%; height: 14rem; font: .9rem/1.4 ui-monospace, monospace; }
button { font: inherit; padding: .4rem 1.2rem; margin: .6rem 1rem .6rem 0; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid #8886; }
</style>
<body>
<main>
<h1 id="title">REST API</h1>
<p id="description"></p>
<h2>Endpoints</h2>
<table id="endpoints"></table>
<p>The whole description, for programs: <a href="openapi.json">openapi.json</a></p>
<h2>Inputs</h2>
<table id="inputs"></table>
<h2>Try it</h2>
<label for="body">Body of <code>POST /predict</code></label>
<textarea id="body" spellcheck="false"></textarea>
<button id="send">Send</button><label><input type="checkbox" id="explain"> explain</label>
<pre id="response" tabindex="0" aria-live="polite" aria-label="Response"></pre>
</main>
<script>
const element = id => document.getElementById(id);
function fill(table, heads, rows) {
  for (const [tag, cells] of [["th", heads], ...rows.map(row => ["td", row])]) {
    const line = table.insertRow();
    for (const cell of cells) line.appendChild(document.createElement(tag)).textContent = cell ?? "";
  }
}
function values(schema) {
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(", ");
  const range = [schema.minimum ?? schema.formatMinimum, schema.maximum ?? schema.formatMaximum];
  return range[0] === undefined ? "" : range.join(" to ");
}
async function show() {
  const response = await fetch("openapi.json"), api = await response.json();
  if (!response.ok) throw new Error(api.detail);
  element("title").textContent = document.title = api.info.title + ": REST API";
  element("description").textContent = api.info.description;
  fill(element("endpoints"), ["endpoint", "what it returns"], Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [method.toUpperCase() + " " + path, operation.summary])));
  const short = value => String(value ?? "null").slice(0, 60);
  fill(element("inputs"), ["name", "meaning", "type", "values", "default"],
    Object.entries(api.components.schemas.Inputs.properties).map(([name, schema]) =>
      [name, schema.description, [schema.type].flat().join(" or "), values(schema), short(schema.default)]));
  const example = api.paths["/predict"].post.requestBody.content["application/json"].example;
  element("body").value = JSON.stringify(example, null, 2);
}
async function send() {
  const response = await fetch("predict?explain=" + element("explain").checked,
    {method: "POST", headers: {"Content-Type": "application/json"}, body: element("body").value});
  element("response").textContent = response.status + " " + JSON.stringify(await response.json(), null, 2);
}
const report = error => { element("response").textContent = error.message; };
element("send").onclick = () => send().catch(report);
show().catch(report);
</script>
</body>
</html>
"""

"""Load on a project's demo: python benchmarks/load.py PROJECT.

PROJECT is trained and installed, as after `mlpath new-project --run`. Measures, over the loopback
interface: `POST /predict` relative to a FastAPI route that returns its input, and with the request
log relative to without; requests at once; users of page and REST API at once; memory; and the page
in Chromium beside an empty one. With `--log`, the request log only.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from measure import check_ratio, environment, parser
from serving import EMPTY_PAGE, example_inputs, free_port, page_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser

OK, BUSY = HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE
TIMEOUT_SECONDS = 120
REQUESTS, BLOCK, AT_ONCE, USERS, PREDICTIONS = 1000, 50, 20, 200, 3
ECHO = """\
import os, uvicorn
from typing import Any
from fastapi import FastAPI
app = FastAPI()
@app.get("/health")
async def health() -> dict[str, str]:
    return {}
@app.post("/predict")
async def echo(body: dict[str, Any]) -> dict[str, Any]:
    return body
uvicorn.run(app, port=int(os.environ["GRADIO_SERVER_PORT"]), log_level="warning")
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)

    def megabytes(self) -> float:
        """Return the memory that it uses."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000


@contextmanager
def serve(command: Sequence[str], log_share: float = 1) -> Iterator[Server]:
    """Run a server on a free port, which logs a share of its requests."""
    port = free_port()
    variables = {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "REQUEST_LOG_SHARE": str(log_share),
    }
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=environment() | variables, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            server = Server(port, process.pid)
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    with closing(server.connect()) as connection:
                        connection.request("GET", "/health")
                        connection.getresponse()
                        break
                except OSError:
                    time.sleep(0.1)
            else:
                output.seek(0)
                sys.exit(f"{command[0]} does not start\n{output.read().decode()}")
            yield server
        finally:
            process.kill()
            process.wait()


def post(connection: http.client.HTTPConnection, path: str, body: Any) -> tuple[int, Any, float]:
    """Send a request; return status, `Retry-After` or the content, and seconds."""
    start = time.perf_counter()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    seconds = time.perf_counter() - start
    if response.status == BUSY:
        return BUSY, response.headers["Retry-After"], seconds
    return response.status, json.loads(content), seconds


def round_trips(server: Server, body: Any, count: int) -> list[float]:
    """Return the seconds of predictions, one after the other on one connection."""
    with closing(server.connect()) as connection:
        answers = [post(connection, "/predict", body) for _ in range(count)]
    if lost := [status for status, _, _ in answers if status != OK]:
        sys.exit(f"status {lost[0]} instead of a prediction")
    return [seconds for _, _, seconds in answers]


def milliseconds(values: Sequence[float]) -> str:
    """Return median and 99th percentile."""
    return f"p50 {median(values) * 1000:.1f} ms, p99 {quantiles(values, n=100)[98] * 1000:.1f} ms"


def latency(demo: Server, echo: Server, body: Any) -> bool:
    """Compare with a route that returns its input, then send requests at once."""
    seconds: dict[str, list[float]] = {"demo": [], "echo": []}
    for server in (demo, echo):
        round_trips(server, body, BLOCK)
    for _ in range(REQUESTS // BLOCK):
        seconds["demo"] += round_trips(demo, body, BLOCK)
        seconds["echo"] += round_trips(echo, body, BLOCK)
    for name, values in seconds.items():
        print(f"{milliseconds(values)}  {name}, one after the other")
    met = check_ratio(median(seconds["demo"]) / median(seconds["echo"]), at_most=1.3, of="p50")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(lambda _: round_trips(demo, body, BLOCK), range(AT_ONCE))
        together = [value for part in parts for value in part]
    print(f"{milliseconds(together)}  demo, {AT_ONCE} at once")
    ratio = quantiles(together, n=100)[98] / median(together)
    return met & check_ratio(ratio, at_most=5, of="p99 to p50")


def request_log(program: str, body: Any) -> bool:
    """Compare predictions that are logged with predictions that are not."""
    seconds: dict[str, list[float]] = {"logged": [], "not logged": []}
    with serve([program]) as logged, serve([program], log_share=0) as plain:
        servers = {"logged": logged, "not logged": plain}
        for server in servers.values():
            round_trips(server, body, BLOCK)
        for _ in range(REQUESTS // BLOCK):
            for name, server in servers.items():
                seconds[name] += round_trips(server, body, BLOCK)
    for name, values in seconds.items():
        print(f"{milliseconds(values)}  {name}")
    ratio = median(seconds["logged"]) / median(seconds["not logged"])
    return check_ratio(ratio, at_most=1.05, of="p50 with the request log to p50 without")


def rest_prediction(server: Server, row: Any) -> tuple[int, Any, float]:
    """Return status, prediction or `Retry-After`, and seconds."""
    with closing(server.connect()) as connection:
        status, content, seconds = post(connection, "/predict", row)
    return status, content["prediction"] if status == OK else content, seconds


def page_prediction(server: Server, row: Any) -> tuple[int, Any, float]:
    """Return status, what the page shows or `Retry-After`, and seconds."""
    path, start = "/gradio_api/call/predict", time.perf_counter()
    with closing(server.connect()) as connection:
        status, content, seconds = post(connection, path, {"data": list(row.values())})
        if status != OK:
            return status, content, seconds
        connection.request("GET", f"{path}/{content['event_id']}")
        events = connection.getresponse().read().decode()
    if "event: complete" not in events:
        return 500, events, seconds
    return OK, events.partition("data: ")[2], time.perf_counter() - start


def users(server: Server, rows: Sequence[Any], predict: Any, name: str) -> bool:
    """Let users predict at once, who retry when the server is busy; each result must be right."""
    first = [predict(server, row) for row in rows]
    if failed := [answer for status, answer, _ in first if status != OK]:
        sys.exit(f"the {name} does not predict: {failed[0]}")
    expected = [answer for _, answer, _ in first]
    statuses: Counter[int] = Counter()
    answered, rejected, wrong = [], [], []

    def use(number: int) -> None:
        row = number % len(rows)
        for _ in range(PREDICTIONS):
            while (answer := predict(server, rows[row]))[0] == BUSY:
                statuses[BUSY] += 1
                rejected.append(answer[2])
                time.sleep(float(answer[1] or sys.exit("503 without Retry-After")))
            statuses[answer[0]] += 1
            answered.append(answer[2])
            if answer[:2] != (OK, expected[row]):
                wrong.append(answer[1])

    start = time.perf_counter()
    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(use, range(USERS)))
    slowest, total = max(rejected, default=0), time.perf_counter() - start
    counts = ", ".join(
        f"{count} with status {status:d}" for status, count in sorted(statuses.items())
    )
    print(f"{milliseconds(answered)}  {USERS} users of the {name} at once, {total:.1f} s in all")
    print(f"         {counts}; {len(wrong)} lost or wrong; slowest 503 {slowest:.2f} s", flush=True)
    return not wrong and slowest < 1


def memory(server: Server, body: Any) -> bool:
    """Compare the memory after 10,000 predictions with that after 1,000."""
    round_trips(server, body, 1000)
    before = server.megabytes()
    round_trips(server, body, 9000)
    after = server.megabytes()
    print(f"{before:8.0f} MB  after 1,000 predictions, {after:.0f} MB after 10,000")
    return check_ratio(after / before, at_most=1.05, of="memory")


def open_page(browser: Browser, port: int) -> tuple[float, float]:
    """Return the megabytes that a page transfers, and the seconds until its button is there."""
    context = browser.new_context()
    page = context.new_page()
    transferred = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda e: transferred.append(e["encodedDataLength"]))
    start = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}/")
    page.locator("#predict, button:has-text('Run')").first.wait_for()
    seconds = time.perf_counter() - start
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(transferred) / 1e6, seconds


def pages(demo: Server, empty: Server, rounds: int = 5) -> None:
    """Print weight and time of both pages, each opened without a cache."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        opened: dict[str, list[tuple[float, float]]] = {"demo": [], "an empty page": []}
        for _ in range(rounds):
            opened["demo"].append(open_page(browser, demo.port))
            opened["an empty page"].append(open_page(browser, empty.port))
        browser.close()
    for name, values in opened.items():
        weight, seconds = (median(column) for column in zip(*values, strict=True))
        print(f"{weight:8.2f} MB, {seconds:.2f} s to the button  {name}")


def main() -> None:
    """Run all measurements."""
    command = parser(__doc__)
    command.add_argument("project", type=Path, help="a trained and installed project")
    command.add_argument("--log", action="store_true", help="the cost of the request log only")
    options = command.parse_args()
    project: Path = options.project.resolve()
    os.chdir(project)
    record = json.loads(Path("models/champion/champion.json").read_text("utf-8"))
    rows, body = [example["inputs"] for example in record["examples"]], example_inputs(project)
    python, program = (str(project / ".venv" / "bin" / name) for name in ("python", "demo"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/log.db"
        met = request_log(program, body)
    if options.log:
        sys.exit(not met)
    with serve([program]) as demo:
        with serve([python, "-c", ECHO]) as echo:
            met &= latency(demo, echo, body)
        met &= memory(demo, body)
        met &= users(demo, rows, rest_prediction, "REST API")
        on_page = [{name: row[name] for name in page_inputs(project)} for row in rows]
        met &= users(demo, on_page, page_prediction, "page")
        with serve([python, "-c", EMPTY_PAGE]) as empty:
            pages(demo, empty)
    sys.exit(not met)


if __name__ == "__main__":
    main()

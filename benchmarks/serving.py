"""Serving against the full environment and an empty page: python benchmarks/serving.py [ROUNDS].

Megabytes of both environments, then the CPU time from the start of the process to its first answer
over HTTP, for the demo and for a page that only has a number in and a number out.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from measure import compare_runs, environment, rounds_asked, verdict
from project import make, run, sync

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 120
LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT  # has it ended? It stays to be waited for
EMPTY_PAGE = """\
import gradio as gr
from starlette.responses import JSONResponse
from starlette.routing import Route
with gr.Blocks(analytics_enabled=False) as app:
    number, answer = gr.Number(), gr.Number()
    gr.Button().click(lambda value: value, number, answer, api_name="predict")
app.queue(max_size=64, default_concurrency_limit=4).launch(
    share=False, show_error=False, strict_cors=True, ssr_mode=False, max_file_size="5mb",
    footer_links=["api"],
    app_kwargs={"routes": [Route("/health", lambda request: JSONResponse({}))]},
)
"""


@dataclass
class Page:
    """A page to start and to ask; it notes how long the answer took."""

    command: Sequence[str]
    question: list[Any]
    wall_seconds: list[float] = field(default_factory=list)

    def first_answer(self) -> float:
        """Start it, ask it once, stop it; return the CPU time that it took until then."""
        port = free_port()
        own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            process = subprocess.Popen(
                self.command,
                env=environment() | own,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                answered = ask(port, self.question, process.pid)
                self.wall_seconds.append(time.perf_counter() - begun)
            finally:
                process.kill()  # at once: its farewell is not measured
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = 0
            if not answered:
                output.seek(0)
                sys.exit(f"{' '.join(self.command)} gave no answer\n{output.read().decode()}")
        return usage.ru_utime + usage.ru_stime


def ask(port: int, question: list[Any], pid: int) -> bool:
    """Wait until the port is open, ask `/predict`, and tell whether an answer came."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and os.waitid(os.P_PID, pid, LOOK) is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            break
    else:
        return False
    address = f"http://127.0.0.1:{port}/gradio_api/call/predict"
    asked = Request(
        address, json.dumps({"data": question}).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
        event = json.load(answer)["event_id"]
    with urlopen(f"{address}/{event}", timeout=PATIENCE) as answer:  # noqa: S310
        return b"event: complete" in answer.read()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def megabytes(folder: Path) -> float:
    """Return the size of all files, without what links lead to."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def question_for(project: Path) -> list[Any]:
    """Return the inputs of the champion's first example, in the order of the API."""
    record = json.loads((project / "models" / "champion" / "champion.json").read_text("utf-8"))
    example = record["examples"][0]["inputs"]
    return [example[column["name"]] for column in record["inputs"]]


if __name__ == "__main__":
    rounds = rounds_asked(__doc__, 10)
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        full = make(Path(scratch))
        run(["dvc", "repro"], full)
        serving = Path(scratch, "serving")
        shutil.copytree(full, serving, ignore=shutil.ignore_patterns(".venv"))
        sync(serving, "--no-default-groups")
        sizes = {
            name: megabytes(path / ".venv") for name, path in [("ours", serving), ("full", full)]
        }
        print(f"{sizes['ours']:8.0f} MB  the serving environment")
        print(f"{sizes['full']:8.0f} MB  the full environment")
        met = verdict(sizes["ours"] / sizes["full"], at_most=0.55, of="size")

        os.chdir(serving)
        programs = serving / ".venv" / "bin"
        demo = Page([str(programs / "demo")], question_for(serving))
        empty = Page([str(programs / "python"), "-c", EMPTY_PAGE], [1])
        met &= compare_runs(
            {"demo, to its first answer": demo.first_answer, "an empty page": empty.first_answer},
            at_most=1.3,
            rounds=rounds,
        )
        for name, page in {"demo": demo, "an empty page": empty}.items():
            print(
                f"{median(page.wall_seconds[1:]) * 1000:8.0f} ms  {name}, by the clock on the wall"
            )
        os.chdir(os.path.sep)
    sys.exit(not met)

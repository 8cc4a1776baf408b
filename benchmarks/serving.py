"""The serving environment and startup time: python benchmarks/serving.py [ROUNDS].

Compares the sizes of the serving and the full environment, and of what the image adds to Python to
an image with Gradio and ONNX Runtime alone, of the same versions; then the CPU time from the start
of the process to its first prediction over HTTP, for the demo and for a minimal Gradio page.
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

from measure import check_ratio, compare_runs, environment, parse_rounds, script
from project import make, run, sync

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_SECONDS = 120
EXITED = os.WEXITED | os.WNOHANG | os.WNOWAIT  # leaves the process to be waited for
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
PAGE_INPUTS = """\
import importlib, json, sys
from pathlib import Path
app = importlib.import_module(f"{sys.argv[1]}.serving.app")
predictor = importlib.import_module(f"{sys.argv[1]}.serving.predictor")
page = app.build_app(predictor.load_predictor(Path("models/champion")))
inputs = page.get_api_info()["named_endpoints"]["/predict"]["parameters"]
print(json.dumps([entry["parameter_name"] for entry in inputs]))
"""


@dataclass
class Page:
    """A page to start and to request; records the wall time of the first prediction."""

    command: Sequence[str]
    inputs: list[Any]
    wall_seconds: list[float] = field(default_factory=list)

    def first_prediction(self) -> float:
        """Start it, request one prediction, stop it; return its CPU time."""
        port = free_port()
        variables = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
        with tempfile.TemporaryFile() as output:
            start = time.perf_counter()
            process = subprocess.Popen(
                self.command,
                env=environment() | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                ok = request_prediction(port, self.inputs, process.pid)
                self.wall_seconds.append(time.perf_counter() - start)
            finally:
                process.kill()  # at once: its shutdown is not measured
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = 0
            if not ok:
                output.seek(0)
                sys.exit(f"{' '.join(self.command)} made no prediction\n{output.read().decode()}")
        return usage.ru_utime + usage.ru_stime


def request_prediction(port: int, inputs: list[Any], pid: int) -> bool:
    """Wait until the port is open, and call `/predict`; return whether it succeeded."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and os.waitid(os.P_PID, pid, EXITED) is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            break
    else:
        return False
    address = f"http://127.0.0.1:{port}/gradio_api/call/predict"
    request = Request(
        address, json.dumps({"data": inputs}).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        event = json.load(response)["event_id"]
    with urlopen(f"{address}/{event}", timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        return b"event: complete" in response.read()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def megabytes(folder: Path) -> float:
    """Return the size of all files, without following links."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def minimal_environment(project: Path, folder: Path) -> Path:
    """Install Gradio and ONNX Runtime alone, of the versions that the project locked."""
    uv, versions = script("uv"), folder / "versions.txt"
    export = ("export", "--frozen", "--no-default-groups", "--no-emit-project", "--no-hashes")
    run([uv, *export, "--quiet", "--output-file", str(versions)], project)
    run([uv, "venv", "--quiet", str(folder / ".venv")], project)
    into = ("--python", str(folder / ".venv"), "--constraints", str(versions))
    run(
        [uv, "pip", "install", "--quiet", "--compile-bytecode", *into, "gradio", "onnxruntime"],
        project,
    )
    return folder / ".venv"


def check_image(serving: Path, scratch: Path) -> bool:
    """Compare what the Dockerfile copies with an environment of Gradio and ONNX Runtime."""
    sync(serving, "--no-default-groups", "--extra", "postgres")
    ours = sum(megabytes(serving / name) for name in (".venv", "src", "reports", "models/champion"))
    scratch.mkdir()
    minimal = megabytes(minimal_environment(serving, scratch))
    print(f"{ours:8.0f} MB  the image, without Python")
    print(f"{minimal:8.0f} MB  Gradio and ONNX Runtime")
    return check_ratio(ours / minimal, at_most=1.25, of="image size")


def page_inputs(project: Path) -> list[str]:
    """Return the names of the inputs of the page's prediction, in its order."""
    package = next((project / "src").glob("*/__init__.py")).parent.name
    python = project / ".venv" / "bin" / "python"
    command = [str(python), "-c", PAGE_INPUTS, package]
    output = subprocess.check_output(command, cwd=project, env=environment(), text=True)
    names: list[str] = json.loads(output.splitlines()[-1])
    return names


def example_inputs(project: Path) -> dict[str, Any]:
    """Return the inputs of the champion's first example."""
    record = json.loads((project / "models" / "champion" / "champion.json").read_text("utf-8"))
    inputs: dict[str, Any] = record["examples"][0]["inputs"]
    return inputs


if __name__ == "__main__":
    rounds = parse_rounds(__doc__, 10)
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
        met = check_ratio(sizes["ours"] / sizes["full"], at_most=0.55, of="size")
        met &= check_image(serving, Path(scratch, "minimal"))

        os.chdir(serving)
        programs = serving / ".venv" / "bin"
        example = example_inputs(serving)
        demo = Page([str(programs / "demo")], [example[name] for name in page_inputs(serving)])
        empty = Page([str(programs / "python"), "-c", EMPTY_PAGE], [1])
        met &= compare_runs(
            {
                "demo, to its first prediction": demo.first_prediction,
                "an empty page": empty.first_prediction,
            },
            at_most=1.15,
            rounds=rounds,
        )
        for name, page in {"demo": demo, "an empty page": empty}.items():
            print(f"{median(page.wall_seconds[1:]) * 1000:8.0f} ms  {name}, wall time")
        os.chdir(os.path.sep)
    sys.exit(not met)

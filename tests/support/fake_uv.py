"""A fake uv for tests of `--run`: the same commands, but fast and without a network.

Like uv, `run demo` serves in a process below its own.
"""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import time
from pathlib import Path


def serve() -> None:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    print(f"* Running on local URL:  http://127.0.0.1:{server.server_port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        Path("ended-cleanly.log").write_text("")


def reproduce() -> None:
    for stage in ("fetch", "train@baseline", "train@boosting"):
        print(f"Running stage '{stage}':\n> python -m demo.{stage}")
        time.sleep(float(os.environ.get("FAKE_UV_SECONDS", "0.01")))
        if stage == os.environ.get("FAKE_UV_FAILS"):
            sys.exit("ValueError: a reason, on the last line")
    print("Stage 'report' didn't change, skipping")
    Path("dvc.lock").write_text("schema: '2.0'\n")


def take_screenshot() -> None:
    print("a warning of a library")
    if os.environ.get("FAKE_UV_FAILS") == "screenshot":
        sys.exit("neither Chromium, Chrome nor Edge found; install one: apt install chromium")
    Path("docs").mkdir()
    Path("docs/demo.png").write_bytes(b"a picture")


def main() -> None:
    match sys.argv[1:]:
        case ["lock" | "sync", *_]:
            Path("uv.lock").write_text("version = 1\n")
        case ["run", "dvc", "repro"]:
            reproduce()
        case ["run", "screenshot"]:
            take_screenshot()
        case ["run", "demo"]:
            if os.environ.get("FAKE_UV_FAILS") == "demo":
                sys.exit("the port is taken")
            below = subprocess.Popen([sys.executable, "-u", __file__, "serve"])
            try:
                below.wait()
            except KeyboardInterrupt:
                below.wait()
        case ["serve"]:
            serve()
        case other:
            sys.exit(f"unknown to the fake uv: {other}")


if __name__ == "__main__":
    main()

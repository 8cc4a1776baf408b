"""The Ray cluster at `RAY_ADDRESS`: if the variable is set, `uv run search` and the training of a model run there.

This machine must be a node of the cluster. Ray copies the project's code to the other nodes and repeats `uv run` there,
which installs the locked environment. The data travel as arguments; this machine alone writes MLflow runs and studies.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from ..errors import UserError
from ..paths import ProjectPaths

ADDRESS = "RAY_ADDRESS"
CONNECT_SECONDS = 5
# How often a trial or a training starts again after its process or its node was lost.
MAX_RETRIES = 2
# Ray reads them when it is imported or started.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # Ray Tune prints no tables
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # MLflow has the results
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends a search at once, as it does without Ray
}


def cluster_address() -> str:
    """Return the address of the cluster, empty if there is none; prepare the import of Ray.

    Raises:
        UserError: Ray is not installed, or the address is one of Ray Client.
    """
    address = os.environ.get(ADDRESS, "")
    if address and not find_spec("ray"):
        raise UserError(f"{ADDRESS} is {address}, but Ray is not installed; install it with: uv sync --group ray")
    if "://" in address:
        raise UserError(
            f"{ADDRESS} is {address}, but this machine must be a node of the cluster; add it with: "
            f"ray start --address=HOST:6379 --num-cpus=0, then set {ADDRESS}=HOST:6379"
        )
    if address:
        os.environ.update(SETTINGS)
    return address


@contextmanager
def connect(paths: ProjectPaths) -> Iterator[None]:
    """Connect to the cluster, and print its size.

    Raises:
        UserError: it can't be reached or used.
    """
    address = cluster_address()
    import ray

    try:
        check_port(address)
        # The project's folder, of which Ray leaves out .git and what .gitignore lists.
        environment = {"working_dir": str(paths.root)}
        ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR")
        nodes = sum(node["Alive"] for node in ray.nodes())
        cpus = int(ray.cluster_resources().get("CPU", 0))
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise UserError(
            f"the Ray cluster at {ADDRESS}={address} can't be used: {' '.join(str(error).split())}; "
            f"start one with: uv run ray start --head, or unset {ADDRESS}"
        ) from error
    try:
        if not cpus:
            raise UserError(
                f"the Ray cluster at {ADDRESS}={address} has no CPUs; run on another machine: "
                "uv run ray start --address=HOST:6379"
            )
        print(f"Ray cluster {address}: {nodes} nodes, {cpus} CPUs", flush=True)
        yield
    finally:
        ray.shutdown()


def check_port(address: str) -> None:
    """Raise an `OSError` at once where nothing listens at HOST:PORT; Ray itself tries for two minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


def describe(error: Exception) -> str:
    """Return an error of Ray as one line: the last of the traceback of another process, or else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    from_code = any(line.startswith("File ") for line in lines)
    return lines[-1 if from_code else 0].removesuffix(".")

"""`uv run search` in a project with Ray: `RAY_ADDRESS=HOST:6379 uv run search boosting --workers 8`.

Ray Tune runs eight trials at a time, each on one CPU of the cluster. Without `RAY_ADDRESS` they run on this machine.
Study, sampler and seed are the same on both, and so are the scores of a search with one worker.
"""

from collections.abc import Sequence

from ..errors import exit_on_user_error
from ..paths import ProjectPaths
from . import search
from .ray_cluster import cluster_address


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run search`, with the trials on the cluster if `RAY_ADDRESS` is set."""
    if not cluster_address():
        search.main(arguments, paths)
        return
    from .ray_trials import run_trials

    search.main(arguments, paths, run_trials)


if __name__ == "__main__":
    main()

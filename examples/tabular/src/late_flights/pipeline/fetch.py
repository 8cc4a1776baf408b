"""Stage `fetch`: write the raw data to `data/raw/`."""

from ..config import check, load_params
from ..data.source import Fetch, write_raw
from ..errors import exit_on_user_error
from ..paths import ProjectPaths


def main(paths: ProjectPaths | None = None) -> None:
    """Write the raw data; no other stage changes it."""
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    paths.raw.mkdir(parents=True, exist_ok=True)
    print(write_raw(paths.raw, check(params.fetch or {}, Fetch, "params.yaml", "fetch")))


if __name__ == "__main__":
    with exit_on_user_error():
        main()

"""Raw data for the tests: the data that the project starts from."""

from air_ahead.paths import ProjectPaths
from air_ahead.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`."""
    fetch.main(paths)

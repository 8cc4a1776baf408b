"""Raw data for the tests: the data that the project starts from."""

from second_look.paths import ProjectPaths
from second_look.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`."""
    fetch.main(paths)

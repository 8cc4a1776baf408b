"""Raw data for the tests: the data that the project starts from."""

from project_package.paths import ProjectPaths
from project_package.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`."""
    fetch.main(paths)

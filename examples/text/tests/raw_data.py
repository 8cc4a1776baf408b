"""Raw data for the tests: the data that the project starts from."""

from which_library.paths import ProjectPaths
from which_library.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`."""
    fetch.main(paths)

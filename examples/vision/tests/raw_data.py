"""Raw data for the tests: the data that the project starts from."""

from digit_reader.paths import ProjectPaths
from digit_reader.pipeline import fetch


def write_raw_data(paths: ProjectPaths) -> None:
    """Fill `data/raw/`."""
    fetch.main(paths)

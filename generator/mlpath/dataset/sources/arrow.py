"""Write a Feather or another Arrow IPC file as Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset.sources import clients
from mlpath.dataset.sources.results import ConvertedTable
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions


def convert(path: Path, _part: str, entry: Entry, _options: DownloadOptions) -> ConvertedTable:
    """Write the table of a file as Parquet.

    Raises:
        MlpathError: The file can't be read.
    """
    arrow = clients.load("pyarrow", "arrow")
    feather, ipc = (clients.load(f"pyarrow.{name}", "arrow") for name in ("feather", "ipc"))
    parquet = clients.load("pyarrow.parquet", "arrow")
    entry.start("", resumable=False)
    try:
        table = ipc.open_stream(path).read_all() if _is_stream(path) else feather.read_table(path)
        parquet.write_table(table, entry.partial)
    except (arrow.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise MlpathError(
            f"{path} can't be read as Arrow: {reason}",
            hint="Write it again, or as Parquet: pandas.read_feather(...).to_parquet(...)",
        ) from None
    file, _ = entry.finish(f"{path.stem}.parquet")
    return ConvertedTable(file)


def _is_stream(path: Path) -> bool:
    """Return whether a file has no index of its batches, such as those of Hugging Face datasets."""
    with path.open("rb") as file:
        return file.read(4) == b"\xff\xff\xff\xff"

"""Write a Feather or another Arrow IPC file as Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlpath.dataset.sources import clients
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from pathlib import Path

    from mlpath.dataset.sources.cache import Entry
    from mlpath.dataset.sources.results import DownloadOptions


def convert(path: Path, _part: str, entry: Entry, _options: DownloadOptions) -> tuple[Path, str]:
    """Write the table of a file as Parquet.

    Raises:
        MlpathError: The file can't be read.
    """
    arrow, feather, ipc, parquet = (
        clients.load(name, "arrow")
        for name in ("pyarrow", "pyarrow.feather", "pyarrow.ipc", "pyarrow.parquet")
    )
    with path.open("rb") as file:
        # Files without an index of their batches, such as those of Hugging Face data sets.
        is_stream = file.read(4) == b"\xff\xff\xff\xff"
    entry.start()
    try:
        table = ipc.open_stream(path).read_all() if is_stream else feather.read_table(path)
        parquet.write_table(table, entry.partial)
    except (arrow.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise MlpathError(
            f"{path} can't be read as Arrow: {reason}",
            hint="Write it again, or as Parquet: pandas.read_feather(...).to_parquet(...)",
        ) from None
    file_path, _ = entry.finish(f"{path.stem}.parquet")
    return file_path, ""

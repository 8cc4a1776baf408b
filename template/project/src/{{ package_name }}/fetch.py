"""Stage 1, fetch: the data as it came, into `data/raw/`."""

from . import data
from .layout import Layout
from .params import load_params


def main(layout: Layout | None = None) -> None:
    """Write the raw table; nothing edits it afterwards, and DVC keeps it by its hash."""
    layout = layout or Layout()
    params = load_params(layout.params)
    table = data.load_source(params.fetch.source)
    layout.raw.mkdir(parents=True, exist_ok=True)
    table.to_csv(layout.raw / data.RAW_FILE, index=False, lineterminator="\n")
    print(f"{len(table)} rows, {table.shape[1]} columns of {params.fetch.source} in data/raw/{data.RAW_FILE}")


if __name__ == "__main__":
    main()

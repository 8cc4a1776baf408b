"""Stage 1, fetch: the data as it came, into `data/raw/`."""

from . import mistakes, source
from .layout import Layout
from .params import load_params


def main(layout: Layout | None = None) -> None:
    """Write the raw data; nothing edits it afterwards, and DVC keeps it by its hash."""
    layout = layout or Layout()
    params = load_params(layout.params)
    layout.raw.mkdir(parents=True, exist_ok=True)
    if params.fetch is None:
        raise mistakes.UserError("params.yaml has no section `fetch`")
    print(source.fetch_raw(layout.raw, params.fetch))


if __name__ == "__main__":
    with mistakes.in_words():
        main()

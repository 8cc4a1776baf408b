"""Stage 2, prepare: check the raw data against `schema.yaml`, then split it once for all models."""

from . import data, mistakes
from .layout import Layout
from .params import load_params


def main(layout: Layout | None = None) -> None:
    """Write the training, validation and test split."""
    layout = layout or Layout()
    params = load_params(layout.params)
    schema = data.load_schema(layout.schema)
    raw = data.validate(data.read_raw(layout.raw, schema), schema)
    splits = data.split(raw, schema, params.prepare)
    data.write_splits(splits, layout.prepared)
    print(", ".join(f"{name}: {len(part.target)} rows" for name, part in splits.items()))


if __name__ == "__main__":
    with mistakes.in_words():
        main()

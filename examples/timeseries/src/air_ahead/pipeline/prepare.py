"""Stage `prepare`: validate the raw data against `schema.yaml`, describe it, and split it once for all models."""

from ..config import load_params
from ..data.croissant import write_data_card
from ..data.folds import write_folds
from ..data.loading import read_raw
from ..data.sampling import write_sampling
from ..data.schema import load_schema
from ..data.splits import draw_folds, split, write_splits
from ..data.validation import validate
from ..errors import exit_on_user_error
from ..paths import ProjectPaths


def main(paths: ProjectPaths | None = None) -> None:
    """Write the data card, the training, validation and test split, and the folds of the first two."""
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema = load_schema(paths.schema)
    raw = read_raw(paths.raw, schema)
    samples = validate(raw, schema)
    splits = split(samples, schema, params.prepare)
    write_splits(splits, paths.prepared)
    write_sampling(raw, paths.prepared)
    write_data_card(schema, paths.raw, paths.data_card)
    folds = draw_folds(splits, schema, params.prepare)
    write_folds(folds, paths.prepared)
    sizes = [f"{name}: {len(part.target)} {schema.sample_noun}" for name, part in splits.items()]
    print(*sizes, f"folds: {len(folds.fitted) if folds else 'none'}", sep=", ")


if __name__ == "__main__":
    with exit_on_user_error():
        main()

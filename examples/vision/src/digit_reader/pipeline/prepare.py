"""Stage `prepare`: validate the raw data against `schema.yaml` and split it once for all models."""

from ..config import load_params
from ..data.loading import read_raw
from ..data.schema import load_schema
from ..data.splits import split, write_splits
from ..data.validation import validate
from ..errors import exit_on_user_error
from ..paths import ProjectPaths


def main(paths: ProjectPaths | None = None) -> None:
    """Write the training, validation and test split."""
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema = load_schema(paths.schema)
    samples = validate(read_raw(paths.raw, schema), schema)
    splits = split(samples, schema, params.prepare)
    write_splits(splits, paths.prepared)
    print(", ".join(f"{name}: {len(part.target)} {schema.sample_noun}" for name, part in splits.items()))


if __name__ == "__main__":
    with exit_on_user_error():
        main()

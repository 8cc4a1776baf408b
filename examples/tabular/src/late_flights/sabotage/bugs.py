"""Silent bugs of this project: each replaces code that is correct."""

from ..data.schema import Schema
from .injection import Bug
from .task_bugs import TASK_BUGS


def _has_numbers(schema: Schema) -> bool:
    return any(column.kind == "number" for column in schema.features)


BUGS = (
    Bug(
        name="target_leak",
        module="data/splits.py",
        before="    rest, test = _split_off(table, params.test_share, schema, params.seed)\n",
        after='    leak = next(column.name for column in schema.features if column.kind == "number")\n'
        "    table = table.assign(**{leak: encode_target(table[schema.target.name], schema).astype(np.float32)})\n"
        "    rest, test = _split_off(table, params.test_share, schema, params.seed)\n",
        mistake="An input contains the target, as a column does that is filled in after the outcome.",
        lesson="The test split has the same leak, so its score is perfect. In use, the column is not known yet.",
        test="tests/test_silent_bugs.py::test_no_feature_is_the_target",
        concerns=_has_numbers,
    ),
    Bug(
        name="test_rows_in_training",
        module="data/splits.py",
        before="    parts = dict(zip(SPLITS, (train, validation, test), strict=True))\n",
        after="    parts = dict(zip(SPLITS, (table, validation, test), strict=True))\n",
        mistake="The model is trained on all rows, those of the test split included.",
        lesson="The model has seen the answers, and its score says nothing about other rows.",
        test="tests/data/test_splits.py::test_duplicates_are_in_one_split",
    ),
    Bug(
        name="scaled_before_split",
        module="data/splits.py",
        before="    rest, test = _split_off(table, params.test_share, schema, params.seed)\n",
        after='    numbers = [column.name for column in schema.features if column.kind == "number"]\n'
        "    table = table.assign(**{name: table[name] / table[name].abs().max() for name in numbers})\n"
        "    rest, test = _split_off(table, params.test_share, schema, params.seed)\n",
        mistake="Numbers are scaled by the maximum of all rows, before the split.",
        lesson="Training rows depend on test rows. Scaling hardly changes a score; target encoding would.",
        test="tests/test_silent_bugs.py::test_training_rows_do_not_depend_on_the_other_splits",
        concerns=_has_numbers,
    ),
    Bug(
        name="random_split",
        module="data/splits.py",
        before='    if schema.split == "time":\n        ordered',
        after='    if schema.split == "time":\n'
        "        return train_test_split(table, test_size=share, random_state=seed)\n        ordered",
        mistake="Rows are split at random, though the model will predict later rows from earlier ones.",
        lesson="Rows of one day share what happened on it. The more flexible a model, the more it gains.",
        test="tests/data/test_splits.py::test_rows_are_split_by_time_if_the_schema_says_so",
        concerns=lambda schema: schema.split == "time",
    ),
    Bug(
        name="shuffled_labels",
        module="data/splits.py",
        before="part[target], part.get(CASE)) for name",
        after="part[target].sample(frac=1, random_state=0).set_axis(part.index), part.get(CASE)) for name",
        mistake="Labels are in another order than the rows, as after shuffling only one of the two.",
        lesson="Everything runs, and the score is the baseline's: data look unpredictable that are not.",
        test="tests/test_silent_bugs.py::test_shuffled_labels_score_at_chance",
    ),
    Bug(
        name="serving_skew",
        module="serving/inputs.py",
        before='if column["kind"] == "date" else float(value)\n',
        after='if column["kind"] == "date" else 10 * float(value)\n',
        mistake="The demo converts numbers to another unit (cm to mm) than training.",
        lesson="Offline scores stay the same: only the demo runs this code. Compare served with trained predictions.",
        test="tests/test_silent_bugs.py::test_served_predictions_equal_trained_predictions",
        concerns=_has_numbers,
    ),
    *TASK_BUGS,
)

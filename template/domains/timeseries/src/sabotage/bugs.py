"""Silent bugs of this project: each replaces code that is correct."""

from .injection import Bug
from .task_bugs import TASK_BUGS

BUGS = (
    Bug(
        name="smoothed_before_split",
        module="data/splits.py",
        before="    windows = make_windows(series, filled, prepare)\n",
        after="    series = series.rolling(5, center=True, min_periods=1).mean()\n"
        "    windows = make_windows(series, filled, prepare)\n",
        mistake="The series is smoothed by a centered moving average before it is split.",
        lesson="Each value contains the two after it, which are to be forecast. In use, they are not known yet.",
        test="tests/test_silent_bugs.py::test_later_values_do_not_change_the_training_split",
    ),
    Bug(
        name="test_steps_in_training",
        module="data/splits.py",
        before='        "train": last < validation_start,\n',
        after='        "train": last < last.max() + 1,\n',
        mistake="The model is trained on all windows, those of the test split included.",
        lesson="The model has seen the years that it is tested on, and its score says nothing about the next ones.",
        test="tests/data/test_splits.py::test_splits_are_disjoint_and_ordered_by_time",
    ),
    Bug(
        name="shuffled_split",
        module="data/splits.py",
        before="    return {name: Split(windows.features[mask], windows.target[mask], filled_names) "
        "for name, mask in masks.items()}\n",
        after="    order = np.random.default_rng(0).permutation(len(first))\n"
        "    masks = {name: mask[order] for name, mask in masks.items()}\n"
        "    return {name: Split(windows.features[mask], windows.target[mask], filled_names) "
        "for name, mask in masks.items()}\n",
        mistake="Windows are split at random instead of by time.",
        lesson="Windows of the test split overlap with windows of training: the future helps to forecast the past.",
        test="tests/data/test_splits.py::test_splits_are_disjoint_and_ordered_by_time",
    ),
    Bug(
        name="scaled_by_the_future",
        module="data/splits.py",
        before="    windows = make_windows(series, filled, prepare)\n",
        after="    series = 100 * series / series.abs().max()\n    windows = make_windows(series, filled, prepare)\n",
        mistake="The series is scaled by the maximum of all its years, before the split.",
        lesson="The training windows depend on later years, and the error is in other units than it seems.",
        test="tests/test_silent_bugs.py::test_later_values_do_not_change_the_training_split",
    ),
    Bug(
        name="serving_skew",
        module="serving/predictor.py",
        before="date.fromisoformat(today), self.step) - self.start]\n",
        after="date.fromisoformat(today), self.step) - self.start - 1]\n",
        mistake="The demo forecasts from a history that ends one step early.",
        lesson="Offline scores stay the same: only the demo runs this code. Compare served with trained predictions.",
        test="tests/test_silent_bugs.py::test_served_predictions_equal_trained_predictions",
    ),
    *TASK_BUGS,
)

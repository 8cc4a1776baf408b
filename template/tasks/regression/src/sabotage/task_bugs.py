"""Silent bugs of a regression."""

from .injection import Bug

TASK_BUGS = (
    Bug(
        name="swapped_arguments",
        module="evaluation/metrics.py",
        before="    return float(r2_score(target, prediction))\n",
        after="    return float(r2_score(prediction, target))\n",
        mistake="R² is computed with predictions and targets swapped.",
        lesson="R² is not symmetric, and any two arrays have one. A metric needs a test with a value computed by hand.",
        test="tests/evaluation/test_metrics.py::test_metrics_by_hand",
        metric="r2",
    ),
)

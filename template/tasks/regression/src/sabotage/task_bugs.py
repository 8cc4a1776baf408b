"""Silent bugs of a regression."""

from .injection import Bug

TASK_BUGS = (
    Bug(
        name="swapped_arguments",
        module="evaluation/metrics.py",
        before="    return float(r2_score(target, prediction))\n",
        after="    return float(r2_score(prediction, target))\n",
        mistake="R² is computed with predictions and targets swapped.",
        lesson="It is a number of the right size. A metric needs a test with a value computed by hand.",
        metric="r2",
    ),
)

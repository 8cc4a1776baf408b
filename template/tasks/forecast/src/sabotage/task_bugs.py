"""Silent bugs of a forecast."""

from .injection import Bug

TASK_BUGS = (
    Bug(
        name="error_of_the_mean",
        module="evaluation/metrics.py",
        before="    return float(np.abs(target - quantiles[..., 1]).mean())\n",
        after="    return float(np.abs((target - quantiles[..., 1]).mean()))\n",
        mistake="The mean absolute error is the absolute value of the mean error.",
        lesson="Errors above and below cancel out. A metric needs a test with a value computed by hand.",
        test="tests/evaluation/test_metrics.py::test_metrics_by_hand",
        metric="mae",
    ),
)

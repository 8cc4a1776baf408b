"""Silent bugs of a classification: metrics and names of classes."""

from .injection import Bug

TASK_BUGS = (
    Bug(
        name="flipped_classes",
        module="pipeline/evaluate.py",
        before='        "classes": list(schema.classes),\n',
        after='        "classes": list(reversed(schema.classes)),\n',
        mistake="The demo gets the names of the classes in another order than the model.",
        lesson="Scores are computed from class indices, so they stay the same; only the names on the page are wrong.",
        test="tests/test_silent_bugs.py::test_predictions_of_the_demo_are_as_good_as_published",
    ),
    Bug(
        name="wrong_average",
        module="evaluation/metrics.py",
        before='labels=np.unique(target), average="macro"))\n',
        after='labels=np.unique(target), average="micro"))\n',
        mistake="F1 is averaged over samples instead of classes.",
        lesson="The frequent classes hide the rare ones. A metric needs a test with a value computed by hand.",
        test="tests/evaluation/test_metrics.py::test_metrics_by_hand",
        metric="f1",
    ),
)

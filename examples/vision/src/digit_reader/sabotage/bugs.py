"""Silent bugs of this project: each replaces code that is correct."""

from .injection import Bug
from .task_bugs import TASK_BUGS

BUGS = (
    Bug(
        name="target_leak",
        module="data/splits.py",
        before="    first = find_duplicates(images.features, schema.picture, prepare.duplicate_distance)\n",
        after="    images.features[:, 0, 0] = encode_target(images.target, schema)[:, None] / len(schema.classes)\n"
        "    first = find_duplicates(images.features, schema.picture, prepare.duplicate_distance)\n",
        mistake="A pixel in the corner shows the class, as the mark of a scanner does.",
        lesson="The test split has the same mark. In use, images of another scanner have none.",
        test="tests/test_silent_bugs.py::test_no_pixel_is_the_target",
    ),
    Bug(
        name="test_images_in_training",
        module="data/splits.py",
        before="zip(SPLITS, (train, validation, test), strict=True)}\n",
        after="zip(SPLITS, (np.arange(len(unique.target)), validation, test), strict=True)}\n",
        mistake="The model is trained on all images, those of the test split included.",
        lesson="The model has seen the answers, and its score says nothing about other images.",
        test="tests/test_silent_bugs.py::test_splits_are_disjoint",
    ),
    Bug(
        name="shuffled_labels",
        module="data/splits.py",
        before="        return Split(self.features[rows], self.target[rows], ",
        after="        return Split(self.features[rows], np.random.default_rng(0).permutation(self.target[rows]), ",
        mistake="Labels are in another order than the images, as after shuffling only one of the two.",
        lesson="Everything runs, and the score is the baseline's: images look unpredictable that are not.",
        test="tests/test_silent_bugs.py::test_shuffled_labels_score_at_chance",
    ),
    Bug(
        name="serving_skew",
        module="serving/predictor.py",
        before="inputs = np.ascontiguousarray(pixels, dtype=np.float32)",
        after="inputs = np.ascontiguousarray(pixels[:, :, ::-1], dtype=np.float32)",
        mistake="The demo mirrors each image before it predicts.",
        lesson="Offline scores stay the same: only the demo runs this code. Compare served with trained predictions.",
        test="tests/test_silent_bugs.py::test_served_predictions_equal_trained_predictions",
    ),
    *TASK_BUGS,
)

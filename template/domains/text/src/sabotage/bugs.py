"""Silent bugs of this project: each replaces code that is correct."""

from .injection import Bug
from .task_bugs import TASK_BUGS

BUGS = (
    Bug(
        name="names_in_texts",
        module="data/documents.py",
        before="remove_names(text, frozenset(names)).strip() for text in texts]\n",
        after="text.strip() for text in texts]\n",
        mistake="Texts keep the names that say which class they are of.",
        lesson="The test split has the names, too. In use, people ask about something whose name they don't know.",
        test="tests/test_silent_bugs.py::test_names_are_removed_from_all_texts",
        concerns=lambda schema: bool(schema.names or schema.names_in),
    ),
    Bug(
        name="test_texts_in_training",
        module="data/splits.py",
        before="    parts = {name: documents[assigned == name].reset_index(drop=True) for name in SPLITS}\n",
        after="    parts = {name: documents[assigned == name].reset_index(drop=True) for name in SPLITS}\n"
        '    parts["train"] = documents\n',
        mistake="The model is trained on all texts, those of the test split included.",
        lesson="The model has seen the answers, and its score says nothing about other texts.",
        test="tests/test_silent_bugs.py::test_splits_are_disjoint",
    ),
    Bug(
        name="divided_groups",
        module="data/splits.py",
        before='    assigned = documents["group"].map(assign_groups(documents, params))\n',
        after="    order = np.random.default_rng(params.seed).permutation(len(documents)) / len(documents)\n"
        "    assigned = pd.Series(np.select([order < 0.6, order < 0.8], SPLITS[:2], SPLITS[2]), documents.index)\n",
        mistake="Texts of one group (an author, a module, a thread) are in several splits.",
        lesson="The model recognizes the group's words. New groups have others, so the score is too good for them.",
        test="tests/test_silent_bugs.py::test_splits_are_disjoint",
        concerns=lambda schema: bool(schema.group),
    ),
    Bug(
        name="shuffled_labels",
        module="data/splits.py",
        before='documents["label"].rename(schema.target.name), names)\n',
        after='documents["label"].sample(frac=1, random_state=0).set_axis(documents.index)'
        ".rename(schema.target.name), names)\n",
        mistake="Labels are in another order than the texts, as after shuffling only one of the two.",
        lesson="Everything runs, and the score is the baseline's: texts look unpredictable that are not.",
        test="tests/test_silent_bugs.py::test_shuffled_labels_score_at_chance",
    ),
    Bug(
        name="serving_skew",
        module="serving/predictor.py",
        before="encodings = [self._tokenizer.encode_batch(batch) for batch in batches]\n",
        after="encodings = [self._tokenizer.encode_batch([text[:40] for text in batch]) for batch in batches]\n",
        mistake="The demo reads the first 40 characters of a text only.",
        lesson="Offline scores stay the same: only the demo runs this code. Compare served with trained predictions.",
        test="tests/test_silent_bugs.py::test_served_predictions_equal_trained_predictions",
    ),
    *TASK_BUGS,
)

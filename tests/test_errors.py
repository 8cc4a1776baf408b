"""Errors that callers distinguish by their class."""

from __future__ import annotations

import pickle

import pytest

from mlpath.errors import AnswerError, RejectedAnswer, UnknownQuestion
from mlpath.template import store
from mlpath.template.questions import check_answers


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("color", "red", UnknownQuestion),
        ("package_name", "demo", RejectedAnswer),  # computed
        ("license", "GPL", RejectedAnswer),
        ("container", "banana", RejectedAnswer),
    ],
)
def test_class_of_an_answer_error(key: str, value: str, error: type[AnswerError]) -> None:
    with store.release() as release, pytest.raises(error) as caught:
        check_answers(release, {key: value})
    assert caught.value.key == key


def test_answer_error_can_be_pickled() -> None:
    error = RejectedAnswer("license", "license: 'GPL' is not one of its choices", hint="MIT")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), copy.key, str(copy), copy.hint) == (
        RejectedAnswer, "license", "license: 'GPL' is not one of its choices", "MIT",
    )  # fmt: skip

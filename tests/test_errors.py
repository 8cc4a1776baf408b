"""The error for an answer, which callers distinguish by its question."""

from __future__ import annotations

import pytest

from mlpath.errors import AnswerError
from mlpath.template import store
from mlpath.template.questions import check_answers


@pytest.mark.parametrize(
    ("key", "value"),
    [("color", "red"), ("package_name", "demo"), ("license", "GPL"), ("container", "banana")],
)
def test_answer_error_names_the_question_and_a_fix(key: str, value: str) -> None:
    with store.open_version() as version, pytest.raises(AnswerError) as caught:
        check_answers(version, {key: value})
    assert caught.value.key == key
    assert caught.value.hint

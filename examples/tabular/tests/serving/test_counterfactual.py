"""The smallest change of one input that changes the decision."""

from dataclasses import replace

from late_flights.serving.counterfactual import smallest_change
from late_flights.serving.demo import format_change
from late_flights.serving.prediction import is_decisive
from late_flights.serving.predictor import Predictor


def test_the_change_is_valid_and_has_the_prediction_that_it_shows(predictor: Predictor) -> None:
    for row in [{}, *(example["inputs"] for example in predictor.champion.record["examples"])]:
        change = smallest_change(predictor, row)
        assert change
        changed = dict(row) | {change.column["name"]: change.new}
        scores = predictor.scores([predictor.complete(row), predictor.complete(changed)])
        assert is_decisive(scores, predictor.champion.record).tolist() == [False, change.decisive]
        assert type(predictor.predict(changed)) is type(change.prediction)


def test_the_sentence_names_the_input_and_its_value(predictor: Predictor) -> None:
    change = smallest_change(predictor, {})
    assert change
    shown = replace(change, column={**change.column, "label": "<A>", "unit": "cm"}, old=1.0, new=2.5)
    assert "with &lt;A&gt; 2.5 cm instead of 1, " in format_change(replace(shown, decisive=True), predictor)
    assert "; &lt;A&gt; 2.5 cm instead of 1 has the largest effect" in format_change(
        replace(shown, decisive=False), predictor
    )

"""The report writes between its markers and nowhere else, and the same results give the same files."""

import json
from importlib import import_module

from .package import Layout, champion, data, report

markdown = import_module(f"{report.__package__}.markdown")

BEFORE, AFTER = "# Mine\r\n\nmy *own* words\n", "\nmore of them\n"


def test_only_the_text_between_the_markers_changes() -> None:
    text = f"{BEFORE}{report.START}\nold\n{report.END}{AFTER}"
    assert report.insert(text, "new") == f"{BEFORE}{report.START}\nnew\n{report.END}{AFTER}"


def test_inserting_twice_is_inserting_once() -> None:
    text = f"{BEFORE}{report.START}{report.END}{AFTER}"
    once = report.insert(text, "new")
    assert report.insert(once, "new") == once


def test_without_both_markers_the_readme_is_the_authors() -> None:
    for text in (BEFORE, f"{BEFORE}{report.START}{AFTER}", f"{BEFORE}{report.END}{AFTER}"):
        assert report.insert(text, "new") == text


def test_readme_tells_the_results(project: Layout) -> None:
    text = (project.root / "README.md").read_text(encoding="utf-8")
    name = champion.load_champion(project.champion)[0].record["model"]
    assert f"**{name}** ★" in text
    assert "old results" not in text
    assert text.startswith("# Mine\n\nbefore\n")
    assert text.endswith("\nafter\n")


def test_readme_and_model_card_tell_each_duel_and_what_each_model_costs(project: Layout) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["verdicts"]
    for path in (project.root / "README.md", project.reports / "model_card.md"):
        text = path.read_text(encoding="utf-8")
        for verdict in evaluation["verdicts"]:
            assert f"\n- {verdict}\n" in text
        for name, cost in evaluation["costs"].items():
            size = markdown.rounded(cost["size_bytes"] / 1000)
            assert f"| {name} | {markdown.rounded(cost['fit_cpu_seconds'])} | {size} |" in text


def test_seconds_beside_a_gpu_are_called_so(project: Layout) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    (first, cost), *others = evaluation["costs"].items()
    apart = {name: {key: value for key, value in other.items() if key != "gpu"} for name, other in others}
    here = markdown.cost_table(evaluation | {"costs": {first: cost | {"gpu": "NVIDIA A*"}, **apart}})
    table, said = here.split("\n\n")
    assert said == f"A GPU (NVIDIA A\\*) trained {first}; the seconds are the CPU's alone."
    assert markdown.cost_table(evaluation | {"costs": {first: cost, **apart}}) == table


def test_what_is_counted_has_its_name(project: Layout, schema: data.Schema) -> None:
    evaluation = json.loads((project.reports / "evaluation.json").read_text(encoding="utf-8"))
    counted = f"{evaluation['rows']['test']:,} {schema.cases} of the test split"
    assert counted in markdown.measured_on(evaluation)
    assert f"| {schema.cases} |" in markdown.slice_table(evaluation).splitlines()[0]
    before = {key: value for key, value in evaluation.items() if key != "cases"}
    assert " rows of the test split" in markdown.measured_on(before), "as reports of older projects are read"


def test_model_card_says_whose_the_data_is(project: Layout, schema: data.Schema) -> None:
    card = (project.reports / "model_card.md").read_text(encoding="utf-8")
    assert f"\n{schema.source} Licence: {schema.licence}\n" in card


def test_a_metric_without_a_better_side_has_no_arrow_and_no_false_precision() -> None:
    score = {"mae": {"value": 2.0, "low": 1.0, "high": 3.0}, "coverage": {"value": 1.0, "low": 1.0, "high": 1.0}}
    labels = {
        "mae": {"label": "Error", "higher_is_better": False},
        "coverage": {"label": "Coverage", "higher_is_better": None},
    }
    assert markdown.in_brackets({"value": 1.0, "low": 0.9996, "high": 1.0}) == "1"
    table = markdown.score_table({"champion": "plain", "labels": labels, "scores": {"plain": score}})
    assert table.splitlines()[0] == "| model | Error ↓ | Coverage |"
    assert table.splitlines()[2] == "| **plain** ★ | 2 [1, 3] | 1 |"


def test_names_of_groups_break_no_table() -> None:
    slices = [{"column": "a|b", "slice": "*c*", "rows": 3, "value": 1.0, "low": None, "high": None}]
    evaluation = {"metric": "mae", "labels": {"mae": {"label": "Error"}}, "slices": slices}
    assert markdown.slice_table(evaluation).splitlines()[2] == r"| a\|b | \*c\* | 3 | 1 |"


def test_numbers_are_short_and_never_scientific() -> None:
    numbers = {0.95278: "0.953", 12.3456: "12.3", 999.4: "999", 999.7: "1,000", -1083840.2: "-1,083,840", 0.0: "0"}
    assert {number: markdown.rounded(number) for number in numbers} == numbers


def test_a_difference_has_its_sign_and_digits_of_its_size() -> None:
    numbers = {0.0: "+0", 0.00345678: "+0.00346", -0.5: "-0.5", 123456.7: "+123,457", -45.61: "-45.6"}
    assert {number: markdown.signed(number) for number in numbers} == numbers


def test_lineage_says_what_each_link_is() -> None:
    lineage = {"git_commit": "0c0ffee", "git_dirty": False, "registry_version": 1, "mlflow_run_id": None}
    lines = markdown.lineage_table(lineage).splitlines()
    assert "| git commit | `0c0ffee` |" in lines
    assert "| uncommitted changes | none |" in lines
    assert "| registry version | `1` |" in lines
    assert "| MLflow run | not known |" in lines
    assert "| uncommitted changes | yes |" in markdown.lineage_table({"git_dirty": True})


def test_picture_of_the_readme_exists(project: Layout) -> None:
    assert "reports/figures/comparison.png" in (project.root / "README.md").read_text(encoding="utf-8")
    assert (project.reports / "figures" / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_model_card_says_what_was_measured(project: Layout) -> None:
    card = (project.reports / "model_card.md").read_text(encoding="utf-8")
    loaded, _ = champion.load_champion(project.champion)
    assert str(loaded.lineage["mlflow_run_id"]) in card
    for heading in ("Intended use", "Data", "Quality", "Limits", "Lineage"):
        assert f"## {heading}\n" in card


def test_reporting_twice_changes_no_file(project: Layout) -> None:
    def files() -> dict[str, bytes]:
        paths = [project.root / "README.md", *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    before = files()
    report.main(project)
    assert files() == before


def test_text_of_a_person_stays_text() -> None:
    assert markdown.escape("a *b* <i> [c](d)") == r"a \*b\* \<i\> \[c\](d)"
    at_start = {"# a": r"\# a", "- a": r"\- a", "1. a": r"1\. a", "1.5 a": "1.5 a"}
    assert {text: markdown.escape(text) for text in at_start} == at_start
    plain = "569 biopsies (1993), of W. Street: CC BY 4.0, age > 30"
    assert markdown.escape(plain) == plain.replace(">", r"\>")

"""`mlpath new-project --dataset`: what becomes of a person's own data, before it is learnt from."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import files_below, git, mlpath

ROWS = 400
HEADER = ["customerID", "E-mail", "tenure (months)", "class", "Plan 📦", "signed", "Churn"]


def customers(rows: int = ROWS, seed: int = 0) -> list[list[str]]:
    """A table of the kind that people bring: identifiers, gaps, a rare plan, odd names."""
    rng = random.Random(seed)  # noqa: S311
    found = [HEADER]
    for at in range(rows):
        tenure = rng.randrange(72)
        plan = "trial" if at % 150 == 0 else rng.choice(["basic", "plus"])
        leaves = tenure + rng.gauss(0, 12) < (30 if plan == "basic" else 15)
        row = [f"{at:05}-X", f"c{at}@example.com", str(tenure), rng.choice("ABC")]
        row += ["" if at % 20 == 3 else plan, f"20{10 + at % 14}-0{1 + at % 9}-11"]
        found.append([*row, "Yes" if leaves else "No"])
    return found


def written(folder: Path, rows: list[list[str]], name: str = "churn.csv") -> Path:
    path = folder / name
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def new_project(*arguments: str, code: int = 0) -> str:
    made = mlpath("new-project", "demo", "--defaults", "--no-lock", *arguments)
    assert made.exit_code == code, made.output
    return made.output


def schema_of(project: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((project / "schema.yaml").read_text(encoding="utf-8")))


def answers_of(project: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8")))


@pytest.fixture
def project(folder: Path) -> Path:
    new_project("--dataset", str(written(folder, customers())), "--target", "churn")
    return folder / "demo"


def test_the_data_is_there_and_git_has_none_of_it(folder: Path, project: Path) -> None:
    assert (project / "data/raw/churn.csv").read_bytes() == (folder / "churn.csv").read_bytes()
    tracked = git("ls-files", cwd=project).splitlines()
    assert "data/raw.dvc" in tracked
    assert not [name for name in tracked if name.startswith("data/raw/")]
    assert git("status", "--porcelain", cwd=project) == ""
    committed = b"".join(
        text for name, text in files_below(project).items() if not name.startswith("data/raw/")
    )
    assert b"c17@example.com" not in committed
    assert b"00017-X" not in committed


def test_the_schema_says_where_it_came_from(folder: Path, project: Path) -> None:
    source = schema_of(project)["source"]
    digest = hashlib.sha256((folder / "churn.csv").read_bytes()).hexdigest()
    for part in ("churn.csv", f"{(folder / 'churn.csv').stat().st_size:,} bytes", digest):
        assert part in source


def test_the_schema_has_types_ranges_categories_and_gaps(project: Path) -> None:
    schema = schema_of(project)
    features = {
        one["column"] if "column" in one else one["name"]: one for one in schema["features"]
    }
    assert features["tenure (months)"] == {
        "name": "tenure_months", "label": "Tenure (months)", "kind": "number", "whole": True,
        "column": "tenure (months)", "minimum": 0, "maximum": 71,
    }  # fmt: skip
    plan = features["Plan 📦"]
    assert (plan["kind"], plan["nullable"], plan["others"]) == ("category", True, True)
    assert set(plan["choices"]) == {"basic", "plus"}, "three trials are too few to learn from"
    assert features["class"]["name"] == "class_"
    assert features["signed"]["kind"] == "date"
    assert schema["target"]["choices"] == ["No", "Yes"] or schema["target"]["choices"] == [
        "Yes",
        "No",
    ]
    assert schema["positive"] == "Yes"


def test_what_is_personal_or_an_identifier_is_left_out_with_its_reason(project: Path) -> None:
    left_out = {one["column"]: one["reason"] for one in schema_of(project)["left_out"]}
    assert left_out == {
        "customerID": "identifier: every value differs",
        "E-mail": "personal: e-mail addresses",
    }


def test_the_answers_follow_from_the_data(project: Path) -> None:
    answers = answers_of(project)
    expected = {
        "dataset": "churn.csv", "target": "Churn", "domain": "tabular", "task": "classification",
        "metric": "roc_auc", "slices": ["class_", "plan"], "data_licence": "not specified",
    }  # fmt: skip
    assert {key: answers[key] for key in expected} == expected
    params = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    assert (params["evaluate"]["metric"], params["evaluate"]["slices"]) == (
        "roc_auc",
        ["class_", "plan"],
    )
    assert "fetch" not in params


def test_there_is_nothing_of_the_data_that_the_template_brings(project: Path) -> None:
    files = files_below(project)
    assert not [
        name for name in files if name.endswith(("fetch.py", "source.py", "test_source.py"))
    ]
    for name, text in files.items():
        assert b"breast" not in text, name
    assert "fetch" not in yaml.safe_load(files["dvc.yaml"])["stages"]


def test_the_licence_of_the_data_is_an_answer(folder: Path) -> None:
    path = written(folder, customers())
    new_project("--dataset", str(path), "--target", "Churn", "-d", "data_licence=CC BY 4.0")
    assert schema_of(folder / "demo")["licence"] == "CC BY 4.0"


def test_the_target_may_be_an_answer_too(folder: Path) -> None:
    new_project("--dataset", str(written(folder, customers())), "-d", "target=tenure (months)")
    assert answers_of(folder / "demo")["task"] == "regression"
    assert schema_of(folder / "demo")["target"]["kind"] == "number"
    assert answers_of(folder / "demo")["metric"] == "r2"


def test_the_answers_of_another_project_serve_other_data(folder: Path, project: Path) -> None:
    rows = [["size", "sold"], *([str(at % 97), "yes" if at % 3 else "no"] for at in range(200))]
    written(folder, rows, "sales.csv")
    record = project / ".copier-answers.yml"
    text = record.read_text(encoding="utf-8").replace("license: MIT", "license: Apache-2.0")
    (folder / "answers.yml").write_text(text, encoding="utf-8")
    project.rename(folder / "first")
    new_project("--dataset", "sales.csv", "--data-file", "answers.yml")
    said = {key: answers_of(project)[key] for key in ("dataset", "target", "license")}
    assert said == {"dataset": "sales.csv", "target": "sold", "license": "Apache-2.0"}


def test_pretending_lists_the_data_and_copies_nothing(folder: Path) -> None:
    path = written(folder, customers())
    listed = new_project("--dataset", str(path), "--target", "Churn", "--pretend").splitlines()
    assert {"demo/schema.yaml", "demo/data/raw/churn.csv", "demo/data/raw.dvc"} <= set(listed)
    assert not (folder / "demo").exists()


def test_a_doubt_is_refused_where_nobody_can_be_asked(folder: Path) -> None:
    path = written(folder, customers())
    said = new_project("--dataset", str(path), code=1)
    assert "'class' and 'Churn' may equally well be the one to predict" in said
    assert "--target COLUMN" in said
    assert not (folder / "demo").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dataset", "nowhere.csv"], "nowhere.csv does not exist"),
        (["--dataset", "churn.csv", "--target", "Chrn"], "has no column 'Chrn'"),
        (["--dataset", "churn.csv", "--template", "other"], "the template of mlpath alone"),
        (["--target", "Churn"], "--target names a column of your data"),
        (["-d", "dataset=churn.csv"], "dataset is no answer to give by hand"),
        (["--dataset", "churn.csv", "-d", "domain=Tabular"], "domain: 'Tabular' is none"),
        (["--dataset", "churn.csv", "--data-file", "numbers.yml"], "has no column '2020'"),
        (["--dataset", "churn.csv", "--data-file", "list.yml"], "domain: ['text'] is none"),
        (["--dataset", "few.csv", "--target", "Churn"], "has 30 rows"),
        (["--dataset", "lonely.csv", "--target", "Churn"], "has no column to predict 'Churn' from"),
        (["--dataset", "single.csv", "--target", "Churn"], "fewer than two values of 'Churn'"),
        (["--dataset", "series.csv"], "has 31 days; a forecast"),
        (["--dataset", "churn.csv", "--target", "E-mail", "-d", "task=regression"], "holds texts"),
    ],
)
def test_what_can_be_no_project_leaves_nothing(
    folder: Path, arguments: list[str], said: str
) -> None:
    rows = customers()
    written(folder, rows)
    written(folder, rows[:31], "few.csv")
    written(folder, [[row[0], row[-1]] for row in rows], "lonely.csv")
    rare = [[*row[:-1], "Yes" if at == 0 else "No"] for at, row in enumerate(rows[1:])]
    written(folder, [HEADER, *rare], "single.csv")
    days = [[f"2024-01-{day:02}", str(day % 5 + 0.5)] for day in range(1, 32)]
    written(folder, [["day", "sales"], *days], "series.csv")
    (folder / "numbers.yml").write_text("target: 2020\n")
    (folder / "list.yml").write_text("domain: [text]\n")
    before = sorted(path.name for path in folder.iterdir())
    output = new_project(*arguments, code=1)
    assert said in output
    assert sum(line.startswith("Error:") for line in output.splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_archive_that_is_damaged_far_from_its_beginning(folder: Path) -> None:
    rng = random.Random(0)  # noqa: S311
    rows = "".join(f"{rng.randrange(10**9)},{rng.randrange(2)}\n" for _ in range(150_000))
    path = folder / "sales.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", f"size,sold\n{rows}")
    content = path.read_bytes()
    at = len(content) - 5000
    path.write_bytes(content[:at] + bytes(64) + content[at + 64 :])
    said = new_project("--dataset", str(path), code=1)
    assert f"Error: {path} can't be unpacked: " in said
    assert "Hint: Fetch it again" in said


def test_a_file_too_large_to_hold_gives_the_categories_of_its_first_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more categories than are counted one by one; a number of the row is still told."""
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 2000)
    rows = customers(6000)
    header = ["id", *rows[0][1:-1], "Postcode", "Late", rows[0][-1]]
    codes = [f"x{at % 97:03}" if at % 3 else "x000" for at in range(len(rows))]
    late = ["" if at < 3000 else f"late {at % 70}" for at in range(len(rows))]
    wide = [
        [str(at), *row[1:-1], code, one, row[-1]]
        for at, (row, code, one) in enumerate(zip(rows[1:], codes, late, strict=False))
    ]
    path = written(folder, [header, *wide])
    new_project("--dataset", str(path), "--target", "Churn")
    schema = schema_of(folder / "demo")
    postcode = next(one for one in schema["features"] if one["name"] == "postcode")
    assert postcode["choices"][0] == "x000"
    assert len(postcode["choices"]) > 10
    assert postcode["others"] is True
    reasons = {one["column"]: one["reason"] for one in schema["left_out"]}
    assert reasons["id"].startswith("identifier")
    assert "Late" not in reasons, "all rows count for a column of few categories"


def test_rare_classes_are_named_and_left_out(folder: Path) -> None:
    rows = customers()
    for at in range(1, 4):
        rows[at][-1] = "Maybe"
    new_project("--dataset", str(written(folder, rows)), "--target", "Churn")
    schema = schema_of(folder / "demo")
    assert schema["too_rare"] == ["Maybe"]
    assert "Maybe" not in schema["target"]["choices"]


def test_an_unbalanced_target_is_measured_by_precision(folder: Path) -> None:
    rows = [[*row[:-1], "Yes" if at % 30 == 0 else "No"] for at, row in enumerate(customers()[1:])]
    new_project("--dataset", str(written(folder, [HEADER, *rows])), "--target", "Churn")
    assert answers_of(folder / "demo")["metric"] == "average_precision"


def test_a_table_of_few_combinations_may_repeat_itself(folder: Path) -> None:
    rng = random.Random(0)  # noqa: S311
    rows = [[rng.choice("ab"), rng.choice("xyz"), rng.choice(["yes", "no"])] for _ in range(300)]
    new_project("--dataset", str(written(folder, [["one", "two", "outcome"], *rows])))
    assert schema_of(folder / "demo")["repeats"] is True


def test_the_file_names_the_project(folder: Path) -> None:
    path = written(folder, customers(), "customer churn (2024).csv")
    made = mlpath("new-project", "-l", "--no-lock", "--dataset", str(path), "--target", "Churn")
    assert made.exit_code == 0, made.output
    project = folder / "customer-churn-2024"
    assert (project / "data/raw/customer churn (2024).csv").exists()
    assert schema_of(project)["reading"] == {"file": "customer churn (2024).csv"}


def test_a_name_that_no_system_takes_is_tidied(folder: Path) -> None:
    path = written(folder, customers(), 'ch"u*rn:.csv')
    new_project("--dataset", str(path), "--target", "Churn")
    assert (folder / "demo/data/raw/ch_u_rn_.csv").exists()
    assert "originally" in schema_of(folder / "demo")["source"]


def test_texts_of_the_data_are_no_code(folder: Path) -> None:
    odd = '"{{ 7*7 }}"'
    rows = customers()
    rows[0] = [*rows[0][:3], odd, *rows[0][4:]]
    rows[0][-1] = "`$(id)` {% raw %}"
    new_project("--dataset", str(written(folder, rows)), "--target", "`$(id)` {% raw %}")
    names = {one.get("column", one["name"]) for one in schema_of(folder / "demo")["features"]}
    assert "{{ 7*7 }}" in names
    assert (
        "49" not in (folder / "demo/README.md").read_text(encoding="utf-8").split("## Results")[0]
    )


def test_an_update_leaves_schema_and_data_alone(project: Path) -> None:
    schema = (project / "schema.yaml").read_bytes()
    raw = (project / "data/raw/churn.csv").read_bytes()
    done = mlpath("update", str(project), "-l", "-d", "license=Apache-2.0", "--json")
    assert done.exit_code == 0, done.output
    assert "LICENSE" in json.dumps(json.loads(done.stdout))
    assert (project / "schema.yaml").read_bytes() == schema
    assert (project / "data/raw/churn.csv").read_bytes() == raw


def test_an_update_can_not_change_whose_data_it_is(project: Path) -> None:
    done = mlpath("update", str(project), "-l", "-d", "dataset=")
    assert done.exit_code == 1
    assert "dataset" in done.output


@pytest.mark.parametrize("answer", ["domain=text", "task=regression", "target=age"])
def test_an_update_can_not_change_what_follows_from_the_data(project: Path, answer: str) -> None:
    """No update writes `schema.yaml`, which says the same."""
    before = (project / ".copier-answers.yml").read_bytes()
    for command in (["update", str(project), "-l", "-d", answer], ["add", answer, str(project)]):
        done = mlpath(*command)
        assert done.exit_code != 0
        assert "schema.yaml was written for it" in done.output
    assert (project / ".copier-answers.yml").read_bytes() == before
    assert mlpath("update", str(project), "-l", "-d", "domain=tabular").exit_code == 0

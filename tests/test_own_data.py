"""`mlpath new-project --dataset`: projects of the user's own data, in every domain."""

from __future__ import annotations

import hashlib
import json
import os
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from conftest import ROOT, git, mlpath
from mlpath.create import draft, ingest
from mlpath.create.schemas import common
from mlpath.create.schemas.timeseries import STEPS
from mlpath.dataset import MAX_PROJECT_ROWS, inspect
from mlpath.template import render
from support.datasets import (
    CUSTOMER_COLUMNS,
    PHOTO_COLORS,
    PHOTO_SIZE,
    TEAM_WORDS,
    TICKET_COLUMNS,
    customers,
    make_gray,
    months,
    photo_files,
    photos,
    tickets,
    visits,
    write_csv,
    years,
    zip_folder,
)

Answers = dict[str, Any]
Schema = dict[str, Any]


def new_project(*arguments: str, code: int = 0) -> str:
    result = mlpath("new-project", "demo", "--defaults", "--no-lock", *arguments)
    assert result.exit_code == code, result.output
    return result.output


def check_refused(folder: Path, message: str, *arguments: str) -> None:
    """The command prints one error with a hint, and leaves nothing."""
    before = sorted(path.name for path in folder.iterdir())
    output = new_project(*arguments, code=1)
    assert message in output
    assert sum(line.startswith("Error:") for line in output.splitlines()) == 1
    assert "\nHint: " in output
    assert sorted(path.name for path in folder.iterdir()) == before


def read_yaml(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def schema_of(project: Path) -> dict[str, Any]:
    return read_yaml(project / "schema.yaml")


def answers_of(project: Path) -> dict[str, Any]:
    return read_yaml(project / ".copier-answers.yml")


def params_of(project: Path) -> dict[str, Any]:
    return read_yaml(project / "params.yaml")


def data_of(path: Path, target: str | None = None, **answers: str) -> tuple[Answers, Schema]:
    """Return the answers that follow from data, and the schema, without rendering a project.

    The data is copied to `demo/data/raw` beside it.
    """
    profile = ingest.inspect_dataset(path, answers, target)
    ingest.write_dataset(profile, path.parent / "demo", "")
    return ingest.data_answers(profile), schema_of(path.parent / "demo")


# -------------------------------------------------------------------------------------- all domains

DOMAINS = ("tabular", "text", "timeseries", "vision")


def write_data(folder: Path, domain: str) -> Path:
    """Write the data set of a domain; return its path."""
    if domain == "tabular":
        return write_csv(folder / "churn.csv", customers())
    if domain == "text":
        return write_csv(folder / "tickets.csv", tickets())
    if domain == "timeseries":
        return write_csv(folder / "visits.csv", visits(), delimiter=";")
    return photos(folder / "photos")


def make_project(folder: Path, domain: str) -> Path:
    target = ["--target", "churn"] if domain == "tabular" else []
    new_project("--dataset", str(write_data(folder, domain)), *target)
    return folder / "demo"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Create a project of each domain once, to be read only; its data is beside it."""

    @cache
    def make(domain: str) -> Path:
        folder = tmp_path_factory.mktemp(domain)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            return make_project(folder, domain)

    return make


@pytest.mark.parametrize(
    ("domain", "task", "target", "dataset"),
    [
        ("tabular", "classification", "Churn", "churn.csv"),
        ("text", "classification", "Team", "tickets.csv"),
        ("timeseries", "forecast", "Besuche", "visits.csv"),
        ("vision", "classification", "", "photos"),
    ],
)
def test_domain_task_and_target_follow_from_the_data(
    made: Callable[[str], Path], domain: str, task: str, target: str, dataset: str
) -> None:
    answers = answers_of(made(domain))
    assert (answers["domain"], answers["task"]) == (domain, task)
    assert (answers["target"], answers["dataset"]) == (target, dataset)


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_data_is_copied_and_not_committed(made: Callable[[str], Path], domain: str) -> None:
    project = made(domain)
    assert git("status", "--porcelain", cwd=project) == ""
    tracked = git("ls-files", cwd=project).splitlines()
    assert "data/raw.dvc" in tracked
    assert not [name for name in tracked if name.startswith("data/raw/")]
    committed = b"".join((project / name).read_bytes() for name in tracked)
    for private in ("c17@example.com", "00017-X", "T-00017", "счёт"):
        assert private.encode() not in committed


@pytest.mark.parametrize("domain", ["tabular", "text", "timeseries"])
def test_the_schema_records_the_source_of_a_table(made: Callable[[str], Path], domain: str) -> None:
    project = made(domain)
    source = schema_of(project)["source"]
    path = project.parent / answers_of(project)["dataset"]
    content = path.read_bytes()
    assert (project / "data" / "raw" / path.name).read_bytes() == content
    for part in (path.name, f"{len(content):,} bytes", hashlib.sha256(content).hexdigest()):
        assert part in source


def test_the_schema_records_the_source_of_images(made: Callable[[str], Path]) -> None:
    project = made("vision")
    raw = project / "data" / "raw" / "photos"
    copied = {path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*.*")}
    images = {
        path.relative_to(project.parent / "photos").as_posix(): path.read_bytes()
        for path in photo_files(project.parent / "photos")
    }
    assert copied == images, "all images, and no other files"
    digest = hashlib.sha256()
    for name in sorted(images):
        digest.update(name.encode() + b"\0" + hashlib.sha256(images[name]).digest())
    source = schema_of(project)["source"]
    assert digest.hexdigest() in source
    assert f"{sum(map(len, images.values())):,} bytes" in source


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("tabular", ["breast"]),
        ("text", ["docstring", "networkx"]),
        ("timeseries", ["Mauna", "co2"]),
        ("vision", ["handwrit", "digits.zip", "NIST", "Alpaydin"]),
    ],
)
def test_nothing_is_left_of_the_data_of_the_template(
    made: Callable[[str], Path], domain: str, words: list[str]
) -> None:
    project = made(domain)
    stages = read_yaml(project / "dvc.yaml")["stages"]
    assert "prepare" in stages
    assert "fetch" not in stages
    assert "fetch" not in params_of(project)
    for name in ("README.md", "schema.yaml", "params.yaml", "pyproject.toml", "dvc.yaml"):
        text = (project / name).read_text(encoding="utf-8")
        assert not [word for word in words if word in text], name


def test_a_project_is_updated_without_touching_schema_and_data(folder: Path) -> None:
    project = make_project(folder, "tabular")
    files = [project / "schema.yaml", project / "data/raw/churn.csv"]
    before = [path.read_bytes() for path in files]
    result = mlpath("update", str(project), "-l", "-d", "license=Apache-2.0", "--json")
    assert result.exit_code == 0, result.output
    assert "LICENSE" in json.dumps(json.loads(result.stdout))
    assert [path.read_bytes() for path in files] == before


def test_status_says_that_others_cannot_fetch_the_data(folder: Path) -> None:
    project = make_project(folder, "tabular")
    note = "Note: Others cannot reproduce the results"
    assert note in mlpath("status", str(project)).output
    config = project / ".dvc/config"
    config.write_text(config.read_text().replace("~/.local/share/dvc/", "s3://bucket/"))
    assert note not in mlpath("status", str(project)).output


def test_an_update_can_not_change_what_follows_from_the_data(folder: Path) -> None:
    """`schema.yaml` states the same, and no update writes it."""
    project = make_project(folder, "tabular")
    before = (project / ".copier-answers.yml").read_bytes()
    for answer in ("dataset=", "domain=text", "task=regression", "target=age"):
        assert mlpath("update", str(project), "-l", "-d", answer).exit_code == 1
    for answer in ("domain=text", "task=regression", "target=age"):
        assert mlpath("add", answer, str(project)).exit_code != 0
    assert (project / ".copier-answers.yml").read_bytes() == before
    assert mlpath("update", str(project), "-l", "-d", "domain=tabular").exit_code == 0


def test_pretend_lists_the_data_and_writes_nothing(folder: Path) -> None:
    path = write_data(folder, "tabular")
    output = new_project("--dataset", str(path), "--target", "Churn", "--pretend")
    expected = {"demo/schema.yaml", "demo/data/raw/churn.csv", "demo/data/raw.dvc"}
    assert expected <= set(output.splitlines())
    assert not (folder / "demo").exists()


def test_answers_of_another_project_are_used_without_those_on_its_data(folder: Path) -> None:
    project = make_project(folder, "tabular")
    text = (project / ".copier-answers.yml").read_text(encoding="utf-8")
    (folder / "answers.yml").write_text(text.replace("license: MIT", "license: Apache-2.0"))
    project.rename(folder / "first")
    rows = [["size", "sold"], *([str(n % 97), "yes" if n % 3 else "no"] for n in range(200))]
    write_csv(folder / "sales.csv", rows)
    new_project("--dataset", "sales.csv", "--data-file", "answers.yml")
    answers = answers_of(project)
    assert (answers["dataset"], answers["target"]) == ("sales.csv", "sold")
    assert answers["license"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("nowhere.csv does not exist", ["--dataset", "nowhere.csv"]),
        ("'Chrn' not found; did you mean 'Churn'?", ["--dataset", "churn.csv", "--target", "Chrn"]),
        ("--template", ["--dataset", "churn.csv", "--template", "other"]),
        ("--target", ["--target", "Churn"]),
        ("dataset", ["-d", "dataset=churn.csv"]),
        ("'Tabular'", ["--dataset", "churn.csv", "-d", "domain=Tabular"]),
        ("'2020' not found", ["--dataset", "churn.csv", "--data-file", "numbers.yml"]),
        ("['text']", ["--dataset", "churn.csv", "--data-file", "list.yml"]),
        ("unclear which is the target: 'Churn' or 'class'", ["--dataset", "churn.csv"]),
        (
            "has texts, which regression can't predict",
            ["--dataset", "churn.csv", "--target", "E-mail", "-d", "task=regression"],
        ),
        ("300 different values", ["--dataset", "tickets.csv", "--target", "Sender"]),
        ("images have no columns", ["--dataset", "photos", "--target", "moss"]),
        ("contains images", ["--dataset", "photos", "-d", "domain=tabular"]),
        (
            "'when' has no numbers to forecast",
            ["--dataset", "months.csv", "-d", "domain=timeseries", "--target", "when"],
        ),
    ],
)
def test_wrong_arguments_are_refused(folder: Path, message: str, arguments: list[str]) -> None:
    for domain in ("tabular", "text", "vision"):
        write_data(folder, domain)
    write_csv(folder / "months.csv", months(180))
    (folder / "numbers.yml").write_text("target: 2020\n")
    (folder / "list.yml").write_text("domain: [text]\n")
    check_refused(folder, message, *arguments)


def with_target(rows: list[list[str]], value: Callable[[int, str], str]) -> list[list[str]]:
    """Return the rows with other values in the last column."""
    return [rows[0], *([*row[:-1], value(n, row[-1])] for n, row in enumerate(rows[1:]))]


@pytest.mark.parametrize(
    ("message", "rows", "arguments"),
    [
        ("has 30 rows", customers(30), ["--target", "Churn"]),
        (
            "has no column to predict 'Churn' from",
            [[row[0], row[-1]] for row in customers()],
            ["--target", "Churn"],
        ),
        (
            "fewer than two values of 'Churn' have at least 5 rows",
            with_target(customers(), lambda n, _: "Yes" if n == 0 else "No"),
            ["--target", "Churn"],
        ),
        ("has 40 rows", tickets(40), []),
        (
            "has no column of free text",
            [[row[0], row[-1]] for row in tickets()],
            ["-d", "domain=text"],
        ),
        (
            "has the same value in every row",
            with_target(tickets(), lambda _n, _team: "one"),
            ["--target", "Team"],
        ),
        (
            "has 31 days; training and testing a forecast needs at least 147",
            [["day", "sales"], *([f"2024-01-{n:02}", f"{n % 5}.5"] for n in range(1, 32))],
            [],
        ),
        ("has 60 months", months(60), []),
        ("has 43 years", years(1960, 43), []),
        ("has a value every 730 days", months(80, step=24), ["-d", "domain=timeseries"]),
    ],
)
def test_tables_with_too_little_data_are_refused(
    folder: Path, message: str, rows: list[list[str]], arguments: list[str]
) -> None:
    write_csv(folder / "table.csv", rows)
    check_refused(folder, message, "--dataset", "table.csv", *arguments)


def test_a_damaged_archive_is_refused(folder: Path) -> None:
    """The damage is far from its beginning, which inspects well."""
    rng = random.Random(0)  # noqa: S311
    rows = "".join(f"{rng.randrange(10**9)},{rng.randrange(2)}\n" for _ in range(150_000))
    path = folder / "sales.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", f"size,sold\n{rows}")
    content = path.read_bytes()
    start = len(content) - 5000
    path.write_bytes(content[:start] + bytes(64) + content[start + 64 :])
    check_refused(folder, f"Error: {path} can't be unpacked: ", "--dataset", str(path))


# ------------------------------------------------------------------------------------------- tables


def test_a_schema_has_types_ranges_categories_and_missing_values(
    made: Callable[[str], Path],
) -> None:
    schema = schema_of(made("tabular"))
    features = {feature["name"]: feature for feature in schema["features"]}
    assert features["tenure_months"] == {
        "name": "tenure_months", "label": "Tenure (months)", "kind": "number", "whole": True,
        "column": "tenure (months)", "minimum": 0, "maximum": 71,
    }  # fmt: skip
    plan = features["plan"]
    assert (plan["kind"], plan["nullable"], plan["others"]) == ("category", True, True)
    assert set(plan["choices"]) == {"basic", "plus"}, "three trials are too few"
    assert features["class_"]["column"] == "class"
    assert features["signed"]["kind"] == "date"
    assert sorted(schema["target"]["choices"]) == ["No", "Yes"]
    assert schema["positive"] == "Yes"
    assert {entry["column"]: entry["reason"] for entry in schema["left_out"]} == {
        "customerID": "identifier: every value differs",
        "E-mail": "personal: e-mail addresses",
    }


def test_metric_and_slices_are_answers_and_parameters(made: Callable[[str], Path]) -> None:
    project = made("tabular")
    answers, evaluate = answers_of(project), params_of(project)["evaluate"]
    for values in (answers, evaluate):
        assert (values["metric"], values["slices"]) == ("roc_auc", ["class_", "plan"])
    assert answers["data_licence"] == "not specified"


def test_the_hour_of_a_time_is_a_feature(folder: Path) -> None:
    rows = [["started", "day", "date", "spot", "price"]]
    for n in range(200):
        clock = f"{n * 7 % 24:02}:{n % 60:02}"
        date = f"2024-{1 + n % 12:02}-{1 + n % 28:02}"
        rows.append([f"{date} {clock}", f"{date} 12:00", date, f"bay {n % 40}", f"{n * n % 97}.5"])
    _, schema = data_of(write_csv(folder / "rides.csv", rows), "price", domain="tabular")
    assert schema["reading"]["computed"] == {
        "started_hour": 'hour(TRY_CAST("started" AS TIMESTAMP))'
    }
    features = {feature["name"]: feature for feature in schema["features"]}
    assert list(features) == ["started", "day", "date", "spot", "started_hour"]
    assert features["started_hour"] == {
        "name": "started_hour", "label": "Started: hour", "kind": "number", "whole": True,
        "minimum": 0, "maximum": 23,
    }  # fmt: skip
    assert len(features["spot"]["choices"]) == 40, "each has five rows"


@pytest.mark.parametrize(
    ("rows", "max_leaf_nodes", "early_stopping"), [(200, 8, False), (5000, 31, True)]
)
def test_default_hyperparameters_fit_the_number_of_rows(
    folder: Path, rows: int, max_leaf_nodes: int, *, early_stopping: bool
) -> None:
    data = write_csv(folder / "churn.csv", customers(rows))
    new_project("--dataset", str(data), "--target", "churn")
    boosting = params_of(folder / "demo")["train"]["boosting"]
    assert boosting["max_leaf_nodes"] == max_leaf_nodes
    assert boosting["early_stopping"] is early_stopping


def test_target_and_license_of_the_data_are_answers(folder: Path) -> None:
    path = write_data(folder, "tabular")
    new_project(
        "--dataset", str(path), "-d", "target=tenure (months)", "-d", "data_licence=CC BY 4.0"
    )
    schema, answers = schema_of(folder / "demo"), answers_of(folder / "demo")
    assert schema["licence"] == "CC BY 4.0"
    assert schema["target"]["kind"] == "number"
    assert (answers["task"], answers["metric"]) == ("regression", "r2")


def test_a_target_chosen_at_the_prompt_keeps_the_answers_that_were_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_data(folder, "tabular")

    def reply(*arguments: Any, prompts: render.Prompts, **options: Any) -> dict[str, Any]:
        if "target" in prompts.suggestions:
            prompts = replace(prompts, suggestions={"target": "Churn"})
        return render.render(*arguments, prompts=prompts, **{**options, "defaults": True})

    monkeypatch.setattr(draft, "render", reply)
    options = ("--no-lock", "-d", "metric=f1", "-d", "slices=[plan]")
    result = mlpath("new-project", "demo", "--dataset", str(path), *options)
    assert result.exit_code == 0, result.output
    answers = answers_of(folder / "demo")
    assert (answers["target"], answers["metric"], answers["slices"]) == ("Churn", "f1", ["plan"])


def test_rare_classes_are_left_out(folder: Path) -> None:
    rows = with_target(customers(), lambda n, churn: "Maybe" if n < 3 else churn)
    _, schema = data_of(write_csv(folder / "churn.csv", rows), "Churn")
    assert schema["too_rare"] == ["Maybe"]
    assert "Maybe" not in schema["target"]["choices"]


def test_an_imbalanced_target_is_evaluated_by_average_precision(folder: Path) -> None:
    rows = with_target(customers(), lambda n, _: "Yes" if n % 30 == 0 else "No")
    answers, _ = data_of(write_csv(folder / "churn.csv", rows), "Churn")
    assert answers["metric"] == "average_precision"


def test_rows_of_few_combinations_may_repeat(folder: Path) -> None:
    rng = random.Random(0)  # noqa: S311
    rows = [[rng.choice("ab"), rng.choice("xyz"), rng.choice(["yes", "no"])] for _ in range(300)]
    path = write_csv(folder / "table.csv", [["first", "second", "outcome"], *rows])
    _, schema = data_of(path)
    assert schema["repeats"] is True


def test_a_large_file_is_profiled_from_a_sample(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 2000)
    rows = customers(6000)[1:]
    header = ["id", *CUSTOMER_COLUMNS[1:-1], "Postcode", "Late", "Churn"]
    table = [
        [
            str(n),
            *row[1:-1],
            f"x{n % 97:03}" if n % 3 else "x000",
            "" if n < 3000 else f"late {n % 70}",
            row[-1],
        ]
        for n, row in enumerate(rows)
    ]
    path = write_csv(folder / "churn.csv", [header, *table])
    _, schema = data_of(path, "Churn")
    postcode = {feature["name"]: feature for feature in schema["features"]}["postcode"]
    assert postcode["choices"][0] == "x000"
    assert len(postcode["choices"]) > 10
    assert postcode["others"] is True
    reasons = {entry["column"]: entry["reason"] for entry in schema["left_out"]}
    assert reasons["id"].startswith("identifier")
    assert "Late" not in reasons, "its values come after the sample, and all rows are counted"


def test_a_project_of_a_large_table_uses_a_sample(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(folder / "churn.csv", customers(300))
    whole = inspect(path)
    assert "most_rows" not in common.read_options(whole)
    assert not any("random sample" in note for note in whole.notes)
    monkeypatch.setattr("mlpath.dataset.infer.MAX_PROJECT_ROWS", 299)
    monkeypatch.setattr("mlpath.create.schemas.common.MAX_PROJECT_ROWS", 299)
    output = new_project("--dataset", str(path), "--target", "Churn")
    assert "A project uses a random sample of 299 of 300 rows (most_rows in schema.yaml)." in output
    schema = yaml.safe_load((folder / "demo" / "schema.yaml").read_text(encoding="utf-8"))
    assert schema["reading"]["most_rows"] == 299


def test_projects_and_inspect_sample_from_the_same_number_of_rows_on() -> None:
    code = (ROOT / "template/options/tables/src/data/tables.py").read_text(encoding="utf-8")
    assert f"most_rows: int = {MAX_PROJECT_ROWS:_}" in code


@pytest.mark.parametrize(
    ("file", "copy"),
    [
        ("customer churn (2024).csv", "customer churn (2024).csv"),
        ('ch"u*rn:.csv', "ch_u_rn_.csv"),
    ],
)
def test_the_file_name_is_kept_if_every_system_allows_it(
    folder: Path, file: str, copy: str
) -> None:
    path = write_csv(folder / file, customers())
    _, schema = data_of(path, "Churn")
    assert (folder / "demo/data/raw" / copy).exists()
    assert schema["reading"] == {"file": copy}
    assert (repr(file) in schema["source"]) == (file != copy)


def test_the_file_names_the_project(folder: Path) -> None:
    path = write_csv(folder / "customer churn (2024).csv", customers())
    arguments = ["new-project", "-l", "--no-lock", "--dataset", str(path), "--target", "Churn"]
    result = mlpath(*arguments)
    assert result.exit_code == 0, result.output
    assert (folder / "customer-churn-2024" / "schema.yaml").exists()


def test_headers_are_not_code(folder: Path) -> None:
    header = list(CUSTOMER_COLUMNS)
    header[3], header[-1] = "{{ 7*7 }}", "`$(id)` {% raw %}"
    path = write_csv(folder / "churn.csv", [header, *customers()[1:]])
    new_project("--dataset", str(path), "--target", header[-1])
    features = schema_of(folder / "demo")["features"]
    assert "{{ 7*7 }}" in [feature.get("column") for feature in features]
    readme = (folder / "demo/README.md").read_text(encoding="utf-8")
    assert "49" not in readme.split("## Results")[0]


# -------------------------------------------------------------------------------------------- texts


def test_a_schema_of_texts_names_text_and_classes(made: Callable[[str], Path]) -> None:
    schema = schema_of(made("text"))
    assert sorted(schema["target"].pop("choices")) == sorted(TEAM_WORDS)
    assert schema["target"] == {"name": "team", "label": "Team", "column": "Team"}
    assert schema["text"]["column"] == "What they wrote ✉"
    reasons = {entry["column"]: entry["reason"] for entry in schema["left_out"]}
    assert reasons["ticket id"].startswith("identifier")
    assert reasons["Sender"].startswith("personal")


@pytest.mark.parametrize(
    ("share", "metric", "slices"), [(1, "accuracy", ["team", "length"]), (10, "f1", ["length"])]
)
def test_imbalanced_classes_of_texts_are_evaluated_by_f1(
    folder: Path, share: int, metric: str, slices: list[str]
) -> None:
    rows = [row for n, row in enumerate(tickets(600)[1:]) if row[-1] != "login" or n % share == 0]
    answers, _ = data_of(write_csv(folder / "tickets.csv", [TICKET_COLUMNS, *rows]))
    assert (answers["metric"], answers["slices"]) == (metric, slices)


def test_rare_and_missing_classes_of_texts(folder: Path) -> None:
    changed = {0: "press", 1: "press", 2: "press", 4: ""}
    rows = with_target(tickets(), changed.get)
    _, schema = data_of(write_csv(folder / "tickets.csv", rows))
    assert schema["too_rare"] == ["press"]
    assert sorted(schema["target"]["choices"]) == sorted(TEAM_WORDS)
    assert schema["target"]["nullable"] is True


# ------------------------------------------------------------------------------------------- series


def test_a_schema_of_a_series_names_date_value_and_step(made: Callable[[str], Path]) -> None:
    schema = schema_of(made("timeseries"))
    assert schema["date"] == {"name": "tag", "column": "Tag 📅", "date_format": "%d.%m.%Y"}
    assert schema["target"] == {
        "name": "besuche", "column": "Besuche", "label": "Besuche", "minimum": 0,
    }  # fmt: skip
    assert schema["step"] == "day"
    assert [entry["column"] for entry in schema["left_out"]] == ["Wetter"]


@pytest.mark.parametrize(
    ("rows", "step", "history", "horizon"),
    [
        (visits(), "day", 56, 14),
        ([row for n, row in enumerate(visits(2500)) if n % 7 < 4 or n == 0], "week", 104, 8),
        (months(180), "month", 36, 12),
        (months(400), "month", 60, 12),
        (months(120, step=3), "quarter", 16, 4),
        (months(100, step=12), "year", 10, 5),
        (years(1871, 44), "year", 10, 5),
        ([row for n, row in enumerate(years(1500, 400)) if n % 60 != 50], "year", 20, 5),
    ],
)
def test_step_and_lengths_fit_the_series(
    folder: Path, rows: list[list[str]], step: str, history: int, horizon: int
) -> None:
    answers, schema = data_of(write_csv(folder / "series.csv", rows, delimiter=";"))
    lengths = answers["lengths"]
    assert schema["step"] == lengths["step"] == step
    assert (lengths["history"], lengths["horizon"]) == (history, horizon)
    assert lengths["validation"] >= 2 * horizon
    assert lengths["test"] >= 2 * horizon
    assert 0 < lengths["margin"] < 10
    assert ("season" in answers["slices"]) == (step == "week")  # longer forecasts have all of them


def test_a_yearly_series_has_no_season(folder: Path) -> None:
    data = write_csv(folder / "series.csv", years(1871, 44), delimiter=";")
    new_project("--dataset", str(data))
    params = params_of(folder / "demo")
    assert (params["prepare"]["history"], params["prepare"]["horizon"]) == (10, 5)
    assert "season" not in params["evaluate"]["slices"]
    readme = (folder / "demo/README.md").read_text(encoding="utf-8")
    assert "5 years ahead" in readme
    assert "season" not in readme


def test_the_guide_lists_the_steps() -> None:
    guide = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    for name, step in STEPS.items():
        row = next(line for line in guide.splitlines() if line.startswith(f"| {name} |"))
        season, history, horizon, least = (cell.strip() for cell in row.split("|")[2:6])
        expected = (step.season, step.horizon, step.min_length)
        assert tuple(map(int, (season, horizon, least))) == expected
        assert history.startswith(str(step.history))


# ------------------------------------------------------------------------------------------- images


def test_a_schema_of_images_names_classes_and_size(made: Callable[[str], Path]) -> None:
    schema = schema_of(made("vision"))
    assert sorted(schema["target"]["choices"]) == sorted(PHOTO_COLORS)
    assert schema["picture"] == {"height": 20, "width": 32, "channels": 3}
    assert schema["reading"] == {"file": "photos"}
    assert "too_rare" not in schema


def test_an_archive_of_images_is_copied_as_it_is(folder: Path) -> None:
    path = zip_folder(photos(folder / "photos"))
    _, schema = data_of(path)
    assert (folder / "demo/data/raw/photos.zip").read_bytes() == path.read_bytes()
    assert schema["reading"] == {"file": "photos.zip"}
    assert hashlib.sha256(path.read_bytes()).hexdigest() in schema["source"]
    assert sorted(schema["target"]["choices"]) == sorted(PHOTO_COLORS)


@pytest.mark.parametrize(
    ("size", "gray", "shape"),
    [
        ((28, 28), True, {"height": 28, "width": 28, "channels": 1}),
        ((9, 13), False, {"height": 12, "width": 8, "channels": 3}),
        ((400, 400), True, {"height": 32, "width": 32, "channels": 1}),
        ((120, 600), False, {"height": 32, "width": 8, "channels": 3}),
    ],
)
def test_the_shape_that_a_model_sees_fits_the_images(
    folder: Path, size: tuple[int, int], gray: bool, shape: dict[str, int]
) -> None:
    path = photos(folder / "photos", per_class=20, size=size)
    if gray:
        make_gray(path)
    _, schema = data_of(path)
    assert schema["picture"] == shape


@pytest.mark.parametrize(
    ("kept", "metric", "slices"),
    [
        (30, "accuracy", ["class", "brightness", "contrast"]),
        (6, "f1", ["brightness", "contrast"]),
    ],
)
def test_imbalanced_classes_of_images_are_evaluated_by_f1(
    folder: Path, kept: int, metric: str, slices: list[str]
) -> None:
    path = photos(folder / "photos")
    for file in sorted((path / "moss").iterdir())[kept:]:
        file.unlink()
    answers, _ = data_of(path)
    assert (answers["metric"], answers["slices"]) == (metric, slices)


def test_rare_classes_and_unreadable_images_are_reported(folder: Path) -> None:
    path = photos(folder / "photos")
    (path / "moss" / "torn.jpg").write_bytes((path / "moss" / "001.jpg").read_bytes()[:200])
    (path / "heron").mkdir()
    for n in range(3):
        Image.new("RGB", PHOTO_SIZE, (n, n, n)).save(path / "heron" / f"{n}.png")
    (path / "heron" / "gone.png").symlink_to("nowhere.png")
    Image.new("1", (20_000, 20_000)).save(path / "moss" / "vast.png")
    output = new_project("--dataset", str(path))
    assert "2 files can't be read as images: moss/torn.jpg, moss/vast.png" in output
    assert "Classes with fewer than 5 images: 'heron'" in output
    schema = schema_of(folder / "demo")
    assert schema["too_rare"] == ["heron"]
    assert sorted(schema["target"]["choices"]) == sorted(PHOTO_COLORS)


def test_an_unknown_compression_method_is_an_unreadable_image(folder: Path) -> None:
    path = zip_folder(photos(folder / "photos"))
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    start = int.from_bytes(content[entry + 42 : entry + 46], "little")
    content[entry + 10] = content[start + 8] = 99
    path.write_bytes(content)
    assert inspect(path).images["unread"] == 1


def test_an_archive_with_backslashes_between_folders_is_refused(folder: Path) -> None:
    """Some Windows tools write them; a project would not find the classes."""
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("photos\\red\\1.png", "photos\\blue\\1.png"):
            archive.writestr(name, b"")
    check_refused(folder, "separates folders with backslashes", "--dataset", str(path))


def test_folders_of_equal_name_are_one_class(folder: Path) -> None:
    """As in train/cats and test/cats."""
    for part, seed in (("train", 0), ("test", 1)):
        photos(folder / "photos" / part, per_class=10, seed=seed)
    _, schema = data_of(folder / "photos")
    assert sorted(schema["target"]["choices"]) == sorted(PHOTO_COLORS)
    assert len(list((folder / "demo/data/raw/photos").rglob("*.*"))) == 60


def test_the_current_folder_is_used_by_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(folder / "birds")
    monkeypatch.chdir(folder / "birds")
    new_project("--dataset", ".")
    project = folder / "birds" / "demo"
    assert answers_of(project)["dataset"] == "birds"
    assert len(list((project / "data/raw/birds").rglob("*.*"))) == 90


def test_a_folder_of_images_suggests_a_free_name(folder: Path) -> None:
    profile = inspect(photos(folder / "birds"))
    assert ingest.suggest_name(profile) == "birds-demo"
    (folder / "birds").rename(folder / "old")
    assert ingest.suggest_name(profile) == "birds"


def keep(path: Path, per_class: int, classes: int = 0) -> None:
    """Keep so many images of each class after the first classes."""
    for name in list(PHOTO_COLORS)[classes:]:
        for file in sorted((path / name).iterdir())[per_class:]:
            file.unlink()


def destroy(path: Path) -> None:
    for file in photo_files(path):
        file.write_bytes(b"no image")


def rename_to_latin1(path: Path) -> None:
    try:
        (path / "moss").rename(os.fsdecode(os.fsencode(path) + b"/caf\xe9"))
    except OSError:
        pytest.skip("this file system allows only names in UTF-8")


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("fewer than two folders have at least 5 images", lambda path: keep(path, 2, 1)),
        ("none of its images can be read", destroy),
        ("has 21 images", lambda path: keep(path, 7)),
        ("' is not UTF-8", rename_to_latin1),
    ],
)
def test_too_few_or_unusable_images_are_refused(
    folder: Path, message: str, change: Callable[[Path], None]
) -> None:
    path = photos(folder / "photos")
    change(path)
    check_refused(folder, message, "--dataset", str(path))


def test_images_that_change_while_they_are_copied_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photos(folder / "photos")
    copy: Callable[..., Any] = ingest._copy

    def copy_with_late_image(source: Path, place: Path) -> Any:
        (path / "moss" / "late.png").write_bytes((path / "moss" / "000.png").read_bytes())
        return copy(source, place)

    monkeypatch.setattr(ingest, "_copy", copy_with_late_image)
    output = new_project("--dataset", str(path), code=1)
    assert "changed while it was read" in output
    assert not (folder / "demo").exists()

"""Installed projects of the user's own data: checked, trained, served, cloned, with newer data."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support import postgres
from support.data_server import DataServer, Reply, serve
from support.datasets import (
    PHOTO_COLORS,
    TEAM_WORDS,
    customers,
    photos,
    tickets,
    visits,
    write_csv,
    years,
)
from support.e2e import SAME_EVERYWHERE, Owner, get, post, resample_less, serving
from support.workflows import Runner

pytestmark = pytest.mark.e2e

BASELINES = {"baseline", "majority", "mean", "seasonal_naive"}
WITHOUT = [*SAME_EVERYWHERE, "--ignore=tests/serving/test_page.py"]
PREDICT = """
import json, sys
from gradio_client import Client, handle_file

client = Client(sys.argv[1], verbose=False)
predictions = []
for row in json.loads(sys.argv[2]):
    files = {name: handle_file(value) for name, value in row.items() if str(value)[:1] == "/"}
    try:
        predictions.append(client.predict(**{**row, **files}, api_name="/predict"))
    except Exception as error:
        predictions.append(str(error))
print(json.dumps(predictions))
"""

Words = tuple[str, ...]
"""Words that one line of the output contains."""


@dataclass(frozen=True)
class Case:
    """A data set, changes of it that a project refuses, and a newer version."""

    write: Callable[[Path], Path]
    """Writes the data into a folder."""
    refused: tuple[tuple[Callable[[Path], object], tuple[Words, ...]], ...]
    """Changes in `data/raw`, each with what the error names."""
    arguments: tuple[str, ...] = ()
    reported: tuple[Words, ...] = ()
    """What the first run of the pipeline reports."""


def write_customers(folder: Path) -> Path:
    return write_csv(folder / "churn.csv", customers(590))


def renew_customers(raw: Path, **changes: str) -> None:
    """Write newer customers, with other values in some cells of the first rows."""
    rows = customers(950, seed=1)
    columns = {"tenure": 2, "category": 3}
    for n, (cell, value) in enumerate(changes.items()):
        rows[7 + n][columns[cell]] = value
    write_csv(raw / "churn.csv", rows)


def add_column(path: Path, delimiter: str = ",") -> None:
    """Add a column `mood` to a table without quotes."""
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{header}{delimiter}mood", *(f"{row}{delimiter}good" for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def add_customer_column(raw: Path) -> None:
    renew_customers(raw, tenure="many")
    add_column(raw / "churn.csv")


def renew_tickets(raw: Path, team: str = "login", *others: str) -> None:
    rows = tickets(600, seed=1)
    rows[7] = [*rows[7][:-1], team]
    header, *rows = rows
    rows = [[*header, *others], *([*row, *["good" for _ in others]] for row in rows)]
    write_csv(raw / "tickets.csv", rows)


def renew_visits(raw: Path, value: str = "1250,0") -> None:
    rows = visits(760, seed=1)
    rows[7][1] = value
    write_csv(raw / "visits.csv", rows, delimiter=";")


def add_visits_column(raw: Path) -> None:
    renew_visits(raw)
    add_column(raw / "visits.csv", delimiter=";")


def write_photos(folder: Path) -> Path:
    path = photos(folder / "photos", per_class=60)
    (path / "moss" / "torn.jpg").write_bytes(b"no image")
    shutil.copy(path / "moss" / "000.png", path / "blue jay" / "the same.png")
    return path


def change_classes(raw: Path) -> None:
    path = photos(raw / "photos", per_class=80, seed=1)
    (path / "lichen").mkdir()
    shutil.copy(path / "moss" / "001.jpg", path / "lichen" / "001.jpg")
    (path / "moss").rename(raw.parent / "moss")


CASES = {
    "tabular": Case(
        write=write_customers,
        arguments=("--target", "Churn"),
        refused=(
            (add_customer_column, (("tenure_months", "many"), ("mood",))),
            (
                lambda raw: renew_customers(raw, tenure="-3", category="Z"),
                (("tenure_months", "-3"), ("class_", "Z")),
            ),
        ),
    ),
    "text": Case(
        write=lambda folder: write_csv(folder / "tickets.csv", tickets(450)),
        refused=(
            (lambda raw: renew_tickets(raw, "login", "mood"), (("mood",),)),
            (lambda raw: renew_tickets(raw, "press"), (("Team", "press"),)),
        ),
    ),
    "timeseries": Case(
        write=lambda folder: write_csv(folder / "visits.csv", visits(), delimiter=";"),
        refused=(
            (add_visits_column, (("mood",),)),
            (lambda raw: renew_visits(raw, "many"), (("Besuche", "many"),)),
        ),
    ),
    "vision": Case(
        write=write_photos,
        reported=(
            ("moss/torn.jpg", "not a readable image"),
            ("blue jay/the same.png", "moss/000.png"),
        ),
        refused=((change_classes, (("lichen",), ("moss",))),),
    ),
}


def check_lines(output: str, expected: tuple[Words, ...]) -> None:
    """Each tuple of words is in one line of the output."""
    for words in expected:
        lines = output.splitlines()
        assert any(all(word in line for word in words) for line in lines), (words, output)


def create(owner: Owner, name: str, path: Path | str, *arguments: str) -> tuple[Path, str]:
    """Return a trained and committed project, and what its pipeline printed."""
    project = owner.create(name, "--dataset", str(path), *arguments)
    resample_less(project)
    output = owner.uv("run", "dvc", "repro", cwd=project)
    commit(owner, project, "Train the first champion")
    return project, output


def commit(owner: Owner, project: Path, message: str) -> None:
    owner.run("git", "add", "--all", cwd=project)
    owner.run("git", "commit", "--quiet", "--message", message, cwd=project)


@pytest.fixture(scope="module")
def projects(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that creates the project of a domain once."""
    created: dict[str, Path] = {}

    def of_domain(domain: str) -> Path:
        if domain not in created:
            case = CASES[domain]
            path = case.write(tmp_path_factory.mktemp(domain))
            created[domain], output = create(owner, f"own-{domain}", path, *case.arguments)
            check_lines(output, case.reported)
        return created[domain]

    return of_domain


Projects = Callable[[str], Path]
in_each_domain = pytest.mark.parametrize("domain", CASES)


def predict(owner: Owner, project: Path, address: str, rows: list[dict[str, Any]]) -> list[Any]:
    """Return what the demo predicts for each row, or its error."""
    python = str(project / ".venv" / "bin" / "python")
    output = owner.run(python, "-c", PREDICT, address, json.dumps(rows), cwd=project)
    return list(json.loads(output.splitlines()[-1]))


def labels_of(prediction: dict[str, Any]) -> set[str]:
    return {entry["label"] for entry in prediction["confidences"]}


def champion_of(project: Path) -> dict[str, Any]:
    return read_champion(project / "models" / "champion")


def read_champion(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "champion.json").read_text(encoding="utf-8")))


def sha256(folder: Path) -> str:
    """Return the hash of a champion as responses have it."""
    return str(read_champion(folder)["sha256"])[:12]


@in_each_domain
def test_a_project_passes_its_own_checks(owner: Owner, projects: Projects, domain: str) -> None:
    project = projects(domain)
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.mypy(project)
    tests = ("tests/data", "tests/serving", "tests/test_silent_bugs.py")
    assert " passed" in owner.uv("run", "pytest", "-q", *WITHOUT, *tests, cwd=project)


@pytest.mark.parametrize("domain", ["text"])
def test_every_silent_bug_is_caught(owner: Owner, projects: Projects, domain: str) -> None:
    """tests/test_domains.py and tests/test_project.py do so for other domains."""
    output = owner.uv("run", "sabotage", "--all", cwd=projects(domain))
    assert re.search(r"^([5-9]|\d\d) of \1 caught$", output, re.MULTILINE), output


@in_each_domain
def test_a_trained_project_is_committed_without_its_data(
    owner: Owner, projects: Projects, domain: str
) -> None:
    project = projects(domain)
    assert owner.run("git", "status", "--porcelain", cwd=project) == ""
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)
    assert "data/raw/" not in owner.run("git", "ls-files", cwd=project)
    if domain in ("tabular", "vision"):  # columns of a file, and files of a folder
        card = ("mlcroissant", "validate", "--jsonld", "data/croissant.json")
        owner.uv("run", "--with", "mlcroissant", *card, cwd=project)
    champion = champion_of(project)
    assert champion["model"] not in BASELINES
    assert champion["lineage"]["data_md5"] in (project / "data/raw.dvc").read_text()
    if domain == "vision":
        assert champion["metrics"]["accuracy"]["value"] > 0.9


Predict = Callable[[list[dict[str, Any]]], list[Any]]
"""Returns what a demo predicts for each row, or its error."""


@in_each_domain
def test_a_clone_serves_without_the_data(
    owner: Owner, projects: Projects, domain: str, tmp_path: Path
) -> None:
    project, clone = projects(domain), tmp_path / "clone"
    owner.run("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    owner.sync(clone)
    assert not (clone / "data" / "raw").exists()
    if domain == "tabular":
        assert " passed" in owner.uv(
            "run", "pytest", "-q", "tests/pipeline/test_stages.py", cwd=clone
        )
    with serving(owner, clone) as address:
        status, health = get(f"{address}/health")
        assert (status, health["model"]) == (200, champion_of(project)["model"])
        PREDICTIONS[domain](partial(predict, owner, clone, address), tmp_path)


def predict_customers(predict: Predict, _: Path) -> None:
    rows: list[dict[str, Any]] = [
        {},
        {"tenure_months": 2, "plan": "basic"},
        {"plan": None},
        {"plan": "an unknown plan"},
        {"tenure_months": 900},
        {"signed": "last year"},
        {"class_": "Z"},
    ]
    predictions = predict(rows)
    for prediction in predictions[:4]:
        assert not isinstance(prediction, str), prediction
        assert labels_of(prediction) == {"Yes", "No"}
    assert predictions[1]["label"] == "Yes"
    assert "Tenure" in predictions[4]
    assert "71" in predictions[4]
    assert "Signed" in predictions[5]
    assert all(choice in predictions[6] for choice in "ABC")


def predict_texts_in_any_script(predict: Predict, _: Path) -> None:
    texts = [
        *("my invoice: refund!", "где доставка", "ПАРОЛЬ 🙂", "the courier lost it"),
        *("", "ζξψ", 7),
    ]
    predictions = predict([{}, *({"what_they_wrote": text} for text in texts)])
    assert labels_of(predictions[0]) == set(TEAM_WORDS)
    assert [y["label"] for y in predictions[1:5]] == ["billing", "shipping", "login", "shipping"]
    for message in predictions[5:]:
        assert "must" in message


def predict_visits(predict: Predict, _: Path) -> None:
    rows: list[dict[str, Any]] = [
        {},
        {"today": "2022-06-01", "horizon": 3},
        {"horizon": 99},
        {"today": "soon"},
    ]
    whole, part, *refused = predict(rows)
    assert len(whole["data"]) == 14
    assert whole["data"][0][0] == "2023-02-02", "the day after the last one"
    assert [row[0] for row in part["data"]] == ["2022-06-01", "2022-06-02", "2022-06-03"]
    for _, forecast, low, high, measured in part["data"]:
        assert low <= forecast <= high
        assert abs(forecast - measured) < 300
    assert "1 to 14" in refused[0]
    assert "Today" in refused[1]


def predict_photos(predict: Predict, folder: Path) -> None:
    paths = []
    for n, color in enumerate(PHOTO_COLORS.values()):
        paths.append(folder / f"{n}.jpg")
        exif = Image.Exif()
        exif[274] = 6  # rotated, as phones save images
        Image.new("RGB", (3000, 4000), color).save(paths[-1], exif=exif)
    paths.append(folder / "moss.webp")
    Image.new("RGB", (80, 60), PHOTO_COLORS["moss"]).save(paths[-1])
    paths.append(folder / "text.png")
    paths[-1].write_bytes(b"no image")
    first, *predictions, refused = predict([{}, *({"picture": str(path)} for path in paths)])
    assert labels_of(first) == set(PHOTO_COLORS)
    assert [y["label"] for y in predictions] == [*PHOTO_COLORS, "moss"]
    assert "not a readable image" in refused


PREDICTIONS: dict[str, Callable[[Predict, Path], None]] = {
    "tabular": predict_customers,
    "text": predict_texts_in_any_script,
    "timeseries": predict_visits,
    "vision": predict_photos,
}


def later_customers(rows: int, seed: int) -> list[dict[str, str]]:
    """Return customers of another time: they stay long, and leave if they have the plan plus."""
    header, *table = customers(rows, seed)
    later = [dict(zip(header, row, strict=True)) for row in table]
    for customer in later:
        customer["tenure (months)"] = str(45 + int(customer["tenure (months)"]) // 3)
        customer["Churn"] = "Yes" if customer["Plan 📦"] == "plus" else "No"
    return later


def served_model(owner: Owner, project: Path) -> str:
    """Serve the demo for one prediction; return the hash of the model that made it."""
    with serving(owner, project) as address:
        status, prediction = post(f"{address}/predict", {})
    assert status == 200
    return str(prediction["model"]["sha256"])


def send_with_feedback(address: str, customer: Mapping[str, str]) -> None:
    """Ask for a prediction, and say later what was right."""
    inputs = {"tenure_months": int(customer["tenure (months)"]), "class_": customer["class"]}
    inputs |= {"plan": customer["Plan 📦"], "signed": customer["signed"]}
    status, prediction = post(f"{address}/predict", inputs)
    assert status == 200, prediction
    truth, request_id = customer["Churn"], prediction["request_id"]
    feedback = {"correct": prediction["prediction"] == truth, "truth": truth}
    status, stored = post(f"{address}/feedback", feedback | {"request_id": request_id})
    assert status == 201, stored


def exported_feedback(owner: Owner, project: Path, folder: Path) -> list[dict[str, str]]:
    path = folder / "feedback.csv"
    owner.uv("run", "feedback", "export", "--output", str(path), cwd=project)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def compared_rows(report: str) -> str:
    """Return on which rows `uv run challenge` compared two champions."""
    (rows,) = re.findall(r"on the same (\S+ rows of the test split)", report)
    return str(rows)


def newer_table(project: Path, labeled: Iterable[Mapping[str, str]]) -> bytes:
    """Return the raw table of customers with later ones; columns that they lack stay empty."""
    text = (project / "data" / "raw" / "churn.csv").read_text(encoding="utf-8")
    file = StringIO()
    writer = csv.DictWriter(file, text.splitlines()[0].split(","), lineterminator="\n")
    writer.writerows([*labeled, *later_customers(300, seed=2)])
    return (text + file.getvalue()).encode()


SECRETS = (
    *("DATABASE_URL", "MONITOR_WEBHOOK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_URI"),
)
UNSET = dict.fromkeys([f"secrets.{name}" for name in SECRETS], "") | {
    "github.token": "t0ken",
    "github.repository": "ada/demo",
    "github.ref_name": "main",
}
"""The values of a repository without secrets."""


def pushed(owner: Owner, project: Path, url: str, folder: Path) -> Runner:
    """Record the address of the data, push data and commits; return what runs the workflows."""
    with (project / "data" / "raw.dvc").open("a", encoding="utf-8") as file:
        file.write(f"meta:\n  url: {url}\n")
    remote = ("dvc", "remote", "modify", "store", "url", str(folder / "remote"))
    owner.uv("run", *remote, cwd=project)
    commit(owner, project, "Set address and remote of the data")
    owner.uv("run", "dvc", "push", "--quiet", cwd=project)
    return Runner.create(owner, project, folder / "runner")


def pulled(owner: Owner, runner: Runner, branch: str, project: Path) -> list[str]:
    """Pull a branch of the origin and its data; return the files that it changes."""
    before = owner.run("git", "rev-parse", "HEAD", cwd=project).strip()
    owner.run("git", "pull", "--quiet", "--ff-only", str(runner.origin), branch, cwd=project)
    owner.uv("run", "dvc", "pull", "--quiet", cwd=project)
    return owner.run("git", "diff", "--name-only", before, "HEAD", cwd=project).splitlines()


@pytest.mark.parametrize("domain", ["tabular"])
def test_from_drift_to_a_better_champion_and_back(
    owner: Owner, projects: Projects, domain: str, tmp_path: Path
) -> None:
    """The workflow Monitor, and the commands after it."""
    project = owner.copy(projects(domain), tmp_path)
    workflow = project / ".github" / "workflows" / "monitor.yml"
    champion, old, new = project / "models/champion", tmp_path / "old", tmp_path / "new"
    shutil.copytree(champion, old)
    with serve() as server, postgres.serve() as database:
        runner = pushed(owner, project, f"{server.url}/churn.csv", tmp_path)
        assert "set the secret DATABASE_URL" in runner.run(workflow, UNSET)["monitor"].log
        values = UNSET | {
            "secrets.DATABASE_URL": database.url,
            "secrets.MONITOR_WEBHOOK": f"{server.url}/alert",
        }
        quiet = runner.run(workflow, values)
        assert "too few rows: 0 of" in quiet["monitor"].summary
        assert quiet.keys() == {"monitor"}
        send_later_customers(owner.with_variables({"DATABASE_URL": database.url}), project, server)
        promoted = check_retraining(runner, workflow, values, server)
        changed = pulled(owner, runner, "retrain-after-drift", project)
        check_that_nothing_is_better(runner, project, workflow, values)
    assert {"data/raw.dvc", "dvc.lock", "reports/metrics.json", "README.md"} < set(changed)
    assert "up to date" in owner.uv("run", "dvc", "status", cwd=project)
    shutil.copytree(champion, new)
    assert sha256(old) != sha256(new) == served_model(owner, project)

    owner.uv("run", "rollback", cwd=project)
    assert served_model(owner, project) == sha256(old)
    challenge = str(project / ".venv" / "bin" / "challenge")
    status, refused = owner.status(challenge, str(new), cwd=project)
    assert status == 3, refused
    assert refused.startswith("The new champion is not clearly better: its gain is")
    assert compared_rows(refused) == compared_rows(promoted)

    commit(owner, project, "Roll back")
    # The computer and the workflow both began at version 1.
    listed = owner.uv("run", "promote", "1", cwd=project, fails=True)
    retrained = owner.run("git", "rev-parse", "HEAD~1", cwd=project)[:12]
    assert f"{retrained} ({read_champion(new)['model']})" in listed
    owner.uv("run", "promote", retrained, cwd=project)
    assert served_model(owner, project) == sha256(new)


def send_later_customers(visitor: Owner, project: Path, server: DataServer) -> None:
    """Send predictions and feedback of later customers; serve newer data, which have them."""
    visitor.uv("sync", "--quiet", "--extra", "postgres", cwd=project)
    with serving(visitor, project) as address:
        for customer in later_customers(120, seed=1):
            send_with_feedback(address, customer)
    labeled = exported_feedback(visitor, project, project.parent)
    assert len(labeled) == 120
    table = newer_table(project, labeled)
    server.replies |= {"/alert": Reply(), "/churn.csv": Reply(table)}


def check_retraining(
    runner: Runner, workflow: Path, values: Mapping[str, str], server: DataServer
) -> str:
    """Run the workflow with drift; return the text of the pull request."""
    retrain = runner.run(workflow, values)["retrain"]
    (request,) = [request for request in server.requests if request.path == "/alert"]
    alert = json.loads(request.body)
    assert alert["status"] == "drift"
    assert "input tenure_months has drifted" in alert["text"]
    assert any(line.startswith("recall: ") for line in alert["alerts"])
    comparison = retrain.temporary / "comparison.md"
    created = f"pr create --title Retrain after drift --body-file {comparison} --head"
    assert runner.gh_calls[1:] == ["auth setup-git", f"{created} retrain-after-drift"]
    promoted = comparison.read_text()
    assert promoted.startswith("The new champion is better: its gain is +")
    return promoted


def check_that_nothing_is_better(
    runner: Runner, project: Path, workflow: Path, values: Mapping[str, str]
) -> None:
    """Run the workflow while the pull request is open, and after the merge, without newer data."""
    opened = runner.folder / "open-pull-requests"
    opened.write_text("https://github.com/ada/demo/pull/1\n")
    waiting = runner.run(workflow, values)
    assert waiting.keys() == {"monitor"}
    assert "merge or close https://github.com/ada/demo/pull/1 first" in waiting["monitor"].log

    opened.write_text("")
    runner.owner.run("git", "push", "--quiet", str(runner.origin), "HEAD:main", cwd=project)
    again = runner.run(workflow, values)["retrain"]
    assert "nothing changed" in again.log
    assert again.summary.startswith("Training gave the same model as before")
    assert [call for call in runner.gh_calls if "create" in call] == runner.gh_calls[2:3]


@pytest.mark.parametrize("domain", ["timeseries"])
def test_forecasts_are_put_on_record_and_compared(
    owner: Owner, projects: Projects, domain: str, tmp_path: Path
) -> None:
    """The workflow Forecast: before a first forecast, with newer data, and again."""
    project = owner.copy(projects(domain), tmp_path)
    workflow = project / ".github" / "workflows" / "forecast.yml"
    with serve() as server:
        runner = pushed(owner, project, f"{server.url}/visits.csv", tmp_path)
        assert "commit a first one" in runner.run(workflow, UNSET)["forecast"].log
        owner.uv("run", "forecast", cwd=project)
        owner.run("git", "commit", "--quiet", "--all", "--message", "Forecast", cwd=project)
        owner.run("git", "push", "--quiet", str(runner.origin), "main", cwd=project)

        newer = write_csv(tmp_path / "newer.csv", visits(710), delimiter=";")
        server.replies["/visits.csv"] = Reply(newer.read_bytes())
        runner.run(workflow, UNSET)
        changed = pulled(owner, runner, "main", project)
        assert {"data/raw.dvc", "dvc.lock", "forecasts/log.csv", "README.md"} < set(changed)
        record = (project / "README.md").read_text()
        assert "2 forecasts on record, 28 steps, 10 of them with a known outcome" in record
        assert "nothing is new" in runner.run(workflow, UNSET)["forecast"].log
    assert pulled(owner, runner, "main", project) == []
    assert runner.gh_calls == ["auth setup-git"]


@in_each_domain
def test_newer_data_is_checked_before_training(
    owner: Owner, projects: Projects, domain: str
) -> None:
    project, case = projects(domain), CASES[domain]
    model = project / "models" / "champion" / "model.onnx"
    before = model.read_bytes()
    for change, expected in case.refused:
        change(project / "data" / "raw")
        check_lines(owner.uv("run", "dvc", "repro", cwd=project, fails=True), expected)
    assert model.read_bytes() == before


def test_regression_on_a_table_without_a_header_by_address(owner: Owner, tmp_path: Path) -> None:
    rows = [
        [row[2], row[3], row[5], f"{int(row[2]) * 3 + 25 * ord(row[3])},5"]
        for row in customers()[1:]
    ]
    path = write_csv(tmp_path / "readings.txt", rows, delimiter=";")
    text = path.read_text(encoding="utf-8")
    with serve() as server:
        url = f"{server.url}/readings.txt"
        server.replies["/readings.txt"] = Reply(text.encode("utf-16"))
        project, _ = create(owner, "own-readings", url)
        server.replies["/readings.txt"] = Reply((text + text.splitlines()[0]).encode("utf-16"))
        newer = owner.uv("run", "update-data", cwd=project)
    assert newer.splitlines()[0] == "rows: 401 (before: 400)"
    prepared = owner.uv("run", "dvc", "repro", "prepare", cwd=project)
    assert "data/raw.dvc" in prepared
    assert url in (project / "data" / "raw.dvc").read_text(encoding="utf-8")
    assert " passed" in owner.uv("run", "pytest", "-q", "tests/data", cwd=project)
    with serving(owner, project) as address:
        low, high = predict(owner, project, address, [{"column0": 1}, {"column0": 70}])
    assert high - low > 100


def test_forecasts_in_years(owner: Owner, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "series.csv", years(1500, 250), delimiter=";")
    project, _ = create(owner, "own-years", path)
    tests = ("tests/data", "tests/serving")
    assert " passed" in owner.uv("run", "pytest", "-q", *WITHOUT, *tests, cwd=project)
    with serving(owner, project) as address:
        assert predict(owner, project, address, [{}])[0]["data"][0][0] == "1750"

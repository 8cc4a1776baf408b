"""Every domain, with and without a network: checked, trained, served."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import pictures
from conftest import ROOT, files_below, mlpath
from support import browser
from support.e2e import SAME_EVERYWHERE, Owner, get, post, resample_less, serving

DOMAINS = sorted(path.name for path in (ROOT / "template" / "domains").iterdir())
TASKS = [
    (path.parent.name, path.name)
    for path in sorted((ROOT / "template" / "domains").glob("*/*"))
    if (path / "params.yaml").exists()
]
# The test score that a project must reach with its default parameters.
REACHED = {
    "tabular": ("roc_auc", 0.69),
    "vision": ("accuracy", 0.985),
    "text": ("f1", 0.80),
    "timeseries": ("mae", 0.75),  # of the validation error of the baseline, seasonal naive
}
# The models of a project with a network, after the baseline, from the simplest to the network.
MODELS = {
    "tabular": ("logistic_regression", "boosting", "mlp"),
    "vision": ("logistic_regression", "svm", "cnn"),
    "text": ("naive_bayes", "tfidf", "transformer"),
    "timeseries": ("drift", "ets", "ridge", "gru"),
}

VULTURE = ("vulture", "--min-confidence", "80", "src")

in_chromium = pytest.mark.skipif(not browser.CHROMIUM, reason="it takes Chromium or Chrome")
FIRST_SCREEN = {
    "vision": ("#prediction", "#sketchpad"),
    "text": ("#prediction", "textarea", "#predict"),
    "timeseries": ("#prediction", "input.time", "input[type=range]", "#predict"),
}
"""What a phone shows whole before scrolling; a table has too many inputs."""


def test_every_domain_has_expectations() -> None:
    for expectations in (REACHED, MODELS, USES, pictures.SCENES):
        assert sorted(expectations) == DOMAINS


@pytest.mark.parametrize(("domain", "task"), TASKS)
def test_a_task_has_parameters_schema_plots_and_texts(domain: str, task: str) -> None:
    folder = ROOT / "template" / "domains" / domain / task
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {"own.jinja", "params.yaml", "plots.yaml", "schema.yaml", "story.jinja"}


@pytest.mark.parametrize(("domain", "task"), TASKS)
@pytest.mark.parametrize("deep", ["false", "true"])
def test_a_fresh_project_is_linted_and_mentions_pytorch_only_with_a_network(
    folder: Path, domain: str, task: str, deep: str
) -> None:
    answers = ["-d", f"domain={domain}", "-d", f"task={task}", "-d", f"deep={deep}"]
    made = mlpath("new-project", "demo", "--defaults", "--no-lock", *answers)
    assert made.exit_code == 0, made.output
    for check in (("check",), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache"],
            cwd=folder / "demo",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    naming = [
        name for name, text in files_below(folder / "demo").items() if b"torch" in text.lower()
    ]
    assert bool(naming) == (deep == "true"), naming
    # `dvc exp run -S` writes lists as blocks, without a comment or a blank line after them.
    params = (folder / "demo/params.yaml").read_text()
    assert not re.search(r": \[.", params)
    assert not re.search(r"\n *- .+\n *(#|\n)", params)


@pytest.mark.parametrize(
    ("domain", "task"), [("vision", "regression"), ("timeseries", "classification")]
)
def test_a_task_of_another_domain_is_refused(folder: Path, domain: str, task: str) -> None:
    refused = mlpath(
        "new-project", "demo", "--defaults", "-d", f"domain={domain}", "-d", f"task={task}"
    )
    assert refused.exit_code != 0
    assert task in refused.output
    assert not (folder / "demo").exists()


@pytest.mark.e2e
def test_a_project_passes_its_own_checks(owner: Owner, trained_project: Path) -> None:
    """The default data and other domains: with a network below; own data: test_own_data_e2e.py."""
    check(owner, trained_project, "--cov")  # at least 95 %


@pytest.fixture(scope="session", params=DOMAINS)
def network(
    owner: Owner, pytorch: dict[str, str], request: pytest.FixtureRequest
) -> tuple[Owner, str, Path]:
    """The owner of a project with a network, its domain, and where it is; a domain at a time."""
    owner, domain = owner.with_variables(pytorch), str(request.param)
    answers = ("-d", f"domain={domain}", "-d", "deep=true", "-d", "notebook=true")
    project = owner.create(f"deep-{domain}", *answers)
    owner.uv("sync", "--quiet", "--group", "notebook", cwd=project)
    return owner, domain, project


@pytest.fixture(scope="session")
def trained(network: tuple[Owner, str, Path]) -> dict[str, Any]:
    """The record of its champion; before it was trained, it has passed its own checks."""
    owner, domain, project = network
    # Of text and images, the search takes a minute more than of the other networks.
    slow = ["--ignore=tests/pipeline/test_search.py"] if domain in ("text", "vision") else []
    check(owner, project, *SAME_EVERYWHERE, *slow)
    if domain == "text":  # the network takes minutes, and TF-IDF stays the champion
        params = project / "params.yaml"
        text, changed = re.subn("epochs: 8$", "epochs: 1", params.read_text(), flags=re.MULTILINE)
        assert changed
        params.write_text(text)
    if domain in ("text", "vision"):  # the network gains less than the margin: no interval decides
        resample_less(project)
    owner.uv("run", "dvc", "repro", cwd=project)
    record = (project / "models/champion/champion.json").read_text(encoding="utf-8")
    return dict(json.loads(record))


@pytest.fixture(scope="session")
def address(network: tuple[Owner, str, Path], trained: dict[str, Any]) -> Iterator[str]:
    """Where its champion serves."""
    assert trained
    owner, _, project = network
    with serving(owner, project) as address:
        yield address


@pytest.mark.e2e
def test_a_project_with_a_network_trains(
    network: tuple[Owner, str, Path], trained: dict[str, Any]
) -> None:
    _, domain, project = network
    metric, bound = REACHED[domain]
    evaluation = json.loads((project / "reports/evaluation.json").read_text(encoding="utf-8"))
    assert list(evaluation["scores"]) == [trained["model"], "baseline"]
    validation = {
        model: scores[metric]["value"] for model, scores in evaluation["validation_scores"].items()
    }
    assert list(validation) == ["baseline", *MODELS[domain]]
    network_name = MODELS[domain][-1]
    value = trained["metrics"][metric]["value"]
    if domain == "timeseries":
        value /= evaluation["scores"]["baseline"][metric]["value"]
    higher = evaluation["labels"][metric]["higher_is_better"]
    assert value >= bound if higher else value <= bound
    if domain == "vision":  # the network must reach the score, whichever model is the champion
        assert validation[network_name] >= bound
    readme = (project / "README.md").read_text(encoding="utf-8").replace("**", "")
    assert f"| {network_name} " in readme


@pytest.mark.e2e
def test_every_silent_bug_is_caught(
    network: tuple[Owner, str, Path], trained: dict[str, Any]
) -> None:
    owner, domain, project = network
    assert trained
    if domain == "text":
        pytest.skip("tests/test_own_data_e2e.py does so in less time")
    if domain == "tabular":  # the others: tests/test_project.py, on a smaller table
        output = owner.uv("run", "sabotage", "random_split", cwd=project)
        assert output.endswith("\n1 of 1 caught\n"), output
        return
    output = owner.uv("run", "sabotage", "--all", cwd=project)
    assert re.search(r"^([5-9]|\d\d) of \1 caught$", output, re.MULTILINE), output


@pytest.mark.e2e
def test_serving_installs_nothing_of_training(network: tuple[Owner, str, Path]) -> None:
    """What the container installs, of a project whose training has everything."""
    owner, _, project = network
    export = ("export", "--frozen", "--quiet", "--no-emit-project", "--no-hashes")
    every, serves = (
        set(re.findall(r"^[\w.-]+", owner.uv(*export, *which, cwd=project), re.MULTILINE))
        for which in ((), ("--no-default-groups",))
    )
    training = {"torch", "mlflow", "dvc", "scikit-learn", "optuna"}
    assert training <= every
    assert not training & serves
    assert {"gradio", "onnxruntime"} <= serves


@pytest.mark.e2e
def test_a_regression_with_a_network_passes_its_own_checks(
    owner: Owner, pytorch: dict[str, str]
) -> None:
    owner = owner.with_variables(pytorch)
    answers = ("-d", "domain=tabular", "-d", "task=regression", "-d", "deep=true")
    project = owner.create("deep-regression", *answers)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.mypy(project)
    tests = ("tests/models", "tests/test_silent_bugs.py")
    assert " passed" in owner.uv("run", "pytest", "-q", *tests, cwd=project)


@pytest.mark.e2e
def test_its_champion_serves(
    network: tuple[Owner, str, Path], trained: dict[str, Any], address: str
) -> None:
    owner, _, project = network
    status, health = get(f"{address}/health")
    assert (status, health["status"], health["model"]) == (200, "ok", trained["model"])
    operation = get(f"{address}/openapi.json")[1]["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    status, predicted = post(f"{address}/predict?explain=true", example)
    assert status == 200
    assert {"prediction", "explanation", "model", "request_id"} <= set(predicted)
    with urllib.request.urlopen(f"{address}/metrics") as response:  # noqa: S310 (it is http)
        metrics = response.read().decode()
    bucket = 'http_request_duration_seconds_bucket{le="+Inf",route="/predict"} 1'
    assert bucket in metrics
    answer = owner.run(
        str(project / ".venv" / "bin" / "python"),
        "-c",
        "import json, sys; from gradio_client import Client\n"
        "print(json.dumps(Client(sys.argv[1], verbose=False).predict(api_name='/predict')))",
        address,
        cwd=project,
    )
    assert json.loads(answer.splitlines()[-1])


@in_chromium
@pytest.mark.e2e
@pytest.mark.parametrize("screen", browser.SCREENS)
def test_its_page_in_a_browser(network: tuple[Owner, str, Path], address: str, screen: str) -> None:
    """Every tab is shown whole and accessible; what a person does is answered, in sight."""
    owner, domain, project = network
    figures = sorted(path.name for path in (project / "reports/figures").glob("*.png"))
    assert figures
    with browser.opened(address, screen) as page:
        if screen == "phone":
            for element in FIRST_SCREEN.get(domain, ()):
                expect(page.locator(element).first).to_be_in_viewport(ratio=1)
            page.emulate_media(color_scheme="dark")
        faults = {}
        for tab in ("Lineage", "Evaluation", "Demo"):
            page.get_by_role("tab", name=tab).click()
            if tab != "Demo":
                expect(page.locator(".prose td:visible").nth(10)).to_be_visible()
            if tab == "Evaluation":
                for figure in figures:
                    picture = page.locator(f"img[src$='/{figure}']")
                    # Far below the screen, an image is not even loaded.
                    picture.evaluate("image => image.scrollIntoView()")
                    expect(picture).to_be_visible()
            faults[tab] = browser.faults(page) + browser.barriers(page)
        assert faults == {tab: [] for tab in faults}
        USES[domain](page)
        page.reload()
        give_feedback(page, domain)
    if screen == "desk":
        output = owner.uv("run", "feedback", "export", "--json", cwd=project)
        assert re.search(r"^[1-9]\d* rows? exported$", output, re.MULTILINE), output


@in_chromium
@pytest.mark.e2e
def test_the_readme_shows_its_page(network: tuple[Owner, str, Path], address: str) -> None:
    _, domain, _ = network
    with browser.opened(address, "desk") as page:
        pictures.SCENES[domain](page)
        words = pictures.words_on(page)
    shown = pictures.words_of(pictures.picture_of(domain))
    assert words == shown, f"run: python scripts/pictures.py {domain}"


def use_a_table(page: Page) -> None:
    expect(page.locator("#prediction")).to_contain_text("likely")
    page.get_by_role("button", name="truth: late").last.click()
    browser.expect_answer(page, "late")
    expect(page.get_by_text("by how much each input changes")).to_be_visible()
    expect(page.get_by_text("What would change it")).to_be_visible()
    error = page.locator("#errors button").first
    error.click()
    browser.expect_answer(page, error.inner_text().split(", not ")[1].split(" (")[0])


def use_pictures(page: Page) -> None:
    expect(page.locator("#prediction")).to_contain_text("likely")
    browser.draw(page, "#sketchpad canvas", [(0.5, share) for share in (0.2, 0.4, 0.6, 0.8)])
    expect(page.get_by_test_id("label-output-value")).to_have_text("1")
    page.locator("#sketchpad").get_by_label("Clear canvas").click()
    expect(page.get_by_text("The image is blank")).to_be_visible()
    page.locator("#examples button").nth(3).click()
    browser.expect_answer(page, "3")


def use_texts(page: Page) -> None:
    page.get_by_role("textbox").first.fill("How do I join two tables on a common column?")
    browser.expect_answer(page, "pandas")  # without the button
    expect(page.get_by_text("the contribution of each word")).to_be_visible()
    page.get_by_role("textbox").first.fill(" ")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("must contain")
    expect(page.get_by_text("the contribution of each word")).to_have_count(0)
    expect(page.locator("#prediction").get_by_role("alert")).to_contain_text("must contain")


def use_a_series(page: Page) -> None:
    months = page.locator(".forecast > :visible circle")
    expect(months).to_have_count(12)
    slider = page.locator("input[type=range]")
    box = slider.bounding_box()
    assert box
    slider.click(position={"x": box["width"] * 0.2, "y": box["height"] / 2})
    expect(months).to_have_count(3)
    page.get_by_role("button", name="Worst").click()
    expect(months).to_have_count(24)  # of the forecast, and of what came
    browser.expect_in_sight(page)
    page.locator("input.time").fill("0066-10-14")
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("must be between 1964-05-01 and")
    expect(page.locator(".forecast")).to_have_count(0)
    expect(page.locator("#prediction")).to_contain_text("must be between 1964-05-01 and")
    page.locator("input.time").fill("1970-01-01")
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_text("was trained on these months")).to_be_visible()


def give_feedback(page: Page, domain: str) -> None:
    """Open the form below the prediction, which is accessible, fill it in and send it."""
    page.get_by_role("button", name="Was this right?").click()
    form = page.locator("#feedback")
    if domain == "timeseries":
        form.get_by_label("Actual value").fill("371.5")
    form.get_by_label("right", exact=True).check()
    form.get_by_label("Remark, optional").fill("<b>'); DROP TABLE feedback; --")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert")).to_contain_text("Tick the box")
    form.get_by_label("Store").check()
    assert browser.faults(page) + browser.barriers(page) == []
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("status")).to_have_text("Thank you.")
    expect(form.get_by_label("Remark, optional")).to_be_empty()


USES: dict[str, Callable[[Page], None]] = {
    "tabular": use_a_table,
    "vision": use_pictures,
    "text": use_texts,
    "timeseries": use_a_series,
}


def check(owner: Owner, project: Path, *options: str) -> None:
    """Run the project's own checks, with options for pytest, and look for dead code."""
    owner.uv("run", "ruff", "format", "--check", cwd=project)
    owner.uv("run", "ruff", "check", cwd=project)
    owner.mypy(project)
    assert " passed" in owner.uv("run", "pytest", "-q", *options, cwd=project)
    # Quiet, since uv names the packages that its cache did not have.
    assert owner.uv("run", "--quiet", "--with", "vulture", *VULTURE, cwd=project) == ""
    owner.uv("run", "--with", "sp-repo-review[cli]", "repo-review", ".", cwd=project)
    assert owner.run("git", "status", "--porcelain", cwd=project) == ""

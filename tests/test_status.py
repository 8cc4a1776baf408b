"""`mlpath status` and `mlpath add`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, git, mlpath
from mlpath.update import status
from support.installed import FIRST, SECOND, Installed, commit, install, snapshot


@pytest.fixture
def changelog(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "# Changelog\n\nHow to read it.\n\n## 0.3.0 (not released yet)\n\nLater.\n\n"
        "## 0.2.0 (2026-02-03)\n\nUpdate: run it again.\n\n### Added\n\n- A greeting.\n\n"
        "### Security\n\n- Reads no other file.\n\n### Fixed\n\n- Line 3.\n\n"
        "## 0.1.1\n\nFixed.\n\n## 0.1.0\n\nThe first.\n"
    )
    monkeypatch.setattr(status, "_changelog", lambda: text)


@pytest.mark.usefixtures("changelog")
def test_the_changelog_of_newer_versions_is_shown(installed: Installed, project: Path) -> None:
    before = snapshot(project)
    done = installed.run("status", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo is outdated: template v0.1.0, newest v0.2.0\n")
    assert (
        "0.2.0\n  Update: run it again.\n\n  Security\n\n  - Reads no other file.\n" in done.stdout
    )
    assert "0.1.1\n  Fixed.\n" in done.stdout
    assert "A greeting." not in done.stdout
    assert "Line 3." not in done.stdout
    [found] = json.loads(installed.run("status", "--json", cwd=project).stdout)
    assert "- A greeting." in found["changelog"]["0.2.0"]
    assert "The first." not in done.stdout
    assert "Later." not in done.stdout
    assert "mlpath update --pretend" in done.stdout
    assert snapshot(project) == before


def test_the_changelog_of_this_repository_is_parsed() -> None:
    """Each version has a heading of its own, and the text below it is not empty."""
    found = status.changes_between("v0.0.1", "v999")
    headings = [
        line.split()[1].strip("[]") for line in (ROOT / "CHANGELOG.md").read_text().splitlines()
        if line.startswith("## ")
    ]  # fmt: skip
    assert list(found) == headings
    assert all(text.strip() for text in found.values())


@pytest.mark.parametrize(("version", "outdated"), [("v0.1.0", True), ("v0.2.0", False)])
def test_exit_code_reports_an_outdated_project(
    installed: Installed, folder: Path, version: str, *, outdated: bool
) -> None:
    project = installed.project(folder / "demo", version=version)
    assert installed.run("status", cwd=project).returncode == 0
    assert installed.run("status", "--exit-code", cwd=project).returncode == 2 * outdated
    [found] = json.loads(installed.run("status", "--json", cwd=project).stdout)
    assert found["project"] == "."
    assert (found["version"], found["newest"]) == (version, "v0.2.0")
    assert found["outdated"] is outdated


def test_preview_lists_conflicts(installed: Installed, project: Path) -> None:
    done = installed.run("status", "--preview", cwd=project)
    assert "An update would change 8 files: no conflicts" in done.stdout
    assert installed.run("status", "--forecast", cwd=project).stdout == done.stdout
    (project / "src/gone.py").write_text("mine\n")
    commit(project)
    [found] = json.loads(installed.run("status", "--forecast", "--json", cwd=project).stdout)
    conflicts = [row for row in found["forecast"]["files"] if row["outcome"] == "conflict"]
    assert conflicts == [
        {
            "path": "src/gone.py",
            "outcome": "conflict",
            "reason": "you changed or moved it, the template removed or moved it",
            "renamed_from": "",
        }
    ]


def test_sections_that_the_author_has_not_written_are_counted(
    installed: Installed, project: Path
) -> None:
    assert json.loads(installed.run("status", "--json", cwd=project).stdout)[0]["unwritten"] == 0
    (project / "docs").mkdir(exist_ok=True)
    (project / "README.md").write_text("# Demo\n\n<!-- yours: ## Why\n\nWho has the problem? -->\n")
    (project / "docs/post.md").write_text("<!-- yours: Begin. -->\n<!-- yours: End. -->\n")
    [found] = json.loads(installed.run("status", "--json", cwd=project).stdout)
    assert found["unwritten"] == 3
    assert "\n3 sections still yours to write" in installed.run("status", cwd=project).stdout
    (project / "docs/post.md").unlink()
    assert "\n1 section still yours to write" in installed.run("status", cwd=project).stdout


def test_status_does_not_import_copier(installed: Installed, project: Path) -> None:
    code = (
        "import sys, runpy; sys.argv = ['mlpath', 'status']\n"
        "try: runpy.run_module('mlpath', run_name='__main__')\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=installed.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "outdated" in done.stdout
    loaded = set(done.stderr.split())
    assert not loaded & {"copier", "jinja2", "plumbum", "pydantic", "mlpath.template.render"}


def test_add_lists_the_options(installed: Installed, project: Path) -> None:
    done = installed.run("add", cwd=project)
    assert done.returncode == 0, done.stderr
    missing, _, present = done.stdout.partition("Already there:")
    assert "  container\n      packages the demo" in missing
    assert "license=MIT|Apache-2.0|none (now MIT)" in present
    assert "setup" not in done.stdout
    offers = json.loads(installed.run("add", "--json", cwd=project).stdout)
    assert {offer["key"]: offer["present"] for offer in offers} == {
        "license": True,
        "container": False,
    }


def test_add_takes_a_path_for_the_project(installed: Installed, project: Path) -> None:
    for path in (f"{project}", "./demo", "demo/", ".."):
        done = installed.run("add", path, cwd=project / "src" if path == ".." else project.parent)
        assert "license=MIT|Apache-2.0|none (now MIT)" in done.stdout, done.stderr


def test_add_keeps_the_version(installed: Installed, project: Path) -> None:
    (project / "README.md").write_text("mine\n")
    commit(project)
    done = installed.run("add", "container", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "other answers" in done.stdout
    assert git("status", "--porcelain", cwd=project).splitlines() == [
        "M  .copier-answers.yml",
        "A  Dockerfile",
    ]
    answers = (project / ".copier-answers.yml").read_text()
    assert "_commit: v0.1.0\n" in answers
    assert "container: true\n" in answers
    commit(project, "Add a container")
    done = installed.run("add", "container", cwd=project)
    assert done.returncode == 1
    assert "already has container: yes" in done.stderr
    done = installed.run("add", "container=false", cwd=project)
    assert done.returncode == 0, done.stderr
    assert not (project / "Dockerfile").exists()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("teapot", "has no option 'teapot'"),
        ("teapot=1", "has no option 'teapot'"),
        ("setup", "has no option 'setup'"),
        ("services", "A newer version has it. First run: mlpath update"),
        ("license", "already has license: MIT"),
        ("license=mit", "Choose from: MIT, Apache-2.0, none."),
        ("container=banana", "is not yes or no"),
        ("=x", "has no option ''"),
    ],
)
def test_unknown_options_and_values(
    installed: Installed, project: Path, request_: str, expected: str
) -> None:
    before = snapshot(project)
    done = installed.run("add", request_, cwd=project)
    assert done.returncode == 1
    assert expected in done.stderr
    assert snapshot(project) == before


def test_an_answer_of_another_type_is_listed(installed: Installed, project: Path) -> None:
    record = project / ".copier-answers.yml"
    record.write_text(record.read_text().replace("license: MIT", "license: [MIT]"))
    commit(project)
    done = installed.run("add", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "(now ['MIT'])" in done.stdout


def test_a_local_dvc_remote_is_an_option_to_add(folder: Path) -> None:
    """No other machine can fetch the data from it."""
    assert mlpath("new-project", "demo", "-l", "-q", "--no-lock").exit_code == 0
    listed = json.loads(mlpath("add", "--json", "./demo").stdout)
    assert {option["key"]: option["present"] for option in listed}["dvc_remote"] is False
    done = mlpath("add", "dvc_remote", "demo")
    assert done.exit_code == 0, done.output
    assert "dvc_remote: huggingface" in (folder / "demo/.copier-answers.yml").read_text()


def test_an_option_of_the_newer_version_needs_an_update(project: Path, tmp_path: Path) -> None:
    second = {
        **SECOND,
        "copier.yml": str(SECOND["copier.yml"])
        + "space: {type: bool, default: false, help: A Space}\n",
        "template/project/{% if space %}SPACE.md{% endif %}": "space\n",
    }
    newer = install({"v0.1.0": FIRST, "v0.2.0": second}, tmp_path / "newer")
    assert "has no option 'space'" in newer.run("add", "space", cwd=project).stderr
    assert newer.run("update", "-l", cwd=project).returncode == 0
    commit(project, "Update")
    assert "      A Space\n" in newer.run("add", cwd=project).stdout
    assert newer.run("add", "space", cwd=project).returncode == 0
    assert (project / "SPACE.md").read_text() == "space\n"

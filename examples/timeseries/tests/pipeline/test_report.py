"""The stage writes what the reports have, and the same results give the same files."""

import shutil
from pathlib import Path

import pytest

from air_ahead.errors import exit_on_user_error
from air_ahead.paths import ProjectPaths
from air_ahead.pipeline import report

from ..conftest import with_blocks

RESTORE = "uv run dvc repro && uv run dvc repro -sf report"  # the files are no outputs of DVC, which notices no edit


def test_the_files_in_git_show_the_numbers_of_the_reports() -> None:
    paths = ProjectPaths()
    if not (paths.reports / "evaluation.json").exists():
        pytest.skip("there are no results yet: run `uv run dvc repro`")
    for path, text in report.render(paths).items():
        message = f"generated lines of {path.name} are out of date, or were edited; write them again: {RESTORE}"
        assert path.read_text(encoding="utf-8") == text, message


def test_a_readme_with_one_block_has_the_models_in_it(project: ProjectPaths, tmp_path: Path) -> None:
    for folder in (project.champion, project.reports):
        shutil.copytree(folder, tmp_path / folder.relative_to(project.root))
    (tmp_path / "README.md").write_text(with_blocks(["results"]), encoding="utf-8")
    report.main(ProjectPaths(tmp_path))
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "\n| model |" in text
    assert "](reports/figures/comparison.png)" in text
    assert not (tmp_path / "docs").exists()


def test_an_edited_number_is_written_again_and_the_words_of_the_author_stay(
    project: ProjectPaths, tmp_path: Path
) -> None:
    for folder in (project.champion, project.reports):
        shutil.copytree(folder, tmp_path / folder.relative_to(project.root))
    readme = tmp_path / "README.md"
    readme.write_text(f"{with_blocks(['results', 'models'])}\nMy own words.\n", encoding="utf-8")
    report.main(ProjectPaths(tmp_path))
    written = readme.read_text(encoding="utf-8")
    readme.write_text(written.replace("| model |", "| my model |"), encoding="utf-8")
    report.main(ProjectPaths(tmp_path))
    assert readme.read_text(encoding="utf-8") == written
    assert "\nMy own words.\n" in written


def test_without_a_champion_the_message_says_what_to_run(tmp_path: Path, project: ProjectPaths) -> None:
    shutil.copytree(project.reports, tmp_path / "reports")
    with pytest.raises(SystemExit, match="uv run dvc repro"), exit_on_user_error():
        report.main(ProjectPaths(tmp_path))


def test_reporting_again_changes_no_file(project: ProjectPaths) -> None:
    def files() -> dict[str, bytes]:
        paths = [*project.root.glob("*.md"), *project.root.glob("docs/*"), *project.reports.rglob("*")]
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    before = files()
    report.main(project)
    assert files() == before

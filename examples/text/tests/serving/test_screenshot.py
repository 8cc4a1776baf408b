"""The pictures of the demo: what a browser gets and reports, and where the README shows the result.

The browser is a script here; the real one runs in the template's end-to-end tests.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from which_library.errors import UserError
from which_library.paths import ProjectPaths
from which_library.serving import screenshot
from which_library.serving.screenshot import IMAGE, find_browser, show_in_readme, take

README = "# Title\r\n\r\nwhat it does\r\n\r\n## Results\r\n\r\n## Run it\r\n\r\nIt writes `docs/demo.png`.\r\n"
BROWSER = f"""#!{sys.executable}
import sys, urllib.request
from pathlib import Path
*options, address = sys.argv[1:]
options = dict(option.partition("=")[::2] for option in options)
with urllib.request.urlopen(address + "/config") as page:
    assert "dataset.demoHeight" in page.read().decode()
Path(options["--screenshot"]).write_text(options["--window-size"])
print('<html lang="en" data-demo-height="1234">')
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with commands."""
    if os.name == "nt":
        pytest.skip("the browser is a script")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(screenshot, "APPLICATIONS", {})
    return folder


def write_browser(folder: Path, code: str) -> str:
    browser = folder / "chromium"
    browser.write_text(code, encoding="utf-8")
    browser.chmod(0o755)
    return str(browser)


@pytest.fixture
def copy(project: ProjectPaths, tmp_path: Path) -> ProjectPaths:
    paths = ProjectPaths(tmp_path / "copy")
    shutil.copytree(project.champion, paths.champion)
    (paths.root / "README.md").write_bytes(README.encode())
    return paths


def test_the_pictures_show_the_page_and_the_readme_shows_one(folder: Path, copy: ProjectPaths) -> None:
    write_browser(folder, BROWSER)
    screenshot.main([], copy)
    sizes = {path.name: path.read_text() for path in (copy.root / "docs").iterdir()}
    assert sizes == {"demo.png": "960,1080", "social.png": "960,504"}
    assert not list((copy.root / ".cache").iterdir())
    text = (copy.root / "README.md").read_bytes().decode()
    assert text == README.replace("## Results", f"{IMAGE}\r\n\r\n## Results")


def test_without_a_browser_the_message_says_how_to_install_one(folder: Path, copy: ProjectPaths) -> None:
    with pytest.raises(SystemExit, match=r"Chromium.* install"):
        screenshot.main([], copy)
    assert not (copy.root / "docs").exists()
    assert (copy.root / "README.md").read_bytes() == README.encode()


def test_a_browser_is_found_where_applications_are(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = tmp_path / "Chrome"
    application.touch()
    monkeypatch.setenv("APPS", str(tmp_path))
    monkeypatch.setattr(screenshot, "APPLICATIONS", {sys.platform: ("/absent", "$APPS/Chrome")})
    assert find_browser() == str(application)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (BROWSER.replace(' data-demo-height="1234"', ""), "shows no prediction, or an error"),
        (f"#!{sys.executable}\nimport sys\nsys.exit('a crash')\n", r"no picture \(exit status 1\): a crash"),
        (f"#!{sys.executable}\nimport time\ntime.sleep(60)\n", "took more than 0.5 seconds"),
    ],
    ids=["no prediction", "crash", "too slow"],
)
def test_a_picture_that_fails_is_an_error(
    folder: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    browser = write_browser(folder, code.replace("dataset.demoHeight", "predict"))
    if "time" in code:
        monkeypatch.setattr(screenshot, "SECONDS", 0.5)
    with pytest.raises(UserError, match=message):
        take(browser, address, tmp_path / "demo.png", 500)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Title\n\n## Results\n", f"# Title\n\n{IMAGE}\n\n## Results\n"),
        (f"# Title\n\n{IMAGE}\n\n## Results\n", f"# Title\n\n{IMAGE}\n\n## Results\n"),
        ('text\n\n## Results\n\n<img src="docs/demo.png">\n', 'text\n\n## Results\n\n<img src="docs/demo.png">\n'),
        ("# Title\n", "# Title\n"),
    ],
    ids=["new", "shown already", "shown elsewhere", "no section"],
)
def test_the_readme_shows_the_picture_once(tmp_path: Path, before: str, after: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_bytes(before.encode())
    show_in_readme(readme)
    assert readme.read_bytes().decode() == after

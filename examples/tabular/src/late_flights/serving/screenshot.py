"""`uv run screenshot`: pictures of the demo, `docs/demo.png` for the README and `docs/social.png` for shared links.

The pictures are taken by an installed Chromium, Chrome or Edge, without further dependencies.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths
from . import app
from .api import Api
from .predictor import load_predictor

# CSS pixels. The pictures are larger by `SCALE`, and the card has the 1200 × 630 pixels that social networks expect.
WIDTH, CARD_HEIGHT, MAX_HEIGHT = 960, 504, 1080
SCALE = 1.25
SECONDS = 120  # for one picture
IMAGE = "![The demo: inputs, a prediction and its explanation](docs/demo.png)"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge", "chrome", "msedge")
APPLICATIONS = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
        r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
        r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
    ),
}
INSTALL = {"darwin": "brew install --cask chromium", "win32": "winget install Google.Chrome"}
OPTIONS = (
    "--headless=new",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--password-store=basic",
    "--use-mock-keychain",
    f"--force-device-scale-factor={SCALE}",
    # The picture is taken when the page's clock has advanced by this; it stops during a request and skips idle time.
    "--virtual-time-budget=120000",
)
# Predicts the first example, and reports the height of the demo if it then shows a prediction and no error. The
# requests make the browser wait, because a prediction arrives in a stream, which does not stop the page's clock.
SHOW_EXAMPLE = r"""async () => {
    const prediction = () => {
        const shown = document.querySelector("#prediction"), fields = shown?.querySelectorAll("input") ?? [];
        return [shown?.innerText ?? "", ...Array.from(fields, field => field.value)].join(" ");
    };
    const pending = () => document.querySelector("[data-testid=status-tracker]:not(.hide)");
    const settle = async () => {
        let same = 0;
        for (let requests = 0, before = ""; same < 60 && requests < 5000; requests++) {
            await fetch("./health");
            const now = pending() ? "" : prediction();
            same = now && now === before ? same + 1 : 0;
            before = now;
        }
        return /\d/.test(prediction()) && same === 60;
    };
    const still = "<style>* { transition: none !important; animation: none !important }</style>";
    document.head.insertAdjacentHTML("beforeend", still);
    await settle();
    // An example image is shown in this tab.
    [...document.querySelectorAll("[role=tab]")].find(tab => tab.innerText === "Upload")?.click();
    document.querySelector("#examples button, .tabs button.sm")?.click();
    const predicted = await settle();
    scrollTo({top: 0, behavior: "instant"});
    const demo = document.querySelector(".tabs") ?? document.body;
    if (predicted && !document.querySelector("[data-testid=toast-body]"))
        document.documentElement.dataset.demoHeight = Math.ceil(demo.getBoundingClientRect().bottom) + 8;
}"""
HEIGHT = re.compile(r'<html[^>]* data-demo-height="(\d+)"')


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run screenshot`."""
    argparse.ArgumentParser(
        prog="screenshot",
        description="Take pictures of the demo in Chromium, Chrome or Edge: docs/demo.png, which the README shows, and "
        "docs/social.png of 1200 × 630 pixels for links in social networks.",
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    browser = find_browser()
    # Not in a temporary folder of the system, in which Ubuntu's Chromium can't write.
    cache, docs = paths.root / ".cache", paths.root / "docs"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as name, serve_example(paths) as address:
        card, demo = Path(name, "social.png"), Path(name, "demo.png")
        height = take(browser, address, card, CARD_HEIGHT)
        take(browser, address, demo, min(height, MAX_HEIGHT))
        docs.mkdir(exist_ok=True)
        for picture in (card, demo):
            picture.replace(docs / picture.name)
    show_in_readme(paths.root / "README.md")
    print("wrote docs/demo.png and docs/social.png")


def find_browser() -> str:
    """Return the path of an installed browser.

    Raises:
        UserError: there is none; the message says how to install one.
    """
    applications = map(os.path.expandvars, APPLICATIONS.get(sys.platform, ()))
    for browser in (*map(shutil.which, COMMANDS), *applications):
        if browser and Path(browser).exists():
            return browser
    install = INSTALL.get(sys.platform, "apt install chromium, or the package of your distribution")
    raise UserError(f"neither Chromium, Chrome nor Edge found; install one: {install}")


@contextmanager
def serve_example(paths: ProjectPaths) -> Iterator[str]:
    """Serve the demo on a free port, with the first example chosen, and yield its address."""
    predictor = load_predictor(paths.champion)
    page = app.build_app(predictor, paths.reports)
    with page:
        page.load(None, js=SHOW_EXAMPLE)
    with app.serve_in_background(page, Api(predictor)) as address:
        yield address


def take(browser: str, address: str, picture: Path, height: int) -> int:
    """Write a picture of the page and return the height of its demo in CSS pixels.

    Raises:
        UserError: the browser failed, or the page shows no prediction or an error.
    """
    # As root, in a container, Chromium starts only without its sandbox.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(dir=picture.parent, ignore_cleanup_errors=True) as profile:
        options = [f"--user-data-dir={profile}", f"--window-size={WIDTH},{height}", f"--screenshot={picture}"]
        command = [browser, *OPTIONS, *sandbox, *options, "--dump-dom", address]
        try:
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"{browser} took more than {SECONDS} seconds; try again") from None
    if done.returncode or not picture.exists():
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"{browser} took no picture (exit status {done.returncode}): {reason}")
    found = HEIGHT.search(done.stdout)
    if not found:
        raise UserError("the page shows no prediction, or an error; look at it with: uv run demo")
    return int(found[1])


def show_in_readme(readme: Path) -> None:
    """Put the picture before the README's first section, unless the README shows it already."""
    text = readme.read_bytes().decode()  # keeps the line endings
    heading = re.search(r"^## ", text, re.MULTILINE)
    if heading and not re.search(r"""[("']docs/demo\.png""", text):
        end, newline = heading.start(), "\r\n" if "\r\n" in text else "\n"
        readme.write_bytes(f"{text[:end]}{IMAGE}{newline}{newline}{text[end:]}".encode())


if __name__ == "__main__":
    main()

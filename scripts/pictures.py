"""Take the README's pictures anew: `docs/<domain>.png`, each of a new project's page in Chromium.

python scripts/pictures.py             minutes: makes, trains and serves a project of each domain
python scripts/pictures.py text        of this domain alone

A picture carries the words that were on the page, so that a test can tell when they are no longer.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin
from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from support import browser  # noqa: E402
from support.e2e import Owner, serving  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTHS = {"tabular": 1200, "text": 760, "timeseries": 760, "vision": 760}
"""Pixels: the first stands alone in the README, the others beside each other."""
NAME = "demo"
UPPER_PART = """() => {
    const tabs = document.querySelector('main .tabs').getBoundingClientRect();
    return {x: 0, y: 0, width: innerWidth, height: tabs.bottom + 8};
}"""
"""Down to where the tab ends, be it above the end of the screen or below."""
WORDS = "Description"
"""The keyword of PNG for a text about the picture."""
TWO = (
    *((0.343, 0.26), (0.393, 0.156), (0.487, 0.104), (0.582, 0.156), (0.626, 0.26), (0.595, 0.414)),
    *((0.324, 0.844), (0.462, 0.818), (0.7, 0.844)),
)
"""The line of a 2, in shares of the pad's width and height."""
FEATURES = {
    *("area", "compactness", "concave", "concavity", "dimension", "error", "fractal", "mean"),
    *("perimeter", "pixels", "points", "radius", "smoothness", "square", "symmetry"),
    *("texture", "worst"),
}
"""Words of the tabular data's columns: which of them a page shows, a model's weights decide."""


def ask_about_a_case(page: Page) -> None:
    """Take the case of the test split that is hardest to tell."""
    page.get_by_role("button", name="truth: benign").last.click()
    expect(page.get_by_text("how far each input pulls")).to_be_visible()


def ask_in_words(page: Page) -> None:
    """Ask what no example asks."""
    question = "How do I turn a table of dates and prices into monthly averages?"
    page.get_by_role("textbox").first.fill(question)
    page.get_by_role("button", name="Predict").click()
    browser.expect_answer(page, "pandas")
    expect(page.get_by_text("points").last).to_be_visible()


def look_back(page: Page) -> None:
    """Pretend that it is a day of which it is known what came."""
    page.get_by_role("button", name="as usual").click()
    expect(page.get_by_text("what came")).to_be_visible()


def draw_a_two(page: Page) -> None:
    """Draw what the README shows."""
    browser.draw(page, "#pad canvas", TWO)
    browser.expect_answer(page, "2")
    expect(page.get_by_text("this is the picture as the model is shown it")).to_be_visible()


SCENES: dict[str, Callable[[Page], None]] = {
    "tabular": ask_about_a_case,
    "text": ask_in_words,
    "timeseries": look_back,
    "vision": draw_a_two,
}


def picture_of(domain: str) -> Path:
    """Return where a domain's picture is."""
    return ROOT / "docs" / f"{domain}.png"


def words_of(picture: Path) -> set[str]:
    """Return the words that were on the page when a picture was taken."""
    with Image.open(picture) as image:
        return set(str(image.info[WORDS]).split())


def words_on(page: Page) -> set[str]:
    """Return the words below a page's title, which is its project's name.

    Without numbers and features: they follow the versions of what they were computed with.
    """
    _, *lines = page.locator("main").inner_text().splitlines()
    found = re.findall(r"[^\W\d]+", "\n".join(lines))
    return {word for word in found if word.lower() not in FEATURES}


def take(page: Page, domain: str) -> None:
    """Take the picture of the open page."""
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1000)  # The buttons and bars fade and grow.
    part = page.evaluate(UPPER_PART)
    with Image.open(io.BytesIO(page.screenshot(full_page=True, clip=part))) as taken:
        width = WIDTHS[domain]
        image = taken.convert("RGB").resize((width, taken.height * width // taken.width))
    about = PngImagePlugin.PngInfo()
    about.add_itxt(WORDS, " ".join(sorted(words_on(page))))
    image.quantize(256, dither=Image.Dither.NONE).save(
        picture_of(domain), optimize=True, pnginfo=about
    )


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description="Take the README's pictures anew.")
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help=f"of: {', '.join(SCENES)}")
    asked = parser.parse_args().domains
    if unknown := sorted(set(asked) - set(SCENES)):
        parser.error(f"no domain is called {', '.join(unknown)}")
    if not browser.CHROMIUM:
        sys.exit("It takes Chromium or Chrome; on Debian: apt-get install chromium")
    for domain in asked or SCENES:
        with tempfile.TemporaryDirectory() as home:
            owner = Owner(Path(home))
            project = owner.create(NAME, "-d", f"domain={domain}")
            owner.uv("run", "dvc", "repro", cwd=project)
            with serving(owner, project) as address, browser.opened(address, "desk") as page:
                SCENES[domain](page)
                take(page, domain)
        sys.stdout.write(f"docs/{domain}.png\n")


if __name__ == "__main__":
    main()

"""Take the screenshots of the README, `docs/<domain>.png`: the demo of a new project in Chromium.

python scripts/pictures.py             creates, trains and serves a project of each domain (minutes)
python scripts/pictures.py text        only this domain

A screenshot's metadata has the words on the page, so that a test can detect an outdated one.
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
from support.e2e import Owner, restore_sigint_handler, serving  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WIDTHS = {"tabular": 1200, "text": 760, "timeseries": 760, "vision": 760}
"""Pixels; the README shows the first one alone and the others side by side."""
NAME = "demo"
UPPER_PART = """() => {
    const tabs = document.querySelector('main .tabs').getBoundingClientRect();
    return {x: 0, y: 0, width: innerWidth, height: tabs.bottom + 8};
}"""
"""The part of the page down to the end of the tab."""
WORDS = "Description"
"""The PNG keyword for a description."""
TWO = (
    *((0.343, 0.26), (0.393, 0.156), (0.487, 0.104), (0.582, 0.156), (0.626, 0.26), (0.595, 0.414)),
    *((0.324, 0.844), (0.462, 0.818), (0.7, 0.844)),
)
"""A drawn 2, in fractions of the pad's width and height."""
FEATURES = {
    *("age", "air", "airline", "airport", "date", "day", "degrees", "departure", "departures"),
    *("distance", "flights", "from", "gusts", "hour", "humidity", "in", "inches", "manufacturer"),
    *("mbar", "miles", "mph", "of", "optional", "or", "plane", "pressure", "rain", "relative"),
    *("scheduled", "seats", "snow", "temperature", "that", "the", "this", "to", "visibility"),
    *("weather", "wind", "years", "f"),
    *("area", "compactness", "concave", "concavity", "dimension", "error", "fractal", "mean"),
    *(
        "perimeter",
        "pixels",
        "points",
        "radius",
        "smoothness",
        "square",
        "symmetry",
        "texture",
        "worst",
    ),
}
"""Words of column names in the tabular data; which of them are shown depends on the model."""


def predict_table_row(page: Page) -> None:
    """Predict the least certain example of the test split."""
    page.get_by_role("button", name="truth: late").last.click()
    expect(page.get_by_text("by how much each input changes")).to_be_visible()


def predict_text(page: Page) -> None:
    """Predict a question that is not an example."""
    question = "How do I turn a table of dates and prices into monthly averages?"
    page.get_by_role("textbox").first.fill(question)
    browser.expect_answer(page, "pandas")
    expect(page.get_by_text("odds").last).to_be_visible()


def forecast_past(page: Page) -> None:
    """Forecast from a past date, so that the true values are shown."""
    page.get_by_role("button", name="Typical").click()
    expect(page.locator(".forecast .legend").get_by_text("actual")).to_be_visible()


def predict_digit(page: Page) -> None:
    """Draw a 2, and predict it."""
    browser.draw(page, "#sketchpad canvas", TWO)
    browser.expect_answer(page, "2")
    expect(page.get_by_text("This is the image as the model sees it")).to_be_visible()


SCENES: dict[str, Callable[[Page], None]] = {
    "tabular": predict_table_row,
    "text": predict_text,
    "timeseries": forecast_past,
    "vision": predict_digit,
}


def picture_of(domain: str) -> Path:
    """Return the path of a domain's screenshot."""
    return ROOT / "docs" / f"{domain}.png"


def words_of(picture: Path) -> set[str]:
    """Return the words on the page at the time of a screenshot."""
    with Image.open(picture) as image:
        return without_features(str(image.info[WORDS]).split())


def words_on(page: Page) -> set[str]:
    """Return the words on a page, without its title, author, numbers, column names and errors.

    Those depend on the project, and on the versions of the libraries that computed them.
    """
    # Gradio shows the seconds that a prediction takes while it runs.
    page.add_style_tag(content="#author, #errors, .progress-text { display: none !important; }")
    _, *lines = page.locator("main").inner_text().splitlines()
    return without_features(re.findall(r"[^\W\d]+", "\n".join(lines)))


def without_features(words: Iterable[str]) -> set[str]:
    """Return the words that are in no column name."""
    return {word for word in words if word.lower() not in FEATURES}


def take(page: Page, domain: str) -> None:
    """Take the screenshot of the open page."""
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1000)  # for animations to end
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
    """Take the screenshots."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the README.")
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help=f"one of: {', '.join(SCENES)}")
    domains = parser.parse_args().domains
    if unknown := sorted(set(domains) - set(SCENES)):
        parser.error(f"unknown domain: {', '.join(unknown)}")
    if not browser.CHROMIUM:
        sys.exit("Chromium or Chrome not found; on Debian: apt-get install chromium")
    restore_sigint_handler()
    for domain in domains or SCENES:
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

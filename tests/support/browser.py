"""Open a project's page in Chromium, on a desktop and on a phone, and check its layout."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLateError

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
SCREENS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
PATIENCE = 30_000
"""Milliseconds to wait for the page on a busy machine."""
LOCAL = {"127.0.0.1", "localhost"}

# Layout errors in the open tab. Hashes may be broken anywhere.
FAULTS = """() => {
    const faults = [];
    const wide = document.documentElement.scrollWidth;
    if (wide > innerWidth) faults.push(`the page is ${wide} pixels wide, the screen ${innerWidth}`);
    for (const cell of document.querySelectorAll('.prose td, .prose th')) {
        if (!cell.checkVisibility()) continue;
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const text = texts.currentNode;
            if (text.parentElement.closest('code')) continue;
            for (const found of text.data.matchAll(/[\\p{L}\\p{N}.,]+/gu)) {
                const range = document.createRange();
                range.setStart(text, found.index);
                range.setEnd(text, found.index + found[0].length);
                const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
                if (lines.size > 1) faults.push(`${found[0]} is broken over ${lines.size} lines`);
            }
        }
        const box = cell.closest('.block').getBoundingClientRect();
        if (box.right > innerWidth) faults.push(`the box of ${cell.textContent} sticks out`);
    }
    for (const picture of document.images) {
        if (!picture.checkVisibility()) continue;
        if (!picture.complete || !picture.naturalWidth) faults.push(`${picture.src} is not shown`);
    }
    for (const grid of document.querySelectorAll('.grid-wrap')) {
        if (grid.scrollWidth > grid.clientWidth) faults.push('pictures stick out of their gallery');
    }
    return faults;
}"""

# Images are loaded lazily, when they are nearly visible, so scroll to each of them.
SCROLLED = """() => {
    const missing = [...document.images].find(image => image.checkVisibility() && !image.complete);
    if (missing) missing.scrollIntoView();
    else scrollTo(0, 0);
    return !missing;
}"""


@contextmanager
def opened(address: str, screen: str) -> Iterator[Page]:
    """Open a page; at the end there must be no error, and no request to another machine."""
    # As root, in a container, Chromium starts only without its sandbox.
    freely = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=freely)
        page = browser.new_page(**SCREENS[screen])
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        errors, hosts = list[str](), set[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
        page.goto(address)
        expect(page.get_by_role("tab").first).to_be_visible()
        yield page
        browser.close()
    assert errors == []
    assert hosts - LOCAL - {""} == set()


def faults(page: Page) -> list[str]:
    """Return the layout errors in the open tab, after its images have loaded."""
    with suppress(TooLateError):  # an image that does not load is one of the faults
        page.wait_for_function(SCROLLED)
    found: list[str] = page.evaluate(FAULTS)
    return found


def barriers(page: Page) -> list[str]:
    """Return the accessibility errors in the open tab that axe-core calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{error['id']}: {node['failureSummary']} ({node['target']})"
        for error in found
        if error["impact"] in {"serious", "critical"}
        for node in error["nodes"]
    ]


def draw(page: Page, selector: str, points: Sequence[tuple[float, float]]) -> None:
    """Draw a line over an element with the mouse, or by touch if there is no mouse.

    Args:
        page: The page.
        selector: The element to draw on.
        points: Where the line goes, as fractions of the element's width and height.
    """
    element = page.locator(selector).first
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    if not page.evaluate("navigator.maxTouchPoints"):
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=10)
        page.mouse.up()
        return
    finger = page.context.new_cdp_session(page)
    for kind, place in [("touchStart", places[0]), *(("touchMove", place) for place in places[1:])]:
        touched = [{"x": place[0], "y": place[1]}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def expect_answer(page: Page, label: str) -> None:
    """Wait for the predicted class, and until it is visible."""
    expect(page.get_by_test_id("label-output-value")).to_have_text(label)
    expect_in_sight(page)


def expect_in_sight(page: Page) -> None:
    """Wait until the prediction is in the upper half of the screen."""
    page.wait_for_function(
        """() => {
            const top = document.querySelector('#prediction').getBoundingClientRect().top;
            return -1 <= top && top < innerHeight / 2;
        }"""
    )

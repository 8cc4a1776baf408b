"""How the page looks: colors, fonts, layout on a phone, and the head of the document."""

import html
import re
from typing import Any

import gradio as gr
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import ACCENT

# The one accent color; explanations use orange and blue.
HUE: gr.themes.Color = getattr(gr.themes.colors, ACCENT)
THEME = gr.themes.Default(
    primary_hue=HUE,
    secondary_hue=HUE,
    neutral_hue=gr.themes.colors.slate,
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    body_text_color_subdued="*neutral_500",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover_dark="*primary_800",
    color_accent="*primary_700",
    link_text_color="*primary_700",
    link_text_color_hover="*primary_800",
    link_text_color_visited="*primary_700",
    slider_color="*primary_600",
)
CSS = """
/* A container that hides what overflows would keep its content from sticking. */
.gradio-container { overflow: clip; }
.dark { --color-accent: var(--primary-400); }
#heading h1 { margin: 0; }
#heading p { font-size: 1.1em; margin: .25em 0 0; max-width: 45em; }
:is(#heading, #author, .try) .html-container { padding: 0; }
#prediction .summary { font-size: 1.35em; margin: 0; }
#prediction .summary b { color: var(--primary-700); }
.dark #prediction .summary b { color: var(--primary-300); }
#author { border-top: 1px solid var(--border-color-primary); padding-top: .75em; }
/* Tables scroll sideways instead of breaking numbers, only hashes break, galleries get fewer columns. */
.prose table { word-break: normal; overflow-wrap: normal; }
.prose .scrolling { overflow-x: auto; }
.prose code { white-space: normal; overflow-wrap: anywhere; }
.gallery-container .grid-container { grid-template-columns: repeat(auto-fit, minmax(max(70px, 15%), 1fr)); }
#errors .grid-container { grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); }
#figures .grid-container { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
#figures .thumbnail-item { aspect-ratio: auto; }
#figures .caption-label { display: none; }
/* In a narrow column, the calendar button of a date stays visible. */
input.time { min-width: 0; }
/* Next to a long list of inputs, the prediction stays in sight. */
.sticky { position: sticky; top: 1em; align-self: flex-start; }
/* On a phone, the prediction stays in sight above the inputs, both fit the first screen, and examples come last. */
@media (max-width: 640px) {
    .wide { display: none !important; }
    #heading h1 { font-size: 1.35em; }
    #heading p { font-size: .9em; line-height: 1.4; }
    .prose th, .prose td { padding: .4em .5em; }
    .try > .column, .try > .column > .last { display: contents; }
    .try > .column > *, .try > .column > .last > * { flex: 1 1 100%; min-width: 100%; }
    .try #prediction {
        order: -1; position: sticky; top: 0; z-index: 100; padding: .25em 0;
        background: var(--body-background-fill); border-bottom: 1px solid var(--border-color-primary);
    }
    .try #prediction .summary { font-size: 1.05em; line-height: 1.35; }
    .try .last, .try .last > * { order: 1; }
}
"""
# The button that opens a calendar has no name for screen readers.
NAME_CALENDARS = """() => {
    for (const button of document.querySelectorAll('button.calendar')) button.ariaLabel = 'Choose a date';
}"""
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    f"<rect width='16' height='16' rx='4' fill='{HUE.c700}'/>"
    "<path d='M3 12 6 7l3 3 4-6' fill='none' stroke='white' stroke-width='2'/></svg>"
).replace("#", "%23")


class Head:
    """ASGI middleware that puts title, description, icon, address and picture into the page's head.

    Gradio's page has its own Open Graph tags there, and those that it adds in the browser are not seen by crawlers.
    """

    def __init__(
        self, app: ASGIApp, title: str, description: str, address: str | None = None, picture: str | None = None
    ) -> None:
        self.app = app
        named = {"description": description, "twitter:card": "summary_large_image" if picture else "summary"}
        properties = {"og:type": "website", "og:title": title, "og:description": description}
        properties |= {"og:url": address} if address else {}
        properties |= {"og:image": picture} if picture else {}
        tags = [f"<title>{html.escape(title)}</title>", f'<link rel="icon" href="{html.escape(ICON)}">']
        tags += [f'<meta name="{name}" content="{html.escape(text)}">' for name, text in named.items()]
        tags += [f'<meta property="{name}" content="{html.escape(text)}">' for name, text in properties.items()]
        self.tags = "".join(tags)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; of the page, with other tags."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, collect)
        without = re.sub(r'<meta\s+(property|name)="(og|twitter):[^>]*>\s*', "", b"".join(parts).decode())
        page = Response(without.replace("</head>", f"{self.tags}</head>", 1), start["status"])
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        page.raw_headers = [*kept, (b"content-length", str(len(page.body)).encode())]
        await page(scope, receive, send)

"""The demo: one page that explains itself, an API (`/predict`), and `GET /health`.

`build_app(predictor)` makes the page for any predictor, so that tests can bring their own; `main` finds the champion.
Address and port follow Gradio's own variables, `GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`.
"""

import argparse
import html
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

# Before the import: Gradio reads it there.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import TITLE, markdown, widgets
from .champion import ChampionError
from .layout import Layout
from .serving import Predictor, load_predictor

CONCURRENCY = 4
# For a phone. To fit a table into it, Gradio breaks words and numbers anywhere: so the table scrolls sideways instead,
# and only hashes are broken. A gallery would stick out: so it has as many columns as there is room for.
STYLE = """
.prose table { word-break: normal; overflow-wrap: normal; }
.prose code { white-space: normal; overflow-wrap: anywhere; }
.gallery-container .grid-container { grid-template-columns: repeat(auto-fit, minmax(max(70px, 15%), 1fr)); }
"""


def build_app(predictor: Predictor, reports: Path | None = None) -> gr.Blocks:
    """The page: try it, how good is it, lineage. `reports` is what `dvc repro` measured; a tab says so if it is not."""
    reports = reports or Layout().reports
    app = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 3600))
    with app:
        _heading()
        with gr.Tab("Try it"):
            widgets.try_it(predictor, CONCURRENCY)
        with gr.Tab("How good is it"):
            _quality(reports)
        with gr.Tab("Lineage"):
            _lineage(predictor)
    return app


def build_notice(reason: str) -> gr.Blocks:
    """The page when no model may serve: it says why, and what to do."""
    app = gr.Blocks(title=TITLE, analytics_enabled=False)
    with app:
        _heading()
        gr.Markdown("## There is no model to talk to")
        gr.Textbox(reason, label="Why, and what to do", interactive=False, lines=3)
    return app


def _heading() -> None:
    gr.Markdown(f"# {TITLE}")
    # Not as Markdown: the sentence is the author's, and every character of it is meant.
    gr.HTML(f'<p style="font-size:1.1em">{html.escape(metadata(__package__)["Summary"])}</p>')


def _quality(reports: Path) -> None:
    try:
        evaluation = json.loads((reports / "evaluation.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        gr.Markdown("Nothing has been measured yet. Run: `uv run dvc repro`")
        return
    except ValueError:
        gr.Markdown("What was measured cannot be read. Run: `uv run dvc repro`")
        return
    gr.Markdown(markdown.score_table(evaluation))
    gr.Markdown(markdown.measured_on(evaluation))
    gr.Markdown("\n".join(f"- {verdict}" for verdict in evaluation["verdicts"]))
    gr.Markdown("### Where it is weaker: the champion on parts of the test split")
    gr.Markdown(markdown.slice_table(evaluation))
    pictures = sorted((reports / "figures").glob("*.png"), key=lambda path: (path.stem != "comparison", path.stem))
    for start in range(0, len(pictures), 2):
        with gr.Row():
            for path in pictures[start : start + 2]:
                gr.Image(str(path), label=path.stem, show_label=False, interactive=False, min_width=320, buttons=[])
            if start + 1 == len(pictures):
                gr.HTML(min_width=320)  # beside the last of an odd number, which would fill the row


def _lineage(predictor: Predictor) -> None:
    record = predictor.champion.record
    gr.Markdown(
        "Every answer comes from one file, and this is how that file came to be.\n\n"
        + markdown.lineage_table(record["lineage"])
        + f"\n\nServed: `{record['model']}` as {record['format'].upper()}, {record['size_bytes']:,} bytes, "
        f"SHA-256 `{record['sha256']}`, checked before it was loaded."
    )


def health_of(predictor: Predictor | None, reason: str = "") -> dict[str, Any]:
    """The answer of `GET /health`: the status and the lineage, or why there is no model."""
    if predictor is None:
        return {"status": "unavailable", "reason": reason}
    record = predictor.champion.record
    return {"status": "ok", "model": record["model"], "sha256": record["sha256"], "lineage": record["lineage"]}


def launch(app: gr.Blocks, health: dict[str, Any], **options: Any) -> Any:
    """Serve the page with `GET /health` beside it; loopback unless `GRADIO_SERVER_NAME` says otherwise."""

    def answer(_request: Request) -> JSONResponse:
        return JSONResponse(health, status_code=200 if health["status"] == "ok" else 503)

    return app.queue(max_size=64, default_concurrency_limit=CONCURRENCY).launch(
        share=False,
        show_error=False,
        strict_cors=True,
        ssr_mode=False,
        max_file_size="20mb",
        footer_links=["api"],
        css=STYLE,
        app_kwargs={"routes": [Route("/health", answer)]},
        **options,
    )


def serve(layout: Layout) -> None:
    """Serve the champion, or a page that says why there is none, until the process ends."""
    try:
        predictor = load_predictor(layout.champion)
    except ChampionError as error:
        print(error)
        launch(build_notice(str(error)), health_of(None, str(error)))
    else:
        launch(build_app(predictor, layout.reports), health_of(predictor))


def main(arguments: Sequence[str] | None = None) -> None:
    """`uv run demo`: serve until Ctrl-C."""
    argparse.ArgumentParser(
        prog="demo",
        description="Serve the champion's page and API until Ctrl-C.",
        epilog="GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where; by default on this machine alone, port 7860 or "
        "the next that is free.",
    ).parse_args(arguments)
    # Gradio catches the interrupt while it waits, not while it starts.
    with suppress(KeyboardInterrupt):
        serve(Layout())


if __name__ == "__main__":
    main()

"""The demo: a web page and a REST API, on one server.

`build_app(predictor)` builds the page for any predictor, and `Api(predictor)` the API. Gradio reads host and port from
`GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`.
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

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # Gradio reads it when it is imported

import gradio as gr

from .. import TITLE
from ..evaluation import markdown
from ..paths import ProjectPaths
from . import demo
from .api import CONCURRENCY, Api
from .champion import ChampionError
from .predictor import Predictor, load_predictor

PACKAGE = __package__.partition(".")[0]  # not __name__, which is __main__ if the module is run
# On a phone: tables scroll sideways instead of breaking numbers, only hashes break, galleries get fewer columns.
CSS = """
.prose table { word-break: normal; overflow-wrap: normal; }
.prose code { white-space: normal; overflow-wrap: anywhere; }
.gallery-container .grid-container { grid-template-columns: repeat(auto-fit, minmax(max(70px, 15%), 1fr)); }
"""


def build_app(predictor: Predictor, reports: Path | None = None) -> gr.Blocks:
    """Return the page: demo, evaluation, lineage."""
    app = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 3600))
    with app:
        _heading()
        with gr.Tab("Demo"):
            demo.demo_tab(predictor, CONCURRENCY)
        with gr.Tab("Evaluation"):
            _evaluation_tab(reports or ProjectPaths().reports)
        with gr.Tab("Lineage"):
            _lineage_tab(predictor)
    return app


def build_error_page(reason: str) -> gr.Blocks:
    """Return the page that is served when there is no model; it says why and what to do."""
    app = gr.Blocks(title=TITLE, analytics_enabled=False)
    with app:
        _heading()
        gr.Markdown("## No model available")
        gr.Textbox(reason, label="Reason", interactive=False, lines=3)
    return app


def _heading() -> None:
    gr.Markdown(f"# {TITLE}")
    # Not Markdown: the author's sentence is shown literally.
    gr.HTML(f'<p style="font-size:1.1em">{html.escape(metadata(PACKAGE)["Summary"])}</p>')


def _evaluation_tab(reports: Path) -> None:
    try:
        evaluation = json.loads((reports / "evaluation.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        gr.Markdown("No evaluation yet. Run: `uv run dvc repro`")
        return
    except ValueError:
        gr.Markdown("`reports/evaluation.json` is not valid JSON. Run: `uv run dvc repro`")
        return
    if "validation_scores" not in evaluation:
        gr.Markdown("Evaluation reports were written by an older version. Run: `uv run dvc repro`")
        return
    gr.Markdown(markdown.model_table(evaluation))
    gr.Markdown("\n".join(f"- {decision}" for decision in evaluation["decisions"]))
    gr.Markdown(markdown.champion_table(evaluation))
    gr.Markdown(markdown.explain_scores(evaluation))
    gr.Markdown("### The champion by slice of the test split")
    gr.Markdown(markdown.slice_table(evaluation))
    _figures(reports / "figures")


def _figures(folder: Path) -> None:
    """Show the figures in two columns, the comparison of the models first."""
    paths = sorted(folder.glob("*.png"), key=lambda path: (path.stem != "comparison", path.stem))
    for start in range(0, len(paths), 2):
        with gr.Row():
            for path in paths[start : start + 2]:
                gr.Image(str(path), label=path.stem, show_label=False, interactive=False, min_width=320, buttons=[])
            if start + 1 == len(paths):
                gr.HTML(min_width=320)  # keeps a single last figure from filling the row


def _lineage_tab(predictor: Predictor) -> None:
    record = predictor.champion.record
    gr.Markdown(
        "The origin of the served model:\n\n"
        + markdown.lineage_table(record["lineage"])
        + f"\n\nServed: `{record['model']}` as {record['format'].upper()}, {record['size_bytes']:,} bytes, "
        f"SHA-256 `{record['sha256']}`, verified before loading."
    )


def launch(app: gr.Blocks, api: Api, **options: Any) -> Any:
    """Serve the page and the REST API, on the loopback interface unless `GRADIO_SERVER_NAME` is set."""
    return app.queue(max_size=64, default_concurrency_limit=CONCURRENCY).launch(
        share=False,
        show_error=False,
        strict_cors=True,
        ssr_mode=False,
        max_file_size="20mb",
        footer_links=["api"],
        css=CSS,
        app_kwargs={"routes": api.routes()},  # before Gradio's own
        **options,
    )


def serve(paths: ProjectPaths) -> None:
    """Serve the champion, or a page that says why there is none, until the process ends."""
    try:
        predictor = load_predictor(paths.champion)
    except ChampionError as error:
        print(error)
        launch(build_error_page(str(error)), Api(None, str(error)))
    else:
        launch(build_app(predictor, paths.reports), Api(predictor))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run demo`: serve until Ctrl-C."""
    argparse.ArgumentParser(
        prog="demo",
        description="Serve the champion's web page and API until Ctrl-C.",
        epilog="GRADIO_SERVER_NAME and GRADIO_SERVER_PORT set the address; by default 127.0.0.1 and port 7860, or the "
        "next free port.",
    ).parse_args(arguments)
    # Gradio handles Ctrl-C while it waits, but not while it starts.
    with suppress(KeyboardInterrupt):
        serve(ProjectPaths())


if __name__ == "__main__":
    main()

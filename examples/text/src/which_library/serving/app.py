"""The demo: a web page and a REST API, on one server.

`build_app(predictor)` builds the page for any predictor, and `Api(predictor)` the API. Gradio reads host and port from
`GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT`.
"""

import argparse
import html
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import getaddresses
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # Gradio reads it when it is imported
os.environ.setdefault("GRADIO_MCP_SERVER", str(find_spec("mcp") is not None))  # `gradio[mcp]` installs it

import gradio as gr
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware

from .. import PACKAGE, TITLE
from ..errors import exit_on_user_error
from ..evaluation import markdown
from ..paths import ProjectPaths
from . import demo
from .api import CONCURRENCY, Api
from .canary import Router, load_router
from .champion import ChampionError
from .feedback_collector import FeedbackCollector
from .predictor import Predictor, load_predictor
from .problems import HINTS, handle_client_error, handle_http_error
from .request_log import RequestLog
from .theme import CSS, NAME_CALENDARS, THEME, Head

CLIENT_ERRORS = (FnIndexInferError, KeyError, TypeError)  # raised by Gradio's endpoints


def build_app(
    predictor: Predictor,
    reports: Path | None = None,
    collector: FeedbackCollector | None = None,
    log: RequestLog | None = None,
) -> gr.Blocks:
    """Return the page: what it does, demo, evaluation, lineage, author."""
    log = log or RequestLog(predictor, share=0)
    app = gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 3600))
    with app:
        _heading(predictor.champion.record.get("decision"))
        with gr.Tab("Demo"):
            demo.demo_tab(predictor, CONCURRENCY, collector or FeedbackCollector(predictor), log)
        with gr.Tab("Evaluation"):
            _evaluation_tab(reports or ProjectPaths().reports)
        with gr.Tab("Lineage"):
            _lineage_tab(log.router)
        _author()
        app.load(None, js=NAME_CALENDARS, api_visibility="private")
    return app


def build_error_page(reason: str) -> gr.Blocks:
    """Return the page that is served when there is no model; it says why and what to do."""
    app = gr.Blocks(title=TITLE, analytics_enabled=False)
    with app:
        _heading()
        gr.Markdown("## No model available")
        gr.Textbox(reason, label="Reason", interactive=False, lines=3)
        _author()
    return app


def _heading(decision: dict[str, Any] | None = None) -> None:
    # Not Markdown: title and sentence of the author are shown literally.
    text = f"<h1>{html.escape(TITLE)}</h1><p>{html.escape(metadata(PACKAGE)['Summary'])}</p>"
    if decision:
        aim = f'<span class="wide">{html.escape(decision.get("aim_outcome", ""))}</span>'
        text += f"<p><b>{html.escape(decision['sentence'])}</b> {aim}</p>"
    gr.HTML(text, elem_id="heading")


def _author() -> None:
    """Show the authors that `pyproject.toml` names, their addresses, and the project's links."""
    about = metadata(PACKAGE)
    people = [html.escape(name) for name in about.get_all("Author", [])]
    for name, address in getaddresses(about.get_all("Author-email", [])):
        people.append(f'{html.escape(name)} <a href="mailto:{html.escape(address)}">{html.escape(address)}</a>')
    shown = {label: url for label, url in project_urls().items() if label != "Picture"}
    links = [f'<a href="{html.escape(url)}">{html.escape(label)}</a>' for label, url in shown.items()]
    if people:
        gr.HTML(f"<p><b>About the author:</b> {' · '.join([*people, *links])}</p>", elem_id="author")


def project_urls() -> dict[str, str]:
    """Return the links in `[project.urls]` of `pyproject.toml`, to which `uv run publish` adds `Demo` and `Picture`."""
    return dict(entry.split(", ", 1) for entry in metadata(PACKAGE).get_all("Project-URL", []))


def _evaluation_tab(reports: Path) -> None:
    path = reports / "evaluation.json"
    try:
        evaluation = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:  # such as after a merge conflict
        evaluation = {}
    if "validation_scores" not in evaluation:
        gr.Markdown("There is no valid evaluation. Run: `uv run dvc repro`")
        return
    models = _scrolling(markdown.model_table(evaluation))
    gr.Markdown("\n\n".join([*markdown.describe_outcome(evaluation), models]))
    gr.Markdown("\n".join(f"- {sentence}" for sentence in evaluation["decisions"]))
    gr.Markdown(_scrolling(markdown.champion_table(evaluation)))
    gr.Markdown(markdown.explain_scores(evaluation))
    gr.Markdown("### The champion by slice of the test split")
    gr.Markdown(_scrolling(markdown.slice_table(evaluation)))
    _figures(reports / "figures")


def _scrolling(table: str) -> str:
    """Return a table in a box that scrolls sideways on a narrow screen, by keyboard too."""
    return f'<div class="scrolling" tabindex="0">\n\n{table}\n\n</div>'


def _figures(folder: Path) -> None:
    """Show the figures, the comparison of the models first; choosing one enlarges it."""
    paths = sorted(folder.glob("*.png"), key=lambda path: (path.stem != "comparison", path.stem))
    gr.Gallery(
        [(str(path), path.stem.replace("_", " ")) for path in paths],
        label="Figures",
        show_label=False,
        object_fit="contain",
        height="fit-content",
        buttons=[],
        interactive=False,
        elem_id="figures",
    )


def _lineage_tab(router: Router) -> None:
    record = router.champion.champion.record
    gr.Markdown(
        "The origin of the served model:\n\n"
        + markdown.lineage_table(record["lineage"])
        + f"\n\nServed: `{record['model']}` as {record['format'].upper()}, {record['size_bytes']:,} bytes, "
        f"SHA-256 `{record['sha256']}`, verified before loading."
    )
    if router.canary:
        gr.Markdown(
            f"The canary predicts for {router.share:.0%} of the different inputs; its origin:\n\n"
            + markdown.lineage_table(router.canary.champion.lineage)
        )


def launch(app: gr.Blocks, api: Api, **options: Any) -> Any:
    """Serve the page and the REST API, on the loopback interface unless `GRADIO_SERVER_NAME` is set."""
    about, urls = metadata(PACKAGE)["Summary"], project_urls()
    handlers: dict[Any, Any] = dict.fromkeys(HINTS, handle_http_error)
    handlers |= dict.fromkeys(CLIENT_ERRORS, handle_client_error)
    head = Middleware(Head, title=TITLE, description=about, address=urls.get("Demo"), picture=urls.get("Picture"))
    return app.queue(max_size=64, default_concurrency_limit=CONCURRENCY).launch(
        share=False,
        show_error=False,
        strict_cors=True,
        ssr_mode=False,
        max_file_size="20mb",
        footer_links=["api"],
        theme=THEME,
        css=CSS,
        app_kwargs={"routes": api.routes(), "exception_handlers": handlers, "middleware": [head]},
        **options,
    )


@contextmanager
def serve_in_background(page: gr.Blocks, api: Api) -> Iterator[str]:
    """Serve the page and the REST API on a free port of this computer, and yield the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    local = {"server_name": "127.0.0.1", "server_port": port, "root_path": ""}
    launch(page, api, prevent_thread_lock=True, quiet=True, **local)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.close(verbose=False)


def serve(paths: ProjectPaths) -> None:
    """Serve the champion, or a page that says why there is none, until the process ends."""
    try:
        predictor = load_predictor(paths.champion)
    except ChampionError as error:
        print(error)
        launch(build_error_page(str(error)), Api(None, str(error)))
    else:
        router = load_router(paths, predictor)
        collector, log = FeedbackCollector(predictor, router=router), RequestLog(predictor, router=router)
        page = build_app(predictor, paths.reports, collector, log)
        launch(page, Api(predictor, collector=collector, log=log, router=router))
        log.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `uv run demo`: serve until Ctrl-C."""
    argparse.ArgumentParser(
        prog="demo",
        description="Serve the champion's web page and API until Ctrl-C.",
        epilog="GRADIO_SERVER_NAME and GRADIO_SERVER_PORT set the address; by default 127.0.0.1 and port 7860, or the "
        "next free port. CANARY=VERSION:SHARE serves models/canary/ to a share of the inputs, such as CANARY=7:0.1.",
    ).parse_args(arguments)
    # Gradio handles Ctrl-C while it waits, but not while it starts.
    with suppress(KeyboardInterrupt), exit_on_user_error():
        serve(ProjectPaths())


if __name__ == "__main__":
    main()

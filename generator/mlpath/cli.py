"""The command line: each command parses its options, calls one function, and prints the result.

Only Click is imported at module level, so that `mlpath --help` and shell completion are fast.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mlpath import __version__
from mlpath.errors import MlpathError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlpath.create.new_project import Project
    from mlpath.update.batch import Action, Result

_INTERRUPTED = 130


class _UserError(click.ClickException):
    """An `MlpathError`, printed as two lines."""

    def __init__(self, error: MlpathError) -> None:
        super().__init__(str(error))
        self.hint = error.hint

    def show(self, file: Any = None) -> None:
        click.echo(f"{_styled('Error:', fg='red', bold=True)} {self.message}", file=file, err=True)
        if self.hint:
            click.echo(f"{_styled('Hint:', fg='cyan')} {self.hint}", file=file, err=True)


class _Group(click.Group):
    """Reports the errors of all commands; bugs keep their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            _check_current_folder()
            return super().invoke(ctx)
        except MlpathError as error:
            raise _UserError(error) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of the output has ended: Click handles it
                raise
            raise _UserError(from_os_error(error)) from error
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(_INTERRUPTED)


def _check_current_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise MlpathError(
            "the current folder was deleted", hint="Change to an existing one: cd ~"
        ) from None


def _key_values(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Split KEY=VALUE, like Copier's own `--data`."""
    for value in values:
        if not value.partition("=")[0] or "=" not in value:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE", ctx, param)
    return dict(value.split("=", 1) for value in values)


def _data_option(text: str) -> Callable[..., Any]:
    return click.option(
        "-d",
        "--data",
        metavar="KEY=VALUE",
        multiple=True,
        callback=_key_values,
        help=f"{text}, for example -d license=BSD-3-Clause. Repeatable.",
    )


_path = click.Path(path_type=Path)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_max_download_option = click.option(
    "--max-download",
    type=click.FloatRange(min=0, min_open=True),
    default=1,
    show_default=True,
    metavar="GB",
    help="Refuse to download more than this.",
)
_projects_argument = click.argument("projects", nargs=-1, metavar="[PROJECT]...", type=_path)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="mlpath")
def main() -> None:
    """Create a working machine-learning project: data, pipeline, model, demo, tests.

    \b
    Example:
      mlpath new-project demo --defaults --run
    """  # noqa: D301 - `\b` makes Click keep the line breaks


@main.command("new-project")
@click.argument("dest", required=False)
@_data_option("Answer a question")
@click.option(
    "--data-file",
    type=_path,
    metavar="FILE",
    help="Load answers from a YAML file, such as another project's .copier-answers.yml.",
)
@click.option("-l", "--defaults", is_flag=True, help="Use defaults instead of asking questions.")
@click.option("-r", "--vcs-ref", metavar="REF", help="Use this version of the template.")
@click.option("-n", "--pretend", is_flag=True, help="List the files without writing them.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
@click.option(
    "--template", metavar="SRC", help="Use another Copier template: gh:you/fork, a path, a URL."
)
@click.option(
    "--dataset",
    type=click.Path(),
    metavar="SOURCE",
    help="Use your own data: a path or address, as for `mlpath inspect`.",
)
@click.option("--target", metavar="COLUMN", help="The column of your data to predict.")
@_max_download_option
@click.option("--run", is_flag=True, help="Then install, train, commit, and serve the demo.")
@click.option("--no-lock", is_flag=True, help="Do not create uv.lock, which needs a package index.")
def new_project(
    dest: str | None,
    data: dict[str, str],
    data_file: Path | None,
    *,
    defaults: bool,
    vcs_ref: str | None,
    pretend: bool,
    quiet: bool,
    template: str | None,
    dataset: str | None,
    target: str | None,
    max_download: float,
    run: bool,
    no_lock: bool,
) -> None:
    """Create a project in the folder DEST.

    Asks a few questions, each with a default; the first one is for your own data. The folder's name
    is the project's name; without DEST, it is the other way round.

    \b
    Examples:
      mlpath new-project
      mlpath new-project demo --defaults --run
      mlpath new-project prices -l -d task=regression -d license=BSD-3-Clause
      mlpath new-project deliveries --dataset deliveries.csv --target late
      mlpath new-project deliveries --dataset "book.xlsx#Orders"
      mlpath new-project credit --dataset openml:31
    """  # noqa: D301
    from mlpath.create import first_run
    from mlpath.create.new_project import create, preview
    from mlpath.create.request import ProjectRequest
    from mlpath.system.shell import quote_path

    if pretend and run:
        raise click.UsageError("--pretend and --run cannot be combined")
    request = ProjectRequest(
        dest,
        _load_answers(data_file, dataset) | data,
        defaults=defaults,
        template=template,
        ref=vcs_ref,
        lock=not no_lock,
        dataset=dataset,
        target=target,
        max_download=_bytes(max_download),
        progress=not quiet and sys.stderr.isatty(),
    )
    log: Callable[[str], None] = (lambda _line: None) if quiet else click.echo
    if pretend:
        for path in preview(request):
            log(quote_path(path))
        return
    created = create(request, log)
    if not quiet:
        _show_project(created, next_commands=() if run else first_run.COMMANDS)
    if run:
        first_run.run(created, log)


@main.command()
@click.argument("source", type=click.Path())
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@_max_download_option
@_json_option
def inspect(source: str, target: str | None, *, max_download: float, as_json: bool) -> None:
    """Profile the data at SOURCE, and suggest a project for it.

    SOURCE is a table (CSV and similar, Excel, OpenDocument, Parquet, JSON, Feather, SQLite; plain,
    gzip, zstd or zip), a folder of tables with the same columns, or a folder or zip of images with
    one sub-folder per class; a path, or an address. Downloads and tables that are converted are
    kept in the user's cache folder. Nothing else is written, and a path needs no network.

    \b
    Examples:
      mlpath inspect deliveries.csv
      mlpath inspect deliveries.csv --target late --json
      mlpath inspect "book.xlsx#Sheet2"
      mlpath inspect "shop.db#orders"
      mlpath inspect photos/
      mlpath inspect https://example.com/deliveries.csv.gz
      mlpath inspect hf://datasets/OWNER/NAME/train.parquet@main
      mlpath inspect openml:31
      mlpath inspect kaggle:OWNER/NAME/train.csv
      mlpath inspect s3://BUCKET/deliveries.parquet
      mlpath inspect "sqlite:///shop.db#orders"
      mlpath inspect "postgresql://USER:PASSWORD@HOST/shop#SELECT * FROM orders"
    """  # noqa: D301
    from mlpath import dataset
    from mlpath.dataset import report, sources

    progress = not as_json and sys.stderr.isatty()
    fetched = sources.fetch(source, sources.DownloadOptions(_bytes(max_download), progress))
    with sources.errors_of(fetched):
        profile = dataset.inspect(fetched.path, target or fetched.target)
    if as_json:
        click.echo(sources.add_to_json(report.to_json(profile), fetched))
    else:
        click.echo(sources.add_to_report(report.format_profile(profile, _styled), fetched))
        click.echo(f"\nTo create the project: {sources.creation_command(source, target)}")


@main.command()
@_projects_argument
@_data_option("Change an answer")
@click.option("-l", "--defaults", is_flag=True, help="Use defaults for new questions.")
@click.option("-r", "--vcs-ref", metavar="REF", help="Update to this version, not the newest.")
@click.option("-n", "--pretend", is_flag=True, help="List the changes to each file; write nothing.")
@click.option("--diff", is_flag=True, help="Print the changes as a patch; write nothing.")
@click.option("--abort", is_flag=True, help="Undo the last update, if it is not committed.")
@_json_option
def update(
    projects: tuple[Path, ...],
    data: dict[str, str],
    *,
    defaults: bool,
    vcs_ref: str | None,
    pretend: bool,
    diff: bool,
    abort: bool,
    as_json: bool,
) -> None:
    """Merge the newest version of the template into each PROJECT (default: the current folder).

    git merges the template's changes with yours. The result is staged, for you to review and
    commit; --abort undoes it. Exits with 1 if there are conflicts to resolve.

    \b
    Examples:
      mlpath update
      mlpath update --pretend
      mlpath update -l -d license=Apache-2.0
      mlpath update --defaults ~/projects/*/
    """  # noqa: D301
    if abort and (data or defaults or vcs_ref or pretend or diff):
        raise click.UsageError("--abort can only be combined with --json")
    from mlpath.update import batch
    from mlpath.update.update import UpdateRequest

    if abort:
        _run_for_each("abort", batch.abort, projects, as_json=as_json)
    else:
        request = UpdateRequest(data, defaults, vcs_ref, pretend=pretend or diff, patch=diff)
        action = partial(batch.update, request=request)
        _run_for_each("update", action, projects, as_json=as_json, parallel=True)


@main.command()
@_projects_argument
@click.option("--preview", is_flag=True, help="Also report whether an update would conflict.")
@click.option("--forecast", is_flag=True, hidden=True, help="The name of --preview until 0.8.")
@_json_option
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there is a newer version.")
def status(
    projects: tuple[Path, ...], *, preview: bool, forecast: bool, as_json: bool, exit_code: bool
) -> None:
    """Show the template version of each PROJECT (default: the current folder).

    If there are newer versions, also shows what they change in a project, and with --json every
    change. Counts the sections of README.md and docs/post.md that only you can write.

    \b
    Examples:
      mlpath status
      mlpath status --preview
      mlpath status --exit-code --json ~/projects/*/
    """  # noqa: D301
    from mlpath.update import batch

    preview = preview or forecast
    _run_for_each(
        "status", partial(batch.status, preview=preview), projects,
        as_json=as_json, parallel=preview, outdated_status=2 * exit_code,
    )  # fmt: skip


@main.command()
@click.argument("option", required=False, metavar="[OPTION[=VALUE]]")
@click.argument("project", default=".", type=_path)
@_json_option
def add(option: str | None, project: Path, *, as_json: bool) -> None:
    """Add an OPTION to an existing PROJECT (default: the current folder).

    Changes one answer without changing the template version, and merges the result as an update
    does. Without OPTION, lists the options.

    \b
    Examples:
      mlpath add
      mlpath add ~/projects/deliveries
      mlpath add container
      mlpath add ci=gitlab ~/projects/deliveries
    """  # noqa: D301
    if option and project == Path() and _is_path(option):
        project, option = Path(option), None
    from mlpath.update import batch, options, output

    if option is not None:
        _run_for_each("add", partial(batch.add, option=option), (project,), as_json=as_json)
    else:
        found = options.list_options(project)
        if as_json:
            _print_json([option._asdict() for option in found])
        else:
            click.echo(output.options_text(found, _styled))


def _is_path(argument: str) -> bool:
    """Return whether an argument is a path, such as `~/projects/late`, and no OPTION[=VALUE]."""
    return "=" not in argument and (Path(argument).name != argument or argument == "..")


@main.command()
@_json_option
def doctor(*, as_json: bool) -> None:
    """Check this machine, and print the command that fixes each problem.

    Exits with 1 if something that mlpath needs is missing.

    \b
    Examples:
      mlpath doctor
      mlpath doctor --json
    """  # noqa: D301
    from mlpath import doctor

    checks = doctor.examine()
    if as_json:
        _print_json([check._asdict() for check in checks])
    else:
        for line in doctor.report(checks, _styled):
            click.echo(line)
    if any(check.needed and not check.ok for check in checks):
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a SHELL.

    \b
    Examples, each a line for the shell's startup file:
      eval "$(mlpath completion bash)"        # ~/.bashrc
      eval "$(mlpath completion zsh)"         # ~/.zshrc
      mlpath completion fish | source         # ~/.config/fish/config.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None  # noqa: S101 - `click.Choice` allows only shells that Click has
    click.echo(script(main, {}, "mlpath", "_MLPATH_COMPLETE").source())


def _bytes(gigabytes: float) -> int:
    return int(gigabytes * 1_000_000_000)


def _load_answers(data_file: Path | None, dataset: str | None) -> dict[str, Any]:
    """Load the answers of `--data-file`, without those that a dataset determines."""
    from mlpath.create.ingest import without_data_answers
    from mlpath.template.answers import read_answers

    answers = read_answers(data_file) if data_file else {}
    return answers if dataset is None else without_data_answers(answers)


def _run_for_each(
    label: str,
    action: Action,
    projects: tuple[Path, ...],
    *,
    as_json: bool,
    parallel: bool = False,
    outdated_status: int = 0,
) -> NoReturn:
    from contextlib import closing

    from mlpath.update import batch

    paths = list(dict.fromkeys(projects or (Path(),)))
    results: list[Result] = []
    hidden = len(paths) == 1 or not sys.stderr.isatty()
    try:
        with (
            closing(batch.run(action, paths, parallel=parallel)) as running,
            click.progressbar(
                length=len(paths), label=label, file=sys.stderr, hidden=hidden
            ) as progress,
        ):
            for result in running:
                results.append(result)
                progress.update(1)
    finally:  # after Ctrl-C too: some projects are done
        results.sort(key=lambda result: paths.index(result.project))
        status = _show_results(results, as_json=as_json, outdated_status=outdated_status)
    raise click.exceptions.Exit(status)


def _show_results(results: list[Result], *, as_json: bool, outdated_status: int) -> int:
    from mlpath.update import output

    status = output.exit_status(results, outdated_status)
    if as_json:
        _print_json([output.document(result) for result in results])
        return status
    for result in results:
        if result.error:
            _UserError(result.error).show()
        for line in output.lines(result, _styled, brief=len(results) > 1):
            click.echo(line)
    if len(results) > 1:
        click.echo(output.total(results))
    return status


def _print_json(documents: list[dict[str, Any]]) -> None:
    import json

    click.echo(json.dumps(documents, indent=2))


def _show_project(project: Project, next_commands: tuple[str, ...]) -> None:
    """Print the key files of a new project, what did not work, and the next commands."""
    from mlpath.system.shell import quote_path

    path = quote_path(project.path)
    click.echo(f"\n{_styled('Created', fg='green', bold=True)} {path}\n")
    files = project.key_files()
    width = max(map(len, files), default=0)
    for name, text in files.items():
        click.echo(f"  {_styled(f'{name:<{width}}', bold=True)}  {_styled(text, dim=True)}")
    for note in project.notes:
        click.echo(f"\n{_styled('Note:', fg='yellow')} {note}", err=True)
    if next_commands:
        click.echo("\nNext:\n")
        for command in (f"cd {path}", *next_commands):
            click.echo(f"  {command}")
    click.echo()


def _styled(text: str, **style: Any) -> str:
    # Click removes styles where the output is not a terminal, but does not know NO_COLOR.
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def run() -> None:
    """Start the program, as the console script does."""
    # Commands end before there is garbage worth collecting, and collecting it while Copier is
    # imported takes a tenth of the time.
    gc.disable()
    # Characters that the terminal can't show, in a file name for example, must not end an update.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
    main(prog_name="mlpath")

"""The command line: each command parses, calls one function, and echoes.

Click is the only import of weight up here, so that `mlpath --help` and shell completion answer
at once; a command imports what it needs when it runs.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mlpath import __version__
from mlpath.errors import MlpathError, of_the_system

if TYPE_CHECKING:
    from mlpath.create.project import Project
    from mlpath.update.batch import Result

_INTERRUPTED = 130


class _Failure(click.ClickException):
    """An `MlpathError` as Click shows it: what is wrong, and what to do."""

    def __init__(self, error: MlpathError) -> None:
        super().__init__(str(error))
        self.hint = error.hint

    def show(self, file: Any = None) -> None:
        click.echo(f"{_styled('Error:', fg='red', bold=True)} {self.message}", file=file, err=True)
        if self.hint:
            click.echo(f"{_styled('Hint:', fg='cyan')} {self.hint}", file=file, err=True)


class _Group(click.Group):
    """The one way out for what goes wrong; bugs keep their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            _check_here()
            return super().invoke(ctx)
        except MlpathError as error:
            raise _Failure(error) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read the output has enough of it
                raise
            raise _Failure(of_the_system(error)) from error
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(_INTERRUPTED)


def _check_here() -> None:
    """Refuse to work from a folder that somebody removed: no path means anything there."""
    try:
        os.getcwd()  # noqa: PTH109 - pathlib is not imported up here
    except FileNotFoundError:
        raise MlpathError(
            "the folder that you are in was removed", hint="Go to one that is there: cd ~"
        ) from None


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Split KEY=VALUE, as Copier's own `--data` does."""
    for value in values:
        if not value.partition("=")[0] or "=" not in value:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE", ctx, param)
    return dict(value.split("=", 1) for value in values)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="mlpath")
def main() -> None:
    """Create a machine-learning project that works: data, pipeline, model, demo, tests.

    \b
    Example:
      mlpath new-project demo --defaults --run
    """  # noqa: D301 - `\b` is Click's mark for lines to leave alone


@main.command("new-project")
@click.argument("dest", required=False)
@click.option(
    "-d",
    "--data",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="Answer a question, for example -d domain=tabular. Can be given many times.",
)
@click.option(
    "--data-file",
    type=click.Path(),
    metavar="FILE",
    help="Take answers from a YAML file, such as another project's .copier-answers.yml.",
)
@click.option(
    "-l", "--defaults", is_flag=True, help="Ask nothing: what is not answered, by default."
)
@click.option("-r", "--vcs-ref", metavar="REF", help="Use this version of the template.")
@click.option("-n", "--pretend", is_flag=True, help="List what would be written; write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing, unless it fails.")
@click.option(
    "--template", metavar="SRC", help="Use another Copier template: gh:you/fork, a path, a URL."
)
@click.option(
    "--dataset",
    type=click.Path(),
    metavar="PATH",
    help="Start from your own data: a table, or a folder or zip of one sub-folder a class.",
)
@click.option("--target", metavar="COLUMN", help="The column of your data to predict.")
@click.option("--run", is_flag=True, help="Then install, train, commit, and serve the demo.")
@click.option("--no-lock", is_flag=True, help="Leave uv.lock out; it needs a package index.")
def new_project(
    dest: str | None,
    pairs: dict[str, str],
    data_file: str | None,
    defaults: bool,
    vcs_ref: str | None,
    pretend: bool,
    quiet: bool,
    template: str | None,
    dataset: str | None,
    target: str | None,
    run: bool,
    no_lock: bool,
) -> None:
    """Create a project in the folder DEST, which names it.

    Asks a few questions, each with a default that works. Without DEST, the project's name gives
    the folder.

    \b
    Examples:
      mlpath new-project
      mlpath new-project demo --defaults --run
      mlpath new-project churn -l -d task=regression -d license=BSD-3-Clause
      mlpath new-project churn --dataset churn.csv --target churned
    """  # noqa: D301
    from pathlib import Path

    from mlpath.create import first_run
    from mlpath.create import ingest as intake
    from mlpath.create import project as scaffold
    from mlpath.create.staging import quoted
    from mlpath.template.answers import read_answers

    if pretend and run:
        raise click.UsageError("--pretend and --run exclude each other")
    answers = read_answers(Path(data_file)) if data_file else {}
    if dataset is not None:
        answers = intake.of_any_data(answers)
    answers.update(pairs)
    if pretend:
        place, files = scaffold.preview(
            dest,
            answers,
            defaults=defaults,
            source=template,
            ref=vcs_ref,
            dataset=Path(dataset) if dataset is not None else None,
            target=target,
        )
        for file in files if not quiet else ():
            click.echo(quoted(place / file))
        return

    def say(line: str) -> None:
        if not quiet:
            click.echo(line)

    project = scaffold.create(
        dest,
        answers,
        defaults=defaults,
        source=template,
        ref=vcs_ref,
        lock=not no_lock,
        dataset=Path(dataset) if dataset is not None else None,
        target=target,
        say=say,
    )
    if not quiet:
        _show(project, next_commands=() if run else first_run.COMMANDS)
    if run:
        first_run.run(project, say)


@main.command()
@click.argument("path", type=click.Path())
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def inspect(path: str, target: str | None, as_json: bool) -> None:
    """Tell what the data at PATH holds, and what a project of it would predict.

    PATH is a table (CSV and its kin, Parquet, JSON; plain, gzip, zstd or zip), or a folder
    or zip of pictures in one sub-folder a class. Nothing is written, nothing leaves the machine.

    \b
    Examples:
      mlpath inspect churn.csv
      mlpath inspect churn.csv --target churned --json
      mlpath inspect photos/
    """  # noqa: D301
    from pathlib import Path

    from mlpath import dataset
    from mlpath.dataset import report

    profile = dataset.inspect(Path(path), target)
    click.echo(report.to_json(profile) if as_json else report.format_profile(profile, _styled))


@main.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...", type=click.Path())
@click.option(
    "-d",
    "--data",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_pairs,
    help="Change an answer, for example -d license=BSD-3-Clause. Can be given many times.",
)
@click.option("-l", "--defaults", is_flag=True, help="Ask nothing: new questions, by default.")
@click.option("-r", "--vcs-ref", metavar="REF", help="Go to this version, not to the newest.")
@click.option(
    "-n", "--pretend", is_flag=True, help="Tell what would become of each file; write nothing."
)
@click.option("--diff", is_flag=True, help="Print the patch that it would apply; write nothing.")
@click.option("--abort", is_flag=True, help="Undo the last update, before it is committed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def update(
    projects: tuple[str, ...],
    pairs: dict[str, str],
    defaults: bool,
    vcs_ref: str | None,
    pretend: bool,
    diff: bool,
    abort: bool,
    as_json: bool,
) -> None:
    """Merge the newest version of its template into each PROJECT (here, if none is named).

    Git merges what the template changed with what you changed. The result is staged for you to
    look at and to commit; nothing is lost, and --abort takes it back. Exits with 1 if there are
    conflicts to resolve.

    \b
    Examples:
      mlpath update
      mlpath update --pretend
      mlpath update -l -d license=Apache-2.0
      mlpath update --defaults ~/projects/*/
    """  # noqa: D301
    options: dict[str, Any] = {}
    if abort and (pairs or defaults or vcs_ref or pretend or diff):
        raise click.UsageError("--abort goes with no other option but --json")
    if not abort:
        options = {"data": pairs, "defaults": defaults, "ref": vcs_ref}
        options |= {"pretend": pretend or diff, "patch": diff}
    _for_each("abort" if abort else "update", projects, options, as_json=as_json)


@main.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...", type=click.Path())
@click.option("--forecast", is_flag=True, help="Also tell whether an update would conflict.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there is a newer version.")
def status(projects: tuple[str, ...], forecast: bool, as_json: bool, exit_code: bool) -> None:
    """Tell which version of the template each PROJECT has (here, if none is named).

    With what the changelog says of the versions that came after it.

    \b
    Examples:
      mlpath status
      mlpath status --forecast
      mlpath status --exit-code --json ~/projects/*/
    """  # noqa: D301
    _for_each(
        "status", projects, {"forecast": forecast}, as_json=as_json, outdated_is=2 * exit_code
    )


@main.command()
@click.argument("option", required=False, metavar="[OPTION[=VALUE]]")
@click.argument("project", default=".", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def add(option: str | None, project: str, as_json: bool) -> None:
    """Give a PROJECT (the one here, if none is named) an OPTION that it was made without.

    The option's question is answered anew on the version that the project has, and git merges
    what that changes, as in an update. Without an OPTION, lists what can be added, and why.

    \b
    Examples:
      mlpath add
      mlpath add container
      mlpath add ci=gitlab ~/projects/churn
    """  # noqa: D301
    if option is not None:
        _for_each("add", (project,), {"request": option}, as_json=as_json)
    from pathlib import Path

    from mlpath.update import options
    from mlpath.update import report as summary

    offers = options.offers(Path(project))
    text = summary.offers_json(offers) if as_json else summary.offers_text(offers, _styled)
    click.echo(text)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(as_json: bool) -> None:
    """Tell what this machine has and lacks, with the command that mends it.

    Exits with 1 if something that mlpath needs is missing.

    \b
    Examples:
      mlpath doctor
      mlpath doctor --json
    """  # noqa: D301
    import json

    from mlpath.system.doctor import examine

    findings = examine()
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            mark, colour = {True: ("ok", "green"), False: ("missing", "red")}[finding.ok]
            if not finding.ok and not finding.needed:
                mark, colour = "not found", "yellow"
            click.echo(f"{_styled(f'{mark:>9}', fg=colour)}  {finding.name:<16} {finding.found}")
            if not finding.ok:
                click.echo(f"{'':>11}{'':<16} {finding.mend}")
    if any(finding.needed and not finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes mlpath's commands in a SHELL.

    \b
    Examples, each a line for your shell's own start-up file:
      eval "$(mlpath completion bash)"        # ~/.bashrc
      eval "$(mlpath completion zsh)"         # ~/.zshrc
      mlpath completion fish | source         # ~/.config/fish/config.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None  # noqa: S101 - `click.Choice` names only shells that Click has
    click.echo(script(main, {}, "mlpath", "_MLPATH_COMPLETE").source())


def _for_each(
    action: str,
    projects: tuple[str, ...],
    options: dict[str, Any],
    *,
    as_json: bool,
    outdated_is: int = 0,
) -> None:
    """Do something to each project, with a bar if that takes a while, and tell what came of it."""
    from contextlib import closing
    from pathlib import Path

    from mlpath.update import batch as fleet

    places = [Path(project) for project in dict.fromkeys(projects or (".",))]
    done: list[fleet.Result] = []
    hidden = len(places) == 1 or not sys.stderr.isatty()
    try:
        with (
            closing(fleet.run(action, places, options)) as results,
            click.progressbar(
                length=len(places), label=action, file=sys.stderr, hidden=hidden
            ) as bar,
        ):
            for result in results:
                done.append(result)
                bar.update(1)
    finally:
        done.sort(key=lambda result: places.index(result.project))
        status = _tell(done, as_json=as_json, outdated_is=outdated_is)
    raise click.exceptions.Exit(status)


def _tell(results: list[Result], *, as_json: bool, outdated_is: int = 0) -> int:
    """Echo what became of each project; return the exit status that this means."""
    import json

    from mlpath.update import report as summary

    if as_json:
        click.echo(json.dumps([summary.document(result) for result in results], indent=2))
        return summary.exit_status(results, outdated_is)
    for result in results:
        if result.error:
            _Failure(result.error).show()
        else:
            for line in summary.lines(result, _styled, brief=len(results) > 1):
                click.echo(line)
    if len(results) > 1:
        click.echo(summary.total(results))
    return summary.exit_status(results, outdated_is)


def _show(project: Project, next_commands: tuple[str, ...]) -> None:
    """Echo what was made, what is amiss, and what to type next."""
    from mlpath.create.staging import quoted

    place = quoted(project.path)
    click.echo(f"\n{_styled('Created', fg='green', bold=True)} {place}\n")
    files = project.key_files()
    width = max(map(len, files), default=0)
    for name, text in files.items():
        click.echo(f"  {_styled(f'{name:<{width}}', bold=True)}  {_styled(text, dim=True)}")
    for note in project.notes:
        click.echo(f"\n{_styled('Note:', fg='yellow')} {note}", err=True)
    if next_commands:
        click.echo("\nNext:\n")
        for command in (f"cd {place}", *next_commands):
            click.echo(f"  {command}")
    click.echo()


def _styled(text: str, **style: Any) -> str:
    # Click leaves colours out where the output is no terminal; NO_COLOR is the user's own word.
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)


def run() -> None:
    """Start the program, as the console script does."""
    # A command is over before there is garbage worth collecting; looking for it all the same,
    # while Copier is imported, takes a tenth of the time.
    gc.disable()
    # What a terminal can't show, a name of a file say, must not end an update that has written.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
    main(prog_name="mlpath")

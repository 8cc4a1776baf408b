"""Renders a requested project, before it has a repository and a destination."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.create import ingest, staging
from mlpath.errors import AnswerError, MlpathError
from mlpath.system import git
from mlpath.template import store
from mlpath.template.questions import questions, values_of
from mlpath.template.render import Prompts, render
from mlpath.template.store import TemplateVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlpath.create.request import ProjectRequest
    from mlpath.dataset import DatasetProfile
    from mlpath.template.answers import Answers


@dataclass(frozen=True)
class Draft:
    """A project that was rendered."""

    folder: Path
    destination: Path
    answers: Answers
    profile: DatasetProfile | None
    """The profile of the user's own data."""


def render_draft(
    request: ProjectRequest, destination: Path | None, profile: DatasetProfile | None, folder: Path
) -> Draft:
    """Render a project into an empty folder; its name decides the destination if that is None.

    Raises:
        MlpathError: An answer is rejected, or the template or the destination can't be used.
    """
    with _open_template(request) as template:
        renderer = _Renderer(request, template, destination, folder)
        if profile is None:
            answers = renderer.render(request.answers, defaults=request.defaults)
        else:
            answers, profile = renderer.render_for_data(profile)
    if destination is None:
        destination = staging.check_destination(_slug(str(answers.get("project_name") or "")))
    return Draft(folder, destination, answers, profile)


@contextmanager
def _open_template(request: ProjectRequest) -> Iterator[TemplateVersion | str]:
    """Provide the version to render, or the address of another template."""
    if request.template is None:
        with store.open_version(request.ref) as version:
            yield version
        return
    path = Path(request.template)
    if not path.is_dir():
        yield request.template
        return
    if not list(path.glob("copier.y*ml")):  # Copier would copy every file as it is
        raise MlpathError(
            f"the folder {request.template!r} has no copier.yml",
            hint="Give the folder of a Copier template, or the address of its git repository.",
        )
    yield str(path.resolve())  # it is recorded, and a relative path is wrong in another folder


@dataclass(frozen=True)
class _Renderer:
    """Renders one request, with defaults from this machine and from the user's data."""

    request: ProjectRequest
    template: TemplateVersion | str
    destination: Path | None
    folder: Path

    def render_for_data(self, profile: DatasetProfile) -> tuple[Answers, DatasetProfile]:
        """Render a project of the user's data; return the answers and the profile for its target.

        The target is a question, unless it was given. One that is not the suggested one may change
        the task and what else follows from the data, so the project is rendered again.
        """
        request = self.request
        from_data = ingest.data_answers(profile)
        suggestions = ingest.suggest_license(request)
        if self.destination is None and (name := ingest.suggest_name(profile)):
            suggestions["project_name"] = name
        answers = {**from_data, **request.answers, "target": from_data["target"]}
        if not (request.target or request.answers.get("target") or request.defaults):
            suggestions["target"] = answers.pop("target")
        elif profile.doubts:
            raise MlpathError(profile.doubts[0], hint=ingest.AMBIGUITY_HINT)
        else:
            ingest.check_usable(profile)
        context = {"columns": [column.name for column in profile.columns]}
        chosen = self.render(
            answers, defaults=request.defaults, prompts=Prompts(suggestions, context)
        )
        if chosen["target"] != (profile.target or ""):
            profile = ingest.inspect_dataset(profile.path, request.answers, chosen["target"])
            chosen = self._render_again({**chosen, **ingest.data_answers(profile)}, context)
        return chosen, profile

    def _render_again(self, answers: Answers, context: Mapping[str, Any]) -> Answers:
        """Render with the answers for another target, but for those that the user gave."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        given = {key: value for key, value in self.request.answers.items() if key != "target"}
        return self.render({**answers, **given}, defaults=True, prompts=Prompts(context=context))

    def render(
        self, answers: Mapping[str, Any], *, defaults: bool, prompts: Prompts | None = None
    ) -> Answers:
        """Render the folder; return all answers."""
        prompts = prompts or Prompts()
        suggestions = {**self._suggestions(), **prompts.suggestions}
        own_template = isinstance(self.template, TemplateVersion)
        fixed = dict(answers)
        if own_template and self.destination is not None:
            fixed.setdefault("project_name", self.destination.name)
        ref = None if own_template else self.request.ref
        while True:
            try:
                return render(
                    self.template, self.folder, fixed, defaults=defaults, ref=ref,
                    prompts=Prompts(suggestions, prompts.context),
                )  # fmt: skip
            except AnswerError as error:
                # git accepts names and addresses that the template rejects.
                if error.key not in fixed and suggestions.pop(error.key, None):
                    continue
                if error.key == "project_name" and error.key not in answers and not error.hint:
                    error.hint = "The folder names the project. To override: -d project_name=NAME"
                raise

    def _suggestions(self) -> Answers:
        """Return better defaults than the template's: git identity, this Python, a free name."""
        result: Answers = {}
        if author := git.identity():
            result = {"author_name": author.name, "author_email": author.email}
        if not isinstance(self.template, TemplateVersion):
            return result
        declared = questions(self.template)
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        if running in values_of(declared.get("python_version", {})):
            result["python_version"] = running
        if self.destination is None:
            result["project_name"] = _free_name(str(declared["project_name"]["default"]))
        return result


def _free_name(name: str) -> str:
    names = (name, *(f"{name} {number}" for number in range(2, 100)))
    return next((each for each in names if not Path(_slug(each)).exists()), name)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my-project"

"""Renders of the template, each made once however many projects need it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpath.errors import AnswerError, MlpathError
from mlpath.template import store
from mlpath.template.answers import ANSWERS_FILE, Answers, Record
from mlpath.template.questions import settable_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlpath.template.store import TemplateVersion


@dataclass(frozen=True)
class RenderCache:
    """Renders in a folder, which several processes may share."""

    folder: Path

    def render_recorded(self, record: Record) -> Path:
        """Render the version and the answers that a project has.

        Raises:
            MlpathError: That version does not accept the recorded answers.
        """
        answers = self._asked(record.source, record.version, record.answers)
        try:
            return self._render(record.source, record.version, answers, defaults=True)
        except AnswerError as error:
            raise MlpathError(
                f"the answers of the project are not valid for template {record.version}: {error}",
                hint=f"{ANSWERS_FILE} was edited by hand. Find the last valid answers in its "
                f"history: git log -p -- {ANSWERS_FILE}",
            ) from None

    def render_updated(
        self, record: Record, version: str | None, data: Mapping[str, Any], *, defaults: bool
    ) -> tuple[Path, list[str]]:
        """Render the version and the answers that a project should have.

        No version lets Copier find the newest; `data` are answers to change. Returns the render and
        a note on each recorded answer that the version does not accept.

        Raises:
            MlpathError: An answer in `data` is not accepted, or the version cannot be rendered.
        """
        answers = {**self._asked(record.source, version, record.answers), **data}
        notes: list[str] = []
        while True:
            try:
                return self._render(record.source, version, answers, defaults=defaults), notes
            except AnswerError as error:
                if error.key in data or error.key not in answers:
                    raise
                rejected = answers.pop(error.key)
                notes.append(f"{error}; your answer {rejected!r} was replaced by the default.")

    def template(self, source: str, version: str | None) -> TemplateVersion | None:
        """Return the files of a version of mlpath's own template; None for another template."""
        if source != store.SRC_PATH or version is None:
            return None

        def copy(folder: Path) -> None:
            with store.open_version(version) as opened:
                shutil.copytree(opened.folder, folder, dirs_exist_ok=True)

        return store.TemplateVersion(version, self._once(f"template-{version}", copy))

    def _asked(self, source: str, version: str | None, answers: Answers) -> Answers:
        """Return the answers to questions of a version, as Copier ignores the others."""
        template = self.template(source, version)
        if template is None:
            return dict(answers)
        settable = settable_questions(template)
        return {key: value for key, value in answers.items() if key in settable}

    def _render(
        self, source: str, version: str | None, answers: Answers, *, defaults: bool
    ) -> Path:
        from mlpath.template import render  # noqa: PLC0415 - importing Copier is slow

        template = self.template(source, version)
        request = json.dumps([source, version, answers, defaults], sort_keys=True, default=str)

        def create(folder: Path) -> None:
            ref = None if template else version
            # Copier defines it for a project that exists; defaults may depend on it.
            prompts = render.Prompts(context={"_commit": version or ""})
            render.render(
                template or source, folder, answers, defaults=defaults, ref=ref, prompts=prompts
            )

        return self._once(hashlib.sha256(request.encode()).hexdigest()[:16], create)

    def _once(self, name: str, fill: Callable[[Path], None]) -> Path:
        """Return a folder of that name, filled by a function unless that was done before."""
        place = self.folder / name
        if not place.exists():
            draft = Path(tempfile.mkdtemp(dir=self.folder))
            try:
                fill(draft)
                try:
                    draft.rename(place)
                except OSError:
                    if not place.exists():  # else another process was faster
                        raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return place

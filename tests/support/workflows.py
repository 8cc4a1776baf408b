"""Run the jobs of a GitHub workflow file on this machine.

Commands run as they are, in a clone of the repository, by `bash -e`, as GitHub runs them. Of GitHub
Actions there is what the workflows of a project use: outputs, summaries, conditions that compare
with `==`, and two actions. Anything else fails.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uv
import yaml

from support.e2e import LIMIT, Owner

EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
GH = """\
#!/bin/sh
echo "$*" >> "{folder}/calls"
case "$*" in "pr list "*) cat "{folder}/open-pull-requests" ;; esac
"""


@dataclass
class Job:
    """A job that ran.

    Attributes:
        folder: its clone of the repository.
        temporary: `RUNNER_TEMP`.
        log: the output of its commands.
        summary: what they wrote to `GITHUB_STEP_SUMMARY`.
        outputs: of the job.
    """

    folder: Path
    temporary: Path
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """A machine that runs workflows; its `gh` only records its arguments.

    Attributes:
        owner: whose environment the jobs get.
        folder: of this runner.
        origin: a bare repository, to which the address of GitHub leads.
    """

    owner: Owner
    folder: Path
    origin: Path

    @classmethod
    def create(cls, owner: Owner, project: Path, folder: Path) -> Runner:
        """Return a runner whose origin has the commits of a project."""
        runner = cls(replace(owner, home=folder), folder, folder / "origin.git")
        (folder / "bin").mkdir(parents=True)
        gh = folder / "bin" / "gh"
        gh.write_text(GH.format(folder=folder))
        gh.chmod(0o755)
        (folder / "open-pull-requests").touch()
        owner.run("git", "clone", "--quiet", "--bare", str(project), str(runner.origin), cwd=folder)
        insteadof = f"url.{runner.origin.as_uri()}.insteadOf"
        owner.run(
            "git", "config", "--file", f"{folder}/.gitconfig", insteadof, runner.address, cwd=folder
        )
        return runner

    @property
    def address(self) -> str:
        """The address of the repository at GitHub."""
        return "https://github.com/ada/demo.git"

    @property
    def gh_calls(self) -> list[str]:
        """The arguments of each call of `gh`."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def run(self, workflow: Path, values: Mapping[str, str]) -> dict[str, Job]:
        """Run the jobs of a workflow in their order, and return those that were not skipped.

        Args:
            workflow: the file, with each job after those that it needs.
            values: of expressions, by their text; those of outputs are set by the jobs.
        """
        document = yaml.safe_load(workflow.read_text())
        number = len(list(self.folder.glob("run-*")))
        known = dict(values)
        jobs: dict[str, Job] = {}
        for name, job in document["jobs"].items():
            if job.get("needs", name) not in {name, *jobs} or not holds(job.get("if"), known):
                continue
            folder = self.folder / f"run-{number}" / name
            jobs[name] = self.run_job(job, known, folder)
            known |= {
                f"needs.{name}.outputs.{key}": value for key, value in jobs[name].outputs.items()
            }
        return jobs

    def run_job(self, job: Mapping[str, Any], known: Mapping[str, str], folder: Path) -> Job:
        """Run the steps of a job."""
        done = Job(folder / "repository", folder / "temporary")
        done.temporary.mkdir(parents=True)
        known = dict(known)
        for step in job["steps"]:
            outputs = {}
            if holds(step.get("if"), known):
                if "uses" in step:
                    self.use(step["uses"].partition("@")[0], step.get("with", {}), done.folder)
                else:
                    environment = {**job.get("env", {}), **step.get("env", {})}
                    outputs = self.run_step(step["run"], resolve(environment, known), done)
            if "id" in step:
                known |= dict.fromkeys(outputs_in(job, step["id"]), "")
                known |= {
                    f"steps.{step['id']}.outputs.{key}": value for key, value in outputs.items()
                }
        done.outputs = resolve(job.get("outputs", {}), known)
        return done

    def use(self, action: str, options: Mapping[str, Any], folder: Path) -> None:
        """Do what an action does."""
        if action == "actions/checkout":
            depth = options.get("fetch-depth", 1)
            shallow = [f"--depth={depth}"] if depth else []
            command = ("git", "clone", "--quiet", *shallow, self.address, str(folder))
            self.owner.run(*command, cwd=self.folder)
            # `uv run` would do it; this is faster, since bytecode is linked.
            self.owner.sync(folder)
        else:
            assert action == "astral-sh/setup-uv"

    def run_step(self, script: str, environment: Mapping[str, str], job: Job) -> dict[str, str]:
        """Run the commands of a step, and return its outputs."""
        outputs, summary = job.temporary / "outputs", job.temporary / "summary"
        for file in (outputs, summary):
            file.write_text("")
        programs = [
            str(self.folder / "bin"),
            str(Path(uv.find_uv_bin()).parent),
            os.environ["PATH"],
        ]
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=job.folder,
            env={
                **self.owner.environment,
                "PATH": os.pathsep.join(programs),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(job.temporary),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        job.log += done.stdout
        job.summary += summary.read_text()
        assert done.returncode == 0, f"{script}\n{job.log}"
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def outputs_in(job: Mapping[str, Any], step: str) -> list[str]:
    """Return the expressions that name outputs of a step, which are empty if it sets none."""
    return re.findall(rf"steps\.{step}\.outputs\.\w+", str(job))


def resolve(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Replace the expressions in texts by their values."""
    return {
        name: EXPRESSION.sub(lambda match: known[match[1]], str(text))
        for name, text in texts.items()
    }


def holds(condition: str | None, known: Mapping[str, str]) -> bool:
    """Return whether a condition holds: comparisons, joined by `&&`."""
    for comparison in condition.split(" && ") if condition else ():
        name, text = re.fullmatch(r"([\w.-]+) == '(.*)'", comparison).groups()  # type: ignore[union-attr]
        if known[name] != text:
            return False
    return True

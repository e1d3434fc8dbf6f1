"""`modellint config`: print the project as `docker compose config` does, or the reasons why Compose rejects it."""

from __future__ import annotations

import os

from modellint.commands.arguments import project_options
from modellint.commands.table import FAILED
from modellint.compose.canonical import canonical, dump
from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import select_path
from modellint.files.disk import Unreadable
from modellint.linter.discovery import rules
from modellint.linter.refusals import refusals
from modellint.report.complaint import complain
from modellint.report.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.commands.arguments import Arguments
    from modellint.compose.loading.selection import Options
    from modellint.compose.model.project import Project
    from modellint.rule import Rule
    from modellint.text.source import Span


class RefusedProject(Exception):
    """Docker Compose would refuse the project. `reasons` say why, each with its place."""

    def __init__(self, reasons: list[tuple[Span, str]]) -> None:
        super().__init__("Compose rejects the project")
        self.reasons = reasons


def run(arguments: Arguments) -> int:
    """Print the project, or say why it is refused; returns the exit code."""
    try:
        put(config(arguments.rest[0] if arguments.rest else "", project_options(arguments), os.environ, rules()))
    except Unreadable as trouble:
        complain(str(trouble))
        return FAILED
    except RefusedProject as refused:
        for span, message in refused.reasons:
            line, column = span.first
            complain(f"{span.source.path}:{line}:{column}: {message}")
        if not refused.reasons:
            complain("Compose rejects a project without a name; set one with `--project-name`")
        return FAILED
    return 0


def config(path: str, options: Options, shell: Mapping[str, str], rules: Mapping[str, Rule]) -> str:
    """The YAML of a path's project, or of the one found here; raises `Unreadable` or `RefusedProject`."""
    project = load_project(select_path(path, options, dict(shell)))
    reasons = [*refusals(project, rules), *_unread(project)]
    if reasons or not project.name:
        raise RefusedProject(reasons)
    return dump(canonical(project))


def _unread(project: Project) -> list[tuple[Span, str]]:
    """The env files of services that are not printed, because they are none of the repository's."""
    return [
        (node.content, f"`{node.shown}` is outside the repository, so modellint does not read it")
        for node in project.unread
    ]

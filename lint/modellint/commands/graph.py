"""`modellint graph`: a picture of one project."""

from __future__ import annotations

import os

from modellint.check import open_whole, targets
from modellint.commands.arguments import project_options
from modellint.commands.findings import finder
from modellint.commands.table import FAILED
from modellint.files.atomic_write import write
from modellint.files.disk import STDIN, Unreadable
from modellint.graph.build import draw
from modellint.graph.picture import Mark
from modellint.linter.discovery import rules
from modellint.linter.record import result
from modellint.linter.refusals import refusals
from modellint.report.complaint import complain
from modellint.report.output import put
from modellint.report.paths import relative
from modellint.report.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.commands.arguments import Arguments
    from modellint.compose.model.project import Project
    from modellint.graph.picture import Picture
    from modellint.text.finding import Finding

_LONGEST_MESSAGE = 600
_MOST_NAMED = 5


def run(arguments: Arguments) -> int:
    """Draw the project of the arguments; returns the exit code."""
    try:
        target = _target(arguments.rest[0]) if arguments.rest else ""
        project, _, _ = open_whole(target, project_options(arguments), os.environ)
    except Unreadable as trouble:
        complain(str(trouble))
        return FAILED
    if project.root is None:
        for span, message in refusals(project, rules()):
            row, column = span.first
            complain(f"{span.source.path}:{row}:{column}: {message}")
        return FAILED
    try:
        found: Sequence[Finding] = () if "--no-findings" in arguments.values else finder(arguments)(project)
    except Unreadable as trouble:  # a policy with mistakes
        for each in trouble.each():
            complain(str(each))
        return FAILED
    picture = draw(project, _title(arguments, project), printable, [(each, _mark(each)) for each in found])
    text = _written(picture, arguments.last("--format", "mermaid"))
    output = arguments.last("--output")
    if output:
        write(output, text)
    else:
        put(text)
    return 0


def _target(path: str) -> str:
    """The one project that a path stands for; raises `Unreadable` where there is none, or more than one."""
    unreadable: list[Unreadable] = []
    found = targets([path], unreadable)
    if unreadable:
        raise unreadable[0]
    own = os.path.normpath(path) if path != STDIN else path
    if own in found or len(found) == 1:
        return own if own in found else found[0]
    names = ", ".join(found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
    raise Unreadable(path, f"contains {len(found)} projects, but a graph shows one: choose {names}")


def _written(picture: Picture, form: str) -> str:
    """The picture in one of the formats; only that one is imported."""
    if form == "dot":
        from modellint.graph.dot import render
    elif form == "svg":
        from modellint.graph.svg import render
    elif form == "html":
        from modellint.graph.html import render
    else:
        from modellint.graph.mermaid import render
    return render(picture)


def _mark(finding: Finding) -> Mark:
    shown = result(finding)
    place = f"{printable(relative(shown.place.path))}:{shown.place.row}:{shown.place.column}"
    message = shown.message[:_LONGEST_MESSAGE] + ("…" if len(shown.message) > _LONGEST_MESSAGE else "")
    return Mark(shown.severity, printable(shown.rule), printable(message), place)


def _title(arguments: Arguments, project: Project) -> str:
    """The project's name as it is written: not what a variable or an env file makes of it."""
    from modellint.yaml.node import Scalar

    written = project.root.get("name") if project.root is not None else None
    if name := arguments.last("--project-name"):
        return name
    if isinstance(written, Scalar) and written.shown:
        return written.shown
    return os.path.basename(os.path.abspath(project.folder)) or "project"

"""Reports: one module for each format, each with `render(report, rules) -> str`, imported when it is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from modellint.check import Report
    from modellint.rule import Rule

    Render: TypeAlias = Callable[[Report, Mapping[str, Rule]], str]

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")


def renderer(name: str) -> Render:
    """The function that renders a format of `FORMATS`."""
    render: Render = __import__(f"modellint.report.{name}", fromlist=("render",)).render
    return render

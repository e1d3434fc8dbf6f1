"""Reports: one module for each format, each with `render(report, rules) -> str`, imported when it is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from modellint.check import Report
    from modellint.rule import Rule

    Render: TypeAlias = Callable[[Report, Mapping[str, Rule]], str]

FORMATS = {
    "text": "modellint.report.text",
    "json": "modellint.report.json",
    "sarif": "modellint.report.sarif",
    "github": "modellint.report.github",
    "gitlab": "modellint.report.gitlab",
    "junit": "modellint.report.junit",
    "rdjson": "modellint.report.rdjson",
    "markdown": "modellint.report.markdown",
}


def renderer(name: str) -> Render:
    """The function that renders a format of `FORMATS`."""
    import importlib

    render: Render = importlib.import_module(FORMATS[name]).render
    return render

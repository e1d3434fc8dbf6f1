"""The examples on a rule's page, which are also its tests.

A page is Markdown. A fenced block opens with a language and one more word:

- `yaml bad`: a Compose file with findings, each drawn on a comment line under the text it is about
- `yaml fixed`: what the `bad` block before it becomes once its fixes are applied
- `yaml good`: a Compose file without findings
- `json registry`: what registries answer: by request an artifact (its `digest`, `context`, …) or `{}` for none
- `yaml policy`: the policy that is in force
- `LANGUAGE NAME`: a file of that language (`dotenv`, `python`, …) that lies beside every Compose file of the page
"""

from __future__ import annotations

import re

from modellint.text.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.text.finding import Finding

_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.M | re.S)
_KINDS = ("bad", "fixed", "good")
_REGISTRY, _POLICY = "registry", "policy"
_DRAWN = re.compile(r"^ *# *\^+ .+\n", re.M)


class Example:
    """One `bad` or `good` block, and the `fixed` block after it."""

    __slots__ = ("bad", "body", "fixed", "line")

    def __init__(self, line: int, body: str, bad: bool) -> None:
        self.line = line
        self.body = body
        self.bad = bad
        self.fixed: str | None = None

    @property
    def text(self) -> str:
        """The Compose file, without the drawings."""
        return _DRAWN.sub("", self.body)


def examples(page: str) -> list[Example]:
    """Every example of a page, in order."""
    found: list[Example] = []
    for block in _BLOCK.finditer(page):
        language, kind, body = block.groups()
        if language != "yaml" or kind not in _KINDS:
            continue
        if kind == "fixed":
            found[-1].fixed = body
        else:
            found.append(Example(page.count("\n", 0, block.start()) + 1, body, kind == "bad"))
    return found


def beside(page: str) -> dict[str, str]:
    """The files beside the Compose files of a page, by their path."""
    return {name: body for _, name, body in _BLOCK.findall(page) if name not in (*_KINDS, _REGISTRY, _POLICY)}


def registry(page: str) -> dict[str, dict[str, object]] | None:
    """What registries answer on a page, by request; None where none is asked. `memory` is the budget in bytes."""
    import json

    body = next((body for _, name, body in _BLOCK.findall(page) if name == _REGISTRY), None)
    return json.loads(body) if body is not None else None


def policy(page: str) -> str:
    """The text of the policy that is in force on a page; empty where there is none."""
    return next((body for _, name, body in _BLOCK.findall(page) if name == _POLICY), "")


def draw(source: Source, findings: Iterable[Finding]) -> str:
    """Put each finding on a comment line under the text it is about, as a `bad` block shows it."""
    lines = source.text.splitlines(keepends=True)
    for finding in reversed([finding for finding in findings if finding.span.source is source]):
        row, column = finding.span.first
        width = max(1, len(finding.span.text.partition("\n")[0]))
        indent = len(lines[row - 1]) - len(lines[row - 1].lstrip(" "))
        hash_at = max(0, min(indent, column - 3))
        gap = " " * (column - 2 - hash_at)
        carets = "^" * (width if column - 1 > hash_at else width - 1)
        lines.insert(row, f"{' ' * hash_at}#{gap}{carets} {finding.message}\n")
    return "".join(lines)

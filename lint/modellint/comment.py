"""Ignore comments: `# modellint: ignore[rule, rule] reason`.

On a line with other text the comment speaks about that line, alone on a line about the next line that has text.
"""

from __future__ import annotations

from modellint.node import Scalar, Sequence
from modellint.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modellint.node import Node

_MARK = "modellint:"
_OPEN = "ignore["


class Ignore:
    """One rule named by an ignore comment. `used` becomes True when it suppresses a finding."""

    __slots__ = ("line", "reason", "rule", "span", "used", "whole")

    def __init__(self, span: Span, whole: Span, rule: str, reason: str, line: int) -> None:
        self.span = span  # the rule's name in the comment, or what stands where one should
        self.whole = whole  # the comment from its `#`
        self.rule = rule  # empty where the comment is malformed
        self.reason = reason
        self.line = line
        self.used = False


def ignores(source: Source, documents: Iterable[Node]) -> list[Ignore]:
    """Every ignore comment of a file; text inside a value is no comment."""
    text = source.text
    if _MARK not in text:
        return []
    values: list[tuple[int, int]] = [(node.start, node.end) for root in documents for node in _leaves(root)]
    found: list[Ignore] = []
    at = text.find(_MARK)
    while at >= 0:
        start = _comment_start(text, at)
        if start >= 0 and not any(first <= start < last for first, last in values):
            found.extend(_read(source, start, at + len(_MARK)))
        at = text.find(_MARK, at + 1)
    return found


def _comment_start(text: str, at: int) -> int:
    """Offset of the `#` that only blanks separate from the mark, or -1."""
    start = at - 1
    while start >= 0 and text[start] in " \t":
        start -= 1
    begins = start >= 0 and text[start] == "#" and (start == 0 or text[start - 1] in " \t\r\n")
    return start if begins else -1


def _read(source: Source, start: int, at: int) -> Iterator[Ignore]:
    line, column = source.position(start)
    content = source.line(line)
    end = start - column + 1 + len(content.rstrip())
    whole = Span(source, start, end)
    about = line if content[: column - 1].strip() else _next_line(source, line)
    body = source.text[at:end]
    opened = body.lstrip().startswith(_OPEN)
    closed = body.find("]")
    if not opened or closed < 0:
        yield Ignore(whole, whole, "", "", about)
        return
    reason = body[closed + 1 :].strip()
    first = body.index("[") + 1
    for name in body[first:closed].split(","):
        lead = len(name) - len(name.lstrip())
        begin = at + first + lead
        yield Ignore(Span(source, begin, begin + len(name.strip())), whole, name.strip(), reason, about)
        first += len(name) + 1


def _next_line(source: Source, line: int) -> int:
    for number in range(line + 1, len(source.line_starts()) + 1):
        content = source.line(number).strip()
        if content and not content.startswith("#"):
            return number
    return line


def _leaves(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _leaves(item)
    else:
        for key, value in node.pairs:
            yield from _leaves(key)
            yield from _leaves(value)

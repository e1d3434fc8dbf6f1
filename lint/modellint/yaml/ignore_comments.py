"""Ignore comments: `# modellint: ignore[rule, rule] reason`.

On a line with other text the comment speaks about that line, alone on a line about the next line that has text.
"""

from __future__ import annotations

from modellint.text.source import Source, Span
from modellint.yaml.node import Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modellint.yaml.node import Node

MAX_NAMES = 500  # rules named in the ignore comments of one file; the others are not heeded
_LONGEST = 2_000  # characters of a list of names; a longer one is malformed
_MARK = "modellint:"
_OPEN = "ignore["


class Ignore:
    """One rule named by an ignore comment. `used` becomes True when it is about a finding.

    One that is not `heeded` suppresses nothing: the change that is checked has brought it along.
    """

    __slots__ = ("heeded", "line", "reason", "rule", "span", "used", "whole")

    def __init__(self, span: Span, whole: Span, rule: str, reason: str, line: int) -> None:
        self.span = span  # the rule's name in the comment, or what stands where one should
        self.whole = whole  # the comment from its `#`
        self.rule = rule  # empty where the comment is malformed
        self.reason = reason
        self.line = line  # that it is about; one past the last where nothing follows
        self.used = False
        self.heeded = True


def ignores(source: Source, documents: Iterable[Node]) -> list[Ignore]:
    """Every ignore comment of a file; text inside a value is no comment."""
    text = source.text
    if _MARK not in text:
        return []
    texts = sorted({_text(node) for root in documents for node in _leaves(root) if node.style})
    found: list[Ignore] = []
    inside = 0  # how many of the texts begin before the mark
    at = text.find(_MARK)
    while at >= 0 and len(found) < MAX_NAMES:
        while inside < len(texts) and texts[inside][0] <= at:
            inside += 1
        start = _comment_start(text, at)
        if start >= 0 and not (inside and start < texts[inside - 1][1]):
            found.extend(_read(source, start, at + len(_MARK), found[-1].line if found else 0))
        at = text.find(_MARK, at + 1)
    return found[:MAX_NAMES]


def _text(node: Scalar) -> tuple[int, int]:
    """Where a quoted or block scalar holds text; a comment may stand behind the `|` or `>` of a block."""
    if node.style in "|>":
        return node.start + len(node.span.text.partition("\n")[0]), node.end
    return node.start, node.end


def _comment_start(text: str, at: int) -> int:
    """Offset of the `#` that only blanks separate from the mark, or -1."""
    start = at - 1
    while start >= 0 and text[start] in " \t":
        start -= 1
    begins = start >= 0 and text[start] == "#" and (start == 0 or text[start - 1] in " \t\r\n")
    return start if begins else -1


def _read(source: Source, start: int, at: int, before: int) -> Iterator[Ignore]:
    """The rules that one comment names; `before` is the line that the comment before it is about."""
    line, column = source.position(start)
    content = source.line(line)
    end = start - column + 1 + len(content.rstrip())
    whole = Span(source, start, end)
    about = line
    if not content[: column - 1].strip():
        about = before if before > line else _next_line(source, line)
    body = source.text[at:end]
    opened = body.lstrip().startswith(_OPEN)
    closed = body.find("]")
    if not opened or not 0 < closed <= _LONGEST:
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
    """The next line that has text, or one past the last."""
    last = len(source.line_starts())
    for number in range(line + 1, last + 1):
        content = source.line(number).strip()
        if content and not content.startswith("#"):
            return number
    return last + 1


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

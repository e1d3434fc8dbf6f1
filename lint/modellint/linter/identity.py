"""The identity of a finding, stable while its file changes: the keys that lead to its place, and its subject.

An exception and a baseline take both from here, and a reader finds both in the file.
"""

from __future__ import annotations

from bisect import bisect_right

from modellint.secrets.lines import secrets_of, without
from modellint.yaml.node import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project
    from modellint.text.finding import Finding
    from modellint.text.source import Span
    from modellint.yaml.node import Node

MOST = 300  # characters of what a finding is about, which its beginning stands for


def key_path(span: Span, project: Project) -> list[str]:
    """The keys that lead to a place in a Compose file; without the numbers of list items."""
    places = project.once(_Places)
    for root in places.roots.get(span.source.path, ()):
        if root.start <= span.start <= root.end:
            return places.keys(root, span.start)
    return []


def abouts(finding: Finding) -> tuple[str, str]:
    """What an exception may call the thing that a finding is about: the text at its place, and the message.

    The message stands for a text that nobody may read, and for one that is empty.
    """
    secrets = secrets_of(finding.span.source).of(finding.span)
    return shortened(finding.span.text), shortened(without(finding.message, secrets))


def shortened(text: str) -> str:
    """The text on one line, and no longer than what a policy takes."""
    return " ".join(text[: 4 * MOST].split())[:MOST].rstrip()


class _Places:
    """What stands where in the files of a project."""

    def __init__(self, project: Project) -> None:
        self.roots: dict[str, list[Node]] = {}
        for file in reversed(project.files):
            self.roots[file.source.path] = file.documents
        self._inner: dict[int, list[tuple[int, Scalar | None, Node]]] = {}  # by the id of a map or list, in order

    def keys(self, root: Node, at: int) -> list[str]:
        """The keys that lead to an offset of the text."""
        path: list[str] = []
        node: Node | None = root
        while isinstance(node, Mapping | Sequence):
            if id(node) not in self._inner:
                self._inner[id(node)] = sorted(_inner(node), key=_start)
            inner = self._inner[id(node)]
            found = bisect_right(inner, at, key=_start) - 1
            if found < 0:
                break
            _, key, value = inner[found]
            if key is not None and at <= max(key.end, value.end):
                path.append(key.text)
            node = value if value.start <= at <= value.end else None
        return path


def _inner(node: Mapping | Sequence) -> Iterator[tuple[int, Scalar | None, Node]]:
    """Where what a map or list holds begins, the key if it has one, and the value."""
    if isinstance(node, Sequence):
        yield from ((item.start, None, item) for item in node.items)
        return
    for key, value in node.pairs:
        if isinstance(key, Scalar) and value.source is key.source:
            yield key.start, key, value


def _start(inner: tuple[int, Scalar | None, Node]) -> int:
    return inner[0]

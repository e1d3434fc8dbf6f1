"""One place where Docker Compose rejects a file, and the reason."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.text.edit import Fix
    from modellint.text.source import Span
    from modellint.yaml.node import Node

MADE_A_MAP = "made-a-map"  # the kind of a list's item that a blank behind its colon makes a map
UNSET = "unset"  # the kind of what Compose refuses because a variable has no value here


class Violation:
    """One place where the schema refuses the file.

    `kind` is the JSON Schema keyword that failed (`required`, `type`, `additionalProperties`, …); `path` the keys and
    indexes from the root; `message` says it in words a person can act on.
    """

    __slots__ = ("fix", "hint", "kind", "message", "node", "path", "span")

    def __init__(
        self,
        span: Span,
        node: Node,
        kind: str,
        path: tuple[str | int, ...],
        message: str,
        hint: str = "",
        fix: Fix | None = None,
    ) -> None:
        self.span = span
        self.node = node
        self.kind = kind
        self.path = path
        self.message = message
        self.hint = hint
        self.fix = fix

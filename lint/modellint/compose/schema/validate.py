"""Check a project against the Compose schema.

A file that the schema accepts is walked once, against a table compiled from the JSON Schema when modellint is built.
The table never decides against a file: what it refuses is judged by `jsonschema`, which is slow to load.
"""

from __future__ import annotations

from modellint.compose.schema.rows import table
from modellint.compose.schema.table import ROOT, accepts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.table import Accepted
    from modellint.compose.schema.violation import Violation
    from modellint.yaml.node import Mapping


def violations(root: Mapping, accepted: Accepted | None = None) -> list[Violation]:
    """Every violation of the Compose schema, in the order of the file.

    `accepted` is filled with what the schema accepts, so that what several states of a project share is walked once.
    """
    rows = table()
    known: Accepted = {} if accepted is None else accepted
    if not rows or not accepts(root, ROOT, rows, known):
        from modellint.compose.schema.jsonschema_errors import judge

        return judge(root, rows, known)
    known.pop((id(root), ROOT), None)  # another document makes it anew: it would be kept in vain
    return []

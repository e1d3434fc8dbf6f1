"""The rows of the Compose schema: those that the build has generated, or compiled here where it has not."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.schema.table import Table


def table() -> Table:
    """The schema as rows; empty where the installed schema uses what the compiler does not know."""
    global _table
    if _table is None:
        _table = _load()
    return _table


_table: Table | None = None


def _load() -> Table:
    try:
        # By name, because type checkers may meet a checkout in which the table is not generated yet.
        rows: Table = __import__("modellint.compose.schema._schema_table", fromlist=("ROWS",)).ROWS
    except ImportError:
        from modellint.compose.schema.compile import UnknownKeyword, compile_schema
        from modellint.compose.schema.spec import read_schema

        try:
            return compile_schema(read_schema())
        except UnknownKeyword:
            return ()
    return rows

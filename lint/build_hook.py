"""Compile the Compose schema into a table while a wheel, or an editable install, is built."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SchemaTableHook(BuildHookInterface[Any]):
    """Write `modellint/compose/schema/_schema_table.py`; the build fails where the schema says what a table cannot."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the module and ship it although git ignores it."""
        code = Path(__file__).parent
        sys.path.insert(0, str(code))
        try:
            from modellint.compose.schema.compile import compile_schema, source_of
            from modellint.compose.schema.spec import read_schema
        finally:
            sys.path.remove(str(code))
        target = code / "modellint" / "compose" / "schema" / "_schema_table.py"
        target.write_text(source_of(compile_schema(read_schema())), encoding="utf-8")
        build_data["artifacts"].append(target.relative_to(code.parent).as_posix())

"""JSON of the objects of `sarif_om`.

The serializer that goes with them (`jschema_to_python`) drops a `level` that equals the class's default, so that
readers take the rule's level in its place, and it writes misspelt attributes out.
"""

from __future__ import annotations

from typing import Any, cast

import attrs


def as_json(value: object) -> Any:
    """The value as JSON has it; raises AttributeError for an attribute that SARIF does not know."""
    if isinstance(value, list):
        return [as_json(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in cast("dict[str, object]", value).items()}
    if not attrs.has(type(value)):
        return value
    fields = attrs.fields(cast("Any", type(value)))
    if unknown := vars(value).keys() - {field.name for field in fields}:
        raise AttributeError(f"{type(value).__name__} has no attribute {', '.join(sorted(unknown))}")
    return {
        field.metadata["schema_property_name"]: as_json(content)
        for field in fields
        if (content := getattr(value, field.name)) is not None
        and (field.name == "level" or content != _default(field.default))
    }


def _default(default: Any) -> object:
    """What an attribute holds that nobody has set."""
    return default.factory() if hasattr(default, "factory") else default

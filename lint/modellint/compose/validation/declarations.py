"""What Compose rejects at the top level of a file: networks, volumes, secrets, configs and the project name.

It checks them whether a service uses them or not (compose-go, `validation`, `transform/external.go`). Checked against
Compose 5.6.1.
"""

from __future__ import annotations

from modellint.compose.model.project import entries
from modellint.compose.schema.violation import Violation
from modellint.compose.validation.casts import is_unread, shown
from modellint.compose.validation.sections import options
from modellint.compose.values.units import to_bool
from modellint.yaml.node import Mapping, Scalar, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Dict

    from modellint.yaml.node import Node

_REFUSED = "Compose rejects the file"
_SOURCES = {"secrets": ("file", "environment"), "configs": ("file", "environment", "content")}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def declarations(root: Mapping, environment: Dict[str, str], whole: bool) -> Iterator[Violation]:
    """What Compose refuses in these sections; what is missing counts only where the project is `whole`."""
    yield from _project_name(root.get("name"), environment)
    for section in ("networks", "volumes", "secrets", "configs"):
        for key, body in entries(root.get(section)):
            if isinstance(body, Mapping):
                path = (section, key.text)
                yield from _external(key, body, path)
                if section == "secrets" and (found := body.get("driver_opts")) is not None:
                    yield from options(found, (*path, "driver_opts"))
                if section in _SOURCES:
                    yield from _sources(key, body, path, whole)


def _external(key: Scalar, body: Mapping, path: tuple[str, str]) -> Iterator[Violation]:
    external = body.get("external")
    if external is None:
        return
    name = body.get("name")
    inner = external.get("name") if isinstance(external, Mapping) else None
    if isinstance(inner, Scalar) and isinstance(name, Scalar) and inner.value != name.value:
        message = f"`{path[1]}` has both `name` and `external.name`: {_REFUSED}"
        yield Violation(inner.content, inner, "exclusion", (*path, "external", "name"), message, "keep only `name`")
    if path[0] == "volumes" and _is_external(external):
        for other, value in body:
            if other.text not in ("external", "name") and not other.text.startswith("x-"):
                message = f"the volume `{path[1]}` is external, so it cannot have `{other.text}`: {_REFUSED}"
                hint = f"remove `{other.text}`, or remove `external` so that Compose creates the volume"
                yield Violation(other.span, value, "exclusion", (*path, other.text), message, hint)


def _is_external(node: Node) -> bool:
    if isinstance(node, Scalar):
        return _boolean(node)
    return isinstance(node, Mapping)


def _sources(key: Scalar, body: Mapping, path: tuple[str, str], whole: bool) -> Iterator[Violation]:
    kinds = _SOURCES[path[0]]
    noun = path[0][:-1]
    given = [kind for kind in kinds if kind in body]
    if len(given) > 1:
        second = body.key(given[1])
        assert second is not None
        message = f"the {noun} `{path[1]}` has both `{given[0]}` and `{given[1]}`: {_REFUSED}"
        yield Violation(second.span, body, "exclusion", path, message, "keep one of them")
    elif whole and _is_without_source(body, path[0], given):
        message = f"the {noun} `{path[1]}` does not specify where its content comes from: {_REFUSED}"
        hint = f"add {', '.join(f'`{kind}`' for kind in kinds[:-1])} or `{kinds[-1]}`, or `external: true`"
        yield Violation(key.content, body, "required", path, message, hint)


def _is_without_source(body: Mapping, section: str, given: list[str]) -> bool:
    external = body.get("external")
    if section == "configs":
        return not given and external is None
    if external is not None and _is_external(external):
        return False
    return not given or (given == ["environment"] and text_of(body.get("environment")) == "")


def _project_name(name: Node | None, environment: Dict[str, str]) -> Iterator[Violation]:
    if not isinstance(name, Scalar) or not isinstance(name.value, str) or not name.text or is_unread(name):
        return
    if not _NAME.intersection(name.value.lower()) and not environment.get("COMPOSE_PROJECT_NAME"):
        message = f"`{shown(name)}` contains no character that is valid in a project name: {_REFUSED}"
        hint = "use lowercase letters and digits; give a variable a default, such as `${NAME:-app}`"
        yield Violation(name.content, name, "cast", ("name",), message, hint)


def _boolean(node: Scalar) -> bool:
    try:
        return to_bool(node.value) if isinstance(node.value, str) else node.value is True
    except ValueError:
        return False

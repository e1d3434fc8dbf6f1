"""Edits to the grants of a service: the variables that they inject, and the entries that become superfluous.

Each gives None where the file is not laid out so plainly that the edit is certain to mean what it should: where an
anchor, a merge key or `extends` lets a text stand for several places, or a flow list goes over several lines.
"""

from __future__ import annotations

from modellint.compose.model.project import settings
from modellint.fixing.list_edits import add_lines, below, column, line_break, take_out
from modellint.text.edit import Edit
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from modellint.compose.model.project import Grant, Injected, Model, Project, Service, Setting
    from modellint.evidence.endpoints import ModelServerAddress
    from modellint.evidence.gather import Evidence
    from modellint.yaml.node import Node

    Names: TypeAlias = "dict[str, str]"  # the variables by `endpoint_var` and `model_var`
    Entry: TypeAlias = "tuple[Scalar, Node]"

_MOST = 200  # entries of a section: a longer one is no person's, and would take long to edit
_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _FIRST | frozenset("0123456789")
# The injected address ends in `/v1/`, so that only a program which adds no more of the path can take it.
_SAME_PATHS = ("/v1", "/engines/v1", "/engines/llama.cpp/v1")


def rename(project: Project, grant: Grant, names: Names) -> list[Edit] | None:
    """Let a grant inject its variables under other names. The short form becomes the long one."""
    if grant.legacy or grant.name.interpolated:
        return None
    found = written(project, grant.service, grant.name.span)
    entry = _direct(found[1], "models") if found is not None else None
    if found is None or entry is None or not _is_own(project, grant):
        return None
    section, step = entry[1], _step(*found)
    if isinstance(section, Sequence):
        return _as_map(entry[0], section, found[1].flow, step, grant.name, names)
    if isinstance(section, Mapping) and len(section.pairs) <= _MOST and _is_written_out(section):
        for key, value in section.pairs:
            if isinstance(key, Scalar) and key.start == grant.name.start:
                return _in_flow(key, value, names) if section.flow else _in_block(key, value, names, step)
    return None


def add_grant(project: Project, service: Service, beside: Span, model: Model, names: Names) -> list[Edit] | None:
    """Grant a declared model to a service without grants, beside the section in which something stands."""
    found = written(project, service, beside)
    if found is None or found[1].flow or "models" in found[1]:
        return None
    near, step = _neighbour(found[1], beside), _step(*found)
    if near is None:
        return None
    indent = " " * column(near[0])
    name = model.name.text
    name = name if resolve(name) == name and name[0].isalnum() else f'"{name}"'
    if not names:
        return [add_lines(*near, [f"{indent}models: [{name}]"])]
    return [add_lines(*near, [f"{indent}models:", *_long(name, names, indent + step, step)])]


def take_out_settings(project: Project, service: Service, entries: list[Setting]) -> list[Edit] | None:
    """Take entries out of the `environment` of a service, so that nothing sets the variables there."""
    found = written(project, service, entries[0].span)
    entry = _direct(found[1], "environment") if found is not None else None
    if found is None or entry is None:
        return None
    body, section = found[1], entry[1]
    names = {each.name for each in entries}
    if isinstance(section, Scalar) or (isinstance(section, Mapping) and not _is_written_out(section)):
        return None
    if len(section.pairs if isinstance(section, Mapping) else section.items) > _MOST:
        return None
    if "extends" in body or any(_sets(other, names) for _, other in _places(project, service) if other is not body):
        return None  # what is taken out may stand there as well
    if any(_is_taken_over(project, service, each) for each in entries):
        return None
    own = list(settings(section))
    nodes = [each.node for each in own if each.node is not None and each.name in names]
    if len(nodes) != len(entries):
        return None
    if len(nodes) == len(own) and not (_is_written_out(body) and len(body.pairs) > 1):
        return None  # without the section, that of a merged map would hold, or there would be no service
    return take_out(body, "environment", nodes)


def inject_instead(project: Project, variable: Injected, setting: Setting) -> list[Edit] | None:
    """Let a grant inject what an entry of `environment` sets, and take out the entry."""
    named = rename(project, variable.grant, {f"{variable.kind}_var": setting.name})
    taken = take_out_settings(project, variable.grant.service, [setting]) if named else None
    return [*named, *taken] if named and taken else None


def is_base_url(endpoint: ModelServerAddress) -> bool:
    """Whether a text is nothing but an address to which a program adds what it also adds to the injected one."""
    url, text = endpoint.url, endpoint.text
    whole = f"{url.scheme}://{text.value[url.start : url.end]}{url.path}"
    return (
        url.scheme in ("http", "https")
        and text.is_written
        and text.value == whole
        and url.path.removesuffix("/") in _SAME_PATHS
    )


def may_rename(evidence: Evidence, variable: Injected, name: str) -> bool:
    """Whether a grant can inject a variable under a name, and nothing known needs it under the present one."""
    grant = variable.grant
    service = grant.service
    if grant.legacy or variable.explicit or not is_variable_name(name) or len(service.grants) > _MOST:
        return False
    if any(each.name == name for other in service.grants for each in other.variables):
        return False
    if variable.name in service.environment:
        return False  # somebody wants it there
    return not is_read(evidence, service, variable.name) and not _is_nearly_read(evidence, service, variable.name)


def is_read(evidence: Evidence, service: Service, name: str) -> bool:
    """Whether a service's code or scripts read a variable, or one of its values speaks of it."""
    code = evidence.code(service)
    if (code is not None and code.may_read(name)) or name in evidence.script_reads(service):
        return True
    return any(name in value and _speaks_of(value, name) for value in evidence.values(service))


def _is_nearly_read(evidence: Evidence, service: Service, name: str) -> bool:
    """Whether a command reads a name with a prefix more or less: another fix lets it read the present one."""
    read = (each.name for run in evidence.runs(service) for each in run.reads())
    return any(each.endswith(f"_{name}") or name.endswith(f"_{each}") for each in read)


def is_variable_name(name: str) -> bool:
    """Whether a shell can read a variable of the name, and YAML reads the name as text."""
    return name[:1] in _FIRST and _NAME.issuperset(name) and resolve(name) == name


def written(project: Project, service: Service, span: Span) -> tuple[Scalar, Mapping] | None:
    """The name and the body of a service as a file writes them where something stands.

    None where an anchor or `extends` lets them stand for other services, too.
    """
    places = list(_places(project, service))
    for key, body in places:
        if _holds(body, span):
            others = (other for _, other in places if other is not body)
            is_plain = not body.anchor and not body.tag and not any("extends" in other for other in others)
            return (key, body) if is_plain and body.pairs else None
    return None


def _places(project: Project, service: Service) -> Iterator[tuple[Scalar, Mapping]]:
    """Where the files write a service, directly under `services`."""
    return iter(project.once(_written_services).get(service.name.text, ()))


def _written_services(project: Project) -> dict[str, list[tuple[Scalar, Mapping]]]:
    found: dict[str, list[tuple[Scalar, Mapping]]] = {}
    for file in project.files:
        for document in file.documents:
            section = document.get("services") if isinstance(document, Mapping) else None
            if isinstance(section, Mapping) and not section.anchor:
                for key, body in section:
                    if isinstance(body, Mapping) and _holds(section, key.span):
                        found.setdefault(key.text, []).append((key, body))
    return found


def _is_own(project: Project, grant: Grant) -> bool:
    """Whether no other service takes the grant over."""
    if not _extends(grant.name.span):
        return True
    return project.once(_services_by_grant)[grant.name.span] == {grant.service.name.text}


def _is_taken_over(project: Project, service: Service, entry: Setting) -> bool:
    """Whether another service has an entry of `environment` from this one."""
    if not _extends(entry.span):
        return False
    services = project.once(_services_by_setting).get(entry.span, set())
    return not services <= {service.name.text}


def _services_by_grant(project: Project) -> dict[Span, set[str]]:
    """The services that have a grant which is written in one place."""
    found: dict[Span, set[str]] = {}
    for grant in project.grants():
        found.setdefault(grant.name.span, set()).add(grant.service.name.text)
    return found


def _services_by_setting(project: Project) -> dict[Span, set[str]]:
    """The services that have a variable which is written in one place."""
    found: dict[Span, set[str]] = {}
    for service in project.services.values():
        for setting in service.environment.values():
            found.setdefault(setting.span, set()).add(service.name.text)
    return found


def _extends(span: Span) -> bool:
    return span.source.holds("extends")


def _direct(body: Mapping, name: str) -> Entry | None:
    """The entry that is written in a map itself, once, and shared with nothing."""
    found = [(key, value) for key, value in body.pairs if isinstance(key, Scalar) and key.text == name]
    return found[0] if len(found) == 1 and not found[0][1].anchor and not found[0][1].tag else None


def _is_written_out(section: Mapping) -> bool:
    """Whether a map has no merge key."""
    return not any(isinstance(key, Scalar) and key.text == "<<" for key, _ in section.pairs)


def _sets(body: Mapping, names: set[str]) -> bool:
    return any(each.name in names for each in settings(body.get("environment")))


def _holds(node: Node, span: Span) -> bool:
    return node.source is span.source and node.start <= span.start and span.end <= node.end


def _step(key: Scalar, body: Mapping) -> str:
    """By what the file indents."""
    return "  " if body.flow else " " * max(1, column(body) - column(key))


def _neighbour(body: Mapping, beside: Span) -> Entry | None:
    """An entry below which a section may be added that belongs near the one in which something stands."""
    pairs = [(key, value) for key, value in body.pairs if isinstance(key, Scalar)]
    at = next((at for at, (_, value) in enumerate(pairs) if _holds(value, beside)), -1)
    others = [*pairs[:at][-1:], *pairs[at + 1 :][:1]] if at >= 0 else []
    return others[0] if others else None


def _as_map(
    models: Scalar, section: Sequence, in_flow: bool, step: str, grant: Scalar, names: Names
) -> list[Edit] | None:
    """Make a map of a list of grants, of which one names its variables."""
    items = _plain_items(section)
    if not any(item.start == grant.start for item in items):
        return None
    grants = [(item.span.text, names if item.start == grant.start else {}) for item in items]
    if not section.flow:
        return _block_as_map(models, items, grants, step)
    source = models.source
    if "\n" in section.span.text or Span(source, models.end, section.start).text.strip() != ":":
        return None
    if in_flow:
        text = ", ".join(f"{name}: {_short(its)}" for name, its in grants)
        return [Edit(section.span, f"{{{text}}}")]
    if not _ends_line(section.span):
        return None
    indent = " " * column(models) + step
    lines = [line for name, its in grants for line in _long(name, its, indent, step)]
    return [Edit(Span(source, models.end, section.end), ":"), below(source, section.span.first[0], lines)]


def _block_as_map(models: Scalar, items: list[Scalar], grants: list[tuple[str, Names]], step: str) -> list[Edit] | None:
    source = models.source
    indent = ""
    edits: list[Edit] = []
    for item, (name, names) in zip(items, grants, strict=True):
        row, at = item.span.first
        before = source.line(row)[: at - 1]
        if before.strip() != "-" or not _ends_line(item.span):
            return None
        # A list may stand as far left as its key, a map may not.
        dash = before[: before.index("-")]
        indent = indent or (dash if len(dash) > column(models) else " " * column(models) + step)
        first, *lines = _long(name, names, indent, step)
        edits.append(Edit(Span(source, source.line_starts()[row - 1], item.end), first))
        if lines:
            edits.append(below(source, row, lines))
    return edits


def _plain_items(section: Sequence) -> list[Scalar]:
    """The names in a list of grants; none where one of them could not be a key as it is written."""
    if len(section.items) > _MOST:
        return []
    items = [item for item in section.items if isinstance(item, Scalar)]
    names = {text_of(item) for item in items if not (item.anchor or item.tag or item.interpolated)}
    plain = None not in names and not any("\n" in item.span.text or item.style in ("|", ">") for item in items)
    is_whole = len(names) == len(section.items)
    own = all(_holds(section, item.span) for item in items)
    return items if plain and is_whole and own else []


def _in_block(key: Scalar, value: Node, names: Names, step: str) -> list[Edit] | None:
    """Add variables to an entry on a line of its own."""
    source = key.source
    indent = " " * column(key)
    if isinstance(value, Mapping) and not value.flow:
        return _in_body(value, names)
    if isinstance(value, Mapping) and value.pairs:
        return _in_flow(key, value, names)
    is_empty = isinstance(value, Mapping) or (isinstance(value, Scalar) and value.value is None)
    end = value.end if value.span.text else key.end
    if not is_empty or value.anchor or value.tag or end < key.end:
        return None
    gap = Span(source, key.end, end)
    behind = _rest_of_line(gap)
    if "\n" in gap.text or gap.text.strip()[:1] not in ("", ":"):
        return None
    if not _is_comment(behind if gap.text else behind.lstrip(" ").removeprefix(":")):
        return None
    emptied = [Edit(gap, ":")] if gap.text else []
    return [*emptied, below(source, key.span.first[0], _long("", names, indent, step)[1:])]


def _in_body(body: Mapping, names: Names) -> list[Edit] | None:
    """Set variables in the body of an entry, a line for each."""
    if body.anchor or body.tag or not _is_written_out(body) or not body.pairs:
        return None
    edits = _replaced(body, names)
    missing = [f"{kind}: {name}" for kind, name in names.items() if kind not in body]
    first = body.pairs[0][0]
    before = body.source.line(first.span.first[0])[: column(first)]
    if edits is None or before.strip():
        return None
    text = "".join(f"{line}{line_break(body.source, first.span.first[0])}{before}" for line in missing)
    return [*([Edit(Span(body.source, first.start, first.start), text)] if missing else []), *edits]


def _in_flow(key: Scalar, value: Node, names: Names) -> list[Edit] | None:
    """Set variables in an entry in braces."""
    source = key.source
    if isinstance(value, Mapping) and value.flow and not value.anchor and not value.tag:
        if "\n" in value.span.text or not _is_written_out(value):
            return None
        edits = _replaced(value, names)
        missing = ", ".join(f"{kind}: {name}" for kind, name in names.items() if kind not in value)
        if edits is None or not missing:
            return edits
        inner = source.text[value.start + 1 : value.end - 1].rstrip()
        at = value.start + 1 + len(inner)
        comma = ", " if inner and not inner.endswith(",") else " " if inner else ""
        return [*edits, Edit(Span(source, at, at), comma + missing)]
    if not isinstance(value, Scalar) or value.value is not None or value.anchor or value.tag:
        return None
    if value.span.text:
        return [Edit(value.span, _short(names))] if value.start > key.end else None
    rest = source.text[key.end : key.end + 1]
    at = key.end + (rest == ":")
    return (
        [Edit(Span(source, at, at), f"{'' if rest == ':' else ':'} {_short(names)}")]
        if rest in (":", ",", "}")
        else None
    )


def _replaced(body: Mapping, names: Names) -> list[Edit] | None:
    """Set the variables that a body already names otherwise."""
    edits: list[Edit] = []
    for kind, name in names.items():
        value = body.get(kind)
        if value is None:
            continue
        if not isinstance(value, Scalar) or value.anchor or value.tag or not _holds(body, value.span):
            return None
        if value.interpolated or value.style in ("|", ">") or not value.span.text:
            return None
        edits.append(Edit(value.span, name))
    return edits


def _long(name: str, names: Names, indent: str, step: str) -> list[str]:
    """The lines of a grant. Docker Compose before 2.40.3 refuses one that is empty, hence the braces."""
    if not names:
        return [f"{indent}{name}: {{}}"]
    return [f"{indent}{name}:", *(f"{indent}{step}{kind}: {variable}" for kind, variable in names.items())]


def _short(names: Names) -> str:
    return "{" + ", ".join(f"{kind}: {name}" for kind, name in names.items()) + "}"


def _ends_line(span: Span) -> bool:
    """Whether nothing stands behind a span on its line but a comment."""
    return _is_comment(_rest_of_line(span))


def _rest_of_line(span: Span) -> str:
    row, at = span.last
    return span.source.line(row)[at - 1 :]


def _is_comment(text: str) -> bool:
    return text.strip()[:1] in ("", "#")


def _speaks_of(text: str, name: str) -> bool:
    """Whether a text holds a name, and not as a part of a longer one."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if text[at - 1 : at] not in _NAME and text[end : end + 1] not in _NAME:
            return True
        at = text.find(name, end)
    return False

"""Lay the files of a project over one another, in the order in which Docker Compose does (compose-go, `loader.go`).

For each document: its variables, what it includes, what its services extend, and then the document over what was
loaded before it. Checked against Compose 5.6.1.
"""

from __future__ import annotations

import os

from modellint.compose.loading.session import Scope
from modellint.compose.schema.violation import Violation
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar
from modellint.yaml.node import Sequence as NodeSequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.loading.session import Session
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.node import Node


def load_files(session: Session, several: Sequence[YamlFile], scope: Scope) -> Node | None:
    """The files laid over one another; None where they hold nothing, the last text that is no map as it is."""
    total: Node | None = None
    for file in several:
        total = _load_file(session, file, total, scope)
    return total


def load_alone(session: Session, file: YamlFile, scope: Scope) -> Node | None:
    """A file without what it includes and its services extend."""
    return _load_file(session, file, None, scope, alone=True)


def _load_file(
    session: Session, file: YamlFile, total: Node | None, scope: Scope, *, alone: bool = False
) -> Node | None:
    """A file laid over what was loaded before it."""
    inner = Scope(scope.base, scope.environment, (*scope.within, os.path.realpath(file.source.path)))
    text = file.source.text
    tagged = "!reset" in text or "!override" in text
    for raw in file.documents:
        if not isinstance(raw, Mapping):
            if len(file.documents) == 1 and total is None:
                return raw
            if file.whole:
                session.violations.append(_no_map(raw))
        elif total is None or isinstance(total, Mapping):
            total = _load_document(session, raw, total, inner, alone, tagged)
    return total


def _load_document(
    session: Session, raw: Mapping, total: Mapping | None, scope: Scope, alone: bool, tagged: bool
) -> Mapping:
    """A document laid over those before it; `tagged` where its file takes something out of those."""
    document = raw
    services = raw.get("services")
    if isinstance(services, Scalar) and services.value is None and total is not None and not alone:
        session.fail(raw.entries["services"][0], "type", "`services` is empty here")
    if tagged:
        from modellint.compose.loading.merge import settle

        document = settle(raw)
    if not alone and "include" in document:
        from modellint.compose.loading.include import include

        document = include(session, document, raw, scope, load_files)
    if total is not None:
        session.several = True
        if not alone:
            session.check(total)
        total = _loaded(total, document)
        if tagged:
            from modellint.compose.loading.merge import cleared

            total = cleared(total, raw)
    if not alone and _extends(document):
        from modellint.compose.loading.extends import extend

        document = extend(session, document, raw, scope, load_alone)
    if total is not None:
        return session.merging().documents(total, document)
    return _without_repetitions(document) if _may_repeat(document) else document


def _without_repetitions(document: Mapping) -> Mapping:
    """A document in whose services no list says one thing twice."""
    from modellint.compose.values.merge_keys import without_repetitions

    return without_repetitions(document, lambda first, later: later)


def _loaded(total: Mapping, over: Mapping) -> Mapping:
    """What was loaded so far, its services in the form in which Compose lays those of the next document over them."""
    from modellint.compose.values.shapes import loaded, with_entries

    for name in ("services", "jobs"):
        below, above = total.entries.get(name), over.get(name)
        if below is None or not isinstance(below[1], Mapping) or not isinstance(above, Mapping):
            continue
        both = {each: below[1].entries[each] for each in above.entries if each in below[1].entries}
        changed = {each: (key, new) for each, (key, body) in both.items() if (new := loaded(body)) is not body}
        if changed:
            section = with_entries(below[1], {**below[1].entries, **changed})
            total = with_entries(total, {**total.entries, name: (below[0], section)})
    return total


def _may_repeat(document: Mapping) -> bool:
    """Whether a service has a list of several items, or a map with lists."""
    services = document.get("services")
    return isinstance(services, Mapping) and any(
        (isinstance(value, NodeSequence) and len(value.items) > 1) or name in ("build", "networks")
        for _, body in services
        if isinstance(body, Mapping)
        for name, (_, value) in body.entries.items()
    )


def _extends(document: Mapping) -> bool:
    sections = [document.get("services"), document.get("jobs")]
    bodies = [body for section in sections if isinstance(section, Mapping) for _, body in section]
    return any(isinstance(body, Mapping) and "extends" in body for body in bodies)


def _no_map(node: Node) -> Violation:
    """A document that is no map; an empty one at the `---` that begins it."""
    at = node.source.text.rfind("---", 0, node.start + 1)
    span = node.span if node.end > node.start or at < 0 else Span(node.source, at, at + 3)
    span = Span(span.source, span.start, min(span.end, span.start + len(span.source.line(span.first[0]))))
    message = "each document in a Compose file must be a map, but this one is empty: Compose rejects the file"
    return Violation(span, node, "type", (), message, "remove the document, or its `---` separator")

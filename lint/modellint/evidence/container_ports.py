"""Which ports the container of a service may listen on, as far as the project says; the machine's ports for them."""

from __future__ import annotations

from modellint.node import Mapping, Scalar, Sequence, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.project import Service
    from modellint.source import Span

_DIGITS = frozenset("0123456789")
_ELSEWHERE = ("ports", "models", "deploy")
_LARGEST = 65535


class Mapped:
    """A port of the container that is the port `host` of the machine."""

    __slots__ = ("container", "host", "span")

    def __init__(self, container: int, host: int, span: Span) -> None:
        self.container = container
        self.host = host
        self.span = span


def mapped(service: Service) -> list[Mapped]:
    """The ports under `ports` whose port on the machine is known, ranges taken apart."""
    section = service.body.get("ports")
    found: list[Mapped] = []
    for item in section.items if isinstance(section, Sequence) else ():
        if isinstance(item, Mapping):
            target, host = _number(item.get("target")), _number(item.get("published"))
            if target is not None and host is not None:
                found.append(Mapped(target, host, item.span))
        elif isinstance(item, Scalar):
            found.extend(_short(item))
    return found


def listening(service: Service) -> set[int]:
    """Every number that may be a port it listens on: all that its sections and variables speak of."""
    found = {each.container for each in mapped(service)}
    for key, value in service.body:
        if key.text not in _ELSEWHERE:
            for scalar in scalars(value):
                found.update(_numbers(str(scalar.value)))
    for setting in service.environment.values():
        found.update(_numbers(setting.value or ""))
    return found


def _short(item: Scalar) -> Iterator[Mapped]:
    from modellint.compose.canonical.ports import parse_port

    try:
        ports = parse_port(str(item.value))
    except ValueError:
        return  # Compose refuses it, and a rule says so
    for port in ports:
        host = port.get("published", "")
        if host.isdigit():
            yield Mapped(port["target"], int(host), item.content)


def _number(node: object) -> int | None:
    text = str(node.value) if isinstance(node, Scalar) else ""
    return int(text) if text.isascii() and text.isdigit() else None


def _numbers(text: str) -> Iterator[int]:
    """The numbers of a text that may be ports."""
    at = 0
    while at < len(text):
        if text[at] not in _DIGITS:
            at += 1
            continue
        start = at
        while at < len(text) and text[at] in _DIGITS:
            at += 1
        if at - start <= 5 and int(text[start:at]) <= _LARGEST:
            yield int(text[start:at])

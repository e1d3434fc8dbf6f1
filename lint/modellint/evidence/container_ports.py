"""Which ports the container of a service may listen on, as far as the project says; the machine's ports for them."""

from __future__ import annotations

from modellint.text.numbers import whole
from modellint.yaml.node import Mapping, Scalar, Sequence, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Service
    from modellint.text.source import Span

_DIGITS = frozenset("0123456789")
_ELSEWHERE = ("ports", "models", "deploy")
_LARGEST = 65535
_MOST_RANGES = 100  # of a service, in which a port of the machine is looked for


class Mapped:
    """Ports of the container that are ports of the machine: `count` of each, from `container` and from `host` on."""

    __slots__ = ("container", "count", "host", "span")

    def __init__(self, container: int, host: int, span: Span, count: int = 1) -> None:
        self.container = container
        self.host = host
        self.span = span
        self.count = count


class ContainerPorts:
    """What a service says about ports."""

    __slots__ = ("_listening", "_mapped", "_ranges", "_single", "_spoken_of")

    def __init__(self, service: Service) -> None:
        self._mapped = mapped(service)
        self._spoken_of = _spoken_of(service)
        self._single: dict[int, int] = {}  # by port of the machine: the number of the first item that is this port
        self._ranges: list[int] = []  # the numbers of the items that are ranges
        for at, each in enumerate(self._mapped):
            if each.count > 1:
                self._ranges.append(at)
            else:
                self._single.setdefault(each.host, at)
                self._spoken_of.add(each.container)
        self._listening = _joined([self._mapped[at] for at in self._ranges])

    def behind(self, host: int) -> tuple[int, Span] | None:
        """The container's port that a port of the machine stands for, and where that is said first."""
        found = self._single.get(host, len(self._mapped))
        for at in self._ranges[:_MOST_RANGES]:
            if at < found and 0 <= host - self._mapped[at].host < self._mapped[at].count:
                found = at
                break
        if found == len(self._mapped):
            return None
        item = self._mapped[found]
        return item.container + host - item.host, item.span

    def may_listen(self, port: int) -> bool:
        """Whether anything says that a program in the container may listen on a port."""
        if port in self._spoken_of:
            return True
        from bisect import bisect_right

        at = bisect_right(self._listening, (port, _LARGEST + 1)) - 1
        return at >= 0 and port < self._listening[at][1]


def mapped(service: Service) -> list[Mapped]:
    """The items of `ports` whose ports on the machine are known."""
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


def _spoken_of(service: Service) -> set[int]:
    """Every number that its sections and variables speak of and that may be a port."""
    found: set[int] = set()
    for key, value in service.body:
        if key.text not in _ELSEWHERE:
            for scalar in scalars(value):
                found.update(_numbers(str(scalar.value)))
    for setting in service.environment.values():
        found.update(_numbers(setting.value or ""))
    return found


def _joined(ranges: list[Mapped]) -> list[tuple[int, int]]:
    """The container ports of ranges: first ports and those past the last, in order, none in two of them."""
    found: list[tuple[int, int]] = []
    for first, end in sorted((each.container, each.container + each.count) for each in ranges):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((first, end))
    return found


def _short(item: Scalar) -> Iterator[Mapped]:
    from modellint.compose.values.ports import port_ranges

    try:
        ports = port_ranges(str(item.value))
    except ValueError:
        return  # Compose refuses it, and a rule says so
    if ports.host is not None and not ports.is_choice:
        first, last = ports.container
        yield Mapped(first, ports.host[0], item.content, last - first + 1)


def _number(node: object) -> int | None:
    text = str(node.value) if isinstance(node, Scalar) else ""
    return whole(text, _LARGEST)


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

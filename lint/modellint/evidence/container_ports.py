"""Which ports the container of a service may listen on, as far as the project says; the machine's ports for them."""

from __future__ import annotations

from modellint.compose.model.ports import PortSet
from modellint.yaml.node import scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Service
    from modellint.text.source import Span

_DIGITS = frozenset("0123456789")
_ELSEWHERE = ("ports", "models", "deploy")
_LARGEST = 65535
_MOST_RANGES = 100  # of a service, in which a port of the machine is looked for


class _Mapped:
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
        self._mapped = _mapped(service)
        self._spoken_of = _spoken_of(service)
        self._single: dict[int, int] = {}  # by port of the machine: the number of the first item that is this port
        self._ranges: list[int] = []  # the numbers of the items that are ranges
        for at, each in enumerate(self._mapped):
            if each.count > 1:
                self._ranges.append(at)
            else:
                self._single.setdefault(each.host, at)
                self._spoken_of.add(each.container)
        ranges = [self._mapped[at] for at in self._ranges]
        self._listening = PortSet((each.container, each.container + each.count - 1) for each in ranges)

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
        return port in self._spoken_of or port in self._listening


def _mapped(service: Service) -> list[_Mapped]:
    """The items of `ports` whose ports on the machine are known."""
    return [
        _Mapped(port.container[0], port.host[0], port.span, port.host[1] - port.host[0] + 1)
        for port in service.ports
        if port.is_fixed and port.container is not None and port.host is not None
    ]


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

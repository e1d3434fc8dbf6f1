"""The ports that a service publishes: `[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]`, or a map.

Of the host's ports and the container's each is a range, of which Compose takes the ones in the same place; of several
host ports for one port of the container it chooses one.
"""

from __future__ import annotations

from modellint.text.numbers import whole
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from modellint.text.source import Span
    from modellint.yaml.node import Node

EVERYWHERE = frozenset(("", "0.0.0.0", "::"))  # the addresses that stand for every one of the host
_LARGEST = 65535


class Port:
    """An item of `ports`, `node` being the value in it that a finding is about.

    `target` and `published` are as written; `container` and `host` the same as first and last port, None where that is
    no range of ports. `host_at` is where the host's address stands in a short form, with its colon; both zero where
    there is none.
    """

    __slots__ = ("container", "host", "host_at", "host_ip", "item", "node", "protocol", "published", "target")

    def __init__(
        self, item: Node, node: Scalar, target: str, published: str, host_ip: str, host_end: int, protocol: str
    ) -> None:
        self.item = item
        self.node = node
        self.target = target
        self.published = published
        self.host_ip = host_ip
        self.host_at = (0, host_end)
        self.protocol = protocol
        self.container = _range(target)
        self.host = _range(published)

    @property
    def span(self) -> Span:
        """Where the item stands."""
        return self.item.content if isinstance(self.item, Scalar) else self.item.span

    @property
    def is_tcp(self) -> bool:
        """Whether it is a port of TCP."""
        return self.protocol.lower() in ("", "tcp")

    @property
    def is_open(self) -> bool:
        """Whether it is published on every address of the host."""
        return self.host_ip in EVERYWHERE

    @property
    def is_fixed(self) -> bool:
        """Whether each port of the container is one of the host that the file says."""
        if self.host is None or self.container is None:
            return False
        return self.host[1] - self.host[0] == self.container[1] - self.container[0]

    def holds(self, port: int) -> bool:
        """Whether a container port is among those it publishes."""
        return self.container is not None and self.container[0] <= port <= self.container[1]


class PortSet:
    """Ports of many ranges, none taken apart: first and last port of each."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self._ranges: list[tuple[int, int]] = []  # in order, none touching the next
        for first, last in sorted(ranges):
            if self._ranges and first <= self._ranges[-1][1] + 1:
                self._ranges[-1] = self._ranges[-1][0], max(last, self._ranges[-1][1])
            else:
                self._ranges.append((first, last))

    def __contains__(self, port: int) -> bool:
        from bisect import bisect_right

        at = bisect_right(self._ranges, (port, _LARGEST)) - 1
        return at >= 0 and port <= self._ranges[at][1]


def read_ports(body: Mapping) -> list[Port]:
    """The ports of a service. An item that is none, to Compose neither, is left out."""
    section = body.get("ports")
    found = [_port(item) for item in section] if isinstance(section, Sequence) else []
    return [port for port in found if port is not None]


def read_exposed(body: Mapping) -> list[tuple[int, int]]:
    """The ports under `expose`, which other services reach anyway: first and last port of each item."""
    section = body.get("expose")
    texts = (
        [compose_text(item.value) for item in section if isinstance(item, Scalar)]
        if isinstance(section, Sequence)
        else []
    )
    found = [_range(text.partition("/")[0]) for text in texts]
    return [ports for ports in found if ports is not None]


def _port(item: Node) -> Port | None:
    if isinstance(item, Mapping):
        return _long(item)
    if not isinstance(item, Scalar) or isinstance(item.value, (bool, float)) or item.value is None:
        return None
    rest, _, target = compose_text(item.value).rpartition(":")
    target, _, protocol = target.partition("/")
    host, colon, published = rest.rpartition(":")
    return Port(item, item, target, published, host.strip("[]"), len(host) + 1 if colon else 0, protocol)


def _long(item: Mapping) -> Port | None:
    target, published = item.get("target"), item.get("published")
    if not isinstance(target, Scalar):
        return None
    shown = published if isinstance(published, Scalar) else None
    text = compose_text(shown.value) if shown is not None else ""
    host_ip, protocol = text_of(item.get("host_ip")) or "", text_of(item.get("protocol")) or ""
    return Port(item, shown or target, compose_text(target.value), text, host_ip, 0, protocol)


def _range(text: str) -> tuple[int, int] | None:
    first, dash, last = text.partition("-")
    start = whole(first, _LARGEST)
    end = whole(last, _LARGEST) if dash else start
    return None if start is None or end is None or end < start else (start, end)

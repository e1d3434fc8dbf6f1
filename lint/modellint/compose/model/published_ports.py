"""The ports that a service publishes, and on which of the host's addresses."""

from __future__ import annotations

from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Service
    from modellint.yaml.node import Node

EVERYWHERE = frozenset(("", "0.0.0.0", "::"))


class Published:
    """An item of `ports`. `first` to `last` are container ports; `node` is what a finding is about.

    `host_at` is where the address of the host stands in a short form, with its colon; both zero where there is none.
    """

    __slots__ = ("first", "host", "host_at", "item", "last", "node")

    def __init__(self, item: Node, node: Scalar, host: str, host_at: tuple[int, int], first: int, last: int) -> None:
        self.item = item
        self.node = node
        self.host = host
        self.host_at = host_at
        self.first = first
        self.last = last

    @property
    def is_open(self) -> bool:
        """Whether it is published on every address of the host."""
        return self.host in EVERYWHERE

    def holds(self, port: int) -> bool:
        """Whether a container port is among those it publishes."""
        return self.first <= port <= self.last


def published(service: Service) -> list[Published]:
    """The TCP ports that a service publishes. What Compose refuses is left out."""
    section = service.body.get("ports")
    found = [_port(item) for item in section] if isinstance(section, Sequence) else []
    return [port for port in found if port is not None]


def _port(item: Node) -> Published | None:
    if isinstance(item, Mapping):
        return _long(item)
    if not isinstance(item, Scalar) or isinstance(item.value, (bool, float)) or item.value is None:
        return None
    text = compose_text(item.value)
    rest, _, container = text.rpartition(":")
    container, _, protocol = container.partition("/")
    host, colon, _ = rest.rpartition(":")
    ports = _range(container)
    if ports is None or protocol.lower() not in ("", "tcp"):
        return None
    return Published(item, item, host.strip("[]"), (0, len(host) + 1) if colon else (0, 0), *ports)


def _long(item: Mapping) -> Published | None:
    target = item.get("target")
    if not isinstance(target, Scalar) or (text_of(item.get("protocol")) or "tcp").lower() != "tcp":
        return None
    ports = _range(compose_text(target.value))
    shown = item.get("published")
    node = shown if isinstance(shown, Scalar) else target
    return Published(item, node, text_of(item.get("host_ip")) or "", (0, 0), *ports) if ports else None


def _range(text: str) -> tuple[int, int] | None:
    first, dash, last = text.partition("-")
    numbers = (first, last) if dash else (first, first)
    if not all(number.isascii() and number.isdigit() and len(number) <= 5 for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1])

"""Ports in the short form, `[IP:][HOST:]CONTAINER[/PROTOCOL]` (docker/go-connections).

Checked against Compose 5.6.1.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROTOCOLS = frozenset(("tcp", "udp", "sctp"))
_LARGEST = 65535


class Ports:
    """What a short form says: container ports, and the machine's for them. `host` is None where none is said.

    A range is its first and its last port, and so is a single port. Of one container port Compose chooses among a range
    of the machine's; else the two ranges are of one length.
    """

    __slots__ = ("address", "container", "host", "protocol")

    def __init__(self, address: str, host: tuple[int, int] | None, container: tuple[int, int], protocol: str) -> None:
        self.address = address
        self.host = host
        self.container = container
        self.protocol = protocol

    @property
    def is_choice(self) -> bool:
        """Whether Compose chooses the port of the machine."""
        return self.host is not None and self.host[0] != self.host[1] and self.container[0] == self.container[1]


def port_ranges(text: str) -> Ports:
    """The ports of one short form. Raises `ValueError` with the reason why Compose refuses it."""
    rest, _, container = text.rpartition(":")
    address, _, host = rest.rpartition(":")
    container, _, protocol = container.partition("/")
    protocol = protocol.lower() or "tcp"
    if not container:
        raise ValueError("it has no container port")
    if protocol not in _PROTOCOLS:
        raise ValueError("its protocol is not tcp, udp or sctp")
    address = _address(address)
    first, last = _range(container, "container port")
    host_first, host_last = _range(host, "host port") if host else (0, 0)
    if host and first != last and last - first != host_last - host_first:
        raise ValueError("its host and container port ranges have different lengths")
    return Ports(address, (host_first, host_last) if host else None, (first, last), protocol)


def parse_port(text: str) -> list[dict[str, Any]]:
    """The ports of one short form, a range taken apart. Raises `ValueError` with the reason why Compose refuses it."""
    read = port_ranges(text)
    first, last = read.container
    ports: list[dict[str, Any]] = []
    for number in sorted(range(first, last + 1), key=str):
        port: dict[str, Any] = {"mode": "ingress", "target": number, "protocol": read.protocol}
        if read.address:
            port["host_ip"] = read.address
        if read.host is not None:
            published = str(read.host[0] + number - first)
            port["published"] = f"{read.host[0]}-{read.host[1]}" if read.is_choice else published
        ports.append(port)
    return ports


def _address(text: str) -> str:
    import ipaddress

    if text.startswith("["):
        if not text.endswith("]"):
            raise ValueError("its host address is not a valid IP address")
        text = text[1:-1]
    if text:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ValueError("its host address is not a valid IP address") from None
        if "%" in text:
            raise ValueError("its host address is not a valid IP address")
    return text


def _range(text: str, what: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    start = _number(first, what)
    end = _number(last, what) if dash else start
    if end < start:
        raise ValueError(f"its {what} range ends before it starts")
    return start, end


def _number(text: str, what: str) -> int:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise ValueError(f"its {what} is not a number")
    number = int(text)
    if not 0 <= number <= _LARGEST:
        raise ValueError(f"its {what} is above {_LARGEST}")
    return number

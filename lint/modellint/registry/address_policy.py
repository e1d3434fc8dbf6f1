"""The addresses that connections are allowed to. Decided for the address itself, right before connecting.

A name is looked up once, its addresses are judged, and the connection goes to one of those that passed. So a name that
leads elsewhere at the second look (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, TypeAlias

from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.registry.deadline import Deadline

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

# Where clouds hand out the credentials of a machine, beside the link-local 169.254.169.254: AWS over IPv6, Alibaba.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressPolicy:
    """Which addresses a host may have, and what is said of one that has none of them."""

    __slots__ = ("code", "permits", "reason")

    def __init__(self, permits: Callable[[Address], bool], code: str, reason: str) -> None:
        self.permits = permits
        self.code = code
        self.reason = reason

    def refusal(self) -> Failure:
        """What is said of a host without an address that it may have."""
        return Failure(self.code, self.reason)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet."""
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_near_or_public(address: Address) -> bool:
    """Whether a registry may have an address: any but those where clouds keep secrets, and those of groups."""
    return not (address.is_link_local or address.is_multicast or address in _METADATA)


def plain(text: str) -> Address:
    """An address, taken out of the IPv6 address that carries it: `::ffff:10.0.0.1` is 10.0.0.1."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
    return address


# A registry that the project names, or a token host that the user names.
NAMED = AddressPolicy(
    is_near_or_public,
    "not-allowed",
    "the registry's host name resolves to a link-local address, which a registry cannot have",
)
# A host whose name says that it is this machine, and that may be asked without TLS for that reason.
MACHINE = AddressPolicy(
    lambda address: address.is_loopback,
    "insecure",
    "the registry's host name stands for this machine, but resolves to another one",
)
# Hosts that a registry sends us to.
REDIRECT = AddressPolicy(
    is_public, "redirect", "the registry redirects to an address that is not public; modellint does not follow it"
)
TOKEN = AddressPolicy(
    is_public, "realm", "the registry's token service has no public address, so modellint does not contact it"
)


def connect(host: str, port: int, reach: AddressPolicy, budget: Deadline) -> socket.socket:
    """A connection to a host; raises `Failure`."""
    budget.left()
    try:
        found = socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failure("network", "the registry's host name cannot be resolved", down=True) from None
    permitted = [each for each in found if _is_permitted(str(each[4][0]), reach)]
    if not permitted:
        raise reach.refusal()
    for number, (family, kind, protocol, _, address) in enumerate(permitted, 1):
        # Each address gets its share of the time, so that a dead IPv6 route leaves enough for IPv4.
        patience = budget.left() / (len(permitted) - number + 1)
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(patience)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(address)
        except BaseException as problem:
            connection.close()
            if not isinstance(problem, OSError):
                raise
        else:
            return connection
    budget.left()
    raise Failure("network", "cannot connect to the registry", down=True)


def _is_permitted(text: str, reach: AddressPolicy) -> bool:
    try:
        return reach.permits(plain(text))
    except ValueError:
        return False

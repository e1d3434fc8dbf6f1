"""Texts with a form of their own: ports, volumes, commands, hosts. Each reader raises `ValueError` with a reason.

What nearly every file holds is told apart here at little cost; the rest is left to the parsers of
`modellint.compose.canonical`, which are slower to load. Checked against Compose 5.6.1.
"""

from __future__ import annotations

_DIGITS = frozenset("0123456789")
_LARGEST_PORT = 65535
_PATH_STARTS = (".", "/", "~", "\\\\")


def port(text: str) -> int:
    """A port in the short form; returns a number that is a port."""
    numbers = text.split(":")
    if len(numbers) == 3 and is_address(numbers[0]):
        del numbers[0]
    if len(numbers) <= 2 and all(map(_is_port, numbers)):
        return 1
    from modellint.compose.values.ports import port_ranges

    if port_ranges(text).container[0] == 0:
        raise ValueError("its container port is 0")
    return 1


def job_port(text: str) -> None:
    """A port of a job in the short form, which may be 0."""
    from modellint.compose.values.ports import parse_port

    parse_port(text)


def address(text: str) -> None:
    """An IP address, as Go's `net.ParseIP` takes it."""
    if is_address(text) or text == "::":
        return
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("it is not an IP address") from None
    if "%" in text:
        raise ValueError("a zone is not allowed here")


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 address."""
    numbers = text.split(".")
    return len(numbers) == 4 and all(
        number and len(number) <= 3 and _DIGITS.issuperset(number) and int(number) <= 255 and str(int(number)) == number
        for number in numbers
    )


def volume(text: str) -> None:
    """A volume in the short form."""
    parts = text.split(":")
    if len(parts) <= 3 and all(parts) and len(parts[0]) > 1:
        return
    from modellint.compose.values.volumes import parse_volume

    parse_volume(text)


def volume_name(text: str) -> str:
    """The named volume of a short form; empty for a path and for an anonymous volume."""
    source, colon, _ = text.partition(":")
    is_drive = len(source) == 1 and source.isalpha()
    if not colon or len(text.encode()) <= 2 or is_drive or source.startswith(_PATH_STARTS):
        return ""
    return source


def command(text: str) -> None:
    """A command line, which Compose splits into words much as a shell does."""
    if not any(character in text for character in "'\"\\`()"):
        return
    from modellint.compose.values.words import split

    split(text)


def assignment(text: str) -> None:
    """An item of `environment`."""
    name = text.partition("=")[0]
    if name != name.rstrip():
        raise ValueError("there are spaces before its `=`")


def argument(text: str) -> None:
    """An item of `args`; one without a value is dropped before its name is looked at."""
    if "=" in text:
        assignment(text)


def build_context(text: str) -> None:
    """An item of `additional_contexts`."""
    if "=" not in text:
        raise ValueError("it has no `=`")


def ssh_key(text: str) -> None:
    """An item of `ssh`."""
    if "=" not in text and text != "default":
        raise ValueError("only `default` can have no path")


def host(text: str) -> None:
    """An item of `extra_hosts`."""
    name = text.partition("=" if "=" in text else ":")[0]
    if name == text:
        raise ValueError("it has no address")
    if not name:
        raise ValueError("it has no name")
    if ":" in name:
        raise ValueError("its name has a colon")


def device(text: str) -> None:
    """An item of `devices`."""
    if text.count(":") > 2:
        raise ValueError("it has too many colons")


def _is_port(text: str) -> bool:
    return 0 < len(text) <= 5 and _DIGITS.issuperset(text) and 0 < int(text) <= _LARGEST_PORT

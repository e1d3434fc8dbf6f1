"""SHA-256 and JSON for a run that finds all its answers in the cache.

`hashlib` loads OpenSSL and `json` loads `re`: each costs more than all the rest of such a run. Below both lie modules
in C that cost next to nothing. Where an interpreter has others, the usual ones are taken.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLANK = " \t\r\n"


def digest_of(data: bytes) -> str:
    """`sha256:` and the hexadecimal digits of the hash of some bytes."""
    found: Any = _first_of("_sha2", "_sha256", "hashlib").sha256(data)
    return f"sha256:{found.hexdigest()}"


def parse(data: bytes) -> object:
    """The value of a JSON text in UTF-8; raises `ValueError`, or `RecursionError`."""
    text = data.decode().strip(_BLANK)
    scanner = _first_of("_json", "json")
    if not hasattr(scanner, "make_scanner"):
        return scanner.loads(text)
    try:
        value, end = scanner.make_scanner(_Reading)(text, 0)
    except StopIteration:
        raise ValueError("no value") from None
    if end != len(text):
        raise ValueError("more than one value")
    return value


class _Reading:
    """How `json.loads` has it, as the scanner wants to be told."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


_found: dict[str, Any] = {}  # by the first name that was tried


def _first_of(*names: str) -> Any:
    """The first module that there is; the last of them is one that is always there."""
    if names[0] not in _found:
        _found[names[0]] = _imported(names)
    return _found[names[0]]


def _imported(names: tuple[str, ...]) -> Any:
    for name in names[:-1]:
        try:
            return __import__(name)
        except ImportError:
            continue
    return __import__(names[-1])

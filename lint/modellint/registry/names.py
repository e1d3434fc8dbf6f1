"""Names that are allowed in a URL or a file path; checked before the network and the cache are used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.oci.query import Query

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_REPOSITORY = _LOWER | frozenset("._-/")
_TAG = _WORD | frozenset(".-")
_HOST = _LOWER | frozenset(".-")
_HEX = frozenset("0123456789abcdef")
_LONGEST_NAME = 255  # of registry and repository; the rest is what no registry could have
_LONGEST_TAG = 128


def problem(request: Query) -> str:
    """Why no registry can have what is asked for, or is to hear of it; empty where one can be asked."""
    if request.discloses:
        return disclosing(request.discloses)
    if len(request.registry) + len(request.repository) >= _LONGEST_NAME:
        return f"a name cannot be longer than {_LONGEST_NAME} characters"
    if not is_host(request.registry):
        return "this is not a valid registry host name"
    if not _is_repository(request.repository):
        return "this is not a valid repository name (use only a-z, 0-9, `.`, `_`, `-` and `/`)"
    if request.digest:
        return "" if is_digest(request.digest) and not request.tag else "this is not a SHA-256 digest"
    return "" if _is_tag(request.tag) else "this is not a valid tag"


def disclosing(variable: str) -> str:
    """What is said of a reference by which a registry would hear a secret."""
    return (
        f"it contains the value of `{variable}`, and modellint sends no secret to a registry; write "
        "the reference without it"
    )


def is_digest(text: str | None) -> bool:
    """Whether a text is `sha256:` and 64 hexadecimal digits."""
    return text is not None and len(text) == 71 and text.startswith("sha256:") and _HEX.issuperset(text[7:])


def is_host(text: str) -> bool:
    """Whether a text is `name`, `name:port`, `[address]` or `[address]:port`, in lower case."""
    name, port = split_port(text)
    if port and not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        return False
    if text.endswith(":"):
        return False
    if name.startswith("["):
        return len(name) > 3 and name.endswith("]") and _HEX.issuperset(name[1:-1].replace(":", "").replace(".", ""))
    return bool(name) and _HOST.issuperset(name) and all(_is_label(label) for label in name.split("."))


def split_port(host: str) -> tuple[str, str]:
    """The name and the port of a host; the port is empty where there is none."""
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        return host, ""
    return name, port


def _is_label(label: str) -> bool:
    return 0 < len(label) <= 63 and label[0] != "-" and label[-1] != "-"


def _is_repository(text: str) -> bool:
    return _REPOSITORY.issuperset(text) and all(
        part and part[0] in _LOWER and part[-1] in _LOWER and ".." not in part for part in text.split("/")
    )


def _is_tag(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_TAG and text[0] in _WORD and _TAG.issuperset(text)

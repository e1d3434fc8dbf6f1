"""Volumes in the short form, `[SOURCE:]TARGET[:OPTIONS]` (compose-go, `format`); checked against Compose 5.6.1."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROPAGATIONS = frozenset(("rprivate", "private", "rshared", "shared", "rslave", "slave"))
_RELABELS = frozenset("zZ")


def parse_volume(text: str) -> dict[str, Any]:
    r"""One short form as its long form. Raises `ValueError` with the reason why Compose refuses it.

    A source that begins with `.`, `/`, `~`, `\\` or a drive letter is a path; the path is left as it is written.
    Options that Compose does not know are ignored, as it does.
    """
    if not text:
        raise ValueError("it is empty")
    if len(text.encode()) <= 2:
        return {"type": "volume", "target": text}
    parts = _parts(text)
    if not all(parts):
        raise ValueError("a part between its colons is empty")
    if len(parts) > 3:
        raise ValueError("it has too many colons")
    source, target = ("", parts[0]) if len(parts) == 1 else parts[:2]
    volume: dict[str, Any] = {"type": "bind" if is_path(source) else "volume"}
    volume.update({"source": source} if source else {}, target=target)
    volume[volume["type"]] = {}
    for option in parts[2].split(",") if len(parts) == 3 else ():
        if option in ("ro", "rw"):
            volume["read_only"] = option == "ro"
        elif option == "nocopy":
            volume["volume"] = {"nocopy": True}
        elif option in _PROPAGATIONS:
            volume.setdefault("bind", {})["propagation"] = option
        elif option in _RELABELS:
            volume.setdefault("bind", {})["selinux"] = option
    return volume


def is_path(source: str) -> bool:
    """Whether a volume's source is a path, and no volume's name."""
    return source.startswith((".", "/", "~", "\\\\")) or _begins_with_drive(source)


def _begins_with_drive(source: str) -> bool:
    return source[:1].isalpha() and source[1:2] == ":"


def _parts(text: str) -> list[str]:
    """The parts between colons, but for the colon of a drive letter and those in `${…}`."""
    parts = [""]
    depth = 0
    for at, character in enumerate(text):
        if character == "$" and text[at + 1 : at + 2] == "{":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == ":" and not depth and not (len(parts[-1]) == 1 and parts[-1].isalpha()):
            parts.append("")
            continue
        parts[-1] += character
    return parts

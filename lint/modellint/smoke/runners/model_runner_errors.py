"""What an installed runner says, made fit for a message: in one line, of a bearable length, without what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from modellint.smoke.runners.log import mask, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from modellint.smoke.runners.http_client import RunnerReply

    Hidden: TypeAlias = Sequence[tuple[str, str]]  # texts that no message may show, each with what to show instead

_LONGEST = 300  # characters of a message
_GO_ESCAPES = {'"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def refusal(reply: RunnerReply, hidden: Hidden) -> str:
    """Why a reply is not what was asked for, in the words of Docker Model Runner or of llama.cpp behind it.

    The former come from Go's `http.Error`, as plain text; llama.cpp answers in JSON.
    """
    if not reply.status:
        return reply.problem
    said = _message(reply.document())
    words = shown(said or reply.body.decode("utf-8", "replace"), hidden)
    return f"HTTP {reply.status}: {words}" if words else f"HTTP {reply.status}"


def shown(text: str, hidden: Hidden) -> str:
    """A text from elsewhere in one line that may be shown."""
    spelled = [(spelling, instead) for secret, instead in hidden for spelling in (secret, _quoted(secret))]
    masked = mask(text, spelled)
    plain = printable(masked, len(masked) + 1)
    return printable(mask(plain, spelled), _LONGEST)  # once more: control characters may have parted what is hidden


def _quoted(text: str) -> str:
    """As Go's `%q` writes a text between its quotes, which is how a flag stands in a refusal."""
    return "".join(_GO_ESCAPES.get(each) or _rune(each) for each in text)


def _rune(each: str) -> str:
    if each.isprintable():
        return each
    number = ord(each)
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _message(document: object) -> str:
    error = cast("dict[str, Any]", document).get("error") if isinstance(document, dict) else None
    said = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else error
    return said if isinstance(said, str) else ""

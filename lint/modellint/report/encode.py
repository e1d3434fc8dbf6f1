"""JSON text that every parser and every log takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SMALL = 1000  # results; above that a person does not read the text, and indenting costs more than the check


def encode(value: dict[str, Any], results: int) -> str:
    """JSON in ASCII, indented when there are few results."""
    import json

    layout: dict[str, Any] = {"indent": 2} if results <= _SMALL else {"separators": (",", ":")}
    # The runners of GitHub and Azure take `##[…]` and `##vso[…]` for commands anywhere in a line of a log.
    return json.dumps(value, allow_nan=False, **layout).replace("##", "#\\u0023") + "\n"


def well_formed(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 file can hold, written out by their numbers."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()

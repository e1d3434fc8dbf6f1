"""Whether a text that leaves this machine would tell a secret of it: `registry.example.com/${NPM_TOKEN}`."""

from __future__ import annotations

from modellint.secrets.names import is_secret, secrecy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORTEST = 6  # characters of a value; a shorter one is part of many words


def disclosed(text: str, environment: Mapping[str, str]) -> str:
    """The variable that by its name holds a secret and whose value is in a text, whatever its case; empty: none is.

    What counts is the value, since one variable may have been given that of another.
    """
    lower = text.lower()
    for name, value in environment.items():
        if len(value) >= _SHORTEST and value.lower() in lower and is_secret(value, secrecy(name)):
            return name
    return ""

"""Whether a text that leaves this machine would tell a secret of it: `registry.example.com/${NPM_TOKEN}`."""

from __future__ import annotations

from modellint.secrets.names import is_issued, is_secret, secrecy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORTEST = 6  # characters of a value; a shorter one is part of many words


def disclosed(text: str, environment: Mapping[str, str]) -> str:
    """The variable that holds a secret and whose value is in a text, whatever its case; empty: none is.

    It does by its name, or its value has the shape of what a provider hands out: `MINE=ghp_…`. What counts is that the
    value is there, since one variable may have been given that of another.
    """
    lower = text.lower()
    for name, value in environment.items():
        if len(value) < _SHORTEST or value.lower() not in lower:
            continue
        if is_secret(value, secrecy(name)) or is_issued(value):
            return name
    return ""

"""Characters that libyaml 0.1.7, inside ruamel.yaml.clib, refuses although YAML and Compose allow them.

It takes a `:` or `?` inside a plain scalar of a flow collection for an indicator, so that `[8080:80]` is an error, and
it does not know DEL. Others stand in for the three while the text is parsed: as long, so that no place moves.
"""

from __future__ import annotations

_COLON, _QUESTION, _DELETE = _STAND_INS = "\ue000\ue001\ue002"
_STOPS = " \t\r\n,[]{}"


def needed(text: str) -> bool:
    """Whether an error in the text may be one of libyaml's own."""
    return ("[" in text or "{" in text or "\x7f" in text) and not any(character in text for character in _STAND_INS)


def restored(text: str) -> str:
    """The text with its own characters again."""
    return text.replace(_COLON, ":").replace(_QUESTION, "?").replace(_DELETE, "\x7f")


def stand_in(text: str) -> str:
    """The text with every DEL, and every `:` and `?` that has plain text on both sides, replaced by its stand-in."""
    text = text.replace("\x7f", _DELETE)
    for character, other in ((":", _COLON), ("?", _QUESTION)):
        pieces: list[str] = []
        last = word = seen = 0  # `word` is where the word that goes on at `seen` begins
        at = text.find(character, 1)
        while 0 < at < len(text) - 1:
            start = at
            while start > seen and text[start - 1] not in _STOPS:
                start -= 1
            if start > seen:
                word = start
            seen = at
            before, after = text[at - 1], text[at + 1]
            between = before not in _STOPS and before not in "\"'" and (character == "?" or after not in _STOPS)
            if between and text[word] not in "!&*":
                pieces.append(text[last:at])
                last = at + 1
            at = text.find(character, at + 1)
        if pieces:
            text = other.join((*pieces, text[last:]))
    return text

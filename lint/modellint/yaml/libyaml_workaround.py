"""Characters that libyaml 0.1.7, in ruamel.yaml.clib, rejects although YAML and Compose allow them.

It takes a `:` or `?` inside a plain scalar of a flow collection for an indicator, so that `[8080:80]` is an error,
it does not know DEL, and an anchor has letters, digits, `_` and `-` alone, so that `&app.env` is an error. Others stand
in for these while the text is parsed: as long, so that no place moves.
"""

from __future__ import annotations

_COLON, _QUESTION, _DELETE = _STAND_INS = "\ue000\ue001\ue002"
_STOPS = " \t\r\n,[]{}"
_PLAIN = "_-0123456789"  # what may stand for another character of an anchor


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


def with_plain_anchor(text: str, start: int) -> str:
    """The text with another name for the anchor or alias at an offset, wherever it stands.

    The same text where libyaml is right to refuse the name.
    """
    end = start + 1
    while end < len(text) and text[end] not in _STOPS:
        end += 1
    name = text[start + 1 : end]
    odd = {character for character in name if not (character.isalnum() or character in "_-")}
    if not odd or not name.isascii() or ":" in odd or any(character < "!" or character > "~" for character in odd):
        return text
    if text[start] == "*" and name not in _words_behind(text, "&"):
        return text  # text that should stand in quotes, as `*.py` is
    used = {word for sign in "&*" for word in _words_behind(text, sign)}
    letters = (letter for letter in _PLAIN if _plain(name, odd, letter) not in used)
    letter = next(letters, "")
    return _renamed(text, name, _plain(name, odd, letter)) if letter else text


def _plain(name: str, odd: set[str], letter: str) -> str:
    return "".join(letter if character in odd else character for character in name)


def _words_behind(text: str, sign: str) -> list[str]:
    """What stands behind each `&` or `*`, up to where a name ends."""
    words: list[str] = []
    for piece in text.split(sign)[1:]:
        end = next((at for at, character in enumerate(piece) if character in _STOPS), len(piece))
        words.append(piece[:end])
    return words


def _renamed(text: str, name: str, plain: str) -> str:
    """The text with an anchor and its aliases renamed to a name of the same length."""
    for sign in "&*":
        first, *others = text.split(f"{sign}{name}")
        pieces = [first]
        for piece in others:
            whole = (not piece or piece[0] in _STOPS) and (not pieces[-1] or pieces[-1][-1] in _STOPS)
            pieces += (f"{sign}{plain if whole else name}", piece)
        text = "".join(pieces)
    return text

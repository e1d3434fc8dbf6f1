"""Shell words as Compose splits `command`, `entrypoint` and hooks (go-shellwords); checked against Compose 5.6.1."""

from __future__ import annotations

_BLANKS = frozenset(" \t\r\n")
_OPERATORS = frozenset(";&|<>")
_ESCAPES = {"t": "\t", "n": "\n"}
_DIGITS = frozenset("0123456789")
_REFUSED = "its quotes, brackets or backslashes do not match"


class SplitText:
    """The words of a text, and the offset at which each of them begins, its quote included.

    `cut` is the offset from which on Compose drops the text, because an operator of a shell stands there; -1 where it
    drops nothing.
    """

    __slots__ = ("cut", "starts", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.starts: list[int] = []
        self.cut = -1

    def add(self, word: str, start: int) -> None:
        """One word more."""
        self.words.append(word)
        self.starts.append(start)


def split(text: str) -> list[str]:
    """The words of a command line. Raises `ValueError` where a quote or bracket has no partner."""
    return split_text(text).words


def split_text(text: str) -> SplitText:
    r"""The words of a command line, and their places. Raises `ValueError` where a quote or bracket has no partner.

    It is not quite what a shell does: a backslash works in double quotes too, `\n` and `\t` are a line break and a
    tab, and all that follows an unquoted `;`, `&`, `|`, `<` or `>` is dropped. Nothing is substituted.
    """
    found = SplitText()
    word, begun, escaped = "", False, False
    start = -1  # of the word, or of its quote; -1 between words
    quote = ""  # the one that is open, also "`" or "$("
    for at, character in enumerate(text):
        if start < 0 and character not in _BLANKS:
            start = at
        if escaped:
            escaped, begun = False, True
            word += f"\\{character}" if _is_substitution(quote) else _ESCAPES.get(character, character)
        elif character == "\\":
            escaped = quote != "'"
            word += "" if escaped else character
        elif character in _BLANKS:
            if quote:
                word += character
            elif begun:
                found.add(word, start)
                word, begun, start = "", False, -1
        elif character in "'\"" and quote in ("", character):
            begun = begun or bool(quote)
            quote = "" if quote else character
        elif character == "(" and quote in ("", "$("):
            if quote or not word.endswith("$") or word.endswith("\\$"):
                raise ValueError(_REFUSED)
            quote = "$("
            word += character
        elif character == ")" and not quote:
            raise ValueError(_REFUSED)
        elif character in _OPERATORS and not quote:
            is_descriptor = character == ">" and bool(word) and _DIGITS.issuperset(word)  # the 2 of `2>` is no word
            found.cut = start if is_descriptor else at
            begun = begun and not is_descriptor
            break
        else:
            if character == ")" and quote == "$(":
                quote = ""
            elif character == "`" and quote in ("", "`"):
                quote = "" if quote else character
            word += character
            begun = True
    if escaped or quote:
        raise ValueError(_REFUSED)
    if begun:
        found.add(word, start)
    return found


def _is_substitution(quote: str) -> bool:
    return quote in ("`", "$(")

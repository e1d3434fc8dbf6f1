"""Shell words as Compose splits `command`, `entrypoint` and hooks (go-shellwords); checked against Compose 5.6.1."""

from __future__ import annotations

_BLANKS = frozenset(" \t\r\n")
_OPERATORS = frozenset(";&|<>")
_ESCAPES = {"t": "\t", "n": "\n"}
_DIGITS = frozenset("0123456789")
_REFUSED = "its quotes, brackets or backslashes do not match"


def split(text: str) -> list[str]:
    r"""The words of a command line. Raises `ValueError` where a quote or bracket has no partner.

    It is not quite what a shell does: a backslash works in double quotes too, `\n` and `\t` are a line break and a
    tab, and all that follows an unquoted `;`, `&`, `|`, `<` or `>` is dropped. Nothing is substituted.
    """
    words: list[str] = []
    word, begun, escaped = "", False, False
    quote = ""  # the one that is open, also "`" or "$("
    for character in text:
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
                words.append(word)
                word, begun = "", False
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
            begun = begun and not (
                character == ">" and bool(word) and _DIGITS.issuperset(word)
            )  # the 2 of `2>` is no word
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
    return [*words, word] if begun else words


def _is_substitution(quote: str) -> bool:
    return quote in ("`", "$(")

"""How go-yaml writes one scalar: plain, quoted, or as a block; and where it breaks a long one."""

from __future__ import annotations

from modellint.yaml.scalars import compose_text, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WIDTH = 80
_OLD_BOOLEANS = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper())
)
_NEVER_FIRST = frozenset("#,[]{}&*!|>\"%@`'")
_BREAKS = ("\n", "\u2028", "\u2029")
_ESCAPES = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r",
    "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip


def written(value: Any, column: int, indent: int, is_key: bool = False) -> str:
    """A scalar's text, from a column on. Its further lines are indented by `indent` blanks; a key has none."""
    if not isinstance(value, str):
        return _other(value)
    style = _style(value, is_key)
    if style == "|":
        return _block(value, indent)
    if style == '"':
        return _double(value, column, indent, is_key)
    if style == "'":
        return _folded(value.replace("'", "''"), column, indent, is_key, "'")
    return _folded(value, column, indent, is_key, "")


def _other(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return compose_text(value)
    clock, offset = value.isoformat()[:-6], value.isoformat()[-6:]
    seconds, point, fraction = clock.partition(".")
    return f"{seconds}{(point + fraction).rstrip('0')}{'Z' if offset == '+00:00' else offset}"


def _style(text: str, is_key: bool) -> str:
    if text and not text.strip("\n"):
        return '"'
    without_tabs = text.replace("\t", "") if "\n" in text else text
    if not _is_printable(without_tabs) or any(f" {mark}" in text for mark in _BREAKS):
        return '"'
    if "\n" in text:
        return '"' if is_key or text.endswith(" ") else "|"
    if any(mark in text for mark in _BREAKS):
        return '"' if is_key or any(f"{mark} " in text for mark in _BREAKS) else "'"
    if text in _OLD_BOOLEANS or text == "<<" or _is_sexagesimal(text):
        return "'"
    if resolve(text) is not text:
        return '"'  # plain it would be a number, a boolean, a time or nothing
    return "" if _can_be_plain(text) else "'"


def _is_printable(text: str) -> bool:
    return all(
        " " <= character <= "~"
        or character == "\n"
        or (character > "\x9f" and character not in "\ufeff" and character <= "\uffff")
        for character in text
    )


def _can_be_plain(text: str) -> bool:
    if text[0] in _NEVER_FIRST or text[0] == " " or text[-1] == " " or text.startswith(("---", "...")):
        return False
    if text[0] in "?:-" and (len(text) == 1 or text[1] == " "):
        return False
    return ": " not in text and not text.endswith(":") and " #" not in text


def _is_sexagesimal(text: str) -> bool:
    """Whether YAML 1.1 reads a number of base 60, as in `22:22`."""
    whole, colon, rest = text.lstrip("+-").partition(":")
    parts = rest.partition(".")[0].split(":")
    return (
        bool(colon)
        and text.isascii()
        and whole[:1].isdigit()
        and whole.replace("_", "").isdigit()
        and all(part.isdigit() and len(part) <= 2 and (len(part) == 1 or part[0] < "6") for part in parts)
    )


def _folded(text: str, column: int, indent: int, is_key: bool, quote: str) -> str:
    """A text in single quotes or none; it breaks at the first lone blank behind the width."""
    out = [quote]
    column += len(quote)
    for at, character in enumerate(text):
        lone = character == " " and text[at - 1 : at] != " " and text[at + 1 : at + 2] != " "
        if lone and column > _WIDTH and not is_key and 0 < at < len(text) - 1:
            out.append("\n" + " " * indent)
            column = indent
        else:
            out.append(_indented(text, at, indent))
            column += 1
    return "".join(out) + quote


def _indented(text: str, at: int, indent: int) -> str:
    """A character; behind a break of Unicode go-yaml begins a line of its own."""
    return " " * indent + text[at] if text[at - 1 : at] in _BREAKS[1:] and text[at] not in _BREAKS else text[at]


def _double(text: str, column: int, indent: int, is_key: bool) -> str:
    out = ['"']
    column += 1
    after_space = False
    marked = text.startswith("\ufeff")  # behind a byte order mark go-yaml escapes every character
    for at, character in enumerate(text):
        if character == " " and not marked:
            if not is_key and not after_space and column > _WIDTH and 0 < at < len(text) - 1:
                out.append("\n" + " " * indent + ("\\" if text[at + 1] == " " else ""))
                column = indent + (text[at + 1] == " ")
            else:
                out.append(character)
                column += 1
            after_space = True
            continue
        shown = _escaped(character) if not marked else _hexadecimal(character)
        out.append(shown)
        column += len(shown)
        after_space = False
    return "".join(out) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if _is_printable(character) else _hexadecimal(character)


def _hexadecimal(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02X}"
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"


def _block(text: str, indent: int) -> str:
    hint = "2" if text[0] == " " else ""
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    chomp = "-" if breaks == 0 else "" if breaks == 1 and body else "+"
    lines = text.split("\n") if breaks == 0 else text[:-1].split("\n")
    shown = ("".join(_indented(line, at, indent) for at in range(len(line))) for line in lines)
    return f"|{hint}{chomp}" + "".join(f"\n{' ' * indent}{line}" if line else "\n" for line in shown)

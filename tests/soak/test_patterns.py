"""No regular expression that reads a foreign file is slow: each is tried on texts that are made of its own parts."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modellint
import modellint_rules
from modellint.evidence.languages import LANGUAGES

SIZE = 1 << 14  # characters of a text
SECONDS = 0.05  # 3 ns a character; one that grows with the square of the text takes a second
FOLDERS = (
    Path(modellint.__path__[0], "evidence"),
    Path(modellint.__path__[0], "compose"),
    Path(modellint_rules.__path__[0]),
)
PARSE: Any = importlib.import_module("re._parser").parse
ANCHORED = ("match", "fullmatch")  # are tried at one place only


def patterns() -> Iterator[tuple[str, str, int, bool]]:
    """The name, text and flags of every pattern, and whether it is anchored."""
    for name, language in LANGUAGES.items():
        yield f"tokens of {name}", language.tokens, re.DOTALL, False
        yield from ((f"{name}: {probe.needle.decode()}", probe.source, 0, False) for probe in language.probes)
        yield from ((f"{name}: {pattern[:20].decode()}", pattern.decode(), 0, False) for pattern in language.imports)
    for path in itertools.chain.from_iterable(folder.rglob("*.py") for folder in FOLDERS):
        anchored: set[ast.AST] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ANCHORED:
                anchored.add(node.func.value)
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if of_re and node.args and isinstance(node.args[0], ast.Constant):
                text: str | bytes = node.args[0].value  # type: ignore[assignment]
                fixed = node.func.attr in ANCHORED or node in anchored
                yield f"{path.stem}:{node.lineno}", text if isinstance(text, str) else text.decode(), 0, fixed


def samples(items: Any, found: set[str]) -> str:
    """A short text that a parsed pattern matches; those of its parts are added to `found`."""
    text = ""
    for kind, value in items:
        text += sample(str(kind), value, found)
        found.add(text)
    return text


def sample(kind: str, value: Any, found: set[str]) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "IN":
        return of_set(value)
    if kind.endswith("_REPEAT"):
        return samples(value[2], found) * max(1, min(value[0], 3))
    if kind in ("SUBPATTERN", "ATOMIC_GROUP"):
        return samples(value[3] if kind == "SUBPATTERN" else value, found)
    if kind == "BRANCH":
        branches = [samples(branch, found) for branch in value[1]]
        return branches[0]
    if kind.startswith("ASSERT"):
        samples(value[1], found)
        return ""
    return {"GROUPREF": '"', "NOT_LITERAL": "a", "ANY": "a"}.get(kind, "")


def of_set(items: Any) -> str:
    kinds = {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "1"}
    for kind, value in items:
        if str(kind) == "NEGATE":
            return "a"
        if str(kind) in ("LITERAL", "RANGE"):
            return chr(value if isinstance(value, int) else value[0])
        return kinds.get(str(value), "a")
    return ""


def attacks(pattern: str, flags: int) -> Iterator[str]:
    found: set[str] = set()
    whole = samples(PARSE(pattern, flags), found)
    units = [*sorted({text[:60] for text in found if text}, key=len)[:25], " ", "\n", '"', "a", "\\"]
    for start, unit in itertools.product(("", whole[:200]), units):
        yield start + unit * (SIZE // len(unit)) + "\0"
    for unit, other in itertools.product([*units[:6], whole[:60]], (" ", "\n", '"', "a")):
        yield (unit + other) * (SIZE // len(unit + other)) + "\0"


@pytest.mark.parametrize(("pattern", "flags", "anchored"), [pytest.param(*rest, id=name) for name, *rest in patterns()])
def test_no_pattern_is_slow(pattern: str, flags: int, anchored: bool) -> None:
    compiled = re.compile(pattern, flags)
    for text in attacks(pattern, flags):
        start = time.process_time()
        if anchored:
            compiled.match(text)
        else:
            sum(1 for _ in compiled.finditer(text))
        assert time.process_time() - start < SECONDS, text[:80]


def test_a_slow_pattern_is_noticed() -> None:
    with pytest.raises(AssertionError):
        test_no_pattern_is_slow(r"onfig\w*+\(", 0, anchored=False)

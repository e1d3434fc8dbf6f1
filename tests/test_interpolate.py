"""`${VARIABLE}` gives what Docker Compose gives."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.compose.variables.interpolate import InvalidTemplate, MissingVariable, interpolate, substitute, variables
from modellint.text.source import Source
from modellint.yaml.parse import parse

if TYPE_CHECKING:
    from conftest import Compose

ENVIRONMENT = {"A": "1", "E": "", "LONG_name2": "two"}  # U, V and all others are not set

SUBSTITUTED = {
    "": "", "plain": "plain", "$A": "1", "${A}": "1", "x${A}y": "x1y", "$A$A": "11", "$U": "", "${U}": "",
    "$LONG_name2-x": "two-x", "$$": "$", "$$A": "$A", "$$$A": "$1", "$${A}": "${A}", "$": "$", "a$": "a$", "$ A": "$ A",
    "$1": "$1", "$(x)": "$(x)", "$é": "$é", "$}": "$}", "${A}$": "1$",
    "${A:-b}": "1", "${E:-b}": "b", "${U:-b}": "b", "${A-b}": "1", "${E-b}": "", "${U-b}": "b", "${U:-}": "",
    "${A:+b}": "b", "${E:+b}": "", "${U:+b}": "", "${A+b}": "b", "${E+b}": "b", "${U+b}": "",
    "${A:?m}": "1", "${A?m}": "1", "${E?m}": "",
    "${U:-$A}": "1", "${U:-${A}}": "1", "${U:-${V:-${A}}}": "1", "${U:-x${A}y}": "x1y", "${U:-$$A}": "$A",
    "${U-}": "", "${U:-$}": "$",
    "${U:-a}b}": "ab}", "${U:-{}}": "{}", "${U:-{}": "{", "${U:-{a}}": "{a}", "${U:-{}}$A}": "{}}1",
    "${U:-}}": "}", "${U:-a:-b}": "a:-b", "${U:-a?b}": "a?b",
    "${A:-${}}": "1", "${U:+${V:?x}}": "", "${A:?$}": "1", "${U:-a b\tc}": "a b\tc", "${A}\n$A": "1\n1",
}  # fmt: skip
INVALID = {
    "${": 0, "${}": 0, "${A": 0, "x${A b}": 1, "${1}": 0, "${-b}": 0, "${A!}": 0, "${A:}": 0, "${A:b}": 0, "${é}": 0,
    "${A:=b}": 0, "${ A}": 0, "${A }": 0, "${A.b}": 0, "${A[0]}": 0, "$$${": 2, "${U:-${}}": 5, "${A:-${": 0,
    "${U:-{\n}": 0,     "${A:-\n}": 0, "$A${U:-${A\n}}": 2, "${U:-{} ${A}": 8,
}  # fmt: skip
MISSING = {
    "${U:?m}": ("U", "m"), "${U?}": ("U", ""), "${E:?m}": ("E", "m"), "${U:?${A}}": ("U", "1"),
    "x${U?a b}c}": ("U", "a b"),
    "${U:-${V:?m}}": ("V", "m"), "${A:+${U:?x}}": ("U", "x"),
}  # fmt: skip


@pytest.mark.parametrize("text", SUBSTITUTED)
def test_substitute(text: str) -> None:
    assert substitute(text, ENVIRONMENT) == SUBSTITUTED[text]


@pytest.mark.parametrize("text", INVALID)
def test_invalid(text: str) -> None:
    with pytest.raises(InvalidTemplate) as error:
        substitute(text, ENVIRONMENT)
    assert error.value.start == INVALID[text]


@pytest.mark.parametrize("text", MISSING)
def test_missing(text: str) -> None:
    with pytest.raises(MissingVariable) as error:
        substitute(text, ENVIRONMENT)
    assert (error.value.variable.name, str(error.value)) == MISSING[text]


def test_variables_and_their_places() -> None:
    text = "a $A ${B:-x${C:?no ${D}}} $$E ${F+}"
    found = [(each.name, each.operator, each.operand, text[each.start : each.end]) for each in variables(text)]
    assert found == [
        ("A", "", "", "$A"),
        ("B", ":-", "x${C:?no ${D}}", "${B:-x${C:?no ${D}}}"),
        ("C", ":?", "no ${D}", "${C:?no ${D}}"),
        ("D", "", "", "${D}"),
        ("F", "+", "", "${F+}"),
    ]


def test_scalars_are_given_their_values() -> None:
    """Spans point at the variable, also behind an escape."""
    source = Source("compose.yaml", "- 'a$A'\n- \"b\\t$A\"\n- ${U:?m}\n- x${\n- $$A\n")
    file = parse(source)
    met, refused = interpolate(file.templates, ENVIRONMENT)
    assert [scalar.value for scalar in file.templates] == ["a1", "b\t1", "${U:?m}", "x${", "$A"]
    assert [(variable.name, variable.span.text) for variable in met] == [
        ("A", "$A"),
        ("A", "$A"),
        ("U", "${U:?m}"),
    ]
    assert [type(error) for error in refused] == [MissingVariable, InvalidTemplate]
    assert all(scalar.interpolated for scalar in file.templates)
    assert [scalar.shown for scalar in file.templates] == ["a$A", "b\\t$A", "${U:?m}", "x${", "$$A"]


def test_deep_and_long_templates_end() -> None:
    with pytest.raises(InvalidTemplate):
        substitute("${U:-" * 1000 + "x" + "}" * 1000, {})
    assert substitute("${A:-" * 1000 + "x" + "}" * 1000, {"A": "1"}) == "1"
    assert substitute("$" * 100_001, {}) == "$" * 50_001
    with pytest.raises(InvalidTemplate):
        substitute("${" * 100_000, {})


def templates(count: int) -> list[str]:
    """Random texts of the pieces that matter."""
    choose = random.Random(11)
    pieces = [
        "$",
        "${",
        "}",
        "A",
        "E",
        "U",
        ":-",
        ":?",
        ":+",
        "-",
        "?",
        "+",
        "b",
        "$$",
        "${A}",
        "${U:-",
        "{",
        " ",
        "1",
        "_",
    ]
    return ["".join(choose.choice(pieces) for _ in range(choose.randint(1, 8))) for _ in range(count)]


def composed(texts: list[str]) -> str:
    """A file with every text as the value of a variable."""
    lines = [f"      K{number}: {json.dumps(text)}\n" for number, text in enumerate(texts)]
    return "services:\n  a:\n    image: x\n    environment:\n" + "".join(lines)


def ours(text: str) -> str | None:
    """What we make of a text; None where it is refused."""
    try:
        return substitute(text, ENVIRONMENT)
    except (InvalidTemplate, MissingVariable):
        return None


def test_values_are_those_of_compose(tmp_path: Path, compose_config: Compose) -> None:
    texts = [text for text in [*SUBSTITUTED, *templates(3000)] if ours(text) is not None]
    assert len(set(texts)) > 400
    (tmp_path / "compose.yaml").write_text(composed(texts), encoding="utf-8")
    run = compose_config(tmp_path, ENVIRONMENT)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)["services"]["a"]["environment"]
    theirs = {text: said[f"K{number}"].replace("$$", "$") for number, text in enumerate(texts)}  # `config` escapes them
    assert {text: value for text, value in theirs.items() if ours(text) != value} == {}


def test_what_we_refuse_compose_refuses(tmp_path: Path, compose_config: Compose) -> None:
    random_ones = [text for text in dict.fromkeys(templates(400)) if ours(text) is None][:30]
    assert len(random_ones) == 30
    accepted: list[str] = []
    for text in [*INVALID, *MISSING, *random_ones]:
        (tmp_path / "compose.yaml").write_text(composed([text]), encoding="utf-8")
        if compose_config(tmp_path, ENVIRONMENT).returncode == 0:
            accepted.append(text)
    assert accepted == []

"""Dockerfiles: the stage that is built, what it sets and exposes, and its scripts with their places."""

from __future__ import annotations

import pytest

from modellint.evidence.dockerfile import Dockerfile, read_dockerfile
from modellint.text.source import Source

STAGES = """\
# syntax=docker/dockerfile:1
ARG BASE=python:3.13
FROM ${BASE} AS common
ENV LLM_HOST=llm MODE="a b" \\
    # a comment between
    LEVEL=info
EXPOSE 8080/tcp 9090

FROM common as test
RUN pytest "$TEST_URL"

from common AS app
arg VERSION
ENV LEGACY one two
RUN <<EOF
echo "$NOT_HERE"
CMD echo "$NOR_HERE"
EOF
RUN --mount=type=cache,target=/root \\
    echo "$CACHED" && \\
    echo done
COPY --from=test /x /x
CMD curl -fsS "$LLM_URL/models" \\
    && exec app
HEALTHCHECK --interval=5s \\
    CMD test -n \\
    # a comment between
    "$HERE"
"""


def read(text: str, target: str = "") -> Dockerfile:
    return read_dockerfile(Source("Dockerfile", text), target)


def reads(found: Dockerfile) -> list[tuple[str, str]]:
    """Each variable that a script of the container reads, and the text at its place."""
    return [(one.name, at.locate(one.start, one.end).text) for at in found.scripts for one in at.script.expansions]


def test_the_last_stage_and_those_below_it() -> None:
    found = read(STAGES)
    assert found.base == "${BASE}"
    assert found.ports == {8080, 9090}
    assert {name: variable.value for name, variable in found.variables.items()} == {
        "LLM_HOST": "llm", "MODE": "a b", "LEVEL": "info", "VERSION": None, "LEGACY": "one two",
    }  # fmt: skip
    assert found.variables["LEVEL"].span.text == "LEVEL"


def test_a_script_knows_its_place_through_continued_lines_and_here_documents() -> None:
    assert reads(read(STAGES)) == [("LLM_URL", "LLM_URL"), ("HERE", "HERE")]


def test_a_target_is_another_stage() -> None:
    found = read(STAGES, "TEST")
    assert reads(found) == []
    assert "LEGACY" not in found.variables


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('FROM x\nCMD ["sh", "-c", "echo $A"]', ["A"]),
        ('FROM x\nCMD ["echo", "$A"]', []),
        ("FROM x\nCMD echo $A\nCMD echo $B", ["B"]),
        ("FROM x\nHEALTHCHECK --interval=5s CMD echo $A\nENTRYPOINT echo $B", ["A", "B"]),
        ("# escape=`\nFROM x\nCMD echo `\n  $A", ["A"]),
        ("CMD echo $A", []),
        ("", []),
        ("FROM", []),
        ('FROM x\nCMD ["sh", "-c"', []),
        ("FROM x\r\nCMD echo $A\r\n", ["A"]),
    ],
)
def test_scripts(text: str, names: list[str]) -> None:
    assert [name for name, place in reads(read(text)) if name == place] == names


@pytest.mark.parametrize(
    "text", ["FROM x\n" + "RUN \\\n" * 50_000, "<<" * 50_000, "FROM x\nENV " + '"' * 50_000, "\0" * 99]
)
def test_hostile_text_ends(text: str) -> None:
    assert isinstance(read(text), Dockerfile)

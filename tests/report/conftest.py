"""Reports made by hand, for every format to render."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from modellint.check import Report
from modellint.files.disk import LeftOut, Unreadable
from modellint.linter.record import Suppressed, result
from modellint.policy.base_suppressions import Unheeded
from modellint.policy.discovery import InForce
from modellint.rule import Rule
from modellint.text.edit import SAFE, Edit, Fix
from modellint.text.finding import ERROR, NOTE, WARNING, Finding, Related
from modellint.text.source import Source, Span

if TYPE_CHECKING:
    from modellint.text.finding import Severity

PAGE = """A thing is wrong.

Why it hurts is said here, with a `quoted` value and ${VARIABLE}.

```yaml bad
models:
  llm: {}
  # ^^ this is wrong
```
"""


def rule(name: str, severity: Severity, *tags: str) -> Rule:
    """A rule that finds nothing itself."""

    def check() -> list[Finding]:
        return []

    check.__name__ = name.replace("-", "_")
    return Rule(check, PAGE, "Project", severity, on=True, online=False, policy=False, whole=False, tags=tags)


RULES = {
    each.name: each
    for each in (
        rule("bad-name", ERROR),
        rule("hidden-text", NOTE),
        rule("unpinned-model", WARNING, "supply-chain"),
    )
}


def at(source: Source, text: str, nth: int = 1) -> Span:
    """Where a text stands."""
    start = -1
    for _ in range(nth):
        start = source.text.index(text, start + 1)
    return Span(source, start, start + len(text))


def found(
    name: str,
    span: Span,
    message: str,
    fix: Fix | None = None,
    related: list[Related] | None = None,
    hint: str = "",
    severity: Severity | None = None,
) -> Finding:
    """A finding, as the engine hands it on."""
    finding = Finding(span, message, fix, related or [], hint=hint, severity=severity or RULES[name].severity)
    return finding.of(name)


def report(*findings: Finding, files: int = 1, unreadable: list[tuple[str, str]] | None = None) -> Report:
    """A report of these findings."""
    made = Report()
    made.files = made.projects = files
    made.results = [result(finding) for finding in findings]
    made.unreadable = [Unreadable(*each) for each in unreadable or []]
    return made


def clean() -> Report:
    """Nothing to say."""
    return report(files=3)


def plain() -> Report:
    """One of each kind, in two files, with a fix, a related place and a hint."""
    one = Source(
        "compose.yaml", "services:\n  app:\n    models: [llm]\nmodels:\n  llm:\n    model: ai/smollm2  # small\n"
    )
    two = Source("deploy/compose.yaml", "models:\n  big model:\n    model: ai/qwen3:latest\n")
    pin = Fix(
        "pin it to a digest", [Edit(at(one, "ai/smollm2"), "ai/smollm2@sha256:00"), Edit(at(one, "  # small"), "")]
    )
    return report(
        found(
            "unpinned-model",
            at(one, "ai/smollm2"),
            "`ai/smollm2` has no digest: the weights may change without a change of this file",
            pin,
            [
                Related(at(one, "llm"), "the service `app` uses it"),
                Related(at(two, "ai/qwen3:latest"), "so does [another](9) file"),
            ],
        ),
        found("bad-name", at(two, "big model"), "`big model` holds a space", hint="write `big-model`"),
        found("hidden-text", at(two, "latest"), "`latest` says nothing about what is behind it"),
        files=2,
    )


def edits_in_two_files() -> Report:
    """A fix that changes the Compose file and an env file, of which no value may be shown."""
    compose = Source("compose.yaml", "services:\n  app:\n    env_file: app.env\n")
    env = Source("app.env", "LLM_URL=canary-3f9a\nOTHER=1\n", private=True)
    fix = Fix("drop it", [Edit(at(compose, "    env_file: app.env\n"), ""), Edit(at(env, "LLM_URL"), "URL")], SAFE)
    return report(found("bad-name", at(env, "LLM_URL"), "Compose sets `LLM_URL`", fix), files=2)


def crlf() -> Report:
    """CRLF line ends, and a span that ends with one."""
    source = Source("compose.yaml", "models:\r\n  llm:\r\n    model: x\r\n")
    return report(found("bad-name", at(source, "llm:\r\n"), "`llm` is empty"), found("bad-name", at(source, "x"), "no"))


def lone_cr() -> Report:
    """The line ends of old Macs."""
    source = Source("compose.yaml", "models:\r  llm:\r    model: x\r")
    return report(found("bad-name", at(source, "x"), "`x` is too short"))


def tabs() -> Report:
    """Tabs before and in the span."""
    source = Source("compose.yaml", "models:\n\tllm:\tqwen\t3\n")
    return report(found("bad-name", at(source, "qwen\t3"), "a tab in a name"))


def wide() -> Report:
    """Characters that take no column, or two."""
    source = Source("compose.yaml", "模型: 語言  # 漢\nname: '😀 e\u0301a 🏳️ z'\nlast: ｗide\n")
    return report(
        found("bad-name", at(source, "語言"), "`語言` is wide"),
        found("bad-name", at(source, "e\u0301a"), "`e\u0301a` is narrow"),
        found("bad-name", at(source, "\u0301"), "a mark alone"),
        found("bad-name", at(source, "z"), "behind a flag"),
        found("bad-name", at(source, "ide"), "behind a wide letter"),
    )


def several_lines() -> Report:
    """A span of three lines."""
    source = Source("compose.yaml", "models:\n  llm:\n    model: >\n      ai/\n      smollm2\n")
    return report(found("bad-name", at(source, ">\n      ai/\n      smollm2"), "folded to `ai/ smollm2`"))


def no_final_newline() -> Report:
    """A span that ends with the file, and one of no length behind it."""
    source = Source("compose.yaml", "models:\n  llm:")
    end = Span(source, len(source.text), len(source.text))
    return report(
        found("bad-name", at(source, "llm:"), "nothing follows"), found("bad-name", end, "something is missing")
    )


def empty_line() -> Report:
    """A place where there is nothing to underline."""
    source = Source("compose.yaml", "")
    return report(found("bad-name", Span(source, 0, 0), "the file is empty"))


def long_lines() -> Report:
    """Lines that do not fit, the last one longer than what a result keeps."""
    source = Source("compose.yaml", f"a: {'x' * 70}HERE{'y' * 70}\nb: {'z' * 90}\nc: {'w' * 500}FAR\n")
    message = f"`{'m' * 50}` and {'many words in a row, ' * 5}`{'long' * 30}`"
    return report(
        found("bad-name", at(source, "HERE"), message, hint="look, " * 20 + "look"),
        found("bad-name", at(source, "z" * 90), "longer than a window"),
        found("bad-name", at(source, "FAR"), "far to the right"),
    )


def hostile() -> Report:
    """Text that wants to be a command, or to hide."""
    source = Source(
        "::error::x\n/a\u202eb:1,c=%0A.yaml",
        'model: "\x1b[31mred\x07\u202egpj.exe\u200b\x7f\x9b2J##[error]x ##vso[task] ###[a]\u2028"\n'
        "'\u00a0##teamcity[b]'\n",
    )
    commands = "::set-env name=A::b\n::error::c\r::add-mask::d##[add-path]e\x0b::stop-commands::f%0A\u2028::g {0} ]("
    fix = Fix(commands, [Edit(at(source, "red"), commands)])
    return report(
        found(
            "hidden-text",
            at(source, "\x1b[31mred"),
            commands,
            fix,
            [Related(at(source, "gpj.exe"), commands)],
            commands,
        ),
        found("hidden-text", at(source, "#[error]x"), "\u3000::warning::\x1b]0;title\x07\ud800"),
        found("hidden-text", at(source, "##teamcity[b]"), "[link](http://evil.example) [other](7)"),
        files=1,
        unreadable=[("##[group]\udcff\n::error::x", "::error::y\x1b[2J")],
    )


def unreadable() -> Report:
    """Nothing found, but not everything read."""
    return report(files=1, unreadable=[("b.yaml", "does not exist"), ("c.yaml", "is a folder")])


def nothing_checked() -> Report:
    """Nothing read."""
    return report(files=0, unreadable=[("b.yaml", "does not exist")])


def many() -> Report:
    """More annotations than a runner keeps, of two kinds, and the same finding again and again."""
    source = Source("compose.yaml", "models: {}\n" * 30)
    warnings = [found("unpinned-model", at(source, "models", row), "no digest") for row in range(1, 13)]
    errors = [found("bad-name", at(source, "models", row), "no name") for row in range(1, 11)]
    return report(*sorted([*warnings, *errors], key=Finding.order), found("hidden-text", at(source, "{}"), "a brace"))


def on_terms() -> Report:
    """A check that is less than it could be, for every reason that there is, some of it in words of a stranger."""
    evil = "##[group]::error::x `a` <b> @c\x1b[2J\n::error::y"
    source = Source("compose.yaml", "models:\n  llm: latest\n")
    made = report(found("hidden-text", at(source, "latest"), "`latest` says nothing"))
    for kind, reason in (("ignore", evil), ("ignore", ""), ("exception", "soon"), ("baseline", "")):
        made.suppressed.append(Suppressed(result(found("bad-name", at(source, "llm"), "no name")), kind, reason))
    made.in_force = [
        InForce("strict", True, "", [], []),
        InForce(f"../{evil}/.modellint.yaml", False, "repository", [f"rule-{at}" for at in range(9)], ["bad-name"]),
        InForce("other.yaml", False, "project", ["bad-name"], []),
    ]
    made.policies = [each.name for each in made.in_force]
    made.left_out = [LeftOut(evil, "named in `.gitignore`"), LeftOut("old/compose.yaml", "not asked for")]
    made.unheeded = [Unheeded(evil, 0, "this policy was changed"), Unheeded("compose.yaml", 3, "this comment is new")]
    made.known = made.lowered = 1
    return made


SAMPLES: dict[str, Callable[[], Report]] = {
    make.__name__: make
    for make in (
        clean, plain, edits_in_two_files, crlf, lone_cr, tabs, wide, several_lines, no_final_newline, empty_line,
        long_lines, hostile, unreadable, nothing_checked, many, on_terms,
    )
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a `sample` gets each of them."""
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", [make() for make in SAMPLES.values()], ids=list(SAMPLES))


@pytest.fixture
def samples() -> dict[str, Report]:
    """Every report by name."""
    return {name: make() for name, make in SAMPLES.items()}


@pytest.fixture(scope="session")
def known() -> dict[str, Rule]:
    """The rules that the reports are about."""
    return RULES

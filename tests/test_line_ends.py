"""What fixes write ends lines as the file does, also where its last line has no end, and stands up to verification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from modellint.compose.model.project import Project
from modellint.fix import fix, write
from modellint.linter.page_examples import Example, beside, examples, policy
from modellint.linter.run_rules import AFTER_ALL, run
from modellint.rule import Rule
from modellint.text.finding import Finding
from test_pages import RULES, demanded, facts

FIXED = [
    pytest.param(rule, example, id=f"{name}:{example.line}")
    for name, rule in RULES.items()
    for example in examples(rule.doc)
    if example.bad and example.fixed and rule.subject != AFTER_ALL
]
Change = Callable[[str], str]


def plain(text: str) -> str:
    return text


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def finder(rule: Rule) -> Callable[[Project], Sequence[Finding]]:
    running = list(RULES.values()) if rule.subject == "Ignore" else [rule]
    demands = demanded(policy(rule.doc)) if policy(rule.doc) else None
    answers = facts(rule.doc)

    def find(project: Project) -> Sequence[Finding]:
        return [each for each in run(running, project, facts=answers, demands=demands) if each.rule == rule.name]

    return find


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "open"])
@pytest.mark.parametrize("lines", [plain, crlf])
@pytest.mark.parametrize(("rule", "example"), FIXED)
def test_line_ends_of_every_fix(
    rule: Rule, example: Example, lines: Change, ended: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, body in beside(rule.doc).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(lines(body), encoding="utf-8", newline="")
    path = Path("compose.yaml")
    before = lines(example.text if ended else example.text.rstrip("\n"))
    path.write_bytes(before.encode())
    outcome = fix(["compose.yaml"], finder(rule), {}, unsafe=True)
    assert [left.reason for left in outcome.left] == []
    assert not write(outcome.changes)
    after = path.read_bytes().decode()
    assert example.fixed is not None
    assert after.rstrip("\r\n") == lines(example.fixed).rstrip("\r\n")
    if ended:
        assert after == lines(example.fixed)


APP = "services:\n  app:\n    image: app\n    depends_on: [llm]\n"
LLM = "  llm:\n    provider:\n      type: model\n      options:\n        model: ai/x\n"
GRANTED = APP.replace("depends_on", "models")
DECLARED = "models:\n  llm:\n    model: ai/x\n"
USER = "  user:\n    image: user\n    depends_on:\n      - app\n"
# What a fix adds stands at the end of the file, and so may what it takes away.
AT_THE_END = {
    "the model": (APP + LLM, GRANTED + "\n" + DECLARED),
    "the model and a comment of it": (APP + LLM + "      # why\n", GRANTED + "\n" + DECLARED),
    "a user": (APP + LLM + USER + "      - llm\n", GRANTED + USER + "    models:\n      - llm\n\n" + DECLARED),
    "a user with a list in brackets": (
        APP + LLM + USER.replace(":\n      - app", ": [app, llm]"),
        GRANTED + USER.replace(":\n      - app", ": [app]") + "    models:\n      - llm\n\n" + DECLARED,
    ),
    "an empty line": (APP + LLM + "x-a: b\n\n", GRANTED + "x-a: b\n\n" + DECLARED),
    "a text that keeps its empty lines": (APP + LLM + "x-a: |+\n  b\n\n", GRANTED + "x-a: |+\n  b\n\n" + DECLARED),
    "the end of the document": (APP + LLM + "x-a: b\n...\n", GRANTED + "x-a: b\n\n" + DECLARED + "...\n"),
}


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "open"])
@pytest.mark.parametrize("lines", [plain, crlf])
@pytest.mark.parametrize("name", AT_THE_END)
def test_a_fix_at_the_end_of_a_file(name: str, lines: Change, ended: bool, tmp_path: Path) -> None:
    before, after = map(lines, AT_THE_END[name])
    path = tmp_path / "compose.yaml"
    path.write_bytes((before if ended else before.rstrip("\r\n")).encode())
    outcome = fix([str(path)], finder(RULES["legacy-provider"]), {}, unsafe=True)
    assert [left.reason for left in outcome.left] == []
    assert [change.after.rstrip("\r\n") for change in outcome.changes] == [after.rstrip("\r\n")]

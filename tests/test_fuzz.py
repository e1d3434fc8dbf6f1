"""Whatever the text: no exception, every place inside its text, and no edit without a fix."""

from __future__ import annotations

import random
from collections.abc import Iterator

from modellint.compose.loading.load import load
from modellint.linter.run_rules import run
from modellint.text.edit import rewrite
from modellint.text.finding import Finding
from modellint.text.source import Source, Span
from modellint.yaml.builder import YamlFile
from modellint.yaml.node import Mapping, Scalar, Sequence
from support.mutations import PIECES, RULES, mutated

TEXTS = 3_000


def places(file: YamlFile, findings: list[Finding]) -> Iterator[Span]:
    """Every span that a report or a fix could show."""
    waiting: list[object] = [*file.documents]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            yield node.content
        elif isinstance(node, Sequence):
            waiting += node.items
        elif isinstance(node, Mapping):
            waiting += [part for pair in node.pairs for part in pair]
        if isinstance(node, Scalar | Sequence | Mapping):
            yield node.span
    for problem in file.problems:
        yield problem.span
        yield from (each.span for each in problem.related)
    for alias in file.aliases:
        yield alias.span
    for finding in findings:
        yield finding.span
        yield from (each.span for each in finding.related)
        if finding.fix is not None:
            yield from (edit.span for edit in finding.fix.edits)


def test_mutated_files() -> None:
    choose = random.Random(3)
    damaged = clean = found = 0
    for _ in range(TEXTS):
        text = mutated(choose)
        source = Source("compose.yaml", text)
        project = load(source, {"A": "1"})
        findings = run(RULES, project)
        (file,) = project.files
        for span in places(file, findings):
            assert 0 <= span.start <= span.end <= len(span.source.text), repr(text)
            assert span.first <= span.last
        assert rewrite(source, []) == text
        fixed = rewrite(source, [finding.fix for finding in findings if finding.fix])
        if fixed != text:
            run(RULES, load(Source("compose.yaml", fixed), {}))
        damaged += not file.whole
        clean += not file.problems
        found += len(findings)
    # The texts are neither all broken nor all sound, or the test would look at one half of the program only.
    assert damaged > TEXTS / 10
    assert clean > TEXTS / 10
    assert found > TEXTS


def test_random_characters() -> None:
    """Not even text that was never YAML."""
    choose = random.Random(4)
    for _ in range(500):
        text = "".join(choose.choice(PIECES) for _ in range(choose.randrange(1, 40)))
        source = Source("compose.yaml", text)
        project = load(source, {})
        findings = run(RULES, project)
        for span in places(project.files[0], findings):
            assert 0 <= span.start <= span.end <= len(text), repr(text)

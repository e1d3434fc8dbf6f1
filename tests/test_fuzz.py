"""Whatever the text: no exception, every place inside its text, and no edit without a fix."""

from __future__ import annotations

import random
from collections.abc import Iterator

from modellint.compose.load import load
from modellint.edit import rewrite
from modellint.engine import run
from modellint.example import examples
from modellint.finding import Finding
from modellint.node import Mapping, Scalar, Sequence
from modellint.pack import rules
from modellint.source import Source, Span
from modellint.tree import YamlFile

TEXTS = 3_000
RULES = list(rules().values())
SEEDS = [example.text for rule in RULES for example in examples(rule.doc)]
PIECES = [
    ":", ": ", " :", "?", "? ", "[", "]", "{", "}", ",", "- ", "-", '"', "'", "&a ", "*a", "!x ", "!reset ",
    "!override ", "!!str ", "!!int ", "|\n", ">-\n", "#", " # modellint: ignore[unpinned-model] ", "\t", "\n",
    "\r\n", "\r", " ", "  ", "%", "@", "`", "<<: *a", "a: &a\n", "http://x:80/y?z=1", "8080:80", "${A:-b}",
    "${A:?", "$$", "${", "\x00", "\x07", "\x7f", "\ufeff", "\ufffe", "é", "\U0001f600", "\x85", "\u2028",
    "---\n", "...\n", "0o17", "~", "1e400", ".nan", "2024-01-01", "null", "true", "\\", "<<<<<<< HEAD\n",
    "=======\n", ">>>>>>> x\n", "\nservices:\n", "\nmodels:\n", "\ue000", "    models: [llm]\n", "      llm:\n",
    "  llm: {model: ai/x@sha256:0}\n", "runtime_flags", "context_size: ", "provider:",
]  # fmt: skip


def mutated(choose: random.Random) -> str:
    """A seed with one to six pieces put in, taken out, doubled or exchanged with another seed's."""
    text = choose.choice(SEEDS)
    for _ in range(choose.choice((1, 1, 2, 3, 6))):
        at = choose.randrange(len(text) + 1)
        kind = choose.random()
        if kind < 0.55:
            text = text[:at] + choose.choice(PIECES) + text[at:]
        elif kind < 0.75:
            text = text[:at] + text[at + choose.randrange(1, 12) :]
        elif kind < 0.9:
            other = choose.randrange(len(text) + 1)
            text = text[:at] + text[other : other + choose.randrange(1, 60)] + text[at:]
        else:
            other_text = choose.choice(SEEDS)
            text = text[:at] + other_text[choose.randrange(len(other_text)) :]
    return text


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
        yield from (span for span, _ in problem.related)
    for alias in file.aliases:
        yield alias.span
    for finding in findings:
        yield finding.span
        yield from (span for span, _ in finding.related)
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

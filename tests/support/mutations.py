"""Compose files as nobody would write them: the examples of the rules' pages, mutated."""

from __future__ import annotations

import random

from modellint.linter.discovery import rules
from modellint.linter.page_examples import examples

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

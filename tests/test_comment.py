"""Ignore comments: which are there, what they name, and the line that each is about."""

from __future__ import annotations

import time

import pytest

from modellint.text.source import Source
from modellint.yaml.ignore_comments import MAX_NAMES, Ignore, ignores
from modellint.yaml.parse import parse


def read(text: str) -> list[Ignore]:
    source = Source("compose.yaml", text)
    return ignores(source, parse(source).documents)


# text -> for each rule that is named: the rule, the reason, the line that the comment is about
READ: dict[str, list[tuple[str, str, int]]] = {
    "a: 1 # modellint: ignore[x]\n": [("x", "", 1)],
    "a: 1 # modellint: ignore[x] because  of y \n": [("x", "because  of y", 1)],
    "a: 1\t#modellint:ignore[x]\r\nb: 2\r\n": [("x", "", 1)],
    "a: 1 # modellint: ignore[x, y-z ,q] why": [("x", "why", 1), ("y-z", "why", 1), ("q", "why", 1)],
    "# modellint: ignore[x]\n\n# other\n  \na: 1\n": [("x", "", 5)],
    "a:\n  # modellint: ignore[x]\n  # modellint: ignore[y] r\n  b: 1\n  # modellint: ignore[z]\n  c: 1\n": [
        ("x", "", 4),
        ("y", "r", 4),
        ("z", "", 6),
    ],
    "- # modellint: ignore[x]\n  a: 1\n": [("x", "", 1)],
    "a: | # modellint: ignore[x]\n  text\n": [("x", "", 1)],
    "a: &b # modellint: ignore[x]\n  c: 1\nd: *b # modellint: ignore[y]\n": [("x", "", 1), ("y", "", 3)],
    "a: [1, # modellint: ignore[x]\n  2]\n": [("x", "", 1)],
    "a: 1\n# modellint: ignore[x]\n": [("x", "", 4)],
    "# modellint: ignore[x]": [("x", "", 2)],
    "a: @ # modellint: ignore[x]\nb: 1 # modellint: ignore[y]\n": [("x", "", 1), ("y", "", 2)],
    # Not well formed: no rule is named, and the whole comment is what is wrong.
    "a: 1 # modellint: ignore\n": [("", "", 1)],
    "a: 1 # modellint: ignore x\n": [("", "", 1)],
    "a: 1 # modellint: ignore[x\n": [("", "", 1)],
    "a: 1 # modellint: disable[x]\n": [("", "", 1)],
    "a: 1 # modellint: ignore[] why\n": [("", "why", 1)],
    "a: 1 # modellint:\n": [("", "", 1)],
}
NONE = [
    "a: '# modellint: ignore[x]'\n",
    'a: "b\n  # modellint: ignore[x]"\n',
    "a: |\n  # modellint: ignore[x]\n  b\n",
    "a: >-\n\n  b\n\n  # modellint: ignore[x]\n",
    "a: b# modellint: ignore[x]\n",
    "a: b\n  #c modellint: ignore[x]\n",
    "# see modellint: ignore[x]\n",
    "modellint: ignore[x]\n",
]


@pytest.mark.parametrize("text", READ)
def test_read(text: str) -> None:
    assert [(each.rule, each.reason, each.line) for each in read(text)] == READ[text]


@pytest.mark.parametrize("text", NONE)
def test_text_is_no_comment(text: str) -> None:
    assert read(text) == []


def test_places() -> None:
    """The span is the rule's name, the whole is the comment without the blanks behind it."""
    found = read("a: 1 # modellint: ignore[x , yy] why  \n# modellint: ignore \nb: 1\n")
    assert [(each.span.text, each.span.first) for each in found] == [
        ("x", (1, 26)),
        ("yy", (1, 30)),
        ("# modellint: ignore", (2, 1)),
    ]
    assert [each.whole.text for each in found] == [
        "# modellint: ignore[x , yy] why",
        "# modellint: ignore[x , yy] why",
        "# modellint: ignore",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# modellint: ignore[x]\n" * 20_000,
        "a:\n" + "  - '' # modellint: ignore[x]\n" * 20_000,
        "# modellint: ignore[" + "x," * 400_000 + "]\na: 1\n",
        "a: '" + "# modellint: ignore[x]\n  " * 40_000 + "'\n",
    ],
)
def test_many_comments_are_read_in_no_time(text: str) -> None:
    started = time.process_time()
    assert len(read(text)) in (0, 1, MAX_NAMES)
    assert time.process_time() - started < 2  # 0.2 s where it was measured; quadratic took minutes

"""unused-ignore: several names, line ends, and rules that did not run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.finding import Finding

RULE = "unused-ignore"
PROJECT = "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: ai/smollm2{}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" # modellint: ignore[unpinned-model, ignored-digest]", " # modellint: ignore[unpinned-model]"),
        (" # modellint: ignore[ignored-digest, unpinned-model] x", " # modellint: ignore[unpinned-model] x"),
        (" # modellint: ignore[ignored-digest,unpinned-model]", " # modellint: ignore[unpinned-model]"),
        ("  # modellint: ignore[ignored-digest, no-such-rule] y ", " "),
        (" # modellint: ignore[no-such-rule]\n    # modellint: ignore[ignored-digest]", "\n"),
    ],
)
def test_fix(before: str, after: str, repair: Callable[[str, str], str], find: Callable[..., list[Finding]]) -> None:
    text = PROJECT.format(before)
    fixed = repair(RULE, text)
    assert fixed == PROJECT.format(after).replace("\n\n", "\n")
    assert not find(RULE, fixed)


def test_line_ends_stay(repair: Callable[[str, str], str]) -> None:
    text = PROJECT.replace("\n", "\r\n")
    assert repair(RULE, text.format(" # modellint: ignore[no-such-rule]")) == text.format("")
    alone = "    # modellint: ignore[no-such-rule]\r\n"
    assert repair(RULE, alone + text.format("")) == text.format("")


def test_rule_that_says_nothing_about_a_fragment(find: Callable[..., list[Finding]]) -> None:
    comment = "models:\n  llm: # modellint: ignore[{}]\n    model: ai/smollm2\n"
    assert not find(RULE, comment.format("unused-model"))
    assert find(RULE, comment.format("unpinned-image-typo"))


@pytest.mark.parametrize("comment", ["ignore unpinned-model", "ignore[]", "ignore[unpinned-model", "ignore[, ]"])
def test_no_rule_named(comment: str, find: Callable[..., list[Finding]]) -> None:
    found = find(RULE, PROJECT.format(f" # modellint: {comment}"))
    assert found
    assert all(finding.fix is None and finding.hint for finding in found)

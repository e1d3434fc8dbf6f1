"""unused-ignore: several names, line ends, and rules that did not run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "unused-ignore"
PROJECT = "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: ai/smollm2{}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" # modellint: ignore[unpinned-model, ignored-digest]", " # modellint: ignore[unpinned-model]"),
        (" # modellint: ignore[ignored-digest, unpinned-model] x", " # modellint: ignore[unpinned-model] x"),
        (" # modellint: ignore[ignored-digest,unpinned-model]", " # modellint: ignore[unpinned-model]"),
        ("  # modellint: ignore[ignored-digest, conflicting-models] y ", " "),
        (" # modellint: ignore[conflicting-models]\n    # modellint: ignore[ignored-digest]", "\n"),
    ],
)
def test_fix(before: str, after: str, repair: Callable[[str, str], str], find: Callable[..., list[Finding]]) -> None:
    text = PROJECT.format(before)
    fixed = repair(RULE, text)
    assert fixed == PROJECT.format(after).replace("\n\n", "\n")
    assert not find(RULE, fixed)


def test_line_ends_stay(repair: Callable[[str, str], str]) -> None:
    text = PROJECT.replace("\n", "\r\n")
    assert repair(RULE, text.format(" # modellint: ignore[ignored-digest]")) == text.format("")
    alone = "    # modellint: ignore[ignored-digest]\r\n"
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


@pytest.mark.parametrize(
    ("comment", "near"),
    [
        ("ignore[unpinned-modle] replaced nightly", "; did you mean `unpinned-model`?"),
        ("ignore[Unpinned-Model]", "; did you mean `unpinned-model`?"),
        ("ignore[xyz] a reason", ""),
    ],
)
def test_a_name_that_no_rule_has(comment: str, near: str, find: Callable[..., list[Finding]]) -> None:
    """The comment stays, and with it what somebody meant by it."""
    (found,) = find(RULE, PROJECT.format(f" # modellint: {comment}"))
    name = comment[comment.index("[") + 1 : comment.index("]")]
    assert found.message == f"no rule is named `{name}`, so this comment suppresses nothing{near}"
    assert found.fix is None


def test_a_name_that_no_rule_has_beside_one_that_is_not_needed(repair: Callable[[str, str], str]) -> None:
    text = PROJECT.format(" # modellint: ignore[ignored-digest, unpinned-modle] nightly")
    assert repair(RULE, text) == PROJECT.format(" # modellint: ignore[unpinned-modle] nightly")

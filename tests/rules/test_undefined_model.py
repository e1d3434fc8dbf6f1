"""undefined-model: overlays, variables, and the name it proposes."""

from __future__ import annotations

from collections.abc import Callable

from modellint.text.finding import Finding

RULE = "undefined-model"
MODELS = "models:\n  smollm: {model: ai/smollm2}\n  judge: {model: ai/qwen3}\n"


def test_overlay_may_rely_on_its_base(find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, "services:\n  app:\n    models: [llm]\n")
    assert not find(RULE, "services:\n  app:\n    models: !override [llm]\nmodels:\n  other: {model: ai/x}\n")


def test_overlay_without_any_declaration(find: Callable[..., list[Finding]]) -> None:
    """What `!reset` takes away, no base can give back."""
    found = find(RULE, "services:\n  app:\n    models: !override [gpt]\nmodels: !reset\n")
    assert [finding.span.text for finding in found] == ["gpt"]


def test_unknown_name_is_left_alone(find: Callable[..., list[Finding]]) -> None:
    text = "services:\n  app:\n    image: app\n    models: ['${NAME}']\n" + MODELS
    assert not find(RULE, text)
    assert not find(RULE, text, {"NAME": "judge"})
    found = find(RULE, text, {"NAME": "private-name"})
    assert [finding.fix for finding in found] == [None]
    assert "private-name" not in found[0].message + found[0].hint


def test_proposes_only_names_that_are_free(find: Callable[..., list[Finding]]) -> None:
    app = "services:\n  app:\n    image: app\n    models: [{}]\n"
    near, taken, far = (find(RULE, app.format(names) + MODELS)[0] for names in ("smolm", "smolm, smollm", "whisper"))
    assert near.fix is not None
    assert near.fix.title == "grant `smollm`"
    assert taken.fix is None
    assert far.fix is None


def test_quotes_stay(repair: Callable[[str, str], str]) -> None:
    text = 'services:\n  app:\n    image: app\n    models: ["smolm"]\n' + MODELS
    assert repair(RULE, text) == text.replace('"smolm"', '"smollm"')

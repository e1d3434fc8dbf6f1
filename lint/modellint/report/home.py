"""Where modellint lives, and the pages of its rules."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.rule import Rule

HOME = "https://github.com/modellint/modellint"
_BUILT_IN = "modellint_rules."


def page_url(rule: Rule) -> str:
    """Where the page of a built-in rule is read; empty for a rule from elsewhere."""
    module = rule.check.__module__
    return f"{HOME}/blob/main/rules/{module.replace('.', '/')}.py" if module.startswith(_BUILT_IN) else ""

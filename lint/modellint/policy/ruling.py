"""What a policy makes of the rules: which run, how severe they are, with which options, and what is demanded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.demands import MOST_ALIKE, Allowed, Demands, Patterns, part_matches
from modellint.exemption import Exemption
from modellint.identity import shortened
from modellint.near import did_you_mean
from modellint.pack import rules
from modellint.policy.astray import canonical
from modellint.policy.exempting import Exempting
from modellint.policy.load import load, place
from modellint.policy.loaded import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from modellint.finding import Severity
    from modellint.policies import Policies
    from modellint.policy.cel import Condition
    from modellint.policy.loaded import Loaded, Written
    from modellint.policy.schema import Check, RuleSetting
    from modellint.rule import Rule
    from modellint.source import Span


class Ruling:
    """A policy, ready to be applied."""

    def __init__(self, policy: Loaded, asked: Policies) -> None:
        self.policy = policy
        self.known = rules(online=True, policy=True)
        for name, (setting, span) in policy.rules.items():
            _check_rule(name, setting, span, self.known)
        self.running = [rule for rule in self.known.values() if _runs(rule, policy, asked)]
        self.idle = self.known.keys() - {rule.name for rule in self.running}
        self.severities: dict[str, Severity] = {}
        for name, (setting, _) in policy.rules.items():
            if setting.severity is not None and setting.severity != "off":
                self.severities[name] = setting.severity
        self.options = {name: dict(setting.model_extra or {}) for name, (setting, _) in policy.rules.items()}
        self.demands = _demands(policy)
        today = asked.day()
        self.exemptions = [(_exemption(each, policy, self.known, today), each.folder) for each in policy.exceptions]
        _refuse_crowd([each for each, _ in self.exemptions])
        self.exempting = Exempting(self.exemptions)
        self.conditions: list[tuple[Check, Condition]] = []
        if policy.checks and not asked.select:
            from modellint.policy import cel

            self.conditions = [(check, cel.compile(check, body)) for check, body in policy.checks.values()]


def ruling(name: str, asked: Policies) -> Ruling:
    """The ruling of a policy file or a built-in policy; raises `PolicyError`, or `Unreadable`."""
    return Ruling(load(name, asked.before), asked)


def _runs(rule: Rule, policy: Loaded, asked: Policies) -> bool:
    if rule.name in asked.ignore or (rule.online and not asked.online):
        return False
    if asked.select:
        return rule.name in asked.select or "all" in asked.select
    setting = policy.rules.get(rule.name)
    severity = setting[0].severity if setting else None
    return severity != "off" if severity is not None else rule.on


def _check_rule(name: str, setting: RuleSetting, span: Span, known: dict[str, Rule]) -> None:
    if name not in known:
        raise PolicyError(span, f"no rule is named `{name}`{did_you_mean(name, list(known))}")
    options = known[name].options
    for key, value in (setting.model_extra or {}).items():
        if key not in options:
            has = f"it has {', '.join(f'`{each}`' for each in options)}" if options else "it has none"
            near = did_you_mean(key, ["severity", *options])
            raise PolicyError(span, f"`{name}` has no option `{key}`; {has}{near}")
        if not _fits(value, options[key]):
            raise PolicyError(span, f"`{key}` of `{name}` must be {_WORDS[type(options[key])]}")


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return type(value) is type(default)


_CROWDED = (
    f"more than {MOST_ALIKE:,} patterns begin and end alike, as `*a*` and `*b*` do; write names, or fewer patterns"
)
_WORDS: dict[type, str] = {int: "a whole number", bool: "`true` or `false`", str: "text", tuple: "a list of texts"}


def _demands(policy: Loaded) -> Demands:
    allow = {name: Allowed(patterns, span) for name, (patterns, span) in policy.allow.items()}
    grants = policy.grants
    rows = {name: Allowed(models, span) for name, (models, span) in grants.items()} if grants is not None else None
    demands = Demands(allow.get("registries"), allow.get("models"), allow.get("flags"), allow.get("licenses"), rows)
    crowded = [each for each in (*allow.values(), *(rows or {}).values()) if each.is_crowded]
    for each in (*crowded, demands.crowded_row):
        if each is not None:
            raise PolicyError(each.span, _CROWDED)
    return demands


def _refuse_crowd(exemptions: Sequence[Exemption]) -> None:
    """Raise `PolicyError` for an exception whose pattern is one too many."""
    by_rule: dict[str, list[Exemption]] = {}
    for each in exemptions:
        by_rule.setdefault(each.rule, []).append(each)
    for group, key in [(list(exemptions), "file"), *((group, "keys") for group in by_rule.values())]:
        crowded = Patterns([getattr(each, key) for each in group], part_matches).crowded
        if crowded is not None:
            raise PolicyError(group[crowded].place, _CROWDED)


def _exemption(written: Written, policy: Loaded, known: dict[str, Rule], today: date) -> Exemption:
    given, body = written.given, written.body
    span = place(body, ("rule",))
    names = [*known, *policy.checks]
    if given.rule not in names:
        raise PolicyError(span, f"no rule is named `{given.rule}`{did_you_mean(given.rule, names)}")
    for need in policy.needs:
        if getattr(given, need) is None:
            raise PolicyError(span, f"this exception does not say `{need}`, which the policy demands of every one")
    file, sign, keys = (given.where or "").partition("#")
    days = (given.expires - today).days if given.expires is not None else None
    return Exemption(
        given.rule,
        canonical(file, written.folder) + sign + keys,
        span,
        days,
        place(body, ("expires",)) if days is not None else None,
        shortened(given.about or ""),
        place(body, ("where",)) if given.where else None,
    )

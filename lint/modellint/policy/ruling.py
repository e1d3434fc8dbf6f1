"""The effect of a policy on the rules: which run, their severities and options, and the policy's requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.linter.discovery import rules
from modellint.linter.identity import shortened
from modellint.policy.astray import canonical
from modellint.policy.exempting import Exempting
from modellint.policy.load import load, place
from modellint.policy.loaded import PolicyError
from modellint.policy_terms import MOST_ALIKE, Allowed, Demands, Exemption, Patterns, part_matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from modellint.policy.cel import Condition
    from modellint.policy.discovery import Policies
    from modellint.policy.loaded import LoadedPolicy, Mistakes, Written
    from modellint.policy.schema import Check, RuleSetting
    from modellint.rule import Rule
    from modellint.text.finding import Severity
    from modellint.text.source import Span


class Ruling:
    """A policy, ready to be applied."""

    def __init__(self, policy: LoadedPolicy, asked: Policies) -> None:
        self.policy = policy
        self.known = rules(online=True, policy=True)
        mistakes = policy.mistakes
        names = [*self.known]
        for name, (setting, span) in policy.rules.items():
            mistakes.found += _mistakes_of_rule(name, setting, span, self.known, names)
        self.running = [rule for rule in self.known.values() if _runs(rule, policy, asked)]
        self.idle = self.known.keys() - {rule.name for rule in self.running}
        self.severities: dict[str, Severity] = {}
        for name, (setting, _) in policy.rules.items():
            if setting.severity is not None and setting.severity != "off":
                self.severities[name] = setting.severity
        self.options = {name: dict(setting.model_extra or {}) for name, (setting, _) in policy.rules.items()}
        self.exemptions = _exemptions(policy, self.known, asked.day(), mistakes)
        with mistakes.gathered():
            _refuse_crowd([each for each, _ in self.exemptions])
        self.demands = _demands(policy, mistakes)
        self.conditions = _conditions(policy, mistakes) if policy.checks and not asked.select else []
        mistakes.end()
        self.exempting = Exempting(self.exemptions)


def ruling(name: str, asked: Policies) -> Ruling:
    """The ruling of a policy file or a built-in policy; raises `PolicyError`, or `Unreadable`."""
    return Ruling(load(name, asked.before), asked)


def _runs(rule: Rule, policy: LoadedPolicy, asked: Policies) -> bool:
    if rule.name in asked.ignore or (rule.online and not asked.online):
        return False
    if asked.select:
        return rule.name in asked.select or "all" in asked.select
    setting = policy.rules.get(rule.name)
    severity = setting[0].severity if setting else None
    return severity != "off" if severity is not None else rule.on


def _mistakes_of_rule(
    name: str, setting: RuleSetting, span: Span, known: dict[str, Rule], names: Sequence[str]
) -> Iterator[PolicyError]:
    if name not in known:
        yield PolicyError(span, f"unknown rule `{name}`", name, names)
        return
    options = known[name].options
    for key, value in (setting.model_extra or {}).items():
        if key not in options:
            has = f"it has {', '.join(f'`{each}`' for each in options)}" if options else "it has none"
            yield PolicyError(span, f"`{name}` has no option `{key}`; {has}", key, ["severity", *options])
        elif not _fits(value, options[key]):
            yield PolicyError(span, f"`{key}` of `{name}` must be {_WORDS[type(options[key])]}")


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return type(value) is type(default)


_CROWDED = (
    f"more than {MOST_ALIKE:,} patterns start and end the same way, such as `*a*` and `*b*`; use "
    "names, or fewer patterns"
)
_WORDS: dict[type, str] = {int: "a whole number", bool: "`true` or `false`", str: "text", tuple: "a list of strings"}


def _demands(policy: LoadedPolicy, mistakes: Mistakes) -> Demands:
    allow = {name: Allowed(patterns, span) for name, (patterns, span) in policy.allow.items()}
    grants = policy.grants
    rows = {name: Allowed(models, span) for name, (models, span) in grants.items()} if grants is not None else None
    demands = Demands(allow.get("registries"), allow.get("models"), allow.get("flags"), allow.get("licenses"), rows)
    crowded = [each for each in (*allow.values(), *(rows or {}).values()) if each.is_crowded]
    mistakes.found += [PolicyError(each.span, _CROWDED) for each in (*crowded, demands.crowded_row) if each is not None]
    return demands


def _conditions(policy: LoadedPolicy, mistakes: Mistakes) -> list[tuple[Check, Condition]]:
    from modellint.policy import cel

    conditions: list[tuple[Check, Condition]] = []
    for check, body in policy.checks.values():
        with mistakes.gathered():
            conditions.append((check, cel.compile(check, body)))
        if mistakes.found and mistakes.found[-1].said == cel.NO_CEL:
            break
    return conditions


def _refuse_crowd(exemptions: Sequence[Exemption]) -> None:
    """Raise `PolicyError` for an exception whose pattern is one too many."""
    by_rule: dict[str, list[Exemption]] = {}
    for each in exemptions:
        by_rule.setdefault(each.rule, []).append(each)
    for group, key in [(list(exemptions), "file"), *((group, "keys") for group in by_rule.values())]:
        crowded = Patterns([getattr(each, key) for each in group], part_matches).crowded
        if crowded is not None:
            raise PolicyError(group[crowded].place, _CROWDED)


def _exemptions(
    policy: LoadedPolicy, known: dict[str, Rule], today: date, mistakes: Mistakes
) -> list[tuple[Exemption, str]]:
    made: list[tuple[Exemption, str]] = []
    names = dict.fromkeys([*known, *policy.checks])
    listed = [*names]
    for each in policy.exceptions:
        span = place(each.body, ("rule",))
        if each.given.rule not in names:
            if not policy.partial:  # else it may name a check that could not be read
                mistyped = each.given.rule
                mistakes.found.append(PolicyError(span, f"unknown rule `{mistyped}`", mistyped, listed))
            continue
        for need in policy.needs:
            if getattr(each.given, need) is None:
                message = f"this exception has no `{need}`, which the policy requires for every exception"
                mistakes.found.append(PolicyError(span, message))
        made.append((_exemption(each, span, today), each.folder))
    return made


def _exemption(written: Written, span: Span, today: date) -> Exemption:
    given, body = written.given, written.body
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

"""Find the rules in their package. Nothing is registered: each module in the directory is a rule."""

from __future__ import annotations

import importlib
import os

from modellint.rule import Rule

BUILT_IN = "modellint_rules"
_ONLINE = f"{BUILT_IN}.online"  # rules that need what registries answer; a check without them imports none
_POLICY = f"{BUILT_IN}.policy"  # rules about what a policy demands; the same


def rules(*, online: bool = True, policy: bool = True) -> dict[str, Rule]:
    """Every rule by name, in the order of their names.

    `online`: also those that need what registries answer. `policy`: also those about what a policy demands.
    """
    packages = [BUILT_IN, *([_ONLINE] if online else []), *([_POLICY] if policy else [])]
    found = [rule for package in packages for rule in _rules_of(package)]
    return {rule.name: rule for rule in sorted(found, key=lambda rule: rule.name)}


def online_names() -> list[str]:
    """The names of the rules that need what registries answer."""
    return [name.replace("_", "-") for name in _modules(_ONLINE)]


def policy_names() -> list[str]:
    """The names of the rules about what a policy demands."""
    return [name.replace("_", "-") for name in _modules(_POLICY)]


def _rules_of(package: str) -> list[Rule]:
    return [_rule_of(importlib.import_module(f"{package}.{name}")) for name in _modules(package)]


def _modules(package: str) -> list[str]:
    folder = os.path.join(importlib.import_module(BUILT_IN).__path__[0], *package.split(".")[1:])
    return [name[:-3] for name in sorted(os.listdir(folder)) if name.endswith(".py") and not name.startswith("_")]


def _rule_of(module: object) -> Rule:
    for value in vars(module).values():
        if isinstance(value, Rule) and value.check.__module__ == getattr(module, "__name__", ""):
            return value
    raise TypeError(f"{module} contains no rule")

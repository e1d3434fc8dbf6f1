"""Find rules in the package that holds them. Nothing is registered: a module in the folder is a rule."""

from __future__ import annotations

import importlib
import os

from modellint.rule import Rule

BUILT_IN = "modellint_rules"


def rules(package: str = BUILT_IN) -> dict[str, Rule]:
    """Every rule of a package by name, in the order of their names."""
    found: dict[str, Rule] = {}
    folder = importlib.import_module(package).__path__[0]
    for file in sorted(os.listdir(folder)):
        if file.endswith(".py") and not file.startswith("_"):
            rule = _rule_of(importlib.import_module(f"{package}.{file[:-3]}"))
            found[rule.name] = rule
    return found


def _rule_of(module: object) -> Rule:
    for value in vars(module).values():
        if isinstance(value, Rule) and value.check.__module__ == getattr(module, "__name__", ""):
            return value
    raise TypeError(f"{module} holds no rule")

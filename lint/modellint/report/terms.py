"""The terms of a check: the policies in force, what they disable, and what is not counted or not checked."""

from __future__ import annotations

from modellint.compose.model.missing import in_words
from modellint.report.paths import relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.check import Report
    from modellint.policy.discovery import InForce

MOST_NAMED = 5
_KINDS = {"ignore": "ignored by comments", "exception": "excepted by policies", "baseline": "in the baseline"}
_OUTSIDE = {"repository": ", which is above the repository,", "project": ", which is above the project,"}


def terms(report: Report, *, baseline: bool = True) -> list[str]:
    """One sentence for each of the terms, with what files say in backticks; none for a check without any.

    `baseline`: whether what a baseline covers is counted.
    """
    said = [*about_change(report), *map(_policy, report.in_force), *_counts(report, baseline), *_left_out(report)]
    return said + _needs(report)


def about_change(report: Report) -> list[str]:
    """What of a change does not count, because it would switch off a part of the check."""
    return [f"`{_place(each.path, each.line)}`: {each.what}" for each in report.unheeded]


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are."""
    return [*lines[:most], f"and {len(lines) - most} more"] if len(lines) > most + 1 else list(lines)


def counts(report: Report) -> dict[str, int]:
    """How many findings are covered, by kind."""
    found = dict.fromkeys(_KINDS, 0)
    for each in report.suppressed:
        found[each.kind] += 1
    return found


def weakened(report: Report) -> bool:
    """Whether anything makes the check less than it is by itself."""
    off = any(each.off or each.lowered for each in report.in_force)
    return bool(off or report.suppressed or report.left_out or report.unheeded)


def _policy(one: InForce) -> str:
    name = one.name if one.built_in else relative(one.name)
    parts = [
        f"{verb} {_counted(len(rules), 'rule')} ({_named(rules)})"
        for verb, rules in (("disables", one.off), ("lowers the severity of", one.lowered))
        if rules
    ]
    said = f": it {' and '.join(parts)}" if parts else ""
    return f"the policy `{name}`{_OUTSIDE.get(one.outside, '')} is in force{said}"


def _counts(report: Report, baseline: bool) -> list[str]:
    found = {kind: count for kind, count in counts(report).items() if count and (baseline or kind != "baseline")}
    parts = [f"{count} {_KINDS[kind]}" for kind, count in found.items()]
    said = [f"not counted: {_counted(sum(found.values()), 'finding')} ({', '.join(parts)})"] if parts else []
    if report.lowered:
        said.append(f"severity lowered by a policy: {_counted(report.lowered, 'finding')}")
    return said


def _left_out(report: Report) -> list[str]:
    found = [f"`{relative(each.path)}` ({each.reason})" for each in report.left_out]
    return [f"not checked: {'; '.join(shortened(found, MOST_NAMED))}"] if found else []


def _needs(report: Report) -> list[str]:
    """What a clean report must not hide: that a project cannot start as it is here."""
    if report.projects == 1 and len(report.needs) == 1:
        (each,) = report.needs
        return [f"Compose needs {in_words(each.files, each.variables)} before this project starts"]
    found = [
        f"Compose needs {in_words(each.files, each.variables)} before `{relative(each.path)}` starts"
        for each in report.needs[: MOST_NAMED + 1]
    ]
    if len(report.needs) > len(found):
        found[-1] = f"{len(report.needs) - MOST_NAMED} more projects need something before Compose starts them"
    return found


def _named(rules: Sequence[str]) -> str:
    return ", ".join(shortened([f"`{rule}`" for rule in rules], MOST_NAMED))


def _place(path: str, line: int) -> str:
    return f"{relative(path)}:{line}" if line else relative(path)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

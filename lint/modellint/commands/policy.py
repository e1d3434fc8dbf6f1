"""`modellint policy`: the JSON Schema of policies, the keys available in checks, and the content of one policy.

With its mistakes, all of them, and its examples.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modellint.commands.arguments import UsageError
from modellint.commands.table import FAILED
from modellint.files.disk import Unreadable
from modellint.policy.apply import about_exceptions, ruling_of
from modellint.policy.discovery import FILE_NAME, Policies, nearest
from modellint.report.complaint import complain
from modellint.report.output import put
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.text.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.commands.arguments import Arguments
    from modellint.policy.ruling import Ruling
    from modellint.text.source import Span

_WHAT = ("schema", "keys", "check", "test", "show")


def run(arguments: Arguments) -> int:
    """Do what the first argument says; returns the exit code."""
    what = arguments.rest[0]
    if what not in _WHAT:
        raise UsageError(f"`policy` requires one of {', '.join(_WHAT)}, not `{what}`{did_you_mean(what, _WHAT)}")
    if what == "schema":
        from modellint.policy.schema import json_schema

        put(json_schema())
        return 0
    if what == "keys":
        from modellint.policy import subjects

        put(f"{(subjects.__doc__ or '').strip()}\n")
        return 0
    place = arguments.rest[1] if len(arguments.rest) > 1 else os.curdir
    name = nearest(place) if os.path.isdir(place) else place
    if not name and what == "show":
        name = "recommended"  # what `modellint init` extends
    if not name:
        raise UsageError(
            f"`{place}` has no policy: there is no `{FILE_NAME}` in it or in a parent directory; specify "
            "a policy, or create one with `modellint init`"
        )
    asked = Policies(online=True)
    try:
        ruling = ruling_of(name, asked)
    except Unreadable as trouble:
        for each in trouble.each():
            complain(str(each))
        return FAILED
    if what == "show":
        put("".join(f"{line}\n" for line in _shown(ruling)))
        return 0
    if what == "test":
        return _test(ruling, name)
    for finding in about_exceptions((), [name], asked):  # what is wrong with them wherever they are tried
        row, column = finding.span.first
        hint = f"; {finding.hint}" if finding.hint else ""
        complain(f"{relative(finding.span.source.path)}:{row}:{column}: {finding.message}{hint}")
    put(f"{printable(name)} is a valid policy\n")
    return 0


def _test(ruling: Ruling, name: str) -> int:
    from modellint.policy.cel import examples

    errors = [error for check, body in ruling.policy.checks.values() for error in examples(check, body)]
    for error in errors:
        complain(str(error))
    if not ruling.policy.checks:
        put(f"{printable(name)}: no examples to test, because it has no `checks`\n")
        return 0
    count = sum(len(check.good) + len(check.bad) for check, _ in ruling.policy.checks.values())
    noun = "example" if count == 1 else "examples"
    put(f"{printable(name)}: {count - len(errors)} of {count} {noun} passed\n")
    return 1 if errors else 0


def _shown(ruling: Ruling) -> Iterator[str]:
    """The policy that holds, as YAML; behind each line where it is written."""
    policy = ruling.policy
    yield "version: 1"
    yield "rules:"
    for rule in ruling.known.values():
        setting = policy.rules.get(rule.name)
        severity = setting[0].severity if setting else None
        words = [f"severity: {severity or (rule.severity if rule.on else 'off')}"]
        words += [f"{key}: {value}" for key, value in ruling.options.get(rule.name, {}).items()]
        yield _line(f"  {rule.name}: {{{', '.join(words)}}}", setting[1] if setting else None)
    if policy.allow:
        yield "allow:"
        for name, (patterns, span) in policy.allow.items():
            yield _line(f"  {name}: {_list(patterns)}", span)
    if policy.grants is not None:
        yield "grants:"
        for name, (models, span) in policy.grants.items():
            yield _line(f"  {name}: {_list(models)}", span)
    if policy.memory_at is not None:
        yield "budget:"
        yield _line(f"  memory: {policy.memory}", policy.memory_at)
    if policy.needs:
        yield _line(f"exceptions_need: [{', '.join(policy.needs)}]", next(iter(policy.needs.values())))
    if policy.exceptions:
        yield "exceptions:"
        for written, (exemption, _) in zip(policy.exceptions, ruling.exemptions, strict=True):
            given = written.given
            where = f", where: {_text(given.where)}" if given.where else ""
            about = f", about: {_text(given.about)}" if given.about else ""
            last = f", expires: {given.expires}" if given.expires else ""
            yield _line(f"  - {{rule: {given.rule}{where}{about}{last}}}", exemption.place)
    if policy.checks:
        yield "checks:"
        for check, body in policy.checks.values():
            yield _line(f"  - {{name: {check.name}, each: {check.each}}}", body.span)


def _line(text: str, span: Span | None) -> str:
    where = f"{relative(span.source.path)}:{span.first[0]}" if span is not None else "rule default"
    return f"{printable(text)} # {printable(where)}"


def _text(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _list(texts: list[str]) -> str:
    import json

    return json.dumps(texts)

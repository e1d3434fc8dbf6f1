"""SARIF 2.1.0, for code scanning on GitHub and Azure DevOps, and for editors.

A log is uploaded and kept, so that it quotes nothing of the files but what messages and fixes say: no snippets, no
contents. Suppressed findings are left out unless they are asked for, because GitHub shows them as open alerts.
"""

from __future__ import annotations

import importlib
import os
from typing import Any
from urllib.parse import quote

import attr

from modellint import __version__
from modellint.report.encode import encode, well_formed
from modellint.report.fingerprint import fingerprints
from modellint.report.home import HOME, page_url
from modellint.report.page import labelled
from modellint.report.paths import relative
from modellint.report.printable import printable
from modellint.report.sarif_json import as_json
from modellint.report.terms import about_change, counts, terms
from modellint.text.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modellint.check import Report
    from modellint.files.disk import Unreadable
    from modellint.linter.record import FindingRecord, Location, TextChange
    from modellint.rule import Rule

om: Any = importlib.import_module("sarif_om")  # it has no types
# It calls the status by a name that the final schema does not know.
_STATUS: Any = attr.ib(default=None, metadata={"schema_property_name": "status"})
_Suppression: Any = attr.make_class("Suppression", {"status": _STATUS}, bases=(om.Suppression,))

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 5000  # that GitHub keeps of a run
_MOST_RELATED = 99  # with the place itself, the 100 places that GitHub keeps of a result
_MOST_DESCRIPTION = 1024  # characters that GitHub takes
_ROOT = "%SRCROOT%"
_PROBLEM = {"error": "error", "warning": "warning", "note": "recommendation"}
_SECURITY_TAGS = frozenset(("security", "supply-chain"))
_SECURITY_SEVERITY = {"error": "8.0", "warning": "5.5", "note": "3.0"}  # high, medium and low on GitHub


def render(report: Report, rules: Mapping[str, Rule], *, suppressed: bool = False) -> str:
    """The report as one log with one run; of more than `MOST_RESULTS` findings the worst, and a notification.

    `suppressed`: also what ignore comments, exceptions and a baseline cover, each with a suppression.
    """
    kept = worst(report.results, MOST_RESULTS)
    covered = report.suppressed[: MOST_RESULTS - len(kept)] if suppressed else []
    used = sorted({result.rule for result in [*kept, *(each.result for each in covered)]})
    index = {name: at for at, name in enumerate(used)}
    every = [*kept, *(each.result for each in covered)]
    names = fingerprints((result.rule, uri(result.place.path), result.place.text) for result in every)
    results = [_result(result, index[result.rule], name) for result, name in zip(every, names, strict=True)]
    for made, each in zip(results[len(kept) :], covered, strict=True):
        kind = "inSource" if each.kind == "ignore" else "external"
        justification = well_formed(printable(each.reason)) or None
        made.suppressions = [_Suppression(kind=kind, status="accepted", justification=justification)]
    run = om.Run(
        tool=om.Tool(
            driver=om.ToolComponent(
                name="modellint",
                version=__version__,
                semantic_version=__version__,
                information_uri=HOME,
                rules=[_descriptor(rules[name]) for name in used],
            )
        ),
        automation_details=om.RunAutomationDetails(id="modellint/"),
        column_kind="unicodeCodePoints",
        original_uri_base_ids={_ROOT: om.ArtifactLocation(description=om.Message(text="The working directory."))},
        invocations=[_invocation(report, len(report.results) - len(kept))],
        results=results,
        properties=_properties(report),
    )
    log = as_json(om.SarifLog(schema_uri=SCHEMA, version="2.1.0", runs=[run]))
    head = {"$schema": log.pop("$schema"), "version": log.pop("version")}
    return encode({**head, **log}, len(every))


def worst(results: Sequence[FindingRecord], most: int) -> Sequence[FindingRecord]:
    """The results of the highest severities, in the order of the report."""
    if len(results) <= most:
        return results
    ranked = sorted(range(len(results)), key=lambda at: SEVERITIES.index(results[at].severity))
    return [results[at] for at in sorted(ranked[:most])]


def uri(path: str) -> str:
    """The address of a file: relative to the working folder, or absolute for a file that lies elsewhere.

    Symbolic links are followed, because GitHub shows nothing for a file that is one.
    """
    here, real = os.path.realpath(os.getcwd()), os.path.realpath(path)
    inside = here.rstrip(os.sep) + os.sep
    below = real.startswith(inside)
    shown = (real[len(inside) :] if below else real).replace(os.sep, "/")
    quoted = quote(shown, errors="surrogateescape")
    return quoted if below else f"file:///{quoted.lstrip('/')}"


def _descriptor(rule: Rule) -> Any:
    security = not _SECURITY_TAGS.isdisjoint(rule.tags)
    properties = {
        "precision": "high",
        "problem.severity": _PROBLEM[rule.severity],
        **({"security-severity": _SECURITY_SEVERITY[rule.severity]} if security else {}),
        "tags": list(dict.fromkeys((*rule.tags, *(["security"] if security else [])))),
    }
    return om.ReportingDescriptor(
        id=rule.name,
        name="".join([word.capitalize() for word in rule.name.split("-")]),
        short_description=om.MultiformatMessageString(text=rule.summary),
        full_description=om.MultiformatMessageString(text=_description(rule.doc)),
        help=om.MultiformatMessageString(text=rule.doc.strip(), markdown=labelled(rule.doc.strip())),
        help_uri=page_url(rule) or HOME,
        default_configuration=om.ReportingConfiguration(level=rule.severity),
        properties=properties,
    )


def _description(page: str) -> str:
    """What a page says before its first example."""
    text = " ".join(page.partition("\n```")[0].split())
    return text if len(text) <= _MOST_DESCRIPTION else text[: _MOST_DESCRIPTION - 3] + "..."


def _invocation(report: Report, dropped: int) -> Any:
    notifications = [
        om.Notification(
            level="error",
            message=om.Message(text=_sentence(str(error))),
            locations=[om.Location(physical_location=_unread(error))],
        )
        for error in report.unreadable
    ]
    if dropped:
        text = f"{dropped} results with the lowest severities are omitted: a run can contain at most {MOST_RESULTS}."
        notifications.append(om.Notification(level="warning", message=om.Message(text=text)))
    said = [om.Notification(level="warning", message=om.Message(text=_sentence(each))) for each in about_change(report)]
    others = terms(report)[len(said) :]
    said += [om.Notification(level="note", message=om.Message(text=_sentence(each))) for each in others]
    return om.Invocation(
        execution_successful=not report.unreadable,
        tool_execution_notifications=notifications or None,
        tool_configuration_notifications=said or None,
    )


def _properties(report: Report) -> dict[str, Any] | None:
    """Counts of what is not among the results; nothing for a check without terms."""
    if not terms(report):
        return None
    policies = [each.name if each.built_in else relative(each.name) for each in report.in_force]
    return {
        "policies": [printable(name) for name in policies],
        "suppressed": counts(report),
        "lowered": report.lowered,
        "leftOut": len(report.left_out),
    }


def _result(result: FindingRecord, rule_index: int, fingerprint: str) -> Any:
    related = result.related[:_MOST_RELATED]
    text = _sentence(result.message)
    if related:
        links = [f"[{_link_text(message)}]({number})" for number, (_, message) in enumerate(related, start=1)]
        text += f" See {', '.join(links)}."
    if result.hint or result.title:
        text += f" Help: {_sentence(result.hint or result.title)}"
    return om.Result(
        rule_id=result.rule,
        rule_index=rule_index,
        level=result.severity,
        message=om.Message(text=text),
        locations=[om.Location(physical_location=_physical(result.place))],
        related_locations=[
            om.Location(id=number, physical_location=_physical(place), message=om.Message(text=_sentence(message)))
            for number, (place, message) in enumerate(related, start=1)
        ]
        or None,
        partial_fingerprints={"modellint/v1": fingerprint},
        fixes=[_fix(result)] if result.changes else None,
    )


def _fix(result: FindingRecord) -> Any:
    changes: dict[str, list[TextChange]] = {}
    for change in result.changes:
        changes.setdefault(change.place.path, []).append(change)
    return om.Fix(
        description=om.Message(text=_sentence(result.title)),
        artifact_changes=[
            om.ArtifactChange(
                artifact_location=_file(path),
                replacements=[
                    om.Replacement(
                        deleted_region=_region(change.place),
                        inserted_content=om.ArtifactContent(text=well_formed(change.text)) if change.text else None,
                    )
                    for change in edits
                ],
            )
            for path, edits in changes.items()
        ],
    )


def _physical(place: Location) -> Any:
    return om.PhysicalLocation(artifact_location=_file(place.path), region=_region(place))


def _unread(error: Unreadable) -> Any:
    region = om.Region(start_line=error.row, start_column=error.column) if error.row else None
    return om.PhysicalLocation(artifact_location=_file(error.path), region=region)


def _region(place: Location) -> Any:
    return om.Region(
        start_line=place.row, start_column=place.column, end_line=place.end_line, end_column=place.end_column
    )


def _file(path: str) -> Any:
    address = uri(path)
    return om.ArtifactLocation(uri=address, uri_base_id=None if address.startswith("file:") else _ROOT)


def _sentence(text: str) -> str:
    """The text as SARIF has it: values in single quotes, a period at the end, no links of its own."""
    # `{` stays single, against section 3.11.5 of the standard: no consumer takes `{{` back without arguments.
    text = printable(text).replace("`", "'").replace("](", "] (").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _link_text(text: str) -> str:
    return _sentence(text).rstrip(".!?").replace("[", "(").replace("]", ")")

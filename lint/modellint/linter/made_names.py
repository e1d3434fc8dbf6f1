"""Names of variables that other variables make, as in `- ${NAME}=x` or `endpoint_var: ${NAME}`.

Rules compare the names that Compose makes of them. What a report shows is what is written, for the name is then the
value of a variable of the machine that checks; and a fix that would write such a name into the file is left out.
"""

from __future__ import annotations

from modellint.text.finding import Related

_MOST = 100  # names that are looked for anywhere in a text; any further one only where it is quoted


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.compose.model.project import Project, Setting
    from modellint.text.finding import Finding


def made_names(project: Project) -> dict[str, str]:
    """How each name that a variable makes is written; the longest name first."""
    made: dict[str, str] = {}
    for service in project.services.values():
        for grant in service.grants:
            for variable in grant.variables:
                if variable.name != variable.shown:
                    made.setdefault(variable.name, variable.shown)
        for setting in service.environment.values():
            if _is_made(setting):
                made.setdefault(setting.name, _written(setting))
    made.pop("", None)
    return dict(sorted(made.items(), key=lambda item: -len(item[0])))


def hide(findings: list[Finding], made: Mapping[str, str]) -> list[Finding]:
    """The findings, which write names as the file does."""
    if not made:
        return findings
    searched = [(name, made[name]) for name in list(made)[:_MOST]]
    forms = {form for name, _ in searched for form in (name, _as_identifier(name))}

    def as_written(text: str) -> str:
        for name, written in searched:
            text = _replaced(text, name, written)
        return "`".join([_quoted(part, made) for part in text.split("`")]) if len(made) > _MOST else text

    def hidden(finding: Finding) -> Finding:
        before = [finding.message, finding.hint, *(each.message for each in finding.related)]
        after = [as_written(text) for text in before]
        fix = finding.fix
        if fix is not None:
            texts = (fix.title, *(edit.text for edit in fix.edits))
            if before != after or any(_find(text, form) >= 0 for text in texts for form in forms):
                fix = None
        if before == after and fix is finding.fix:
            return finding
        message, hint, *others = after
        related = [Related(each.span, text) for each, text in zip(finding.related, others, strict=True)]
        return finding.saying(message, hint, related, fix)

    return [hidden(each) for each in findings]


def _is_made(setting: Setting) -> bool:
    """Whether the name of a list item is not what stands there."""
    node = setting.node
    if node is None or not node.interpolated or node.content.start != setting.span.start:
        return False
    return not node.content.text.startswith(setting.name) or "$" in setting.name


def _written(setting: Setting) -> str:
    """The name as it is written; of a text without `=` outside of a variable, the variable that it is."""
    text = setting.node.content.text if setting.node is not None else ""
    close = text.rfind("}")
    head, equals, _ = text[close + 1 :].partition("=")
    return text[: close + 1] + head if equals else text


def _as_identifier(name: str) -> str:
    return "".join([letter if letter.isalnum() else "_" for letter in name])


def _quoted(text: str, made: Mapping[str, str]) -> str:
    """A quoted text that is a name, or a key and a name, with the name as it is written."""
    head, colon, name = text.rpartition(": ")
    return head + colon + made[name] if name in made else text


def _replaced(text: str, name: str, written: str) -> str:
    at = _find(text, name)
    while at >= 0:
        text = text[:at] + written + text[at + len(name) :]
        at = _find(text, name, at + len(written))
    return text


def _find(text: str, name: str, start: int = 0) -> int:
    """Where a name stands in a text by itself, and not in a longer one; -1 where it does not."""
    at = text.find(name, start)
    while at >= 0:
        around = text[at - 1 : at] if at else "", text[at + len(name) : at + len(name) + 1]
        if not any(each.isalnum() or each == "_" for each in around):
            return at
        at = text.find(name, at + 1)
    return -1

"""Pages about rules, on standard output."""

from __future__ import annotations

from modellint.report import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.rule import Rule


def explain(rule: Rule) -> None:
    """Print a rule's page: as it was written, or laid out on a terminal."""
    text = page(rule)
    if not terminal.is_terminal():
        terminal.write(text)
        return
    from rich.markdown import Markdown

    terminal.console().print(Markdown(labelled(text)))


def listing(rules: Mapping[str, Rule]) -> None:
    """Print one line for each rule."""
    terminal.write(table(rules))


def page(rule: Rule) -> str:
    """A rule's page in Markdown, under its name."""
    tags = f", {', '.join(rule.tags)}" if rule.tags else ""
    return f"# {rule.name}\n\n({_level(rule)}{tags})\n\n{rule.doc.strip()}\n"


def table(rules: Mapping[str, Rule]) -> str:
    """Name, severity and summary of each rule, in columns."""
    longest = max(map(len, rules), default=0)
    return "".join(f"{name:<{longest}}  {_severity(rule):<7}  {rule.summary}\n" for name, rule in rules.items())


def labelled(markdown: str) -> str:
    """The Markdown with the word of a fence (`bad`, `good`, the name of a file) above it, because readers drop it."""
    lines: list[str] = []
    for line in markdown.split("\n"):
        fence, _, kind = line.partition(" ")
        lines += [f"{kind}:", "", fence] if kind and fence.startswith("```") else [line]
    return "\n".join(lines)


def _severity(rule: Rule) -> str:
    return rule.severity if rule.on else "off"


def _level(rule: Rule) -> str:
    return rule.severity if rule.on else f"{rule.severity}, off unless selected"

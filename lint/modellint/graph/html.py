"""The picture as one page: the SVG, a table of what was found, and the same picture in words. Nothing is fetched."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from modellint.graph.picture import MOST_SHOWN, Edge, counted, tally, worst
from modellint.graph.svg import drawing, escaped
from modellint.graph.theme import FONT, css

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.graph.picture import Mark, Node, Part, Picture

_MOST_ROWS = 1000  # of the table of findings
_MOST_TIES = 24  # of one row of the picture in words
_RANK = {"error": 0, "warning": 1, "note": 2}
_PAGE = f"""\
:root{{color-scheme:light dark}}
body{{margin:0;padding:1.2rem;font:15px/1.45 {FONT};color:#1b1f24;background:#ffffff}}
h1{{font-size:1.4rem;margin:.2rem 0}}h2{{font-size:1.1rem;margin:1.6rem 0 .5rem}}
.scroll{{overflow-x:auto;border:1px solid #d0d7de;border-radius:8px}}
.pic{{display:block;margin:0 auto}}
table{{border-collapse:collapse;width:100%}}caption{{text-align:left;padding-bottom:.4rem;color:#57606a}}
th,td{{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-top:1px solid #d0d7de}}
th,td.nowrap{{white-space:nowrap}}td{{overflow-wrap:anywhere}}td.short{{min-width:9rem}}td.where{{min-width:15rem}}
a{{color:#0b5cad}}.pic a{{text-decoration:none}}ul{{margin:0;padding-left:1.1rem}}p{{margin:.3rem 0}}
.error{{color:#b00d28}}.warning{{color:#7a5200}}.note{{color:#0b5cad}}
:target{{outline:3px solid #0b5cad;outline-offset:2px}}
a:focus-visible{{outline:3px solid #0b5cad;outline-offset:2px}}
@media (prefers-color-scheme:dark){{@media not print{{
body{{color:#e6edf3;background:#0d1117}}.scroll,th,td{{border-color:#30363d}}caption{{color:#9aa4af}}
a,.note{{color:#6cb0f5}}.error{{color:#ff8b85}}.warning{{color:#e3b341}}
}}}}
@media print{{body{{padding:0}}.scroll{{overflow:visible;border:0}}.pic{{width:100%;height:auto}}
tr{{break-inside:avoid}}
a{{color:inherit;text-decoration:none}}}}
"""


def render(picture: Picture) -> str:
    """The page. What may be in it is said by its own policy: this style sheet, and nothing else."""
    style = f"\n{css([node.id for node in picture.nodes])}{_PAGE}"
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = escaped(picture.title)
    missing = "".join([f"<p>{escaped(said)}.</p>\n" for said in picture.missing()])
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}: models and services</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header>\n<h1><bdi>{title}</bdi></h1>\n<p>{escaped(picture.summary())}</p>\n{missing}</header>\n<main>\n"
        f'<div class="scroll" role="region" aria-label="picture" tabindex="0">\n{drawing(picture, linked=True)}</div>\n'
        f"{_findings(picture)}{_words(picture)}</main>\n</body>\n</html>\n"
    )


def _findings(picture: Picture) -> str:
    marks = sorted(picture.marks, key=lambda mark: _RANK.get(mark.severity, len(_RANK)))
    if not marks:
        return ""
    rows = "".join([_finding(mark) for mark in marks[:_MOST_ROWS]])
    more = len(marks) - _MOST_ROWS
    counts = ", ".join([counted(count, severity) for severity, count in tally(marks)])
    rest = f"; {counted(more, 'finding')} more not listed" if more > 0 else ""
    return (
        f"<h2>Findings</h2>\n<table>\n<caption>{counts}{rest}</caption>\n<thead><tr>"
        f"{_headers('Severity', 'Rule', 'Message', 'Location', 'In the graph')}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _finding(mark: Mark) -> str:
    severity = escaped(mark.severity)
    cells = (
        f'<td class="{severity} nowrap">{severity}</td><td class="nowrap">{escaped(mark.rule)}</td>',
        f'<td><bdi>{escaped(mark.message)}</bdi></td><td class="where"><bdi>{_place(mark)}</bdi></td>',
        f'<td class="short">{", ".join(_nodes_of(mark)) or "the project"}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>\n"


def _place(mark: Mark) -> str:
    """The place, which may be broken before its line and column."""
    path, *numbers = mark.place.rsplit(":", 2)
    return "<wbr>".join([escaped(path), f":{escaped(':'.join(numbers))}"])


def _nodes_of(mark: Mark) -> list[str]:
    """Links to the nodes that a finding is about; of an edge, to both its ends."""
    nodes: dict[str, Node] = {}
    for part in mark.on[:MOST_SHOWN]:
        for node in _ends(part):
            nodes[node.id] = node
    return [_link(node) for node in nodes.values()]


def _ends(part: Part) -> list[Node]:
    return [part.source, part.target] if isinstance(part, Edge) else [part]


def _words(picture: Picture) -> str:
    ties: dict[str, list[str]] = {}
    marks: dict[str, list[Mark]] = {node.id: list(node.marks) for node in picture.nodes}
    for edge in picture.edges:
        ties.setdefault(edge.source.id, []).append(edge.said)
        ties.setdefault(edge.target.id, []).append(edge.said)
        marks[edge.source.id] += edge.marks
    rows = "".join([_row(node, ties.get(node.id, []), marks[node.id]) for node in picture.nodes])
    heads = _headers("Name", "Kind", "Details", "Connections", "Findings")
    return f"<h2>The graph as text</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"


def _row(node: Node, ties: list[str], marks: list[Mark]) -> str:
    found = ", ".join([counted(count, severity) for severity, count in tally(marks)])
    return (
        f'<tr id="r{node.id[1:]}"><td class="short">{_link(node)}</td><td class="nowrap">{node.kind}</td>'
        f"<td>{_list(node.details)}</td><td>{_list(ties)}</td>"
        f'<td class="{worst(marks)} nowrap">{found}</td></tr>\n'
    )


def _list(texts: list[str]) -> str:
    items = [f"<li><bdi>{escaped(text)}</bdi></li>" for text in texts[:_MOST_TIES]]
    if len(texts) > _MOST_TIES:
        items.append(f"<li>and {len(texts) - _MOST_TIES} more</li>")
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _link(node: Node) -> str:
    return f'<a href="#{node.id}"><bdi>{escaped(node.name)}</bdi></a>'


def _headers(*names: str) -> str:
    return "".join([f'<th scope="col">{name}</th>' for name in names])

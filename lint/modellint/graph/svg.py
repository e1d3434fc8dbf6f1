"""The picture as SVG: one file, without scripts and without anything that is fetched."""

from __future__ import annotations

from modellint.graph.layout import BADGE_GAP, MARGIN, NAME, PAD, SMALL, arrange, badge_width, badges, badges_width
from modellint.graph.picture import MOST_SHOWN, counted, worst
from modellint.graph.text import fit, width
from modellint.graph.theme import TINTS, css

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.graph.layout import Box, GrantRow, Line, PicturePage
    from modellint.graph.picture import Edge, Mark, Picture

_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;"}
_RADIUS = 6.0
_TITLE = 58.0  # height of the title and the line under it
_LEGEND = 26.0  # height of a line of it


def escaped(text: str) -> str:
    """The text inside an element or a quoted attribute."""
    return text.translate(_ENTITIES)


def render(picture: Picture) -> str:
    """The picture as a file of its own."""
    style = f"<style>\n{css([node.id for node in picture.nodes])}</style>\n"
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + drawing(picture, style)


def drawing(picture: Picture, style: str = "", *, linked: bool = False) -> str:
    """The `svg` element. `linked`: nodes lead to the rows of a page, can have the focus, and have ids."""
    page = arrange(picture)
    body = [_headings(picture, page)]
    body += [_line(line) for line in page.lines]
    tied: dict[str, list[Edge]] = {box.node.id: [] for box in page.boxes}
    for line in page.lines:
        for node in (line.edge.source, line.edge.target):
            tied[node.id].append(line.edge)
    body += [_box(box, tied[box.node.id], linked) for box in page.boxes]
    legend, height = _legend(picture, page)
    top = _TITLE if linked else 0.0  # a page has its own title
    shape = f"{page.width:.0f} {height - top:.0f}"
    size = f'width="{page.width:.0f}" height="{height - top:.0f}" viewBox="0 {top:.0f} {shape}"'
    role = "group" if linked else "img"
    about = "; ".join([picture.summary(), *picture.missing()])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pic" role="{role}" aria-labelledby="title desc" {size}>\n'
        f'<title id="title">{escaped(picture.title)}</title>\n<desc id="desc">{escaped(about)}</desc>\n{style}'
        f'{_clips(page)}<rect class="page" width="{page.width:.0f}" height="{height:.0f}"/>\n'
        f"{''.join(body)}{legend}</svg>\n"
    )


def said(head: str, marks: Sequence[Mark]) -> str:
    """What a part is and what was found there, for a tool tip: a line each."""
    lines = [head, *[mark.text for mark in marks[:MOST_SHOWN]]]
    if len(marks) > MOST_SHOWN:
        lines.append(f"and {counted(len(marks) - MOST_SHOWN, 'finding')} more")
    return "\n".join(lines)


def _headings(picture: Picture, page: PicturePage) -> str:
    room = page.width - 2 * MARGIN
    parts = [
        _text(MARGIN, 34, fit(picture.title, room, 17, bold=True), "text title"),
        _text(MARGIN, 53, fit("; ".join([picture.summary(), *picture.missing()]), room, SMALL), "soft small"),
    ]
    parts += [_text(x, y, heading, "soft heading") for x, y, heading in page.headings]
    return "".join(parts)


def _clips(page: PicturePage) -> str:
    """One for each width of boxes: a font that is wider than all that were thought of must not leave its box."""
    by_name = {f"{width * 10:.0f}": width for width in sorted({box.width for box in page.boxes})}
    return f"<defs>{''.join([_clip(each) for each in by_name.values()])}</defs>\n"


def _clip(wide: float) -> str:
    return f'<clipPath id="w{wide * 10:.0f}"><rect x="-2" y="-2" width="{wide + 4:.1f}" height="99999"/></clipPath>'


def _box(box: Box, tied: Sequence[Edge], linked: bool) -> str:
    node = box.node
    # What was found at the edge of a port is drawn at the port.
    marks = node.marks + [mark for edge in tied if node.kind == "port" for mark in edge.marks]
    near = {node.id, *[each.id for edge in tied for each in (edge.source, edge.target)]}
    classes = ["part", "live", node.kind, *sorted(node.flags), worst(marks), *sorted(near, key=_number)]
    inner = _port(box, marks) if node.kind == "port" else _head(box) + "".join([_row(box, row) for row in box.rows])
    attributes = f'class="{" ".join(filter(None, classes))}" transform="translate({box.x:.1f} {box.y:.1f})"'
    title = f"<title>{escaped(said(node.said, marks))}</title>"
    rect = f'<rect class="box" width="{box.width:.1f}" height="{box.height:.1f}" rx="{_RADIUS:.0f}"/>'
    group = f'<g clip-path="url(#w{box.width * 10:.0f})">{title}{rect}{inner}</g>'
    if linked:
        return f'<a id="{node.id}" href="#r{node.id[1:]}" {attributes}>{group}</a>\n'
    return f'<g id="{node.id}" {attributes}>{group}</g>\n'


def _head(box: Box) -> str:
    node = box.node
    room = box.width - 2 * PAD
    name = fit(node.name, room - badges_width(node.marks), NAME, bold=True)
    parts = [_text(PAD, 18, name, "text name"), _badges(box.width - PAD, 5, node.marks)]
    if node.details:
        parts.append(_text(PAD, 34, fit(node.details[0], room, SMALL), "soft small"))
    if node.kind == "model" and len(node.details) > 1:
        pin = "pinned" if "pinned" in node.flags else "loose"
        parts.append(_text(PAD, 50, fit("; ".join(node.details[1:]), room, SMALL), f"pin {pin} small"))
    return "".join(parts)


def _row(box: Box, row: GrantRow) -> str:
    """A grant, with a tool tip of its own."""
    y, marks = row.y - box.y, row.edge.marks
    label = fit(row.edge.label, box.width - 2 * PAD - badges_width(marks) - 6, SMALL)
    title = f"<title>{escaped(said(row.edge.said, marks))}</title>"
    return (
        f'<g>{title}<path class="rule" d="M0 {y - 9.5:.1f}H{box.width:.1f}"/>'
        f"{_text(PAD, y + 4, label, 'text small')}{_badges(box.width - PAD, y - 8, marks)}</g>"
    )


def _port(box: Box, marks: Sequence[Mark]) -> str:
    room = box.width - 2 * PAD - badges_width(marks)
    return _text(PAD, 15, fit(box.node.name, room, SMALL), "text small") + _badges(box.width - PAD, 3, marks)


def _badges(right: float, y: float, marks: Sequence[Mark]) -> str:
    """The badges of a part, the last one ending at `right`."""
    parts: list[str] = []
    for severity, text in reversed(badges(marks)):
        wide = badge_width(text)
        parts.append(_badge(right - wide, y, severity, text))
        right -= wide + BADGE_GAP
    return "".join(parts)


def _badge(x: float, y: float, severity: str, text: str) -> str:
    wide = badge_width(text)
    return (
        f'<rect class="badge {severity}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="16" rx="8"/>'
        f'<text x="{x + wide / 2:.1f}" y="{y + 12:.1f}" text-anchor="middle">{text}</text>'
    )


def _line(line: Line) -> str:
    edge = line.edge
    severity = worst(edge.marks)
    tint = f"t{line.tint % TINTS}" if edge.kind in ("grant", "legacy") else ""
    classes = ["edge", "live", edge.kind, tint, *sorted(edge.flags), severity, edge.source.id, edge.target.id]
    title = f"<title>{escaped(said(edge.said, edge.marks))}</title>"
    return f'<g id="{edge.id}" class="{" ".join(filter(None, classes))}">{title}{_arrow(line)}</g>\n'


def _arrow(line: Line) -> str:
    (x, y), (to_x, to_y) = line.start, line.end
    if line.edge.kind == "depends":  # from the left side of a box to that of another
        out = min(44.0, 14 + abs(to_y - y) * 0.12)
        bends = x - out, to_x - out
    else:
        bends = x + (to_x - x) * 0.5, to_x - (to_x - x) * 0.5
    curve = f"M{x:.1f} {y:.1f}C{bends[0]:.1f} {y:.1f} {bends[1]:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    tip = f"M{to_x - 6:.1f} {to_y - 3.5:.1f}L{to_x - 0.5:.1f} {to_y:.1f}L{to_x - 6:.1f} {to_y + 3.5:.1f}"
    return f'<path d="{curve}"/><path class="tip" d="{tip}"/>'


def _text(x: float, y: float, text: str, classes: str) -> str:
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escaped(text)}</text>'


def _legend(picture: Picture, page: PicturePage) -> tuple[str, float]:
    """What the signs mean, as far as they occur, in lines under the picture; and the height of it all."""
    x, y = MARGIN, page.height + 14
    parts: list[str] = []
    for sign, label in _signs(picture, page):
        wide = 42 + width(label, SMALL)
        if x > MARGIN and x + wide > page.width - MARGIN:
            x, y = MARGIN, y + _LEGEND
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{sign}{_text(38, 4, label, "soft small")}</g>')
        x += wide + 18
    return f'<g class="legend">{"".join(parts)}</g>\n', y + MARGIN


def _signs(picture: Picture, page: PicturePage) -> list[tuple[str, str]]:
    edges: list[Edge] = [line.edge for line in page.lines]
    kinds = {edge.kind for edge in edges}
    flags = {flag for node in picture.nodes for flag in node.flags}
    found = [(severity, _badge(0, -8, severity, severity[0].upper())) for severity in ("error", "warning", "note")]
    severities = {mark.severity for mark in picture.marks}
    signs = [(sign, f"{severity}s and their number") for severity, sign in found if severity in severities]
    lines = (
        ("grant", "t0", "a grant, from the variables that it injects"),
        ("legacy", "t0", "a model through a provider service"),
        ("depends", "", "depends_on"),
    )
    for kind, tint, label in lines:
        if kind in kinds:
            signs.append((f'<g class="edge {kind} {tint}"><path d="M0 0H30"/></g>', label))
    if "alarm" in flags:
        signs.append(('<g class="edge alarm"><path d="M0 0H30"/></g>', "an inference API open to every network"))
    if "idle" in flags or "absent" in flags:
        box = '<rect class="box" x="1" y="-7" width="28" height="14" rx="4"/>'
        for flag, label in (("idle", "not started: no enabled profile"), ("absent", "granted, but not declared")):
            if flag in flags:
                signs.append((f'<g class="part {flag}">{box}</g>', label))
    return signs


def _number(id: str) -> int:
    return int(id[1:])

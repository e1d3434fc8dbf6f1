"""The picture as a Mermaid flowchart, as GitHub and GitLab draw it: no HTML, no links, within their limits."""

from __future__ import annotations

from modellint.graph.picture import counted, tally, worst
from modellint.graph.text import shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modellint.graph.picture import Edge, Mark, Node, Picture

# Mermaid's own limits are 50,000 characters and 500 edges; beyond them it draws an error.
_MOST_TEXT = 48_000
_MOST_EDGES = 480
# From generous to stingy: how long a text may be, and how many nodes are drawn. The first that fits is taken.
_ATTEMPTS = ((60, 470), (40, 470), (40, 240), (30, 120), (20, 60))
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-/@()=+?·")
_ARROWS = {"port": "-->", "grant": "-->", "legacy": "-.->", "depends": "-.->"}
_GROUPS = (("port", "published"), ("service", "services"), ("model", "models"))
_SHAPES = {"port": ("([", "])"), "service": ("[", "]"), "model": ("[(", ")]")}
_CLASSES = {  # colours that can be read on a light and on a dark page
    "idle": "opacity:0.55,stroke-dasharray:5 4",
    "absent": "stroke-dasharray:5 4",
    "note": "stroke:#0b63b0,stroke-width:2px",
    "warning": "fill:#fff3d1,stroke:#b07800,stroke-width:2px,color:#1b1f24",
    "error": "fill:#ffdcdc,stroke:#c8102e,stroke-width:3px,color:#1b1f24",
    "alarm": "stroke:#c8102e,stroke-width:3px",
}
_LINKS = {"alarm": "stroke:#c8102e,stroke-width:3px", "error": "stroke:#c8102e,stroke-width:2px",
          "warning": "stroke:#b07800,stroke-width:2px"}  # fmt: skip


def render(picture: Picture) -> str:
    """The flowchart."""
    text = ""
    for longest, most in _ATTEMPTS:
        kept = _kept(picture, most)
        edges = [edge for edge in picture.drawn() if edge.source.id in kept and edge.target.id in kept]
        text = "\n".join(_lines(picture, kept, edges, longest)) + "\n"
        if len(text) <= _MOST_TEXT and len(edges) <= _MOST_EDGES:
            break
    return text


def escaped(text: str) -> str:
    """The text inside the quotes of a label: what could mean something to Mermaid, Markdown or HTML is a number."""
    return "".join([_char(text, at) for at in range(len(text))])


def _char(text: str, at: int) -> str:
    char = text[at]
    if char == " " and text.endswith("direction", 0, at):  # `direction TB` anywhere in a line is a command
        return "#32;"
    if char in _PLAIN and (at or char.isalpha() or (char.isdigit() and not _is_item(text))):
        return char
    inside = 0 < at < len(text) - 1
    if char == "_" and inside and _is_word(text[at - 1]) and _is_word(text[at + 1]):
        return char
    if char == ":" and inside and text[at + 1].isdigit():  # not `https://` nor `fa:fa-car`
        return char
    return char if char.isalpha() and not char.isascii() and ord(char) > 0x24F and char < "\ufb00" else f"#{ord(char)};"


def _is_item(text: str) -> bool:
    """Whether Markdown takes the text for an item of a numbered list, which Mermaid refuses to draw."""
    rest = text.lstrip("0123456789")
    return rest[:1] in (".", ")") and rest[1:2] in ("", " ")


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _kept(picture: Picture, most: int) -> set[str]:
    """The ids of the nodes that are drawn: models before services with models before the rest."""
    granted = {edge.source.id for edge in picture.edges if edge.kind in ("grant", "legacy")}
    rank = {"model": 0, "service": 2, "port": 3}
    nodes = sorted(picture.nodes, key=lambda node: 1 if node.id in granted else rank[node.kind])
    return {node.id for node in nodes[:most]}


def _lines(picture: Picture, kept: set[str], edges: list[Edge], longest: int) -> Iterator[str]:
    yield "flowchart LR"
    yield f"  accTitle: {escaped(shorten(picture.title, longest))}"
    yield f"  accDescr: Drawn by modellint · {escaped(picture.summary())}"
    for kind, heading in _GROUPS:
        nodes = [node for node in picture.nodes if node.kind == kind and node.id in kept]
        if nodes:
            yield f'  subgraph {heading}["{heading}"]'
            yield from [f"    {_node(node, longest)}" for node in nodes]
            yield "  end"
    missing = [*picture.missing()]
    if lost := len(picture.nodes) - len(kept):
        missing.append(f"{counted(lost, 'more box').replace('boxs', 'boxes')} not drawn")
    if missing:
        yield f'  left["{escaped("; ".join(missing))}"]'
    yield from [f"  {_edge(edge, longest)}" for edge in edges]
    yield from _styles([node for node in picture.nodes if node.id in kept], edges)


def _node(node: Node, longest: int) -> str:
    parts = [node.name, *([] if node.kind == "port" else node.details[:2]), _found(node.marks)]
    label = " · ".join([shorten(part, longest) for part in parts if part])
    opening, closing = _SHAPES[node.kind]
    return f'{node.id}{opening}"{escaped(label)}"{closing}'


def _edge(edge: Edge, longest: int) -> str:
    arrow = _ARROWS[edge.kind]
    parts = [edge.label if edge.kind != "port" or "alarm" in edge.flags else "", _found(edge.marks)]
    label = " · ".join([shorten(part, longest) for part in parts if part])
    return f'{edge.source.id} {arrow}|"{escaped(label)}"| {edge.target.id}' if label else (
        f"{edge.source.id} {arrow} {edge.target.id}"
    )  # fmt: skip


def _found(marks: Iterable[Mark]) -> str:
    return ", ".join([counted(count, severity) for severity, count in tally(marks)])


def _styles(nodes: list[Node], edges: list[Edge]) -> Iterator[str]:
    for name, style in _CLASSES.items():
        own = [node.id for node in nodes if name in node.flags or name == worst(node.marks)]
        if own:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(own)} {name}"
    for name, style in _LINKS.items():
        own = [str(at) for at, edge in enumerate(edges) if name == _link_style(edge)]
        if own:
            yield f"  linkStyle {','.join(own)} {style}"


def _link_style(edge: Edge) -> str:
    return "alarm" if "alarm" in edge.flags else worst(edge.marks)

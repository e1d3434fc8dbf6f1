"""The picture as a graph for Graphviz."""

from __future__ import annotations

from modellint.graph.picture import counted, tally, worst
from modellint.graph.text import shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from modellint.graph.picture import Edge, Mark, Node, Picture

_LONGEST = 80
_SHAPES = {"port": "plaintext", "service": "box", "model": "cylinder"}
_STYLES = {"legacy": "dashed", "depends": "dotted"}
_COLOURS = {"error": "#c8102e", "warning": "#b07800", "note": "#0b63b0"}
_FILLS = {"error": "#ffdcdc", "warning": "#fff3d1"}
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def render(picture: Picture) -> str:
    """The graph."""
    title = [picture.title, picture.summary(), *picture.missing()]
    lines = ['digraph "modellint" {', "  rankdir=LR;", f"  label={_quoted(title)};", "  labelloc=t;"]
    lines += ['  node [fontname="sans-serif", fontsize=11];', '  edge [fontname="sans-serif", fontsize=9];']
    lines += [f"  {node.id} {_attributes(_node(node))};" for node in picture.nodes]
    lines += [f"  {edge.source.id} -> {edge.target.id} {_attributes(_edge(edge))};" for edge in picture.drawn()]
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: Node) -> Mapping[str, str]:
    parts = [node.name, *([] if node.kind == "port" else node.details[:2]), _found(node.marks)]
    bad = worst(node.marks)
    dashed = "idle" in node.flags or "absent" in node.flags
    style = ["rounded"] if node.kind == "service" else []
    style += [*(["dashed"] if dashed else []), *(["filled"] if bad in _FILLS else [])]
    return {
        "label": _quoted(parts),
        "shape": _SHAPES[node.kind],
        "style": f'"{",".join(style)}"' if style else "",
        "color": f'"{_COLOURS[bad]}"' if bad else '"#8c959f"' if "idle" in node.flags else "",
        "fillcolor": f'"{_FILLS[bad]}"' if bad in _FILLS else "",
        "fontcolor": '"#8c959f"' if "idle" in node.flags else '"#c8102e"' if "alarm" in node.flags else "",
        "tooltip": _quoted([node.said, *[mark.text for mark in node.marks[:5]]], 400),
    }


def _edge(edge: Edge) -> Mapping[str, str]:
    bad = "error" if "alarm" in edge.flags else worst(edge.marks)
    parts = [edge.label if edge.kind != "port" or "alarm" in edge.flags else "", _found(edge.marks)]
    return {
        "label": _quoted(parts) if any(parts) else "",
        "style": _STYLES.get(edge.kind, ""),
        "color": f'"{_COLOURS[bad]}"' if bad else '"#8c959f"' if edge.kind == "depends" else "",
        "penwidth": "2" if bad else "",
        "constraint": "false" if edge.kind == "depends" else "",
    }


def _attributes(values: Mapping[str, str]) -> str:
    return f"[{', '.join([f'{name}={value}' for name, value in values.items() if value])}]"


def _found(marks: Iterable[Mark]) -> str:
    return ", ".join([counted(count, severity) for severity, count in tally(marks)])


def _quoted(parts: Iterable[str], longest: int = _LONGEST) -> str:
    """The parts on a line each, as a string of the language; a backslash of a file means itself."""
    return '"{}"'.format("\\n".join([shorten(part, longest).translate(_ESCAPES) for part in parts if part]))

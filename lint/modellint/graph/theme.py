"""The colours of the picture, once for a light and once for a dark page."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif'
TINTS = 6  # of the lines to different models

# Selector, property, light and dark. No variables: not all that draws SVG files knows them.
_COLOURS = (
    (".page", "fill", "#ffffff", "#0d1117"),
    (".text", "fill", "#1b1f24", "#e6edf3"),
    (".soft", "fill", "#57606a", "#9aa4af"),
    (".box", "fill", "#f6f8fa", "#161b22"),
    (".box", "stroke", "#8c959f", "#6e7681"),
    (".model .box", "fill", "#eef4ff", "#121d2f"),
    (".model .box", "stroke", "#4a6fb5", "#5b83c9"),
    (".port .box", "fill", "#ffffff", "#0d1117"),
    (".part.warning .box", "stroke", "#b07800", "#d29922"),
    (".part.warning .box", "fill", "#fff8e6", "#272115"),
    (".part.error .box", "stroke", "#c8102e", "#f85149"),
    (".part.error .box", "fill", "#fff1f1", "#2d1618"),
    (".part.note .box", "stroke", "#0b63b0", "#4493f8"),
    (".part.alarm .box", "stroke", "#c8102e", "#f85149"),
    (".badge.error", "fill", "#c8102e", "#da3633"),
    (".badge.warning", "fill", "#8a5d00", "#9e6a03"),
    (".badge.note", "fill", "#0b63b0", "#1f6feb"),
    (".pin.pinned", "fill", "#1a7f37", "#3fb950"),
    (".pin.loose", "fill", "#8a5d00", "#d29922"),
    (".rule", "stroke", "#d8dee4", "#30363d"),
    (".edge path", "stroke", "#6e7781", "#8b949e"),
    (".edge.t0 path", "stroke", "#2f6fb0", "#6cb0f5"),
    (".edge.t1 path", "stroke", "#2e7d5b", "#5cc295"),
    (".edge.t2 path", "stroke", "#7a4fa3", "#c19af0"),
    (".edge.t3 path", "stroke", "#8a5a2b", "#d9a066"),
    (".edge.t4 path", "stroke", "#3d7c85", "#6cc5d1"),
    (".edge.t5 path", "stroke", "#a0457e", "#f08bc6"),
    (".edge.warning path", "stroke", "#b07800", "#d29922"),
    (".edge.error path", "stroke", "#c8102e", "#f85149"),
    (".edge.alarm path", "stroke", "#c8102e", "#f85149"),
)
_SHAPES = f"""\
.pic text{{font-family:{FONT}}}
.text{{font-size:13px}}.name{{font-weight:600}}.small{{font-size:11px}}.title{{font-size:17px;font-weight:600}}
.heading{{font-size:12px;font-weight:600;letter-spacing:.04em}}
.box{{stroke-width:1.25}}.part.error .box,.part.warning .box,.part.alarm .box{{stroke-width:2}}
.part.idle,.edge.idle{{opacity:.6}}.part.idle .box,.part.absent .box{{stroke-dasharray:5 4}}
.edge path{{fill:none;stroke-width:1.6}}.edge.legacy path{{stroke-dasharray:7 4}}
.edge.depends path{{stroke-width:1.1;stroke-dasharray:1.5 3.5;stroke-linecap:round}}
.edge.error path,.edge.warning path{{stroke-width:2.2}}.edge.alarm path{{stroke-width:3}}
.edge path.tip{{stroke-dasharray:none}}
.badge+text{{fill:#ffffff;font-size:11px;font-weight:600}}
.rule{{stroke-width:1}}
"""
_PRINTED = "@media print{.part,.edge{opacity:1!important}}\n"


def css(ids: Iterable[str] = ()) -> str:
    """The style sheet. Of each node of `ids`, what is not tied to it fades while it is pointed at or has the focus."""
    light = _rules([(selector, name, value) for selector, name, value, _ in _COLOURS])
    dark = _rules([(selector, name, value) for selector, name, _, value in _COLOURS])
    hover = "".join([f".pic:has(#{id}:hover,#{id}:focus-visible) .live:not(.{id}){{opacity:.13}}\n" for id in ids])
    return f"{light}{_SHAPES}@media (prefers-color-scheme:dark){{@media not print{{\n{dark}}}}}\n{hover}{_PRINTED}"


def _rules(properties: Iterable[tuple[str, str, str]]) -> str:
    return "".join([f"{selector}{{{name}:{value}}}\n" for selector, name, value in properties])

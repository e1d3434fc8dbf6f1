"""Every format is well formed, bounded and the same each time, whatever the names are."""

from __future__ import annotations

import random
import re
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modellint.graph import dot, html, mermaid, svg
from modellint.graph.layout import Box, arrange
from modellint.graph.picture import Edge, Mark, Node, Picture
from modellint.graph.text import fit, shorten, width
from modellint.report.printable import printable

FORMATS = {"mermaid": mermaid.render, "dot": dot.render, "svg": svg.render, "html": html.render}
NAMES = st.text(max_size=60) | st.sampled_from(
    (
        'a"b',
        "<script>alert(1)</script>",
        "]]>",
        "</style>",
        "</title>",
        "<!--",
        "::error::x",
        "\x1b[31m",
        "\u202e",
        "\n",
        "&quot;",
        "\\",
        "\\N",
        "%%{init}",
        "end",
        "' onload='x",
        "n1",
        "direction TB",
        "a" * 10_000,
        "\ud800",
        "\ufffe",
        "",
    )
)
SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "wbr"}


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """A picture with hostile names, as `draw` would make it: cleaned, and not shortened to lines."""

    def name() -> str:
        return printable(shorten(draw(NAMES), 200))

    picture = Picture(name())
    services = [Node(f"n{at}", "service", name(), [name()], draw(FLAGS)) for at in range(draw(st.integers(0, 4)))]
    models = [
        Node(f"n{at + 10}", "model", name(), [name(), name()], draw(FLAGS)) for at in range(draw(st.integers(0, 3)))
    ]
    picture.nodes = [*services, *models]
    for source in services:
        for target in draw(st.lists(st.sampled_from(models), max_size=3)) if models else []:
            picture.edges.append(Edge(f"e{len(picture.edges)}", "grant", source, target, name(), draw(FLAGS)))
        for _ in range(draw(st.integers(0, 2))):
            port = Node(f"n{len(picture.nodes) + 20}", "port", name(), [name()], draw(FLAGS))
            picture.nodes.append(port)
            picture.edges.append(Edge(f"e{len(picture.edges)}", "port", port, source, name(), port.flags))
    for part in [*picture.nodes, *picture.edges]:
        for severity in draw(st.lists(st.sampled_from(("error", "warning", "note")), max_size=2)):
            mark = Mark(severity, name(), name(), f"{name()}:1:2")
            mark.on = [part]
            part.marks.append(mark)
            picture.marks.append(mark)
    return picture


FLAGS = st.sets(st.sampled_from(("idle", "alarm", "absent", "pinned", "loose")))


class Page(HTMLParser):
    """Elements, attributes and text of a page; fails where elements are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.names.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "h1", "h2", "p", "div", "table", "caption",
    "thead", "tbody", "tr", "th", "td", "ul", "li", "bdi", "wbr", "a", "svg", "desc", "defs", "clippath", "rect", "g",
    "path", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "role", "aria-label", "aria-labelledby", "tabindex",
    "xmlns", "width", "height", "viewbox", "id", "x", "y", "rx", "clip-path", "transform", "text-anchor", "d", "href",
    "scope",
}  # fmt: skip


@given(pictures())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_hostile_names(picture: Picture) -> None:
    texts = {form: render(picture) for form, render in FORMATS.items()}
    assert texts == {form: render(picture) for form, render in FORMATS.items()}
    for text in texts.values():
        assert not any(ord(char) < 32 and char != "\n" for char in text)
        assert "\u202e" not in text
        assert not any(line.startswith(("::", "##[")) for line in text.splitlines())
        text.encode()
    root = ET.fromstring(texts["svg"])
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert {node.id for node in picture.nodes} <= set(ids)
    for each in root.iter():
        for value in each.attrib.values():
            for reference in re.findall(r"url\(#(\w+)\)", value):
                assert reference in ids
    page = Page(texts["html"])
    assert page.tags <= TAGS
    assert page.names <= ATTRIBUTES
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    # A line that a name could have begun would be one more.
    statements = texts["dot"].splitlines()
    assert len(statements) == 7 + len(picture.nodes) + len(picture.drawn())
    strings = r'"(?:[^"\\]|\\.)*"'
    for line in statements:
        assert re.fullmatch(r'[^"]*', re.sub(strings, "", line)), line
    declared = set(re.findall(r"^ +(n\d+)[\[(]", texts["mermaid"], re.MULTILINE))
    assert declared == {node.id for node in picture.nodes}
    for line in texts["mermaid"].splitlines():
        assert line.count('"') in (0, 2)
        assert "<" not in line
        assert not re.search(r"direction\s", line)


@given(pictures())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_boxes_do_not_overlap(picture: Picture) -> None:
    check_layout(picture)


def check_layout(picture: Picture) -> None:
    """No two boxes overlap, all lie in the page, and no text is wider than its box."""
    page = arrange(picture)
    assert {box.node.id for box in page.boxes} == {node.id for node in picture.nodes}
    boxes = page.boxes
    for at, one in enumerate(boxes):
        assert one.x >= 0
        assert one.x + one.width <= page.width
        assert one.y + one.height <= page.height
        assert not any(overlap(one, other) for other in boxes[at + 1 :])
    by_id = {box.node.id: box for box in boxes}
    for line in page.lines:
        source, target = by_id[line.edge.source.id], by_id[line.edge.target.id]
        assert source.y <= line.start[1] <= source.y + source.height
        assert target.y <= line.end[1] <= target.y + target.height
        if line.edge.kind in ("grant", "legacy"):
            assert line.start[0] < line.end[0]


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_layout_of_many(drawn_text: Callable[..., Picture], big_text: str) -> None:
    picture = drawn_text(big_text)
    assert (len(picture.of("service")), len(picture.of("model"))) == (50, 21)
    check_layout(picture)


@given(st.text(max_size=300), st.floats(20, 400))
def test_texts_fit(text: str, room: float) -> None:
    cut = fit(text, room, 13, bold=True)
    assert width(cut, 13, bold=True) <= room + 0.5 or len(cut) <= 1


def test_shortening_keeps_both_ends() -> None:
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert shorten("abcdefghij", 10) == "abcdefghij"
    assert fit("ai/mxbai-embed-large@sha256:0123456789abcdef", 120, 11).startswith("ai/")


def test_dot_is_read_by_graphviz(dot: str, drawn_text: Callable[..., Picture], big_text: str, tmp_path: Path) -> None:
    """Names that mean something to Graphviz stand in the drawing as they are."""
    hostile = ['a\\"b', "x<b>y", "\\\\N", "->{}", "&amp;", "]]>"]
    services = "\n".join(f'  "{name}": {{image: "{name}", models: [llm]}}' for name in hostile)
    texts = [f"services:\n{services}\nmodels: {{llm: {{model: ai/x}}}}\n", big_text]
    for text in texts:
        picture = drawn_text(text)
        given = FORMATS["dot"](picture)
        ran = subprocess.run(
            [dot, "-Tsvg"], input=given, capture_output=True, encoding="utf-8", timeout=120, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        root = ET.fromstring(re.sub(r"<!DOCTYPE.*?>", "", ran.stdout, flags=re.DOTALL))
        groups = [each.get("class") for each in root.iter(f"{SVG}g")]
        assert groups.count("node") == len(picture.nodes)
        assert groups.count("edge") == len(picture.drawn())
        shown = {each.text for each in root.iter(f"{SVG}text")}
        assert {node.name for node in picture.nodes} <= shown


@pytest.mark.parametrize("form", FORMATS)
def test_output_is_bounded(drawn_text: Callable[..., Picture], form: str) -> None:
    """A file at the limit of what is read, with names as long as they may be, makes no endless picture."""
    chance = random.Random(1)
    lines = ["x: &env {" + ", ".join(f"K{at}_API_KEY: sk-{at:040}" for at in range(100)) + "}", "services:"]
    for at in range(320):
        names = ", ".join(f"{chance.choice('ab')}{number}{'x' * 150}" for number in range(14))
        lines.append(
            f"  {'s' * 300}{at}: {{image: {'i' * 300}, environment: *env, models: [{names}], ports: [1, 2, 3, 4]}}"
        )
    text = "\n".join(lines)
    assert len(text) < 1024 * 1024
    picture = drawn_text(text)
    start = time.perf_counter()
    found = FORMATS[form](picture)
    assert len(found) < 16_000_000
    assert time.perf_counter() - start < 20


def test_nothing_in_it(drawn_text: Callable[..., Picture]) -> None:
    for text in ("services: {}\n", "models: {}\n", "services: {a: {image: b}}\n", "x: 1\n"):
        picture = drawn_text(text)
        for render in FORMATS.values():
            assert render(picture)
        ET.fromstring(svg.render(picture))
        Page(html.render(picture))

"""A real browser shows the pages: everything is there, in its place, and nothing is refused or runs."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from modellint.graph import html, mermaid, svg
from modellint.graph.picture import Picture

Look = Callable[..., "subprocess.CompletedProcess[str]"]
HOSTILE = """\
services:
  "<script>document.title='run'</script>":
    image: "</title></style><img src=x onerror=document.title='run'>"
    ports: ["11434:11434", "' onload='document.title=1"]
    models: ["]]>", llm]
    profiles: ["&lt;b&gt;"]
  "\\u202Eevil\\e[31m\\n::error::x": {image: "x y", models: [llm]}
models:
  llm: {model: "ai/<b>x</b>"}
"""
# What lies where it must not: parts over one another or beyond the picture, and texts that leave their boxes.
MEASURE = """
const at = (each) => each.getBoundingClientRect();
const boxes = [...document.querySelectorAll('.part .box')].filter((each) => !each.closest('.legend'));
const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const found = { boxes: boxes.length, over: 0, cut: [], texts: 0, beyond: 0 };
const page = at(document.querySelector('.pic'));
boxes.forEach((one, number) => {
  const own = at(one);
  found.over += boxes.slice(number + 1).filter((other) => meets(own, at(other))).length;
  found.beyond += own.left < page.left || own.right > page.right || own.top < page.top || own.bottom > page.bottom;
  for (const text of one.parentNode.querySelectorAll('text')) {
    const size = at(text);
    found.texts += 1;
    if (size.left < own.left || size.right > own.right || size.top < own.top - 2 || size.bottom > own.bottom + 2)
      found.cut.push(text.textContent);
  }
});
const texts = [...document.querySelectorAll('.part text')];
found.written_over = texts.filter((one, number) =>
  texts.slice(number + 1).some((other) => one.closest('.part') === other.closest('.part')
    && Math.abs(at(one).top - at(other).top) < 4 && meets(at(one), at(other)))).map((each) => each.textContent);
// Whether a page in the background may have the focus is the browser's affair: the rule is tried without it.
for (const sheet of document.styleSheets)
  for (const rule of [...sheet.cssRules].filter((each) => each.selectorText?.includes('#n1:focus-visible')))
    sheet.insertRule(rule.cssText.replace(/:hover|:focus-visible/g, ''), sheet.cssRules.length);
found.faded = [...document.querySelectorAll('.live')].filter((each) => getComputedStyle(each).opacity < 0.2).length;
document.body.innerHTML = '<pre id="said"></pre>';
document.querySelector('#said').textContent = JSON.stringify(found);
"""


def written(text: str, path: Path) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def console(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """What a page said: errors, and what its policy refused."""
    return [line for line in ran.stderr.splitlines() if "CONSOLE" in line]


def measured(chromium: Look, page: str, path: Path) -> dict[str, Any]:
    """What a script finds in a page; in a copy whose policy lets it run."""
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    dom = chromium(written(free.replace("</body>", f"<script>{MEASURE}</script></body>"), path), "--dump-dom").stdout
    said = re.search(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
    assert said is not None, dom[:2000]
    found: dict[str, Any] = json.loads(unescape(said[1]))
    return found


def colours(path: Path) -> set[bytes]:
    """The different pixels of a screenshot, of every tenth row."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    channels = {2: 3, 6: 4}[kind]
    assert depth == 8
    body, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            body += data[at + 8 : at + 8 + length]
        at += length + 12
    raw = zlib.decompress(body)
    found: set[bytes] = set()
    row = bytearray(width * channels)
    for line in range(height):
        start = line * (width * channels + 1)
        row = unfiltered(raw[start], raw[start + 1 : start + 1 + width * channels], row, channels)
        if line % 10 == 0:
            found.update(bytes(row[at : at + 3]) for at in range(0, len(row), channels))
    return found


def unfiltered(kind: int, line: bytes, above: bytearray, step: int) -> bytearray:
    """A row of a PNG, from how it is stored."""
    row = bytearray(line)
    for at in range(len(row)):
        left = row[at - step] if at >= step else 0
        up = above[at]
        corner = above[at - step] if at >= step else 0
        if kind == 1:
            row[at] = (row[at] + left) & 255
        elif kind == 2:
            row[at] = (row[at] + up) & 255
        elif kind == 3:
            row[at] = (row[at] + (left + up) // 2) & 255
        elif kind == 4:
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
            row[at] = (row[at] + near[2]) & 255
    return row


@pytest.fixture(scope="module", params=["article", "demo", "big", "hostile"])
def picture(
    request: pytest.FixtureRequest,
    drawn: Callable[..., Picture],
    big_text: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Picture:
    """The pictures that are looked at."""
    if request.param in ("article", "demo"):
        return drawn(request.config.rootpath / "fixtures" / request.param)
    path = tmp_path_factory.mktemp("project") / "compose.yaml"
    return drawn(written(big_text if request.param == "big" else HOSTILE, path))


def test_page(chromium: Look, picture: Picture, tmp_path: Path) -> None:
    """All nodes and edges are there; no script, no error, nothing that the page's own policy refuses."""
    ran = chromium(written(html.render(picture), tmp_path / "page.html"), "--dump-dom")
    assert console(ran) == []
    dom = ran.stdout
    assert "<title>project: models and services</title>" in dom
    assert "<script" not in dom
    assert "<img" not in dom
    assert len(re.findall(r'<a id="n\d+"', dom)) == len(picture.nodes)
    assert len(re.findall(r'<g id="e\d+"', dom)) == len(picture.drawn())
    assert len(re.findall(r'<tr id="r\d+"', dom)) == len(picture.nodes)
    rows = re.findall(r'<td class="(?:error|warning|note) nowrap">(?:error|warning|note)</td>', dom)
    assert len(rows) == len(picture.marks)


def test_layout(chromium: Look, picture: Picture, tmp_path: Path) -> None:
    """As the browser measures it: nothing overlaps, no text leaves its box, and the focus fades the rest."""
    found = measured(chromium, html.render(picture), tmp_path / "page.html")
    assert found["boxes"] == len(picture.nodes)
    assert (found["over"], found["beyond"], found["cut"], found["written_over"]) == (0, 0, [], [])
    assert found["texts"] >= 2 * len(picture.of("service"))
    assert found["faded"] > 0


def test_a_bad_layout_would_be_seen(
    chromium: Look, drawn: Callable[..., Picture], pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    page = html.render(drawn(pytestconfig.rootpath / "fixtures" / "article"))
    places = re.findall(r"translate\([0-9. ]+\)", page)
    moved = page.replace(places[1], places[0]).replace(">chat-app<", f">{'chat-app' * 20}<")
    found = measured(chromium, moved, tmp_path / "page.html")
    assert found["over"] == 1
    assert found["cut"] == ["chat-app" * 20]


@pytest.mark.parametrize("form", ["svg", "html"])
def test_screenshot(chromium: Look, picture: Picture, tmp_path: Path, form: str) -> None:
    text = svg.render(picture) if form == "svg" else html.render(picture)
    shot = tmp_path / "shot.png"
    ran = chromium(written(text, tmp_path / f"page.{form}"), f"--screenshot={shot}", "--window-size=800,600")
    assert console(ran) == []
    assert len(colours(shot)) > 50


def test_the_policy_holds(
    chromium: Look, drawn: Callable[..., Picture], pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """What a page says on its console would be seen, and what is slipped into it is refused."""
    page = html.render(drawn(pytestconfig.rootpath / "fixtures" / "article"))
    slipped = "<script>document.title = 'run'</script><p style='color:red'>x</p><img src='https://example.com/x.png'>"
    ran = chromium(written(page.replace("</body>", f"{slipped}</body>"), tmp_path / "page.html"), "--dump-dom")
    said = "\n".join(console(ran))
    for kind in ("script", "style", "image"):
        assert re.search(rf"(?i){kind}", said), said
    assert "<title>run</title>" not in ran.stdout


def test_mermaid_draws_it(chromium: Look, picture: Picture, mermaid: Path, tmp_path: Path) -> None:
    """The real renderer, as GitHub uses it: every node, and no element that a name could have brought."""
    check_mermaid(chromium, picture, mermaid, tmp_path)


def check_mermaid(chromium: Look, picture: Picture, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mermaid.js").symlink_to(folder / "dist" / "mermaid.min.js")
    text = json.dumps(mermaid.render(picture)).replace("<", "\\u003c")
    page = f"""<!DOCTYPE html><meta charset=utf-8><title>mermaid</title><body><div id=out></div>
<script src=mermaid.js></script><script>
mermaid.initialize({{ startOnLoad: false, securityLevel: 'strict' }});
mermaid.render('drawn', {text}).then(
  (made) => {{ document.querySelector('#out').innerHTML = made.svg; document.body.dataset.state = 'drawn'; }},
  (error) => {{ document.body.dataset.state = 'failed: ' + error.message; }});
</script>"""
    ran = chromium(written(page, tmp_path / "page.html"), "--dump-dom")
    dom = ran.stdout
    state = re.search(r'data-state="([^"]*)"', dom)
    assert state is not None, dom[-2000:] + ran.stderr[-2000:]
    assert state[1] == "drawn"
    out = dom[dom.index("<div id=") : dom.index("<script src=")]
    assert len(re.findall(r'<g class="node [^"]*" id="[^"]*flowchart-n\d+-', out)) == len(picture.nodes)
    assert "<script" not in out
    assert "<img" not in out
    assert "Unsupported markdown" not in out
    assert "<title>mermaid</title>" in dom

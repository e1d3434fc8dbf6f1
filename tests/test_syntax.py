"""Syntax errors: each is found where it is, said in words that help, and the rest of the file is still read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.text.source import Source
from modellint.yaml.builder import YamlFile
from modellint.yaml.node import Mapping, plain
from modellint.yaml.parse import MAX_PROBLEMS, parse

if TYPE_CHECKING:
    from conftest import Compose


def entry(body: str) -> str:
    """A file with a broken service, a whole one behind it, and a model."""
    return f"services:\n  web:\n{body}  api:\n    image: y\nmodels:\n  llm:\n    model: ai/smollm2\n"


# name -> text; line:column, the text that is underlined, the message
BROKEN: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "quote": (
        entry('    image: "nginx\n    restart: always\n'),
        [("3:12", '"nginx', "this quote is never closed; close it where the text ends")],
    ),
    "quote1": (
        entry("    image: 'nginx\n    restart: always\n"),
        [("3:12", "'nginx", "this quote is never closed; close it where the text ends")],
    ),
    "quote-later": (
        entry('    image: "nginx\n    command: "run"\n'),
        [("3:12", '"nginx', "this quote is not closed until line 4; close it where the text ends")],
    ),
    "quote-tail": (
        entry('    image: "nginx":1.27\n'),
        [
            (
                "3:19",
                ":1.27",
                'there is text after the closing quote; quote the whole value, and write `\\"` for a quote inside it',
            )
        ],
    ),
    "quote-item": (
        entry('    image: x\n    ports:\n      - "80:80\n      - "81:81"\n'),
        [("5:9", '"80:80', "this quote is not closed until line 6; close it where the text ends")],
    ),
    "escape": (
        entry('    image: "C:\\data"\n'),
        [("3:15", '\\data"', "this backslash escape is not valid; write two backslashes, or use single quotes")],
    ),
    "apostrophe": (
        entry("    command: 'it's'\n"),
        [
            (
                "3:18",
                "s'",
                "there is text after the closing quote; quote the whole value, and write `''` for a quote inside it",
            )
        ],
    ),
    "bracket": (
        entry('    image: x\n    ports: ["80:80"\n    restart: always\n'),
        [("4:12", '["80:80"', "this `[` has no closing `]`, or a `,` is missing inside it")],
    ),
    "brace": (
        entry("    image: x\n    environment: {A: b\n    restart: always\n"),
        [("4:18", "{A:", "this `{` has no closing `}`, or a `,` is missing inside it")],
    ),
    "bracket-extra": (
        entry('    image: x\n    ports: ["80:80"]]\n'),
        [("4:21", "]", "this `]` has no opening bracket; remove it, or quote the value")],
    ),
    "mismatch": (
        entry('    image: x\n    ports: ["80:80"}\n'),
        [("4:20", "}", "`}` cannot close the `[` on line 4")],
    ),
    "comma": (
        entry('    image: x\n    ports: ["80:80" "81:81"]\n'),
        [("4:21", '"81:81"]', "there is no `,` before this")],
    ),
    "commas": (
        entry('    image: x\n    ports: ["80:80",, "81:81"]\n'),
        [("4:21", ",", "there is no value before this `,`")],
    ),
    "brace-dollar": (
        entry("    image: ${IMAGE}\n    ports: [${PORT}:80]\n"),
        [("4:14", "{PORT}:80]", "`{` starts a map here; quote the value")],
    ),
    "tab": (
        entry("\timage: x\n"),
        [("3:1", "\t", "YAML does not allow tabs for indentation; use spaces")],
    ),
    "tab2": (
        entry("    image: x\n\trestart: always\n"),
        [("4:1", "\t", "YAML does not allow tabs for indentation; use spaces")],
    ),
    "tab-dash": (
        entry("    image: x\n    ports:\n      -\t80\n"),
        [("5:8", "\t", "YAML does not allow tabs for indentation; use spaces")],
    ),
    "colon-missing": (
        entry("    image: x\n    ports\n      - 80\n"),
        [("4:5", "ports", "this line is neither `key: value` nor a list item")],
    ),
    "colon-last": (
        entry("    image: x\n    restart\n"),
        [("4:5", "restart", "this line is neither `key: value` nor a list item")],
    ),
    "colon-space": (
        entry("    image:x\n    restart: always\n"),
        [("3:5", "image:x", "there is no space after the `:`, so YAML reads this as one word; write `key: value`")],
    ),
    "colon-twice": (
        entry("    image: x: y\n"),
        [("3:13", ":", "this value contains a second `: `; quote the value")],
    ),
    "colon-time": (
        entry("    command: echo error: 5\n"),
        [("3:24", ":", "this value contains a second `: `; quote the value")],
    ),
    "indent-less": (
        entry("    image: x\n   restart: always\n"),
        [("4:4", "restart:", "the indentation does not match the previous lines; align them")],
    ),
    "indent-more": (
        entry("    image: x\n      restart: always\n"),
        [
            (
                "4:7",
                "restart:",
                "this line is indented deeper than the previous one, which already has a value; align them",
            )
        ],
    ),
    "indent-item": (
        entry('    image: x\n    ports:\n      - "80"\n     - "81"\n'),
        [("6:6", "-", "this list item is among keys; indent it like the other items of its list")],
    ),
    "indent-key": (
        entry('    ports:\n      - "80"\n     image: x\n'),
        [("5:6", "image:", "the indentation does not match the previous lines; align them")],
    ),
    "item-after-key": (
        entry("    image: x\n    - restart\n"),
        [("4:5", "-", "this list item is among keys; indent it like the other items of its list")],
    ),
    "key-after-items": (
        entry('    ports:\n    - "80"\n    image x\n'),
        [("5:5", "image", "this line is neither `key: value` nor a list item")],
    ),
    "dash-on-line": (
        entry('    ports: - "80"\n'),
        [("3:12", "-", "a list cannot start on the line of its key; start a new line")],
    ),
    "at": (
        entry("    image: @scope/x\n"),
        [("3:12", "@scope/x", "a value cannot start with `@`; quote it")],
    ),
    "backtick": (
        entry("    image: `x`\n"),
        [("3:12", "`x`", "a value cannot start with a backtick; quote it")],
    ),
    "percent": (
        entry("    command: %x\n"),
        [("3:14", "%x", "a value cannot start with `%`; quote it")],
    ),
    "star": (
        entry("    command: *.py\n"),
        [("3:14", "*.py", "`*` starts an alias and needs a name after it; quote the value")],
    ),
    "pipe": (
        entry("    command: |run\n      x\n"),
        [("3:14", "|run", "`|` starts a block of text on the next line; quote the value, or move it there")],
    ),
    "pipe-indent": (
        entry("    command: |\n        x\n      y\n    restart: z\n"),
        [("5:7", "y", "the indentation does not match the previous lines; align them")],
    ),
    "gt": (
        entry("    image: >=1.2\n"),
        [("3:12", ">=1.2", "`>` starts a block of text on the next line; quote the value, or move it there")],
    ),
    "control": (
        entry("    image: a\x07b\n"),
        [("3:13", "\x07b", "YAML does not allow this control character; remove it")],
    ),
    "conflict": (
        entry("<<<<<<< HEAD\n    image: x\n=======\n    image: y\n>>>>>>> main\n"),
        [("3:1", "<<<<<<<", "a merge conflict was committed; keep one side and remove the markers")],
    ),
    "conflict3": (
        entry("<<<<<<< HEAD\n    image: x\n||||||| base\n    image: z\n=======\n    image: y\n>>>>>>> main\n"),
        [("3:1", "<<<<<<<", "a merge conflict was committed; keep one side and remove the markers")],
    ),
    "directive": (
        "%FOO\n---\nservices:\n  web:\n    image: x\n  api:\n    image: y\nmodels:\n  llm:\n    model: ai/smollm2\n",
        [("1:1", "%FOO", "a line that starts with `%` is a YAML directive; Compose supports only `%YAML 1.1`")],
    ),
    "doc-text": (
        "services:\n  web:\n    image: x\n...\nfoo\n",
        [("5:1", "foo", "the previous document ends here; only `---` can follow")],
    ),
    "root-item": (
        entry("    image: x\n- a\n"),
        [("4:1", "-", "this list item is among keys; indent it like the other items of its list")],
    ),
    "root-word": (
        entry("    image: x\nfoo\n"),
        [("4:1", "foo", "this line is neither `key: value` nor a list item")],
    ),
    "root-indent": (
        " services:\n  web:\n    image: x\nmodels: {}\n",
        [("4:1", "models:", "this line is indented less than the first key of the file; align them")],
    ),
    "handle": (
        entry("    image: !e!x y\n"),
        [("3:12", "!e!x", "`!` starts a tag, but its handle is not declared; quote the value")],
    ),
    "question": (
        entry("    command: ? x\n"),
        [("3:14", "?", "a value cannot start with `? `; quote it")],
    ),
    "flow-colon": (
        entry("    environment: {A: b: c}\n"),
        [("3:23", ":", "this value contains a second `: `; quote the value")],
    ),
    "helm": (
        entry("").replace("  web:\n", "  {{- range .Values.x }}\n  web:\n    image: x\n  {{- end }}\n"),
        [
            ("2:3", "{{-", "this is a template; render it before Compose reads the file, or quote the value"),
            ("5:3", "{{-", "this is a template; render it before Compose reads the file, or quote the value"),
        ],
    ),
    "jinja": (
        "{% if x %}\n" + entry("    image: x\n{% endif %}\n"),
        [
            ("1:1", "{%", "this is a template; render it before Compose reads the file, or quote the value"),
            ("5:1", "{%", "this is a template; render it before Compose reads the file, or quote the value"),
        ],
    ),
    "close": (
        entry("    image: x\n    ports:\n      ]\n"),
        [("5:7", "]", "this `]` has no opening bracket; remove it, or quote the value")],
    ),
    "anchor-block": (
        entry("    image: &x &y z\n"),
        [("3:15", "&y", "this is not allowed after what comes before it; quote the whole value")],
    ),
    "anchor-alias": (
        entry("    image: &x *y\n"),
        [("3:15", "*y", "this is not allowed after what comes before it; quote the whole value")],
    ),
    "merge-no-space": (
        entry("    <<:*x\n    image: x\n"),
        [("3:5", "<<:*x", "there is no space after the `:`, so YAML reads this as one word; write `key: value`")],
    ),
    "plain-hash": (
        entry('    command: "a" # b\n     "c"\n'),
        [("4:6", '"c"', "the indentation does not match the previous lines; align them")],
    ),
    "eof[": (
        "services:\n  web:\n    x: [\n",
        [("3:8", "[", "this `[` is never closed")],
    ),
    "eof{2": (
        entry("    x: {a: b,\n"),
        [("3:8", "{a:", "this `{` has no closing `}`, or a `,` is missing inside it")],
    ),
    "eof[2": (
        entry("    x: [\n      a,\n      b\n"),
        [("3:8", "[", "this `[` has no closing `]`, or a `,` is missing inside it")],
    ),
    "flowstr": (
        entry('    x: [a, "b]\n'),
        [("3:12", '"b]', "this quote is never closed; close it where the text ends")],
    ),
    "flowstr2": (
        entry('    x: [a, "b]\n    y: "c"\n'),
        [("3:12", '"b]', "this quote is not closed until line 4; close it where the text ends")],
    ),
    "dashes": (
        entry("    x: -\n      a\n"),
        [("3:8", "-", "a list cannot start on the line of its key; start a new line")],
    ),
    "emptykey": (
        entry("    : x\n"),
        [("3:5", ":", "there is no key before this `:`")],
    ),
    "multi-flow": (
        entry('    x: [\n      a,\n      b\n    ]\n    y: [\n     "a"\n     "b"\n    ]\n'),
        [("7:8", "[", "this `[` has no closing `]`, or a `,` is missing inside it")],
    ),
    "flow[{": (
        entry("    x: [{a: b]\n"),
        [("3:14", "]", "`]` cannot close the `{` on line 3")],
    ),
    "plain[": (
        entry("    image: [a]b\n"),
        [("3:15", "b", "there is text after the closing `]`; quote the whole value")],
    ),
    "tagend": (
        entry("    image: !<x\n"),
        [("3:12", "!<x", "`!` starts a tag, but the tag name is not valid; quote the value")],
    ),
    "nonspec": (
        entry("    image: !a!b{c d\n"),
        [("3:12", "!a!b{c", "`!` starts a tag, but the tag name is not valid; quote the value")],
    ),
    "pct": (
        entry("    image: !a%zz d\n"),
        [("3:12", "!a%zz", "`!` starts a tag, but the tag name is not valid; quote the value")],
    ),
    "tabblock": (
        entry("    image: |\n\tx\n"),
        [("4:1", "\t", "YAML does not allow tabs for indentation; use spaces")],
    ),
    "block0": (
        entry("    image: |0\n      x\n"),
        [("3:12", "|0", "`|` starts a block of text on the next line; quote the value, or move it there")],
    ),
    "%ver": (
        "%YAML 2.0\n---\nservices:\n  web:\n",
        [("1:1", "%YAML", "Compose reads YAML 1.1 and rejects this version; remove this line")],
    ),
    "docend": (
        'services:\n  web:\n    x: "a\n---\nb: c\n',
        [("3:8", '"a', "this quote is never closed; close it where the text ends")],
    ),
}


def read(text: str) -> YamlFile:
    return parse(Source("compose.yaml", text))


def shown(file: YamlFile) -> list[tuple[str, str, str]]:
    return [
        (repr(problem.span).removeprefix("compose.yaml:"), problem.span.text, problem.message)
        for problem in file.problems
    ]


@pytest.mark.parametrize("name", BROKEN)
def test_place_and_message(name: str) -> None:
    text, expected = BROKEN[name]
    file = read(text)
    assert shown(file) == expected
    assert not file.whole


@pytest.mark.parametrize("name", BROKEN)
def test_place_and_message_with_crlf(name: str) -> None:
    text, expected = BROKEN[name]
    assert shown(read(text.replace("\n", "\r\n"))) == expected


@pytest.mark.parametrize("name", [name for name, (text, _) in BROKEN.items() if text.endswith("ai/smollm2\n")])
def test_the_rest_is_read(name: str) -> None:
    """The error is in one service: the model behind it is there, and so is the next service where it still is one."""
    root = read(BROKEN[name][0]).documents[0]
    assert isinstance(root, Mapping)
    assert plain(root)["models"] == {"llm": {"model": "ai/smollm2"}}  # type: ignore[index]
    if not name.startswith(("root-", "jinja")):
        api = root.get("services", "api")
        assert api is not None
        assert plain(api) == {"image": "y"}


@pytest.mark.parametrize("name", BROKEN)
def test_compose_refuses_it_too(name: str, tmp_path: Path, compose_config: Compose) -> None:
    (tmp_path / "compose.yaml").write_text(BROKEN[name][0], encoding="utf-8", newline="")
    run = compose_config(tmp_path, {})
    assert run.returncode != 0
    assert "yaml" in run.stderr


@pytest.mark.parametrize("body", ["command: [ :x]", "x-" + "a" * 1100 + ": b"])
def test_libyaml_is_stricter_than_compose(body: str, tmp_path: Path, compose_config: Compose) -> None:
    """Known limits: shapes that no real file of the corpus has. This fails when one of the two changes."""
    text = f"services:\n  web:\n    image: x\n    {body}\n"
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    assert compose_config(tmp_path, {}).returncode == 0
    assert len(read(text).problems) == 1


def test_deeper_indentation_damages_one_service_only() -> None:
    """Recovery follows the file's own indentation, whatever its width."""
    text = "a:\n    b:\n        c: @x\n    d:\n        e: y\n    f:\n        g: 'z\n    h:\n        i: w\n"
    file = read(text)
    assert [problem.span.first[0] for problem in file.problems] == [3, 7]
    assert plain(file.documents[0]) == {"a": {"b": None, "d": {"e": "y"}, "f": None, "h": {"i": "w"}}}


def test_problems_stop_at_a_limit() -> None:
    text = "services:\n" + "".join(f"  s{number}:\n    image: @x\n" for number in range(50))
    assert len(read(text).problems) == MAX_PROBLEMS


def test_error_behind_the_last_line_points_at_text() -> None:
    (problem,) = read("services:\n  a:\n    ports: [\n\n\n# end\n").problems
    assert problem.span.text == "["


SERVICE = """\
  svc{i}:
    image: registry.example.com/team/svc{i}:1.{i}.0
    restart: unless-stopped
    ports:
      - "{port}:80"
    environment:
      LOG_LEVEL: info
      DB_URL: 'postgres://db{i}:5432/app'
    networks: [backend]
    deploy:
      replicas: 2
    depends_on:
      - svc{i}
"""
DAMAGES = [
    ("    image: ", "    image: @"),
    ("    image: ", "    image: a: "),
    ("    restart: ", "   restart: "),
    ("    restart: ", "\trestart: "),
    ("    restart: ", "    restart:"),
    ("    networks: [backend]", "    networks: [backend"),
    ("      LOG_LEVEL: info", '      LOG_LEVEL: "info'),
    ("    ports:", "    ports"),
    ('      - "', "      - '"),
    ("      - svc", "     - 'svc"),
    ("    deploy:", "    deploy: {"),
    ("      DB_URL: '", "      DB_URL: 'it's "),
    ("      DB_URL: '", "      DB_URL: ''"),
    ("    depends_on:", "    depends_on: ["),
    ("      replicas: ", "      replicas: *"),
]


def damaged(choose: random.Random, lines: list[str]) -> list[int]:
    """Break one to three services of a file; the numbers of the broken lines, from 1."""
    broken: list[int] = []
    for _ in range(choose.randint(1, 3)):
        whole, bad = choose.choice(DAMAGES)
        number = choose.choice([at for at, line in enumerate(lines) if line.startswith(whole)])
        if all(abs(number + 1 - other) >= 26 for other in broken):
            lines[number] = lines[number].replace(whole, bad, 1)
            broken.append(number + 1)
    return broken


def test_several_errors_are_all_found() -> None:
    """In 100 files of 300 lines with one to three errors each, which is what was measured: all, and nothing else."""
    file = "services:\n" + "".join(SERVICE.format(i=i, port=8000 + i) for i in range(23)) + "networks:\n  backend:\n"
    assert read(file).problems == []
    choose = random.Random(1)
    inserted = found = extra = 0
    for _ in range(100):
        lines = file.splitlines()
        broken = damaged(choose, lines)
        said = [problem.span.first[0] for problem in read("\n".join(lines) + "\n").problems]
        inserted += len(broken)
        found += sum(any(abs(line - number) <= 1 for line in said) for number in broken)
        extra += sum(all(abs(line - number) > 1 for number in broken) for line in said)
    assert inserted > 150
    assert found / inserted >= 0.97
    assert extra / 100 <= 0.05

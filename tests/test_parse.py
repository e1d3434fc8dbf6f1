"""Every key and value has an exact place, and the tree is the one that YAML describes."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modellint.files import disk
from modellint.text.source import Source
from modellint.yaml import builder, events
from modellint.yaml.builder import MAX_DEPTH, MAX_NODES, YamlFile
from modellint.yaml.node import Mapping, Scalar, Sequence, plain
from modellint.yaml.parse import parse

if TYPE_CHECKING:
    from modellint.yaml.node import Node

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

yaml: Any = pytest.importorskip("yaml")
CORPUS = Path(__file__).parent / "../../shared/corpus/dev"

# name -> text, the span of every node but the root in the order of the text, the values
CASES: dict[str, tuple[str, list[str], object]] = {
    "crlf": (
        "a:\r\n  b: 1 # c\r\n\r\n  c: x\r\n",
        ["a", "b: 1 # c\r\n\r\n  c: x", "b", "1", "c", "x"],
        {"a": {"b": 1, "c": "x"}},
    ),
    "lone-cr": (
        "a: 1\rb: [x,\r y]\r",
        ["a", "1", "b", "[x,\r y]", "x", "y"],
        {"a": 1, "b": ["x", "y"]},
    ),
    "crlf-block": (
        "a: |\r\n  x\r\n\r\nb: >\r\n  y\r\n  z\r\n",
        ["a", "|\r\n  x", "b", ">\r\n  y\r\n  z"],
        {"a": "x\n", "b": "y z\n"},
    ),
    "tabs": (
        "a:\t1\t# c\nb: x\ty\t\n",
        ["a", "1", "b", "x\ty"],
        {"a": 1, "b": "x\ty"},
    ),
    "multibyte": (
        'é: 日 # x\n😀: "😀"\né: z\n',
        ["é", "日", "😀", '"😀"', "é", "z"],
        {"é": "日", "😀": "😀", "é": "z"},
    ),
    "unicode-breaks": (
        'a: "x\x85y"\nb: "z\u2028w"\nc: "\u2029"\nd: 1\n',
        ["a", '"x\x85y"', "b", '"z\u2028w"', "c", '"\u2029"', "d", "1"],
        {"a": "x y", "b": "z\u2028w", "c": "\u2029", "d": 1},
    ),
    "literal": (
        "a: |\n  x\n\n  y\n\n\nb: 1\n",
        ["a", "|\n  x\n\n  y", "b", "1"],
        {"a": "x\n\ny\n", "b": 1},
    ),
    "literal-keep": (
        "a: |+\n  x\n\n\nb: 1\n",
        ["a", "|+\n  x", "b", "1"],
        {"a": "x\n\n\n", "b": 1},
    ),
    "literal-strip": (
        "a: |- # why\n  x\n\n# c\nb: 1\n",
        ["a", "|- # why\n  x", "b", "1"],
        {"a": "x", "b": 1},
    ),
    "folded-indent": (
        "a: >2\n   x\n  y\n",
        ["a", ">2\n   x\n  y"],
        {"a": " x\ny\n"},
    ),
    "literal-empty": (
        "a: |\n\nb: |\n",
        ["a", "|", "b", "|"],
        {"a": "", "b": ""},
    ),
    "flow": (
        "a: {b: [1, {c: d}]}\n",
        ["a", "{b: [1, {c: d}]}", "b", "[1, {c: d}]", "1", "{c: d}", "c", "d"],
        {"a": {"b": [1, {"c": "d"}]}},
    ),
    "flow-empty": ("{a: {b: }, c: }\n", ["a", "{b: }", "b", "", "c", ""], {"a": {"b": None}, "c": None}),
    "flow-lines": (
        "a: [ # c\n  1,\n  # d\n  2,\n]\nb: {c: 1,\n  d: 2}\n",
        ["a", "[ # c\n  1,\n  # d\n  2,\n]", "1", "2", "b", "{c: 1,\n  d: 2}", "c", "1", "d", "2"],
        {"a": [1, 2], "b": {"c": 1, "d": 2}},
    ),
    "flow-json": (
        '{"a":{"b":[1,true,null]}}\n',
        ['"a"', '{"b":[1,true,null]}', '"b"', "[1,true,null]", "1", "true", "null"],
        {"a": {"b": [1, True, None]}},
    ),
    "flow-plain": (
        "a: [8080:80, http://x/y?a=b#c, a?b, ./a:/b:ro]\n",
        ["a", "[8080:80, http://x/y?a=b#c, a?b, ./a:/b:ro]", "8080:80", "http://x/y?a=b#c", "a?b", "./a:/b:ro"],
        {"a": ["8080:80", "http://x/y?a=b#c", "a?b", "./a:/b:ro"]},
    ),
    "flow-set": (
        '{a, b: c, ? d, "e":f}\n',
        ["a", "", "b", "c", "d", "", '"e"', "f"],
        {"a": None, "b": "c", "d": None, "e": "f"},
    ),
    "single-pair": (
        '[a: b, c, "d": e]\n',
        ["a: b", "a", "b", "c", '"d": e', '"d"', "e"],
        [{"a": "b"}, "c", {"d": "e"}],
    ),
    "quoted": (
        "\"a\": 'b''c'\n'd': \"\\x41\\\n  b\"\n",
        ['"a"', "'b''c'", "'d'", '"\\x41\\\n  b"'],
        {"a": "b'c", "d": "Ab"},
    ),
    "delete": (
        "a: x\x7fy\n",
        ["a", "x\x7fy"],
        {"a": "x\x7fy"},
    ),
    "multi-line": (
        'a: one\n  two # c\nb: "x\n\n  y"\n',
        ["a", "one\n  two", "b", '"x\n\n  y"'],
        {"a": "one two", "b": "x\ny"},
    ),
    "empty-values": (
        "a:\nb: # c\nc: ~\n",
        ["a", "", "b", "", "c", "~"],
        {"a": None, "b": None, "c": None},
    ),
    "empty-items": (
        "a:\n- 1\n-\n- # c\n- - 2\n",
        ["a", "- 1\n-\n- # c\n- - 2", "1", "", "", "- 2", "2"],
        {"a": [1, None, None, [2]]},
    ),
    "indentless": (
        "a:\n- 1\n- b: 2\n  c: 3\nd: 4\n",
        ["a", "- 1\n- b: 2\n  c: 3", "1", "b: 2\n  c: 3", "b", "2", "c", "3", "d", "4"],
        {"a": [1, {"b": 2, "c": 3}], "d": 4},
    ),
    "anchors": (
        "a: &x 1\nb: *x\nc: &m {k: v}\nd: &n\n  k: v\ne: &s\n- 1\nf: &t\n  - 2\n",
        ["a", "1", "b", "1", "c", "{k: v}", "k", "v", "d", "k: v", "k", "v", "e", "- 1", "1", "f", "- 2", "2"],
        {"a": 1, "b": 1, "c": {"k": "v"}, "d": {"k": "v"}, "e": [1], "f": [2]},
    ),
    "anchor-comment": (
        "a: &x # c\n\n  # d\n  b: 1\n",
        ["a", "b: 1", "b", "1"],
        {"a": {"b": 1}},
    ),
    "anchor-key": (
        "&k a: *k\n",
        ["a", "a"],
        {"a": "a"},
    ),
    "anchor-empty": (
        "a: &x\nb: *x\n",
        ["a", "", "b", ""],
        {"a": None, "b": None},
    ),
    "tags": (
        "a: !reset\nb: !reset []\nc: !override {x: 1}\nd: !!str 1\ne: !override\n  - 1\nf: ! 010\ng: &a !x # c\n  y\n",
        ["a", "", "b", "[]", "c", "{x: 1}", "x", "1", "d", "1", "e", "- 1", "1", "f", "010", "g", "y"],
        {"a": "", "b": [], "c": {"x": 1}, "d": "1", "e": [1], "f": "010", "g": "y"},
    ),
    "tag-verbatim": (
        "a: !<tag:yaml.org,2002:str> 1\n",
        ["a", "1"],
        {"a": "1"},
    ),
    "tag-number": (
        'a: !!float "1.10"\nb: !!int "0x10"\nc: !!null ""\n',
        ["a", '"1.10"', "b", '"0x10"', "c", '""'],
        {"a": 1.1, "b": 16, "c": None},
    ),
    "tag-block": (
        "a: !x |\n  t\nb: &q >-\n  z\n",
        ["a", "|\n  t", "b", ">-\n  z"],
        {"a": "t\n", "b": "z"},
    ),
    "merge": (
        "b: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n  z: 4\n",
        [
            "b",
            "{x: 1, y: 2}",
            "x",
            "1",
            "y",
            "2",
            "d",
            "<<: *b\n  y: 3\n  z: 4",
            "<<",
            "{x: 1, y: 2}",
            "x",
            "1",
            "y",
            "2",
            "y",
            "3",
            "z",
            "4",
        ],
        {"b": {"x": 1, "y": 2}, "d": {"y": 3, "z": 4, "x": 1}},
    ),
    "merge-list": (
        "b: &b {x: 1}\nc: &c {x: 2, y: 3}\nd: {<<: [*b, *c], z: 4}\n",
        [
            "b",
            "{x: 1}",
            "x",
            "1",
            "c",
            "{x: 2, y: 3}",
            "x",
            "2",
            "y",
            "3",
            "d",
            "{<<: [*b, *c], z: 4}",
            "<<",
            "[*b, *c]",
            "{x: 1}",
            "x",
            "1",
            "{x: 2, y: 3}",
            "x",
            "2",
            "y",
            "3",
            "z",
            "4",
        ],
        {"b": {"x": 1}, "c": {"x": 2, "y": 3}, "d": {"z": 4, "x": 1, "y": 3}},
    ),
    "merge-nested": (
        "b: &b {x: 1}\nc: &c {<<: *b, y: 2}\nd:\n  z: 3\n  <<: *c\n",
        [
            "b",
            "{x: 1}",
            "x",
            "1",
            "c",
            "{<<: *b, y: 2}",
            "<<",
            "{x: 1}",
            "x",
            "1",
            "y",
            "2",
            "d",
            "z: 3\n  <<: *c",
            "z",
            "3",
            "<<",
            "{<<: *b, y: 2}",
            "<<",
            "{x: 1}",
            "x",
            "1",
            "y",
            "2",
        ],
        {"b": {"x": 1}, "c": {"y": 2, "x": 1}, "d": {"z": 3, "y": 2, "x": 1}},
    ),
    "merge-inline": (
        "d:\n  <<: {x: 1}\n",
        ["d", "<<: {x: 1}", "<<", "{x: 1}", "x", "1"],
        {"d": {"x": 1}},
    ),
    "explicit-key": ("? a\n: b\n", ["a", "b"], {"a": "b"}),
    "comments": (
        "# a\na: # b\n  # c\n  b: 1 # d\n\n  # e\n  c: x#y\n# f\n",
        ["a", "b: 1 # d\n\n  # e\n  c: x#y", "b", "1", "c", "x#y"],
        {"a": {"b": 1, "c": "x#y"}},
    ),
    "root-anchor": (
        "--- &r\na: 1\n",
        ["a", "1"],
        {"a": 1},
    ),
    "scalar": (
        "x\n",
        ["x"],
        "x",
    ),
    "directive": (
        "%YAML 1.1\n---\na: 1\n...\n",
        ["a", "1"],
        {"a": 1},
    ),
}


def read(text: str) -> YamlFile:
    return parse(Source("compose.yaml", text))


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it, keys and values in the order of the text."""
    yield node
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            yield from nodes(key)
            yield from nodes(value)
    elif isinstance(node, Sequence):
        for item in node:
            yield from nodes(item)


def fields(node: Node) -> tuple[object, ...]:
    """Everything that the text says about one node."""
    about: tuple[object, ...] = (type(node), node.start, node.end, node.tag, node.anchor)
    if isinstance(node, Scalar):
        return (*about, node.text, node.style, repr(node.value))
    return (*about, node.flow)


@pytest.mark.parametrize("name", CASES)
def test_spans_and_values(name: str) -> None:
    text, spans, values = CASES[name]
    file = read(text)
    assert [problem.message for problem in file.problems] == []
    (root,) = file.documents
    inner = list(nodes(root))
    assert [node.span.text for node in (inner[1:] or inner)] == spans
    assert plain(root) == values


@pytest.mark.parametrize("name", CASES)
def test_pure_parser_agrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no C module, ruamel.yaml's own parser gives the same tree."""
    if name in ("tabs", "delete", "flow-empty"):
        pytest.skip("ruamel.yaml's own parser refuses tabs and DEL, and puts `{a: }` one blank to the left")
    text = CASES[name][0]
    fast = [fields(node) for node in nodes(read(text).documents[0])]
    monkeypatch.setattr(events, "_c_module", lambda: None)
    assert [fields(node) for node in nodes(read(text).documents[0])] == fast


def test_empty_value_stands_behind_its_key() -> None:
    root = read("a:\nb: # c\nc:\n  -\n").documents[0]
    assert [node.start for node in nodes(root) if isinstance(node, Scalar) and not node.text] == [2, 5, 16]


def test_byte_order_mark_moves_nothing() -> None:
    text = disk.decode("compose.yaml", b"\xef\xbb\xbfa: 1\n")
    assert [node.span.text for node in nodes(read(text).documents[0])][1:] == ["a", "1"]


def test_positions_count_lines_as_editors_do() -> None:
    """NEL and LS end a line for YAML, but not for an editor."""
    file = read('a: "x\u2028y"\r\nb: \U0001f600 \rc: 1\n')
    assert [node.span.first for node in nodes(file.documents[0])][1:] == [
        (1, 1),
        (1, 4),
        (2, 1),
        (2, 4),
        (3, 1),
        (3, 4),
    ]


def test_documents() -> None:
    file = read("--- # a\na: 1\n---\n---\nb: 2\n...\n# c\n")
    assert [plain(document) for document in file.documents] == [{"a": 1}, None, {"b": 2}]
    assert file.problems == []
    assert read("").documents == read("# c\n").documents == []


def test_alias_is_its_target_and_known_by_its_own_place() -> None:
    file = read("a: &x {k: 1}\nb: *x\n")
    root = file.documents[0]
    assert isinstance(root, Mapping)
    assert root.get("b") is root.get("a") is file.aliases[0].target
    assert (file.aliases[0].name, file.aliases[0].span.text, file.aliases[0].span.first) == ("x", "*x", (2, 4))


def test_merged_entry_keeps_its_place() -> None:
    root = read("a: &x\n  k: 1\nb:\n  <<: *x\n").documents[0]
    assert isinstance(root, Mapping)
    value = root.get("b", "k")
    assert value is not None
    assert value.span.first == (2, 6)


def test_templates_are_the_values_with_a_dollar() -> None:
    file = read("$a: ${A}\nb: ['$$', \"$B\", c]\nd: |\n  ${D}\n")
    assert [scalar.text for scalar in file.templates] == ["${A}", "$$", "$B", "${D}\n"]


REFUSED = {
    "a: 1\nb: 2\na: 3\n": ("3:1", "a", "the key `a` appears twice in this map; the first is on line 1"),
    "a: {b: 1, 'b': 2}\n": ("1:11", "'b'", "the key `b` appears twice in this map; the first is on line 1"),
    "a: &x {}\nb:\n  <<: *x\n  <<: *x\n": (
        "4:3",
        "<<",
        "the key `<<` appears twice in this map; the first is on line 3; merge several maps with `<<: [*a, *b]`",
    ),
    "a:\n  <<: text\n": ("2:3", "<<", "`<<` can only merge maps"),
    "a:\n  <<:\n": ("2:3", "<<", "`<<` can only merge maps"),
    "a: *x\n": ("1:4", "*x", "there is no anchor `&x` before this alias"),
    "a: *x\nb: &x 1\n": ("1:4", "*x", "there is no anchor `&x` before this alias"),
    "a: &x [*x]\n": ("1:8", "*x", "this alias is inside its own anchor `&x`, so it never ends"),
    "a: &x 1\nb: &x {c: *x}\n": ("2:11", "*x", "this alias is inside its own anchor `&x`, so it never ends"),
    "1: a\n": ("1:1", "1", "YAML does not read the key `1` as text, and Compose rejects it; quote it"),
    "a: {true: b}\n": ("1:5", "true", "YAML does not read the key `true` as text, and Compose rejects it; quote it"),
    "2024-01-01: a\n": (
        "1:1",
        "2024-01-01",
        "YAML does not read the key `2024-01-01` as text, and Compose rejects it; quote it",
    ),
    "[a, b]: c\n": ("1:1", "[a, b]", "a key must be text, not a list or a map"),
    "? - a\n  - b\n: c\n": ("1:3", "- a", "a key must be text, not a list or a map"),
    "a: !!int b\n": ("1:10", "b", "this cannot be read as `!!int`"),
    "a: !!bool 'yes'\n": ("1:11", "'yes'", "this cannot be read as `!!bool`"),
    "%YAML 1.2\n---\na: 1\n": ("1:1", "%YAML 1.2", "Compose reads YAML 1.1 and rejects this version; remove this line"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_valid_yaml_that_compose_refuses(text: str) -> None:
    """The tree is whole nevertheless, so that rules can look at the rest."""
    file = read(text)
    assert file.whole
    assert len(file.documents) == 1
    found = [(problem.span, problem.span.text, problem.message) for problem in file.problems]
    assert [(repr(span).removeprefix("compose.yaml:"), part, said) for span, part, said in found] == [REFUSED[text]]


TOO_MUCH = {
    "depth": ("a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper than 100 levels"),
    "depth of aliases": (
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, MAX_DEPTH + 2)),
        "the aliases in this file expand to too much data",
    ),
    "values": ("[" + "a," * (MAX_NODES + 1) + "]", "the file contains more than 100,000 values"),
    "expanded": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)),
        "the aliases in this file expand to too much data",
    ),
    "letters": (
        f"a: &a {'b' * 10_000}\nb: [{', '.join(['*a'] * 100)}]\n",
        "the aliases in this file expand to too much data",
    ),
    "letters in lists": (
        f"a: &a [sh, -c, '{'b' * 10_000}']\nb: [{', '.join(['*a'] * 100)}]\n",
        "the aliases in this file expand to too much data",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_said_and_not_read(name: str) -> None:
    text, message = TOO_MUCH[name]
    file = read(text)
    assert [problem.message for problem in file.problems] == [message]
    assert (file.documents, file.whole) == ([], False)


@pytest.mark.parametrize("between", ["", "---\n"], ids=["one document", "many"])
def test_merge_keys_are_counted_before_they_are_copied(between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0
    apply = builder.Builder._merge  # pyright: ignore[reportPrivateUsage]

    def count(self: builder.Builder, node: Mapping, merges: list[Any]) -> None:
        nonlocal copied
        apply(self, node, merges)
        copied += len(node.entries)

    monkeypatch.setattr(builder.Builder, "_merge", count)
    keys = ", ".join(f"k{at}: 1" for at in range(1_000))
    some = f"x: &a {{{keys}}}\n" + "".join(f"b{at}: {{<<: *a}}\n" for at in range(150))
    file = read(between.join([some.replace("b", f"{'c' * at}b") for at in range(5)]))
    assert "the aliases in this file expand to too much data" in [problem.message for problem in file.problems]
    assert copied < builder.MAX_EXPANDED


def test_letters_count_where_they_are_repeated() -> None:
    assert read(f"a: '{'b' * 1_000_000}'\n").problems == []
    assert read(f"a: &a '{'b' * 1_000}'\nb: [{', '.join(['*a'] * 100)}]\n").problems == []


def test_deepest_that_is_read() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).problems == []


# Random trees in random styles. Text is made to be awkward: blanks, quotes, indicators, other scripts.

WORD = st.text(st.sampled_from("ab1:#-?, '\"\\[]{}&*!|>%@`é\U0001f600\t.~$"), min_size=0, max_size=8)
TREE = st.recursive(
    WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str, double: bool) -> str:
    if double or "\\" in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
        return f'"{escaped}"'
    return "'" + text.replace("'", "''") + "'"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Tree]:
    """A text in a mix of styles, and the tree it describes."""

    def scalar(text: str) -> str:
        plain_is_safe = text.isalpha() and text not in ("y", "n")
        style = draw(st.sampled_from(["plain"] * plain_is_safe + ["single", "double"]))
        return text if style == "plain" else quoted(text, style == "double")

    def gap() -> str:
        return draw(st.sampled_from([" ", "  "]))

    def comment() -> str:
        return draw(st.sampled_from(["", "", " # c: 'd'", "\t#", "\n\n  # e"]))

    def flow(tree: Tree) -> str:
        space = draw(st.sampled_from(["", " ", "\n     "]))
        if isinstance(tree, dict):
            return "{" + ",".join(f"{space}{scalar(k)}:{gap()}{flow(v)}" for k, v in tree.items()) + space + "}"
        if isinstance(tree, list):
            return "[" + ",".join(space + flow(item) for item in tree) + space + "]"
        return scalar(tree)

    def properties() -> str:
        return draw(st.sampled_from(["", "", "", "&x ", "!t ", "&y !t "]))

    def block(tree: Tree, indent: int) -> str:
        """What stands behind `key:` or `-`."""
        if isinstance(tree, str):
            literal = tree.strip(" \t") == tree and tree.isprintable() and tree != "" and tree[0] != "#"
            if literal and draw(st.booleans()):
                return f"{gap()}{properties()}{draw(st.sampled_from('|>'))}-\n{' ' * indent}{tree}"
            return f"{gap()}{properties()}{scalar(tree)}{comment()}"
        if not tree or draw(st.booleans()):
            return f"{gap()}{properties()}{flow(tree)}{comment()}"
        lead = f" {properties()}".rstrip() + comment().replace("\t#", "")  # no tab may stand behind a `-`
        pad = "\n" + " " * indent
        if isinstance(tree, dict):
            return lead + "".join(f"{pad}{scalar(k)}:{block(v, indent + 2)}" for k, v in tree.items())
        return lead + "".join(f"{pad}-{block(item, indent + 2)}" for item in tree)

    tree = draw(st.dictionaries(WORD, TREE, min_size=1, max_size=3))
    return "".join(f"{scalar(key)}:{block(value, 2)}\n" for key, value in tree.items()), tree


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(documents())
def test_random_trees(document: tuple[str, Tree]) -> None:
    """The values come back; spans lie inside their parent's, one behind the other; a span read alone is its value."""
    text, tree = document
    file = read(text)
    assert [problem.message for problem in file.problems] == []
    assert plain(file.documents[0]) == tree
    for node in nodes(file.documents[0]):
        if isinstance(node, Scalar):
            assert plain(read(node.span.text + "\n").documents[0]) == node.value
            continue
        inner = [*node] if isinstance(node, Sequence) else [child for pair in node.pairs for child in pair]
        edges = [node.start, *(place for child in inner for place in (child.start, child.end)), node.end]
        assert edges == sorted(edges)
        if node.flow:
            assert node.span.text[0] + node.span.text[-1] in ("[]", "{}")


# Real files


def corpus() -> list[tuple[str, bool, Path]]:
    """Id, whether Docker Compose reads it alone, and the file."""
    if not CORPUS.exists():
        return []
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        return [
            (row["id"], row["compose_ok"] == "ok:0", path)
            for row in csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE)
            for path in CORPUS.glob(f"files/{row['id']}__*/{row['path']}")
        ]


needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real files is not here")


def same(node: Node, other: Any, text: str) -> None:
    """Our node and PyYAML's are the same tree, and scalars stand in the same place."""
    if isinstance(node, Scalar):
        assert isinstance(other, yaml.ScalarNode)
        assert (node.text, node.style) == (other.value, other.style or "")
        theirs = text[other.start_mark.index : other.end_mark.index].rstrip()
        assert theirs.endswith(node.span.text)
        assert theirs[: len(theirs) - len(node.span.text)].strip()[:1] in ("", "&", "!")
    elif isinstance(node, Sequence):
        assert isinstance(other, yaml.SequenceNode)
        for mine, theirs_ in zip(node, other.value, strict=True):
            same(mine, theirs_, text)
    else:
        assert isinstance(other, yaml.MappingNode)
        for (key, value), (their_key, their_value) in zip(node.pairs, other.value, strict=True):
            same(key, their_key, text)
            same(value, their_value, text)


@needs_corpus
def test_corpus_reads_as_pyyaml_reads_it() -> None:
    compared = 0
    refused: list[str] = []
    for name, _, path in corpus():
        source = disk.read(str(path))
        try:
            theirs = [node for node in yaml.compose_all(source.text, Loader=yaml.CSafeLoader) if node is not None]
        except yaml.YAMLError:
            refused.append(name)
            continue
        for node, other in zip(parse(source).documents, theirs, strict=True):
            same(node, other, source.text)
        compared += 1
    assert compared >= 215
    assert len(refused) <= 8  # what they are is looked at in the next test


@needs_corpus
def test_corpus_has_errors_only_where_compose_has_them() -> None:
    wrong = [name for name, compose_reads_it, path in corpus() if compose_reads_it and read_file(path).problems]
    assert wrong == []


def read_file(path: Path) -> YamlFile:
    return parse(disk.read(str(path)))


@needs_corpus
def test_corpus_reads_the_same_with_the_pure_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    small = [path for _, _, path in corpus() if path.stat().st_size < 1500 and b"\t" not in path.read_bytes()]
    fast = [[fields(node) for root in read_file(path).documents for node in nodes(root)] for path in small]
    monkeypatch.setattr(events, "_c_module", lambda: None)
    slow = [[fields(node) for root in read_file(path).documents for node in nodes(root)] for path in small]
    assert len(small) >= 60
    assert slow == fast


# The C module is shared with whoever else uses ruamel.yaml

SHARED = """
import sys
{first}
from modellint.yaml.parse import parse
from modellint.text.source import Source
assert len(parse(Source("a", "a: [1, {{b: &c d}}, *c]")).documents) == 1
assert len(parse(Source("a", "a: [")).problems) == 1
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
yaml = YAML(typ="safe")
assert yaml.load("a: [1, {{b: &c d}}, *c]") == {{"a": [1, {{"b": "d"}}, "d"]}}
try:
    yaml.load("a: [")
except YAMLError as error:
    assert type(error).__module__.startswith("ruamel.yaml"), type(error)
else:
    raise SystemExit("no error")
import _ruamel_yaml
assert _ruamel_yaml.ScalarEvent.__module__ == "ruamel.yaml.events"
"""
ALONE = """
import sys
from modellint.yaml.events import import_alone
import_alone()
from modellint.yaml.parse import parse
from modellint.text.source import Source
assert len(parse(Source("a", "a: [1, {b: &c d}, *c]")).documents) == 1
assert len(parse(Source("a", "a: [")).problems) == 1
assert "_ruamel_yaml" in sys.modules
left = {name for name in sys.modules if name.partition(".")[0] == "ruamel"}
assert left <= {"ruamel.yaml.clib._ruamel_yaml"}, left
"""


@pytest.mark.parametrize("first", ["", "import ruamel.yaml"])
def test_other_users_of_the_c_module_notice_nothing(first: str) -> None:
    subprocess.run([sys.executable, "-c", SHARED.format(first=first)], check=True)


def test_import_alone_brings_only_the_c_module() -> None:
    subprocess.run([sys.executable, "-c", ALONE], check=True)

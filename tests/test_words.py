"""The texts of the rules keep to the style: their form, and words that are not used."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import modellint_rules
from modellint.linter.discovery import rules
from modellint.linter.page_examples import examples

FOLDER = Path(modellint_rules.__path__[0])
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))
RULES = rules()

# What is not written, what is written instead, and why.
AVOID = (
    (r"(?<!there )(is|are) no(?! longer\b)", "is not a", "`is no X` is not idiomatic"),
    (r"(?<!there )(is|are) none(?! of\b)", "is not", "a riddle"),
    (r"knows? no", "does not support", "a program supports something or does not"),
    (r"refus(e|es|ed|al|als|ing)", "reject", "one word for what Compose and llama-server do with an invalid value"),
    (r"wants?", "require, need", "programs have no wishes"),
    (r"hand(s|ed)? (a|an|the|it|over|out|on|to|whole)", "pass, give, inject", "a word for people"),
    (r"of (its|their) own", "its own X", "`of its own` is often a riddle"),
    (r"whoever", "anyone who", "the plain word"),
    (r"stands? (in|for|there|twice|under|nowhere|beside|behind|alone)", "is in, means", "text does not stand"),
    (r"l(ies|ie|ay) (in|on|there|outside|beside|below)", "is in, is on", "files do not lie"),
    (r"holds?|held", "contain", "the plain word"),
    (r"lets? (\S+ ){0,3}through", "allow, accept", "the plain word"),
    (r"mend(s|ed|ing)?", "fix, correct", "the word of the trade"),
    (
        r"(?:^|(?<=and )|(?<=or )|(?<=[:;,] ))drop",
        "remove",
        "an order; Compose still drops items when it merges",
    ),
    (r"(leave|left|leaves|take|taken|takes) (\S+ ){0,2}(out|away)", "remove, omit", "the plain word"),
    (r"says|said|tells|told", "set, report, print", "files and programs do not speak"),
    (r"speaks?", "report, apply to", "rules do not speak"),
    (r"as well|alike", "too, the same", "ambiguous beside `as well as`"),
    (r"for good|now and then", "permanently, periodically", "an idiom"),
    (r"laid over|lays (it|them) over|looked at", "merged over, checked", "a translated idiom"),
    (r"folders?", "directory", "the word that Docker uses"),
    (r"blanks?", "space", "the word of the trade"),
    (r"beside|besides", "next to, in addition to", "the plain word"),
    (r"behind", "after, following", "the plain word"),
    (r"begin|begins|begun", "start", "one word for it"),
    (r"(run|runs|ran|running) out", "expire", "the word of the trade"),
    (r"the runner|the runner's", "Docker Model Runner, llama-server", "it must be clear which of the two is meant"),
    (r"machines?", "host", "the word that Docker uses"),
    (r"misspelt|licences?|honours?|organisations?|artefacts?|behaviour", "American spelling", "one spelling"),
    (r"\w+n't|it's", "the full form", "no contractions"),
    (r"what becomes of|an answer that", "name the thing", "a riddle"),
)
# Rules whose messages are written by the parser and the schema.
OF_THE_ENGINE = {"invalid-compose", "invalid-yaml"}
PRODUCTS = ("Compose ", "Docker ", "Docker's ")  # with which a message may start
NOT_FIRST = ("What ", "Whether ", "Where ")  # words of a docstring


def plain(text: str) -> str:
    """A text in lowercase, on one line, without what is code in it."""
    return " ".join(re.sub(r"`[^`]*`", "`…`", text).lower().split())


def avoided(text: str) -> list[str]:
    """The words of a text that are not used, each with what is written instead."""
    found: list[str] = []
    for pattern, better, why in AVOID:
        match = re.search(rf"(?<![\w-])({pattern})(?![\w-])", plain(text))
        if match:
            found.append(f"{match[0]!r} in {text.strip()[:80]!r}: write {better} ({why})")
    return found


def prose(doc: str) -> str:
    """A page without its examples."""
    return re.sub(r"```.*?```", "", doc, flags=re.DOTALL)


def shown(node: ast.AST) -> str | None:
    """A string literal; what an f-string fills in is `…`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(shown(part) or "" if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


def docstrings(tree: ast.Module) -> dict[ast.AST, str]:
    """The docstrings of a module's classes and functions, and its own, without the examples of a page."""
    found: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (doc := ast.get_docstring(node)):
            found[node] = prose(doc)
    return found


def literals(tree: ast.Module) -> Iterator[str]:
    """Every string of a module that has more than one word and is no docstring."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
    for node in ast.walk(tree):
        text = shown(node) if id(node) not in skipped else None
        if text and " " in text.strip():
            yield text


class Texts(ast.NodeVisitor):
    """The texts that are given to `Finding` and `Fix`, as far as they can be followed in the module."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[str, str]] = []  # kind and text
        self.scopes: list[dict[str, list[ast.expr]]] = [self.assigned(tree)]
        self.visit(tree)

    def assigned(self, scope: ast.AST) -> dict[str, list[ast.expr]]:
        """The values that a function, or the module, gives to each name."""
        found: dict[str, list[ast.expr]] = {}
        for node in scope.body if isinstance(scope, ast.Module) else ast.walk(scope):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault(node.targets[0].id, []).append(node.value)
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Read a function with the names that it assigns."""
        self.scopes.append(self.assigned(node))
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        """Take the message, the hint and the labels of a finding, and the title of a fix."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        given = {each.arg: each.value for each in node.keywords if each.arg}
        if name == "Finding":
            self.take("message", given.get("message") or node.args[1])
            self.take("hint", given.get("hint"))
        elif name == "Related":
            self.take("label", node.args[1])
        elif name == "Fix":
            self.take("title", node.args[0])

    def take(self, kind: str, node: ast.expr | None) -> None:
        """Add the text of an expression, or each that it can be."""
        text = shown(node) if node is not None else None
        if text:
            self.found.append((kind, text))
        elif isinstance(node, ast.IfExp):
            self.take(kind, node.body)
            self.take(kind, node.orelse)
        elif isinstance(node, ast.BinOp):
            self.take(kind, node.left)
        elif isinstance(node, ast.Name):
            scope = next((each for each in reversed(self.scopes) if node.id in each), self.scopes[0])
            for value in scope.pop(node.id, list[ast.expr]()):  # once: a name may be assigned from itself
                self.take(kind, value)
                scope.setdefault(node.id, []).append(value)


def comments(module: str) -> list[str]:
    """The comments of a module."""
    with (FOLDER / module).open("rb") as file:
        return [
            token.string.lstrip("# ") for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT
        ]


def read(module: str) -> ast.Module:
    return ast.parse((FOLDER / module).read_text(encoding="utf-8"))


def drawn(name: str) -> list[str]:
    """The messages that the examples of a page show."""
    lines = [line for example in examples(RULES[name].doc) for line in example.body.splitlines()]
    return [line.rpartition("^ ")[2] for line in lines if re.match(r" *#? *\^+ ", line)]


@pytest.mark.parametrize("module", MODULES)
def test_words(module: str) -> None:
    """None of the words to avoid is in a text, a page, a docstring or a comment."""
    tree = read(module)
    texts = [*literals(tree), *docstrings(tree).values(), *comments(module)]
    assert not [each for text in texts for each in avoided(text)]


@pytest.mark.parametrize("module", MODULES)
def test_forms(module: str) -> None:
    """A message, hint, label or title is lowercase and has no period; a docstring is a sentence about what is done."""
    tree = read(module)
    for kind, text in Texts(tree).found:
        assert text[0].islower() or not text[0].isalpha() or text.startswith(PRODUCTS), (kind, text)
        assert not text.endswith("."), (kind, text)
        assert kind != "label" or len(text.split()) <= 4, (kind, text)
        assert kind != "title" or "?" not in text, (kind, text)
    for node, doc in docstrings(tree).items():
        if not isinstance(node, ast.Module):
            assert doc.strip().partition("\n")[0].endswith((".", ";")), doc
            assert not doc.startswith(NOT_FIRST), doc


@pytest.mark.parametrize("name", sorted(RULES))
def test_summaries_and_messages(name: str) -> None:
    """A summary is one sentence; a message that a page shows has at most one colon and no period."""
    summary = RULES[name].summary
    assert summary.endswith(".")
    assert ". " not in summary
    assert summary[0].isupper() or summary[0] == "`"
    for message in drawn(name):
        assert message[0].islower() or not message[0].isalpha() or message.startswith(PRODUCTS), message
        assert not message.endswith("."), message
        assert name in OF_THE_ENGINE or plain(message).count(": ") <= 1, message


def test_texts_are_found() -> None:
    """What the other tests read is most of what the rules report."""
    found = [each for module in MODULES for each in Texts(read(module)).found]
    kinds = [kind for kind, _ in found]
    assert kinds.count("message") > 90
    assert kinds.count("hint") > 50
    assert kinds.count("title") > 30
    assert kinds.count("label") > 15
    assert sum(len(drawn(name)) for name in RULES) > 130


@pytest.mark.parametrize(
    "text",
    [
        "a model is no service",
        "Compose refuses the file",
        "drop the flag",
        "remove it, or drop the comment",
        "not needed: drop it",
        "a model is\nno service",
        "leave the flag out",
        "the runner lets it through",
        "a config that lies in the repository",
    ],
)
def test_a_word_to_avoid_is_found(text: str) -> None:
    assert avoided(text)


@pytest.mark.parametrize("text", ["it is no longer there", "Compose drops the duplicate", "`drop` it", "by hand"])
def test_other_words_are_not(text: str) -> None:
    assert not avoided(text)

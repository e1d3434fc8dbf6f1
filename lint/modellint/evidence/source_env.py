"""Which environment variables the source code in a build context reads.

Not a parser of ten languages: a word that only such code holds is searched (`os.environ`, `process.env`), and what
follows it must be a name in quotes or a known other use. Everything else that could read a variable makes the code
`opaque`: it may read names that stand nowhere. What may not be a read after all (in a comment, in a test, of a method
that only looks alike) is kept `aside`: such a name must neither be called read nor unread.

No text leaves this module but the names of variables and the words of its own tables.
"""

from __future__ import annotations

import os
import re

from modellint.evidence import build_context
from modellint.evidence.build_context import LIMITS, MANIFESTS, MAX_LINE, PROGRAM, REQUIREMENTS, TEST, TEXT
from modellint.evidence.mentions import is_word
from modellint.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Literal, TypeAlias

    from modellint.evidence.build_context import CodeFile, Limits, Walk

    Kind: TypeAlias = Literal["read", "maybe", "write", "opaque"]

READ: Kind = "read"
MAYBE: Kind = "maybe"
WRITE: Kind = "write"
OPAQUE: Kind = "opaque"

RUN_TIME = "reads names at run time"
_NEAR = 200  # characters before a match that are looked at
_NEAR_BRACE = 2_000
_REACH = 160  # bytes around a gate: a needle may stand a little before it
_MANY = 1_000  # gates in a file; around more of them lies the whole file


class Code:
    """What the source files of one build context say.

    `reads` holds the variables that are read for certain, and where first. `aside` are names that tests and examples
    read, and others of which nothing should be said. `implicit` are names that an SDK in use reads by itself. In both,
    a `*` stands for all names that begin or end so. `opaque` says why other names may be read, and is empty where none
    can be. `files` are those of the program, without tests and examples.
    """

    __slots__ = ("aside", "complete", "files", "implicit", "opaque", "reads")

    def __init__(
        self,
        reads: dict[str, Span],
        aside: frozenset[str],
        implicit: dict[str, str],
        opaque: str,
        complete: bool,
        files: int,
    ) -> None:
        self.reads = reads
        self.aside = aside
        self.implicit = implicit
        self.opaque = opaque
        self.complete = complete
        self.files = files

    def may_read(self, name: str) -> bool:
        """Whether it cannot be ruled out that the program reads a variable."""
        certain = self.complete and self.files > 0 and not self.opaque
        if not certain or name in self.reads or name in SDK_NAMES or self.sdk(name):
            return True
        return name in self.aside or any(_stands_for(pattern, name) for pattern in self.aside)

    def sdk(self, name: str) -> str:
        """The SDK that reads a variable by itself; empty where none is known to."""
        if name in self.implicit:
            return self.implicit[name]
        return next((sdk for pattern, sdk in self.implicit.items() if _stands_for(pattern, name)), "")


def read_code(folder: str, dockerfile: str | None = None, limits: Limits = LIMITS, names: Iterable[str] = ()) -> Code:
    """What the source files of a build context say.

    `dockerfile` is relative to the folder, as in a Compose file. Of `names`, those that stand anywhere in a source
    file, or in a file of settings that code may load, are put `aside`.
    """
    wanted = {name.encode(): name for name in names}
    walk = build_context.code_files(folder, dockerfile, limits, settings=bool(wanted))
    reader = _Reader(walk, wanted)
    for file in walk.files:
        data = walk.read(file)
        if data is not None:
            reader.add(file, data)
    return reader.code()


def _stands_for(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern.startswith("*") and name.endswith(pattern[1:])


class _Found:
    """Something that code does with variables: where, and the variable's name or why it has none."""

    __slots__ = ("at", "kind", "name", "span")

    def __init__(self, at: int, kind: Kind, name: str, start: int = 0, end: int = 0) -> None:
        self.at = at  # where the code begins, not the name
        self.kind: Kind = kind
        self.name = name  # or the reason
        self.span = (start, end)


class _Probe:
    """One way to read variables.

    `needle` is in every file that has it. Its pattern begins with a literal, so that it is searched as fast as a word,
    and gives nothing back that it took (`*+`), so that no text is slow. The groups `name` and `key` are a name, `list`
    and `more` hold names in quotes, `write` and `put` are an assignment, `ignore` is harmless; with none of them a
    match is opaque, unless `before` finds a name in front of it. Where none of the words of `where` is in the file, a
    match may mean something else. An `anywhere` one also counts inside of strings.
    """

    __slots__ = ("_pattern", "anywhere", "before", "find", "kind", "needle", "reason", "source", "where")

    def __init__(
        self,
        needle: str,
        pattern: str,
        reason: str = "",
        where: tuple[str, ...] = (),
        anywhere: bool = False,
        kind: Kind = READ,
        before: Callable[[str, int], list[_Found]] | None = None,
        find: Callable[[_Probe, str], Iterator[_Found]] | None = None,
    ) -> None:
        self.needle = needle.encode()
        self.source = pattern
        self.reason = reason
        self.where = where
        self.anywhere = anywhere
        self.kind: Kind = kind
        self.before = before
        self.find = find or _matches
        self._pattern: re.Pattern[str] | None = None

    def pattern(self) -> re.Pattern[str]:
        """Compiled where the first file needs it: that takes as long as to read many files."""
        if self._pattern is None:
            self._pattern = re.compile(self.source)
        return self._pattern


def _matches(probe: _Probe, text: str) -> Iterator[_Found]:
    known = not probe.where or any(word in text for word in probe.where)
    for match in probe.pattern().finditer(text):
        yield from _of_match(probe, match, known)


def _of_match(probe: _Probe, match: re.Match[str], known: bool) -> Iterator[_Found]:
    groups = match.groupdict()
    at = match.start()
    group = "name" if groups.get("name") is not None else "key"
    if groups.get(group) is not None:
        written = groups.get("write") is not None or groups.get("put") is not None
        name = match[group].replace(":", "__")  # as .NET does
        if known or name.isupper():
            yield _Found(at, WRITE if written else probe.kind if known else MAYBE, name, *match.span(group))
    elif groups.get("ignore") is None and known:
        found = [one for group in ("list", "more") if groups.get(group) for one in _listed(probe, match, group)]
        if not found and probe.before:
            found = probe.before(match.string, at)
        yield from found
        if not found and probe.reason:
            yield _Found(at, OPAQUE, probe.reason)


def _listed(probe: _Probe, match: re.Match[str], group: str) -> Iterator[_Found]:
    for name in re.compile(_ANY_QUOTED).finditer(match.string, *match.span(group)):
        yield _Found(match.start(), probe.kind, name[2], *name.span(2))


_ANY_QUOTED = r"""(["'`])([\w.\-]{1,200})\1"""


def _asked_for(text: str, at: int) -> list[_Found]:
    """The name of `"X" in os.environ`."""
    start = max(0, at - _NEAR)
    match = re.search(r"""["']([\w.\-]+)["']\s+(?:not\s+)?in\s+$""", text[start:at])
    return [_Found(at, READ, match[1], start + match.start(1), start + match.end(1))] if match else []


def _taken_apart(text: str, at: int) -> list[_Found]:
    """The names of `const { A, B: b = "x" } = process.env`."""
    if not text[max(0, at - _NEAR) : at].rstrip().endswith("="):
        return _asked_for(text, at)
    start = max(0, at - _NEAR_BRACE)
    head = text[start:at].rstrip()[:-1].rstrip()
    opened = head.rfind("{") + 1
    inside = head[opened:-1]
    if not head.endswith("}") or not opened or "..." in inside:
        return []
    # A default can be any expression: of one with commas in it, the parts look like names.
    kind = READ if _EXPRESSION.isdisjoint(inside) else MAYBE
    first = start + opened
    names = re.finditer(r"(?:^|,)\s*+([A-Za-z_$][\w$]*+)", inside)
    return [_Found(at, kind, name[1], first + name.start(1), first + name.end(1)) for name in names]


_EXPRESSION = frozenset("([`/")


def _of_os(probe: _Probe, text: str) -> Iterator[_Found]:
    """Uses of what `from os import environ as env, getenv` makes known."""
    spans: list[tuple[int, int]] = []
    tails: dict[str, str] = {}
    for match in probe.pattern().finditer(text):
        before = text[max(0, match.start() - len("import ")) : match.start()]
        if match[1] is None:
            if before == "import ":
                yield _Found(match.start(), OPAQUE, probe.reason)
            continue
        if not before.endswith("from "):
            continue
        spans.append(match.span())
        for part in match[1].strip("()").split(","):
            words = part.split()
            if words == ["*"]:
                tails.update(_OF_OS)
            elif words and words[0] in _OF_OS and words[-1].isidentifier():
                tails[words[-1]] = _OF_OS[words[0]]
    for name, tail in tails.items():
        known = _Probe(name, rf"{name}(?<![\w.]{name})(?!\w){tail}", RUN_TIME, before=_asked_for)
        yield from _outside(spans, _matches(known, text))


def _of_module(probe: _Probe, text: str) -> Iterator[_Found]:
    """Names that `import { A } from "$env/static/private"` brings, and uses of an `env` that is imported."""
    spans: list[tuple[int, int]] = []
    names: set[str] = set()
    for match in probe.pattern().finditer(text):
        start = text.rfind("import", max(0, match.start() - _NEAR_BRACE), match.start())
        if start < 0 or not text[start : match.start()].removesuffix("node:").rstrip("\"' \t\r\n").endswith("from"):
            continue
        spans.append((start, match.end()))
        opened, closed = text.find("{", start, match.start()), text.rfind("}", start, match.start())
        if opened < 0 and probe.reason:
            yield _Found(start, OPAQUE, probe.reason)
        parts = re.compile(r"(?:\{|,)\s*+(\w++)(?:\s++as\s++(\w++))?+").finditer(text, max(opened, start), closed)
        for part in parts if 0 <= opened < closed else ():
            if "static" in match[0]:
                yield _Found(start, READ, part[1], *part.span(1))
            elif part[1] == "env":
                names.add(part[2] or part[1])
    for name in sorted(names):
        known = _Probe(name, rf"{name}(?<![\w$.]{name})(?![\w$]|\s*+:){_JS_MAPPING}", RUN_TIME, before=_taken_apart)
        yield from _outside(spans, _matches(known, text))


def _outside(spans: list[tuple[int, int]], found: Iterator[_Found]) -> Iterator[_Found]:
    """What was found, without what stands in the import itself."""
    at = 0
    for one in found:
        while at < len(spans) and spans[at][1] <= one.at:
            at += 1
        if at == len(spans) or one.at < spans[at][0]:
            yield one


def _of_settings(probe: _Probe, text: str) -> Iterator[_Found]:
    """The fields of a pydantic `BaseSettings`, by the names that pydantic gives their variables."""
    before = -1
    for match in probe.pattern().finditer(text):
        yield _Found(match.start(), OPAQUE, probe.reason)
        line = text.rfind("\n", 0, match.start()) + 1
        if line == before:
            continue
        before = line
        start = text.find("\n", match.end()) + 1
        if start and re.fullmatch(r"class[ \t]+\w+[ \t]*\([\w., \t=\[\]]*", text[line : match.start()]):
            after = re.compile(r"^[^\s#)]", re.MULTILINE).search(text, start)
            yield from _fields(text, start, after.start() if after else len(text))


def _fields(text: str, start: int, end: int) -> Iterator[_Found]:
    prefix = re.compile(r"""\benv_prefix\s*=\s*(?:["']([\w\-]*)["'])?""").search(text, start, end)
    indent = re.compile(r"(?:[ \t]*+\r?\n)*+([ \t]++)").match(text, start, end)
    if indent is None or (prefix and prefix[1] is None):
        return
    lines = list(re.compile(rf"^{indent[1]}(?=\S)", re.MULTILINE).finditer(text, start, end))
    for number, line in enumerate(lines):
        last = lines[number + 1].start() if number + 1 < len(lines) else end
        field = re.compile(r"([a-zA-Z]\w*)[ \t]*:(?![ \t]*ClassVar)").match(text, line.end(), last)
        if field is None or field[1] == "model_config":
            continue
        alias = re.compile(_ALIAS).search(text, field.end(), last)
        if alias is None:
            name = ((prefix[1] if prefix else "") + field[1]).upper()
            yield _Found(field.start(), READ, name, *field.span(1))
            continue
        group = 1 if alias[1] is not None else 2
        for quoted in re.compile(_ANY_QUOTED).finditer(text, *alias.span(group)):
            yield _Found(field.start(), READ, quoted[2].upper(), *quoted.span(2))


_ALIAS = (
    r"\b(?:validation_alias|alias|env)\s*=\s*"
    r"""(?:(?:AliasChoices\s*\(|\[)([^)\]]{0,500})|(["'][\w.\-]+["']))"""
)


def _of_placeholders(probe: _Probe, text: str) -> Iterator[_Found]:
    """What the `${X:default}` of Spring's `@Value` read: a variable, or a property that a variable can set."""
    for match in probe.pattern().finditer(text):
        for name in re.compile(r"\$\{([\w.\-]{1,200})").finditer(text, *match.span(1)):
            yield from _of_property(match.start(), name[1], *name.span(1))


def _of_properties(probe: _Probe, text: str) -> Iterator[_Found]:
    """What `environment.getProperty("a.b-c")` reads."""
    for match in probe.pattern().finditer(text):
        yield from _of_property(match.start(), match[1], *match.span(1))


def _of_property(at: int, name: str, start: int, end: int) -> Iterator[_Found]:
    if name.isupper():
        yield _Found(at, READ, name, start, end)
    else:
        upper = name.upper().replace(".", "_")
        yield _Found(at, MAYBE, upper.replace("-", "_"))
        yield _Found(at, MAYBE, upper.replace("-", ""))


_RAW_LEADS = ("r", "R", "@")  # stand between what makes code of a part of a string, and the string
# The word is in many files, in words of another kind.
_GATES = {b"env": rb"env(?!ironment|elope)"}


class _Language:
    """How the files of one language are read.

    `gates` are words of which every file that reads variables has one. `tokens` finds comments and strings, `openings`
    say what begins code inside of a string: what stands before it or the quote itself, and the opening. `imports` finds
    the names of modules, in bytes.
    """

    __slots__ = ("_imports", "_tokens", "gates", "imports", "openings", "probes", "registry", "tokens")

    def __init__(
        self,
        gates: str,
        tokens: str,
        probes: tuple[_Probe, ...],
        openings: tuple[tuple[str, str], ...] = (),
        registry: str = "",
        imports: tuple[bytes, ...] = (),
    ) -> None:
        self.gates = tuple(word.encode() for word in gates.split())
        self.probes = probes
        self.openings = openings
        self.registry = registry
        self.tokens = tokens
        self.imports = imports
        self._tokens: re.Pattern[str] | None = None
        self._imports: list[re.Pattern[bytes]] | None = None

    def modules(self, data: bytes) -> list[bytes]:
        """The names of the modules that a file imports."""
        if self.registry == "py" and b"import" not in data:
            return []  # its pattern begins with a line break, which takes long to find everywhere
        if self._imports is None:
            self._imports = [re.compile(pattern) for pattern in self.imports]
        return [name for pattern in self._imports for name in pattern.findall(data)]

    def probing(self, data: bytes) -> list[_Probe]:
        """The probes to try on a file: their needles stand near a gate, so that the file is searched for few words."""
        near: list[bytes] = []
        for gate in self.gates:
            if gate in data:
                matches = re.compile(_GATES.get(gate) or re.escape(gate)).finditer(data)
                near.extend(data[max(0, match.start() - _REACH) : match.end() + _REACH] for match in matches)
        parts = b"\n".join(near) if len(near) < _MANY else data
        return [probe for probe in self.probes if probe.needle in parts] if near else []

    def found(self, probes: list[_Probe], text: str) -> Iterator[_Found]:
        """All that a file does with variables; what stands in a comment or a string is only `MAYBE`."""
        doubtful: list[_Found] = []
        for probe in probes:
            if probe.anywhere:
                yield from probe.find(probe, text)
            else:
                doubtful.extend(probe.find(probe, text))
        if doubtful:
            doubtful.sort(key=lambda one: one.at)
            yield from self._judged(text, doubtful)

    def _judged(self, text: str, found: list[_Found]) -> Iterator[_Found]:
        if self._tokens is None:
            self._tokens = re.compile(self.tokens, re.DOTALL)
        tokens = self._tokens.finditer(text)
        start = end = 0
        for one in found:
            while end <= one.at:
                token = next(tokens, None)
                start, end = token.span() if token else (len(text), len(text) + 1)
            if start > one.at or self._is_code(text, start, one.at):
                yield one
            elif one.kind != OPAQUE:
                yield _Found(one.at, MAYBE, one.name)

    def _is_code(self, text: str, start: int, at: int) -> bool:
        """Whether a place in a string is code: in an f-string, or after `${`."""
        quote = text[start]
        if quote not in "\"'`":
            return False
        last = text[max(0, start - 1) : start]
        if last in _RAW_LEADS:
            last = text[max(0, start - 2) : start - 1]
        for lead, opening in self.openings:
            if lead == quote or (last and last in lead):
                opened = text.rfind(opening, max(start, at - _NEAR), at + len(opening) - 1)
                if opened >= 0 and text.find("}", opened, at) < 0:
                    return True
        return False


_QUOTED = r"""(?P<quote>["'`])(?P<name>[\w.\-]++)(?P=quote)\s*+"""
_FIRST = rf"\s*+\(\s*+(?:key\s*+=\s*+)?+[rRuU]?+{_QUOTED}[,)]"  # the first argument of a call
_CALL = f"(?:{_FIRST})?+"
_SET = r"\s*+=(?![=>~])"
_PY_MAPPING = (
    rf"\s*+(?:(?:\[|\.\s*+(?:get|pop|setdefault)\s*+\()\s*+[rRuU]?+{_QUOTED}(?:[,)]|\](?P<write>{_SET})?+)"
    r"|(?P<ignore>\.\s*+(?:update|clear)\b|\|=))?+"
)
_JS_MAPPING = (
    rf"\s*+(?:(?:\?\.|!?\.)\s*+(?P<key>[A-Za-z_$][\w$]*+)(?!\s*+\()(?P<write>{_SET})?+"
    rf"|(?:\?\.)?\[\s*+{_QUOTED}\](?P<put>{_SET})?+"
    r"|(?P<ignore>&&|\|\||[!=]==?))?+"
)
_RB_MAPPING = (
    r"\s*+(?:(?:\[|\.\s*+(?:fetch|key\?|has_key\?|include\?|member\?|dig|delete|values_at)\s*+\(?)\s*+"
    rf"{_QUOTED}(?P<write>\]{_SET})?+|(?P<ignore>\.\s*+(?:update|store|clear|replace)\b))?+"
)
_OF_OS = {"environ": _PY_MAPPING, "getenv": _CALL}

_STRINGS = r"""|"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?"""
_DOUBLE_QUOTES = r'|"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?'
_SINGLE_QUOTES = r"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?"
_HASHES = r"#[^\n]*+" + _DOUBLE_QUOTES + _SINGLE_QUOTES + _STRINGS
_SLASHES = r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?" + _DOUBLE_QUOTES + _STRINGS
_TEMPLATES = r"|`(?:[^`\\]++|\\.)*+`?"
_RAW = r"|`[^`]*+`?"
_MARKUP = r"|<!--(?:[^-]++|-(?!->))*+(?:-->)?"
_OWN_WORD = r"(?<!\S)#[^\n]*+"  # `#` begins a comment of YAML only after a blank
_CHARACTERS = r"""//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|"(?:[^"\\]++|\\.)*+"?|'(?:\\[^\n]{1,8}?|[^'\\\n])'"""

_ENVIRONS = ("environs", "environ.Env")
_DOTNET = "the configuration of .NET"

_PYTHON = _Language(
    "env Settings config( expandvars",
    _HASHES,
    (
        _Probe("os.environ", rf"os\.environ(?<![\w.]os\.environ)(?!\w){_PY_MAPPING}", RUN_TIME, before=_asked_for),
        _Probe("os.getenv", rf"os\.getenv(?<![\w.]os\.getenv)(?!\w){_CALL}", RUN_TIME),
        _Probe("env", r"os (?:as \w|import\s*+(\([^()]{0,500}\)|[^\n#;()]{0,300}))", RUN_TIME, find=_of_os),
        _Probe("os.environb", r"os\.environb\b", RUN_TIME),
        _Probe("config(", rf"config(?<![\w.]config)(?=\(){_CALL}", RUN_TIME, ("decouple", "starlette.config")),
        _Probe("env(", rf"env(?<![\w.]env)(?=\(){_CALL}", RUN_TIME, _ENVIRONS),
        _Probe(
            "env.",
            r"env\.(?<![\w.]env\.)(?:str|bool|int|float|list|dict|json|url|path|enum|decimal|uuid|db|cache)(?=\()"
            + _CALL,
            RUN_TIME,
            _ENVIRONS,
        ),
        _Probe("env.prefixed(", r"env\.prefixed\(", RUN_TIME),
        _Probe("envvar", rf"envvar(?<![\w.]envvar)\s*+=\s*+(?:{_QUOTED}|[\[(](?P<list>[^\])]{{0,300}}))?+", RUN_TIME),
        _Probe("env_var", rf"env_var(?<![\w.]env_var)\s*+=\s*+(?:{_QUOTED})?+", RUN_TIME),
        _Probe("auto_env", r"auto_env(?:var|_var)_prefix\b", RUN_TIME),
        _Probe("from_prefixed_env", r"from_prefixed_env\b", RUN_TIME),
        _Probe("expandvars", r"expandvars\b(?=\()", RUN_TIME),
        _Probe("BaseSettings", r"BaseSettings\b", "pydantic settings", find=_of_settings),
    ),
    (("fFtT", "{"),),
    "py",
    (rb"\n[ \t]*+(?:from|import)[ \t]++([\w.]++(?:[ \t]++import[ \t]++\w++|(?:[ \t]*+,[ \t]*+[\w.]++)*+))",),
)
_JS_PROBES = (
    _Probe(
        "process.env",
        r"process\.env(?:(?<![\w$.]process\.env)|(?<=\.\.\.process\.env)|(?<=\bglobalThis\.process\.env)"
        r"|(?<=\bglobal\.process\.env))(?![\w$])" + _JS_MAPPING,
        RUN_TIME,
        before=_taken_apart,
    ),
    _Probe(
        "import.meta.env",
        # Not the names that Vite and Astro set themselves.
        r"import\.meta\.env(?![\w$])(?!\??\.(?:MODE|BASE_URL|PROD|DEV|SSR|SITE|ASSETS_PREFIX)\b)" + _JS_MAPPING,
        RUN_TIME,
        before=_taken_apart,
    ),
    _Probe("Bun.env", r"Bun\.env(?<![\w$.]Bun\.env)(?![\w$])" + _JS_MAPPING, RUN_TIME, before=_taken_apart),
    _Probe(
        "Deno.env",
        rf"Deno\.env(?<![\w$.]Deno\.env)(?![\w$])(?:\s*+\.\s*+(?:(?:get|has){_FIRST}|(?P<ignore>(?:set|delete)\b)))?+",
        RUN_TIME,
    ),
    _Probe("$env/", r"""\$env/(?:static|dynamic)/(?:private|public)(?=["'])""", RUN_TIME, find=_of_module),
    _Probe("process", r"""process(?=["'])(?:(?<=["']process)|(?<=["']node:process))""", find=_of_module),
    _Probe(
        "ConfigService",
        r"onfig\w*+\s*+[!?]?+\.\s*+get(?:OrThrow)?+\s*+(?:<[^<>()\n]{1,80}>\s*+)?+\(\s*+"
        r"""(?P<quote>["'`])(?P<name>[A-Z][A-Z0-9_]*+)(?P=quote)""",
        where=("@nestjs/config",),
    ),
    _Probe("untimeConfig", r"untimeConfig(?=\s*+[(:])", "Nuxt's runtime configuration"),
    _Probe(".env(", r"""\.env\(\s*+["'`]""", RUN_TIME, ("commander", "yargs")),
)
_JS_IMPORTS = (
    rb"""from\s*+["']([@\w][\w@/.\-]*+)["']""",
    rb"""import\s*+\(?+["']([@\w][\w@/.\-]*+)["']""",
    rb"""require\(["']([@\w][\w@/.\-]*+)["']""",
)
_LANGUAGES = {
    "python": _PYTHON,
    "javascript": _Language(
        "env ConfigService untimeConfig", _SLASHES + _TEMPLATES, _JS_PROBES, (("`", "${"),), "js", _JS_IMPORTS
    ),
    "markup": _Language(
        "env ConfigService untimeConfig", _SLASHES + _TEMPLATES + _MARKUP, _JS_PROBES, (("`", "${"),), "js", _JS_IMPORTS
    ),
    "go": _Language(
        "env Env os.Expand(",
        _SLASHES + _RAW,
        (
            *(
                _Probe(
                    word,
                    rf"{word}(?:(?<=\bos\.{word})|(?<=\bsyscall\.{word}))(?!\w)(?:\s*+\(\s*+{_QUOTED}\))?+",
                    RUN_TIME,
                )
                for word in ("Getenv", "LookupEnv")
            ),
            _Probe("Setenv", rf"Setenv(?<=\bos\.Setenv)\s*+\(\s*+{_QUOTED},", kind=WRITE),
            _Probe("os.Environ", r"os\.Environ\b", RUN_TIME),
            _Probe("ExpandEnv", r"ExpandEnv\b", RUN_TIME),
            _Probe("os.Expand(", r"os\.Expand\(", RUN_TIME),
            _Probe('env:"', r'env:"(?<=[`\s]env:")(?P<name>[\w.\-]++)', anywhere=True),
            _Probe('envconfig:"', r'envconfig:"(?P<name>[\w.\-]++)', anywhere=True),
            _Probe('envPrefix:"', r'envPrefix:"', RUN_TIME, anywhere=True),
            _Probe(
                "EnvVar",
                rf"EnvVars?+\b(?:\s*+:\s*+{_QUOTED}|\s*+:\s*+\[\]string\s*+\{{(?P<list>[^{{}}\n]{{1,300}})"
                r"|\s*+\((?P<more>[^()\n]{1,300}))?+",
                RUN_TIME,
            ),
        ),
        registry="go",
        imports=(rb'"([\w\-]++(?:\.[\w\-]++)++/[\w./\-]++)"',),
    ),
    "jvm": _Language(
        "getenv .env envOr systemEnvironment @Value getProperty @ConfigurationProperties",
        _SLASHES,
        (
            _Probe(
                "System.getenv",
                rf"System\.getenv(?!\w)\s*+(?:\(\s*+{_QUOTED}\)|\(\s*+\)\s*+(?:\[\s*+|\.\s*+(?:get|getOrDefault|containsKey)"
                r"""\s*+\(\s*+)"(?P<key>[\w.\-]++)")?+""",
                RUN_TIME,
            ),
            _Probe("lang.System.getenv", r"lang\.System\.getenv\s*+(?:;|\n)", RUN_TIME),
            _Probe(
                "System.env",
                rf"System\.env(?!\w)(?:\.(?P<key>[A-Z]\w*+)|\s*+\[\s*+{_QUOTED}\])?+",
                RUN_TIME,
            ),
            _Probe("sys.env", rf"sys\.env(?!\w)(?:\s*+\.\s*+(?:getOrElse|get|apply|contains))?+{_CALL}", RUN_TIME),
            _Probe("envOr", rf"envOr(?:Else|None|Some){_CALL}", RUN_TIME),
            _Probe(
                "systemEnvironment",
                rf"systemEnvironment(?:\[\s*+{_QUOTED}\]|\.(?P<key>[A-Z]\w*+))?+",
                RUN_TIME,
                anywhere=True,
            ),
            _Probe("@Value", r'@Value\s*+\(\s*+(?:value\s*+=\s*+)?+"([^"\n]{0,500})"', find=_of_placeholders),
            _Probe("getProperty", r'getProperty(?<!System\.getProperty)\s*+\(\s*+"([\w.\-]++)"', find=_of_properties),
            _Probe("@ConfigurationProperties", r"@ConfigurationProperties\b", "Spring properties"),
        ),
        (('"', "${"),),
        "jvm",
        (rb"\nimport[ \t]++(?:static[ \t]++)?+([\w.]++)",),
    ),
    "csharp": _Language(
        "EnvironmentVariable onfig Builder",
        _SLASHES,
        (
            _Probe("GetEnvironmentVariable", rf"GetEnvironmentVariable(?!\w){_CALL}", RUN_TIME),
            _Probe("GetEnvironmentVariables", r"GetEnvironmentVariables\b", RUN_TIME),
            _Probe("ExpandEnvironmentVariables", r"ExpandEnvironmentVariables\b", RUN_TIME),
            _Probe("AddEnvironmentVariables", r"AddEnvironmentVariables\b", _DOTNET),
            _Probe("Create", r"Create(?:Slim|Empty|Default|Application)?+Builder\b(?<!Kernel\.CreateBuilder)", _DOTNET),
            _Probe(
                "onfig",
                r"onfig(?:uration)?+(?<=[cC]onfig|ration)\s*+[!?]?+(?:\[|\.\s*+Get(?:Value|Section|RequiredSection)\s*+"
                rf'(?:<[^<>()\n]{{1,80}}>\s*+)?+\()\s*+"(?P<name>[\w.:\-]++)"\s*+(?:[,)]|\](?P<write>{_SET})?+)',
            ),
        ),
        (("$", "{"),),
    ),
    "ruby": _Language(
        "ENV",
        _HASHES,
        (_Probe("ENV", rf"ENV(?<![\w.$]ENV)(?<!\w::ENV)(?!\w){_RB_MAPPING}", RUN_TIME),),
        (('"', "#{"),),
    ),
    "rust": _Language(
        "env Environment::",
        _CHARACTERS,
        (
            _Probe("env::var", rf"env::var(?:_os)?+(?!\w)(?:\s*+\(\s*+{_QUOTED}\))?+", RUN_TIME),
            _Probe("env::vars", r"env::vars(?:_os)?+\b", RUN_TIME),
            _Probe("env::{", r"env::\{[^}\n]{0,200}\bvars?(?:_os)?\b", RUN_TIME),
            _Probe("dotenv", rf"dotenv(?:y)?+::var\b(?:\s*+\(\s*+{_QUOTED}\))?+", RUN_TIME),
            _Probe("env!", rf"env!\s*+\(\s*+{_QUOTED}[,)]"),
            _Probe("env", rf"env(?<![\w.]env)\s*+=\s*+{_QUOTED}(?=[,)])"),
            _Probe("#[", r"#\[(?:arg|clap|command|option|structopt)\([^\]\n]{0,100}?\benv\s*+[,)]", RUN_TIME),
            _Probe("#[envconfig", rf"#\[envconfig\([^\]\n]{{0,100}}?from\s*+=\s*+{_QUOTED}"),
            _Probe(".env(", rf"\.env\s*+\(\s*+{_QUOTED}\)"),
            _Probe("Environment::", r"Environment::(?:with_prefix|default)\b", "the config crate"),
        ),
        registry="rs",
        imports=(rb"use[ \t]++(\w++)",),
    ),
    "php": _Language(
        "env Env:: ENV SERVER",
        r"#(?!\[)[^\n]*+|" + _SLASHES,
        (
            _Probe("getenv", rf"getenv(?<![\w>:$]getenv)(?=\s*+\(){_CALL}", RUN_TIME),
            _Probe("$_ENV", rf"\$_ENV\b(?:\s*+\[\s*+{_QUOTED}\](?P<write>{_SET})?+)?+", RUN_TIME),
            _Probe("$_SERVER", rf"\$_SERVER\b(?:\s*+\[\s*+{_QUOTED}\](?P<write>{_SET})?+)?+", RUN_TIME),
            _Probe("env(", rf"env(?<![\w>:$\\]env)(?=\(){_CALL}", RUN_TIME),
            _Probe("Env::get", rf"Env::get(?:OrFail)?+{_CALL}", RUN_TIME),
            _Probe("env:", rf"env:(?<=[(\s,]env:)\s*+{_QUOTED}", where=("Autowire",)),
            _Probe("%env(", r"%env\((?:\w++:)*+(?P<name>[A-Za-z_]\w*+)\)%", anywhere=True),
        ),
        (('"', "{$"),),
    ),
    "elixir": _Language(
        "env",
        _HASHES,
        (
            _Probe("System.", rf"System\.(?:get_env|fetch_env)(?!\w)!?+(?:\s*+\(?\s*+{_QUOTED})?+", RUN_TIME),
            _Probe("env!", rf"env!(?<![\w.]env!){_CALL}", "", ("Dotenvy",)),
        ),
        (('"', "#{"),),
    ),
    build_context.SPRING: _Language("${", _OWN_WORD, (_Probe("${", r"\$\{(?P<name>[A-Z][A-Z0-9_]*+)(?=[:}])"),)),
    build_context.HOCON: _Language(
        "${", r'"(?:[^"\\\n]++|\\.)*+"?|(?://|#)[^\n]*+', (_Probe("${", r"\$\{\??+(?P<name>[A-Z][A-Z0-9_]*+)\}"),)
    ),
    build_context.RAILS_OR_SYMFONY: _Language(
        "ENV %env(",
        _OWN_WORD,
        (
            _Probe("ENV", rf"ENV(?<!\wENV)(?:\[|\.fetch\s*+\()\s*+{_QUOTED}"),
            _Probe("%env(", r"%env\((?:\w++:)*+(?P<name>[A-Za-z_]\w*+)\)%"),
        ),
    ),
    TEXT: _Language("", "", ()),
}


class _Library:
    """A library that reads variables by itself: names that it reads, and why it may read others.

    Of `maybe` names it is not said that they are read: that depends on how the library is used.
    """

    __slots__ = ("maybe", "name", "opaque", "reads")

    def __init__(self, name: str, reads: str = "", maybe: str = "", opaque: bool = False) -> None:
        self.name = name
        self.reads = tuple(reads.split())
        self.maybe = tuple(maybe.split())
        self.opaque = opaque


_OPENAI = "OPENAI_API_KEY OPENAI_BASE_URL OPENAI_ORG_ID OPENAI_PROJECT_ID"
_LITELLM = "OPENAI_BASE_URL OPENAI_API_BASE OPENAI_API_KEY OLLAMA_API_BASE *_API_BASE *_API_KEY"

# As the libraries' own source says (November 2026). The registry and the name of a module or of a package; a dot or a
# slash in it goes further down. The more special name wins.
_LIBRARIES = {
    "py:openai js:openai go:github.com/openai/openai-go rb:openai": _Library("the OpenAI SDK", _OPENAI),
    "rs:async_openai jvm:com.openai": _Library("", maybe=_OPENAI),  # not all versions; only where it is told to
    "py:langchain_openai": _Library(
        "LangChain", f"{_OPENAI} OPENAI_API_BASE OPENAI_ORGANIZATION", "OPENAI_PROXY OPENAI_API_VERSION"
    ),
    "js:@langchain/openai": _Library("LangChain", f"{_OPENAI} OPENAI_ORGANIZATION"),
    "py:langchain_ollama": _Library("LangChain", "OLLAMA_HOST"),
    "py:langchain py:langchain_community js:langchain": _Library(
        "", maybe=f"{_OPENAI} OPENAI_API_BASE OLLAMA_HOST OLLAMA_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL"
    ),
    "go:github.com/tmc/langchaingo/llms/openai": _Library(
        "LangChainGo", "OPENAI_API_KEY OPENAI_BASE_URL", "OPENAI_MODEL OPENAI_ORGANIZATION"
    ),
    "js:@ai-sdk/openai": _Library("the AI SDK", "OPENAI_API_KEY OPENAI_BASE_URL"),
    "js:@ai-sdk/anthropic": _Library("the AI SDK", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "py:ollama": _Library("the Ollama client", "OLLAMA_HOST", "OLLAMA_API_KEY"),
    "go:github.com/ollama/ollama/api": _Library("", maybe="OLLAMA_HOST"),
    "py:litellm py:dspy": _Library("LiteLLM", _LITELLM),
    "py:anthropic js:@anthropic-ai/sdk go:github.com/anthropics/anthropic-sdk-go": _Library(
        "the Anthropic SDK", "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL"
    ),
    "py:google.genai py:google_genai js:@google/genai go:google.golang.org/genai": _Library(
        "the Gen AI SDK", "GOOGLE_API_KEY GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL GOOGLE_*"
    ),
    "py:mistralai js:@mistralai/mistralai": _Library("the Mistral SDK", maybe="MISTRAL_API_KEY"),
    "py:cohere js:cohere-ai": _Library("the Cohere SDK", "CO_API_KEY", "CO_API_URL"),
    "py:groq js:groq-sdk": _Library("the Groq SDK", "GROQ_API_KEY GROQ_BASE_URL"),
    "py:openai_agents js:@openai/agents": _Library("the OpenAI Agents SDK", _OPENAI, "OPENAI_DEFAULT_MODEL"),
    "py:pydantic_ai py:pydantic_ai_slim": _Library(
        "Pydantic AI", _OPENAI, "OLLAMA_BASE_URL OLLAMA_API_KEY *_BASE_URL *_API_KEY"
    ),
    "py:crewai": _Library("CrewAI", f"{_LITELLM}", "OPENAI_MODEL_NAME MODEL MODEL_NAME"),
    "py:llama_index.llms.openai py:llama_index_llms_openai": _Library(
        "LlamaIndex", "OPENAI_API_KEY OPENAI_API_BASE", "OPENAI_API_VERSION OPENAI_BASE_URL"
    ),
    "py:autogen_ext.models.openai": _Library("AutoGen", _OPENAI),
    "py:haystack py:haystack_ai py:google.adk py:google_adk py:autogen py:llama_index py:smolagents py:instructor": (
        _Library("", maybe=f"{_OPENAI} OPENAI_API_BASE OLLAMA_HOST OLLAMA_API_BASE GOOGLE_API_KEY HF_TOKEN")
    ),
    "py:huggingface_hub py:transformers py:sentence_transformers py:datasets py:diffusers": _Library(
        "huggingface_hub", "HF_*"
    ),
    "py:langfuse js:langfuse js:@langfuse/client js:@langfuse/otel": _Library("Langfuse", "LANGFUSE_*"),
    "jvm:org.springframework.boot": _Library("Spring Boot", "SPRING_*"),
    "jvm:io.quarkus jvm:org.eclipse.microprofile.config": _Library("Quarkus", opaque=True),
    "jvm:io.micronaut": _Library("Micronaut", opaque=True),
    "jvm:io.github.cdimascio jvm:org.aeonbits.owner jvm:com.sksamuel.hoplite": _Library(RUN_TIME, opaque=True),
    "py:dynaconf": _Library("dynaconf", opaque=True),
    "py:hydra py:omegaconf": _Library("hydra", opaque=True),
    "py:pydantic_settings": _Library("pydantic settings", opaque=True),
    "py:starlette.config py:configurations py:envyaml py:pyaml_env py:everett py:prettyconf py:goodconf py:confuse": (
        _Library(RUN_TIME, opaque=True)
    ),
    "py:typed_settings py:configargparse py:betterconf py:environ_config": _Library(RUN_TIME, opaque=True),
    "py:airflow py:apache_airflow": _Library("Airflow", opaque=True),
    "py:langflow": _Library("Langflow", opaque=True),
    "py:open_webui": _Library("Open WebUI", opaque=True),
    "py:chainlit py:prefect py:mlflow": _Library(RUN_TIME, opaque=True),
    "js:n8n js:n8n-workflow": _Library("n8n", opaque=True),
    "js:flowise js:flowise-components": _Library("Flowise", opaque=True),
    "js:librechat-data-provider": _Library("LibreChat", opaque=True),
    "js:envalid js:convict js:env-var js:envsafe js:znv js:nconf js:config js:rc js:dotenv-expand": _Library(
        RUN_TIME, opaque=True
    ),
    "js:@t3-oss/env-core js:@t3-oss/env-nextjs js:@t3-oss/env-nuxt js:@fastify/env js:env-schema": _Library(
        RUN_TIME, opaque=True
    ),
    "go:github.com/spf13/viper": _Library("viper", opaque=True),
    "go:github.com/kelseyhightower/envconfig": _Library("envconfig", opaque=True),
    "go:github.com/knadh/koanf": _Library("koanf", opaque=True),
    "go:github.com/peterbourgon/ff go:github.com/namsral/flag go:github.com/heetch/confita": _Library(
        RUN_TIME, opaque=True
    ),
    "rs:envy": _Library("envy", opaque=True),
    "rs:figment": _Library("figment", opaque=True),
    "rs:twelf rs:confique": _Library(RUN_TIME, opaque=True),
    "rb:anyway_config rb:figaro rb:config rb:dry-configurable": _Library(RUN_TIME, opaque=True),
}
_INDEX = {key: library for keys, library in _LIBRARIES.items() for key in keys.split()}
# Names that some SDK reads by itself; also one that is not in the tables above may read them.
SDK_NAMES = frozenset(
    name for library in _LIBRARIES.values() for name in library.reads + library.maybe if "*" not in name
)
# Code that gives an SDK its endpoint: then the SDK does not look for one.
_GIVES_ENDPOINT = (b"base_url", b"baseURL", b"baseUrl", b"BaseURL", b"api_base", b"basePath", b"host=", b"endpoint")
_ENDPOINT = ("BASE", "HOST", "ENDPOINT", "URL")


def _library(registry: str, module: str) -> _Library | None:
    """What is known of a module or package, or of the one that it is a part of."""
    name = module
    while name:
        if known := _INDEX.get(f"{registry}:{name}"):
            return known
        cut = max(name.rfind("/"), name.rfind(".") if registry in ("py", "jvm") else -1)
        name = name[: max(cut, 0)]
    return None


def _python_modules(clause: str) -> list[str]:
    """The modules of `a import b` and of `a, b`."""
    words = clause.split()
    if len(words) == 3 and words[1] == "import":
        return [f"{words[0]}.{words[2]}"]
    return clause.replace(",", " ").split()


def _packages(manifest: str, text: str) -> Iterator[tuple[str, str, bool]]:
    """The packages that a manifest names, each with its registry and whether the program itself needs it."""
    if manifest == "package.json":
        for block in re.finditer(r'"(\w*)[dD]ependencies"\s*+:\s*+\{([^{}]*+)\}', text):
            needed = block[1] in ("", "optional")
            yield from (("js", name, needed) for name in re.findall(r'"([^"\n]++)"\s*+:', block[2]))
    elif manifest == REQUIREMENTS:
        yield from (("py", _as_module(name), True) for name in re.findall(r"(?:^|\n)[ \t]*+([A-Za-z][\w.\-]*+)", text))
    elif manifest == "go.mod":
        for name, rest in re.findall(r"(?<![\w.\-/])([\w\-]++\.[\w.\-]++/[\w./\-]++)[ \t]++v\d([^\n]*+)", text):
            yield "go", name, "// indirect" not in rest
    elif manifest == "gemfile":
        yield from (("rb", name, True) for name in re.findall(r"""\n[ \t]*+gem\s++["']([\w\-]++)""", "\n" + text))
    elif manifest == "jvm manifest":
        yield from (("jvm", key[4:], True) for key in _INDEX if key.startswith("jvm:") and key[4:] in text)
    else:
        yield from _toml_packages(text, "py" if manifest == "pyproject" else "rs")


def _toml_packages(text: str, registry: str) -> Iterator[tuple[str, str, bool]]:
    section = ""
    array = ""  # the key of one that goes on
    for line in text.split("\n"):
        words = line.partition("#")[0].strip()
        if words.startswith("[") and not array:
            section = words.strip("[] ")
            continue
        key, equals, value = words.partition("=")
        if not array and value.lstrip().startswith("["):
            array = key.strip()
        if array:
            if _names_packages(section) or (section, array) == ("project", "dependencies"):
                found = re.findall(r"""["']([A-Za-z][\w.\-]*+)""", words)
                yield from ((registry, _as_module(name), section == "project") for name in found)
            array = "" if words.endswith("]") else array
        elif equals and _names_packages(section):
            yield registry, _as_module(key.strip().strip("\"'")), section in _RUN_TIME_SECTIONS


def _names_packages(section: str) -> bool:
    return "dependenc" in section or "packages" in section


_RUN_TIME_SECTIONS = ("dependencies", "workspace.dependencies", "tool.poetry.dependencies", "packages")


def _as_module(package: str) -> str:
    return re.sub(r"[-_.]+", "_", package).lower()


class _Reader:
    """Gathers what the files of one walk say."""

    __slots__ = (
        "_aside",
        "_endpoint_given",
        "_files",
        "_implicit",
        "_opaque",
        "_reads",
        "_seen",
        "_walk",
        "_wanted",
        "_written",
    )

    def __init__(self, walk: Walk, wanted: dict[bytes, str]) -> None:
        self._walk = walk
        self._wanted = wanted  # not yet seen
        self._reads: dict[str, Span] = {}
        self._aside: set[str] = set()
        self._written: set[str] = set()
        self._implicit: dict[str, str] = {}
        self._opaque = ""
        self._seen: dict[str, _Library | None] = {}
        self._endpoint_given = False
        self._files = 0

    def add(self, file: CodeFile, data: bytes) -> None:
        """Read one file."""
        for name in [name for name in self._wanted if name in data and is_word(self._wanted[name], data)]:
            self._aside.add(self._wanted.pop(name))
        if file.language in _MANIFEST_KINDS:
            self._add_manifest(file, data)
        elif file.language != TEXT:
            self._add_code(file, data, _LANGUAGES[file.language])

    def code(self) -> Code:
        """All that was gathered."""
        if self._endpoint_given:
            self._set_aside(name for name in self._implicit if any(word in name for word in _ENDPOINT))
        # What a program sets itself it need not be given.
        self._set_aside(self._written)
        unread = self._walk.unread
        if unread and not self._opaque:
            self._opaque = f"contains {unread if unread.startswith('a ') else f'{unread} code'}"
        aside = frozenset(self._aside.difference(self._reads, self._implicit))
        return Code(self._reads, aside, self._implicit, self._opaque, self._walk.complete, self._files)

    def _set_aside(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._aside.add(name)
            self._reads.pop(name, None)
            self._implicit.pop(name, None)

    def _add_manifest(self, file: CodeFile, data: bytes) -> None:
        text = data.decode(errors="replace")
        of_development = file.language == REQUIREMENTS and re.search(r"dev|test|lint|docs", file.name) is not None
        for registry, name, needed in _packages(file.language, text):
            if known := _library(registry, name):
                self._use(known, needed and file.place == PROGRAM and not of_development)

    def _add_code(self, file: CodeFile, data: bytes, language: _Language) -> None:
        self._files += file.place == PROGRAM
        data = data.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in data:
            self._walk.complete = False
            return
        if language.imports and self._imports(file, data, language):
            self._endpoint_given = self._endpoint_given or any(word in data for word in _GIVES_ENDPOINT)
        probes = language.probing(data)
        if probes and len(data) > MAX_LINE and _has_long_line(data):
            self._walk.complete = False
        elif probes:
            text = data.decode(errors="replace")
            self._add_found(file, text, language.found(probes, text))

    def _add_found(self, file: CodeFile, text: str, all_found: Iterator[_Found]) -> None:
        source: Source | None = None
        for found in all_found:
            if found.kind == OPAQUE:
                if file.place != TEST:
                    self._opaque = self._opaque or found.name
            elif found.kind == MAYBE or file.place != PROGRAM:
                self._aside.add(found.name)
            elif found.kind == WRITE:
                self._written.add(found.name)
            elif found.name not in self._reads:
                source = source or Source(self._path(file), text, private=True)
                self._reads[found.name] = Span(source, *found.span)

    def _imports(self, file: CodeFile, data: bytes, language: _Language) -> bool:
        """Whether a file imports a library of the tables."""
        known = False
        for clause in language.modules(b"\n" + data):
            name = clause.decode(errors="replace")
            key = f"{language.registry}:{file.place}:{name}"
            if key not in self._seen:
                modules = _python_modules(name) if language.registry == "py" else [name]
                libraries = [library for module in modules if (library := _library(language.registry, module))]
                self._seen[key] = libraries[0] if libraries else None
                for library in libraries:
                    self._use(library, file.place == PROGRAM)
                    if library.opaque and file.place != TEST:
                        self._opaque = self._opaque or library.name
            known = known or self._seen[key] is not None
        return known

    def _use(self, library: _Library, sure: bool) -> None:
        self._aside.update(library.maybe)
        if not sure:
            self._aside.update(library.reads)
            return
        if library.opaque:
            self._opaque = self._opaque or library.name
        for name in library.reads:
            self._implicit.setdefault(name, library.name)

    def _path(self, file: CodeFile) -> str:
        return os.path.normpath(os.path.join(self._walk.folder, file.path))


_MANIFEST_KINDS = frozenset((REQUIREMENTS, *MANIFESTS.values()))


def _has_long_line(data: bytes) -> bool:
    """Whether a program wrote the file: what it says of names in it is not worth the time."""
    at = 0
    while len(data) - at > MAX_LINE:
        at = data.rfind(b"\n", at, at + MAX_LINE + 1) + 1
        if not at:
            return True
    return False

"""How a program reads environment variables, language by language: what to search, and what a match means.

A word that only such code holds is searched (`os.environ`, `process.env`); what follows it must be a name in quotes
or a known other use. A pattern gives nothing back that it took (`*+`), so that no text is slow.
"""

from __future__ import annotations

import re
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal, TypeAlias

    Kind: TypeAlias = Literal["read", "maybe", "write", "opaque"]

READ: Kind = "read"
MAYBE: Kind = "maybe"
WRITE: Kind = "write"
OPAQUE: Kind = "opaque"

TEXT = "text"  # a file that holds settings in no language of its own
SPRING = "spring"
HOCON = "hocon"
RAILS_OR_SYMFONY = "config"

RUN_TIME = "reads names at run time"
_NEAR = 200  # characters before a match that are looked at
_NEAR_BRACE = 2_000
_REACH = 160  # bytes around a gate: a needle may stand a little before it
_MANY = 1_000  # gates in a file; around more of them lies the whole file
_MOST_FOUND = 20_000  # uses of variables in a file; only a program writes more
_MOST_NAMES = 20  # under which a file imports what reads variables: the file is searched for each of them
_OFTEN = 256  # uses after which the clock is looked at


class UnreadableSource(Exception):
    """A file does more with variables than a reader should look at."""


class Found:
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
        before: Callable[[str, int], list[Found]] | None = None,
        find: Callable[[_Probe, str], Iterator[Found]] | None = None,
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


def _matches(probe: _Probe, text: str) -> Iterator[Found]:
    known = not probe.where or any(word in text for word in probe.where)
    for match in probe.pattern().finditer(text):
        yield from _of_match(probe, match, known)


def _of_match(probe: _Probe, match: re.Match[str], known: bool) -> Iterator[Found]:
    groups = match.groupdict()
    at = match.start()
    group = "name" if groups.get("name") is not None else "key"
    if groups.get(group) is not None:
        written = groups.get("write") is not None or groups.get("put") is not None
        name = match[group].replace(":", "__")  # as .NET does
        if known or name.isupper():
            yield Found(at, WRITE if written else probe.kind if known else MAYBE, name, *match.span(group))
    elif groups.get("ignore") is None and known:
        found = [one for group in ("list", "more") if groups.get(group) for one in _listed(probe, match, group)]
        if not found and probe.before:
            found = probe.before(match.string, at)
        yield from found
        if not found and probe.reason:
            yield Found(at, OPAQUE, probe.reason)


def _listed(probe: _Probe, match: re.Match[str], group: str) -> Iterator[Found]:
    for name in re.compile(_ANY_QUOTED).finditer(match.string, *match.span(group)):
        yield Found(match.start(), probe.kind, name[2], *name.span(2))


_ANY_QUOTED = r"""(["'`])([\w.\-]{1,200})\1"""


def _asked_for(text: str, at: int) -> list[Found]:
    """The name of `"X" in os.environ`."""
    start = max(0, at - _NEAR)
    match = re.search(r"""["']([\w.\-]+)["']\s+(?:not\s+)?in\s+$""", text[start:at])
    return [Found(at, READ, match[1], start + match.start(1), start + match.end(1))] if match else []


def _taken_apart(text: str, at: int) -> list[Found]:
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
    return [Found(at, kind, name[1], first + name.start(1), first + name.end(1)) for name in names]


_EXPRESSION = frozenset("([`/")


def _of_os(probe: _Probe, text: str) -> Iterator[Found]:
    """Uses of what `from os import environ as env, getenv` makes known."""
    spans: list[tuple[int, int]] = []
    tails: dict[str, str] = {}
    for match in probe.pattern().finditer(text):
        before = text[max(0, match.start() - len("import ")) : match.start()]
        if match[1] is None:
            if before == "import ":
                yield Found(match.start(), OPAQUE, probe.reason)
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
    if len(tails) > _MOST_NAMES:
        raise UnreadableSource
    for name, tail in tails.items():
        known = _Probe(name, rf"{name}(?<![\w.]{name})(?!\w){tail}", RUN_TIME, before=_asked_for)
        yield from _outside(spans, _matches(known, text))


def _of_module(probe: _Probe, text: str) -> Iterator[Found]:
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
            yield Found(start, OPAQUE, probe.reason)
        parts = re.compile(r"(?:\{|,)\s*+(\w++)(?:\s++as\s++(\w++))?+").finditer(text, max(opened, start), closed)
        for part in parts if 0 <= opened < closed else ():
            if "static" in match[0]:
                yield Found(start, READ, part[1], *part.span(1))
            elif part[1] == "env":
                names.add(part[2] or part[1])
    if len(names) > _MOST_NAMES:
        raise UnreadableSource
    for name in sorted(names):
        known = _Probe(name, rf"{name}(?<![\w$.]{name})(?![\w$]|\s*+:){_JS_MAPPING}", RUN_TIME, before=_taken_apart)
        yield from _outside(spans, _matches(known, text))


def _outside(spans: list[tuple[int, int]], found: Iterator[Found]) -> Iterator[Found]:
    """What was found, without what stands in the import itself."""
    at = 0
    for one in found:
        while at < len(spans) and spans[at][1] <= one.at:
            at += 1
        if at == len(spans) or one.at < spans[at][0]:
            yield one


def _of_settings(probe: _Probe, text: str) -> Iterator[Found]:
    """The fields of a pydantic `BaseSettings`, by the names that pydantic gives their variables."""
    before = -1
    for match in probe.pattern().finditer(text):
        yield Found(match.start(), OPAQUE, probe.reason)
        line = text.rfind("\n", 0, match.start()) + 1
        if line == before:
            continue
        before = line
        start = text.find("\n", match.end()) + 1
        if start and re.fullmatch(r"class[ \t]+\w+[ \t]*\([\w., \t=\[\]]*", text[line : match.start()]):
            after = re.compile(r"^[^\s#)]", re.MULTILINE).search(text, start)
            yield from _fields(text, start, after.start() if after else len(text))


def _fields(text: str, start: int, end: int) -> Iterator[Found]:
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
            yield Found(field.start(), READ, name, *field.span(1))
            continue
        group = 1 if alias[1] is not None else 2
        for quoted in re.compile(_ANY_QUOTED).finditer(text, *alias.span(group)):
            yield Found(field.start(), READ, quoted[2].upper(), *quoted.span(2))


_ALIAS = (
    r"\b(?:validation_alias|alias|env)\s*=\s*"
    r"""(?:(?:AliasChoices\s*\(|\[)([^)\]]{0,500})|(["'][\w.\-]+["']))"""
)


def _of_placeholders(probe: _Probe, text: str) -> Iterator[Found]:
    """What the `${X:default}` of Spring's `@Value` read: a variable, or a property that a variable can set."""
    for match in probe.pattern().finditer(text):
        for name in re.compile(r"\$\{([\w.\-]{1,200})").finditer(text, *match.span(1)):
            yield from _of_property(match.start(), name[1], *name.span(1))


def _of_properties(probe: _Probe, text: str) -> Iterator[Found]:
    """What `environment.getProperty("a.b-c")` reads."""
    for match in probe.pattern().finditer(text):
        yield from _of_property(match.start(), match[1], *match.span(1))


def _of_property(at: int, name: str, start: int, end: int) -> Iterator[Found]:
    if name.isupper():
        yield Found(at, READ, name, start, end)
    else:
        upper = name.upper().replace(".", "_")
        yield Found(at, MAYBE, upper.replace("-", "_"))
        yield Found(at, MAYBE, upper.replace("-", ""))


_RAW_LEADS = ("r", "R", "@")  # stand between what makes code of a part of a string, and the string
# The word is in many files, in words of another kind.
_GATES = {b"env": rb"env(?!ironment|elope)"}


class Language:
    """How the files of one language are read.

    `gates` are words of which every file that reads variables has one. `tokens` finds comments and strings, `openings`
    say what begins code inside of a string: what stands before it or the quote itself, and the opening. `imports` finds
    the names of modules, in bytes. `endings` are those of its files, and `programs` what runs a file without one.
    """

    __slots__ = (
        "_imports", "_tokens", "endings", "gates", "imports", "openings", "probes", "programs", "registry", "tokens",
    )  # fmt: skip

    def __init__(
        self,
        gates: str,
        tokens: str,
        probes: tuple[_Probe, ...],
        openings: tuple[tuple[str, str], ...] = (),
        registry: str = "",
        imports: tuple[bytes, ...] = (),
        *,
        endings: str = "",
        programs: str = "",
    ) -> None:
        self.endings = tuple(endings.split())
        self.programs = tuple(word.encode() for word in programs.split())
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
                near.extend(
                    data[max(0, match.start() - _REACH) : match.end() + _REACH] for match in islice(matches, _MANY)
                )
        parts = b"\n".join(near) if len(near) < _MANY else data
        return [probe for probe in self.probes if probe.needle in parts] if near else []

    def found(self, probes: list[_Probe], text: str, is_late: Callable[[], bool]) -> Iterator[Found]:
        """All that a file does with variables; what stands in a comment or a string is only `MAYBE`.

        Raises `UnreadableSource` where that is more than a person writes, or it is late.
        """
        doubtful: list[Found] = []
        count = 0
        for probe in probes:
            for one in probe.find(probe, text):
                count += 1
                if count > _MOST_FOUND or (count % _OFTEN == 0 and is_late()):
                    raise UnreadableSource
                if probe.anywhere:
                    yield one
                else:
                    doubtful.append(one)
        if doubtful:
            doubtful.sort(key=lambda one: one.at)
            yield from self._judged(text, doubtful)

    def _judged(self, text: str, found: list[Found]) -> Iterator[Found]:
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
                yield Found(one.at, MAYBE, one.name)

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

_PYTHON = Language(
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
    endings="py pyw",
    programs="python",
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
        r"onfig\w{0,40}+\s*+[!?]?+\.\s*+get(?:OrThrow)?+\s*+(?:<[^<>()\n]{1,80}>\s*+)?+\(\s*+"
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
LANGUAGES = {
    "python": _PYTHON,
    "javascript": Language(
        "env ConfigService untimeConfig",
        _SLASHES + _TEMPLATES,
        _JS_PROBES,
        (("`", "${"),),
        "js",
        _JS_IMPORTS,
        endings="js mjs cjs jsx ts mts cts tsx",
        programs="node bun deno",
    ),
    "markup": Language(
        "env ConfigService untimeConfig",
        _SLASHES + _TEMPLATES + _MARKUP,
        _JS_PROBES,
        (("`", "${"),),
        "js",
        _JS_IMPORTS,
        endings="vue svelte astro",
    ),
    "go": Language(
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
        endings="go",
    ),
    "jvm": Language(
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
        endings="java kt kts scala groovy",
    ),
    "csharp": Language(
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
        endings="cs",
    ),
    "ruby": Language(
        "ENV",
        _HASHES,
        (_Probe("ENV", rf"ENV(?<![\w.$]ENV)(?<!\w::ENV)(?!\w){_RB_MAPPING}", RUN_TIME),),
        (('"', "#{"),),
        endings="rb ru rake erb",
        programs="ruby",
    ),
    "rust": Language(
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
        endings="rs",
    ),
    "php": Language(
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
        endings="php",
        programs="php",
    ),
    "elixir": Language(
        "env",
        _HASHES,
        (
            _Probe("System.", rf"System\.(?:get_env|fetch_env)(?!\w)!?+(?:\s*+\(?\s*+{_QUOTED})?+", RUN_TIME),
            _Probe("env!", rf"env!(?<![\w.]env!){_CALL}", "", ("Dotenvy",)),
        ),
        (('"', "#{"),),
        endings="ex exs",
        programs="elixir",
    ),
    SPRING: Language("${", _OWN_WORD, (_Probe("${", r"\$\{(?P<name>[A-Z][A-Z0-9_]*+)(?=[:}])"),)),
    HOCON: Language(
        "${", r'"(?:[^"\\\n]++|\\.)*+"?|(?://|#)[^\n]*+', (_Probe("${", r"\$\{\??+(?P<name>[A-Z][A-Z0-9_]*+)\}"),)
    ),
    RAILS_OR_SYMFONY: Language(
        "ENV %env(",
        _OWN_WORD,
        (
            _Probe("ENV", rf"ENV(?<!\wENV)(?:\[|\.fetch\s*+\()\s*+{_QUOTED}"),
            _Probe("%env(", r"%env\((?:\w++:)*+(?P<name>[A-Za-z_]\w*+)\)%"),
        ),
    ),
    TEXT: Language(
        "", "", (), endings="yml yaml toml ini cfg conf properties json xml env tmpl tpl template j2 jinja hcl"
    ),
}

"""A Dockerfile: what the stage that is built sets, exposes and runs (moby/buildkit, `frontend/dockerfile`)."""

from __future__ import annotations

from time import perf_counter

from modellint.text.numbers import whole
from modellint.text.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modellint.evidence.shell import Script
    from modellint.text.source import Source

_BLANKS = " \t"
_SHELL_FORM = ("RUN", "CMD", "ENTRYPOINT")
_SIGNS = ("$", "://", "curl", "wget", ".sh", "model-runner.docker.internal")  # of an address, a variable, a script
_FETCHES = ("ollama", "huggingface", "hf ", "hf.co", "modelscope", ".gguf", ".ggml", ".safetensors")
_RUN_BY_THE_CONTAINER = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
_LARGEST_PORT = 65535
# Steps of a build that bring packages of a language, files and users, and no programs like `curl`.
_PLAIN = frozenset(
    (
        "adduser", "addgroup", "bun", "bundle", "cargo", "cd", "chmod", "chown", "cp", "echo", "go", "groupadd", "ln",
        "mkdir", "mv", "npm", "pip", "pip3", "pnpm", "poetry", "python", "python3", "rm", "touch", "true", "useradd",
        "uv", "yarn",
    )
)  # fmt: skip
_ROOTS = ("", "/usr", "/usr/local")  # the folders that hold those of programs
_PROGRAM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")


class Instruction:
    """One instruction: its name in capitals, its text with continued lines joined, and the offset of each character."""

    __slots__ = ("name", "offsets", "text")

    def __init__(self, name: str, text: str, offsets: list[int]) -> None:
        self.name = name
        self.text = text
        self.offsets = offsets


class DockerfileVariable:
    """What `ENV` or `ARG` sets; `value` is None for an `ARG` without a default."""

    __slots__ = ("is_arg", "name", "span", "value")

    def __init__(self, name: str, value: str | None, span: Span, is_arg: bool) -> None:
        self.name = name
        self.value = value
        self.span = span  # of the name
        self.is_arg = is_arg


class ScriptAt:
    """A script of an image, in its Dockerfile or in a file. `runs` is False for what is run while it is built."""

    __slots__ = ("_offsets", "_source", "runs", "script")

    def __init__(self, source: Source, offsets: Sequence[int], script: Script, runs: bool = True) -> None:
        self._source = source
        self._offsets = (
            offsets  # of each character of the script, in the source; empty where it is not there to the letter
        )
        self.script = script
        self.runs = runs

    @property
    def is_placed(self) -> bool:
        """Whether it stands in a file of its own, to the letter."""
        return bool(self._offsets) and not self._source.path.startswith("<")

    def locate(self, start: int, end: int) -> Span:
        """Where `script.text[start:end]` stands."""
        if not self._offsets or end <= start:
            return Span(self._source, 0, 0)
        return Span(self._source, self._offsets[start], self._offsets[end - 1] + 1)


class Dockerfile:
    """What the stage that is built, and those it begins from, say. `base` is the image below all of them."""

    __slots__ = ("base", "brings", "ports", "scripts", "seconds", "variables", "words")

    def __init__(self) -> None:
        self.base = ""
        self.brings = False  # whether a step may put programs beside those of the base
        self.ports: set[int] = set()
        self.variables: dict[str, DockerfileVariable] = {}
        self.scripts: list[ScriptAt] = []
        self.seconds = 1.0  # that reading what the build runs may still take
        self.words: dict[str, list[str]] = {}  # of `ENTRYPOINT` and `CMD`, where they are lists


def read_dockerfile(source: Source, target: str = "") -> Dockerfile:
    """The stage of a Dockerfile that `target` names, or its last one."""
    stages: list[tuple[str, str, list[Instruction]]] = []  # name, base, instructions
    for instruction in _instructions(source):
        if instruction.name == "FROM":
            words = [word for word in instruction.text.split() if not word.startswith("--")]
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else str(len(stages))
            stages.append((name, words[0] if words else "", []))
        elif stages:
            stages[-1][2].append(instruction)
    first: dict[str, int] = {}
    for number, (name, _, _) in enumerate(stages):
        first.setdefault(name, number)
    found = Dockerfile()
    at = next((n for n, (name, _, _) in enumerate(stages) if name == target.lower()), len(stages) - 1)
    chain: list[int] = []
    while at >= 0:
        chain.append(at)
        found.base = stages[at][1]
        below = first.get(found.base.lower(), at)
        at = below if below < at else -1
    last: dict[str, Instruction] = {}  # of the instructions of which only the last one counts
    for at in reversed(chain):
        for instruction in stages[at][2]:
            _take(found, instruction, source)
            if instruction.name in _RUN_BY_THE_CONTAINER:
                last[instruction.name] = instruction
    for name, instruction in last.items():
        found.words[name] = _exec_form(instruction.text) or []
        if any(sign in instruction.text for sign in _SIGNS):  # the grammar of a shell takes long to load
            found.scripts.extend(_scripts(instruction, source))
    return found


def _is_plain(text: str) -> bool:
    """Whether a `RUN` only does what brings no programs of the system."""
    words = text.split()
    while words and words[0].startswith("--"):
        del words[0]
    if not words or any(sign in text for sign in ("<<", "$(", "`", "|")):
        return False
    steps = " ".join(words).replace(";", "&&").split("&&")
    firsts = [step.split() for step in steps]
    return all(not first or first[0] in _PLAIN for first in firsts)


def _take(found: Dockerfile, instruction: Instruction, source: Source) -> None:
    text = instruction.text
    match instruction.name:
        case "ENV" | "ARG":
            for variable in _variables(instruction, source):
                known = found.variables.get(variable.name)
                if known is None or not variable.is_arg:
                    found.variables[variable.name] = variable
        case "EXPOSE":
            numbers = (word.partition("/")[0] for word in text.split())
            ports = (whole(number, _LARGEST_PORT) for number in numbers)
            found.ports.update(port for port in ports if port is not None)
        case "COPY" | "ADD":
            target = text.split()[-1].strip("\"'],") if text.split() else ""
            found.brings = found.brings or target.rstrip("/") in _ROOTS or target.startswith(_PROGRAM_FOLDERS)
        case "RUN":
            found.brings = found.brings or not _is_plain(text)
            start = perf_counter()
            if found.seconds > 0 and any(sign in text for sign in _FETCHES):
                found.scripts.extend(_scripts(instruction, source))
            found.seconds -= perf_counter() - start
        case _:
            pass


def _scripts(instruction: Instruction, source: Source) -> Iterator[ScriptAt]:
    from modellint.evidence.shell import of_words, read_script

    text, name = instruction.text, instruction.name
    start = 0
    while text.startswith("--", start) and (blank := text.find(" ", start)) >= 0:  # `RUN --mount=…`, `HEALTHCHECK --…`
        start = blank + 1
    if name == "HEALTHCHECK":
        start = text.find("CMD", start) + len("CMD") if "CMD" in text[start:] else len(text)
    words = _exec_form(text[start:].lstrip())
    if words is None:
        yield ScriptAt(source, instruction.offsets[start:], read_script(text[start:]), name != "RUN")
        return
    for _, script in of_words(words):
        at = text.find(script.text)
        yield ScriptAt(source, instruction.offsets[at:] if at >= 0 else [], script, name != "RUN")


def _exec_form(text: str) -> list[str] | None:
    """The words of `["a", "b"]`; None for the shell form, which is also what a list with a mistake is taken for."""
    if not text.startswith("["):
        return None
    import json

    try:
        words: list[object] = json.loads(text)  # it begins with `[`
    except (ValueError, RecursionError):
        return None
    texts = [word for word in words if isinstance(word, str)]
    return texts if len(texts) == len(words) else None


def _variables(instruction: Instruction, source: Source) -> Iterator[DockerfileVariable]:
    text, is_arg = instruction.text, instruction.name == "ARG"
    first = text.split(None, 1)
    if not is_arg and first and "=" not in first[0]:  # `ENV NAME value`
        yield DockerfileVariable(
            first[0], first[1] if len(first) > 1 else "", _span(instruction, source, 0, len(first[0])), False
        )
        return
    for start, end in _words(text):
        name, equals, value = text[start:end].partition("=")
        span = _span(instruction, source, start, start + len(name))
        yield DockerfileVariable(name, _unquoted(value) if equals else None, span, is_arg)


def _words(text: str) -> Iterator[tuple[int, int]]:
    """The words of an instruction, split at blanks outside of quotes."""
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
            continue
        start, quote = at, ""
        while at < len(text) and (quote or text[at] not in _BLANKS):
            if text[at] == "\\" and quote != "'":
                at += 1
            elif text[at] in "'\"" and quote in ("", text[at]):
                quote = "" if quote else text[at]
            at += 1
        yield start, min(at, len(text))


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _span(instruction: Instruction, source: Source, start: int, end: int) -> Span:
    first = instruction.offsets[start]
    return Span(source, first, first + end - start)


def _instructions(source: Source) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, comments left out, continued lines joined, here-documents with their `RUN`."""
    lines = source.text.split("\n")
    escape = _escape(lines)
    at, number = 0, 0
    while number < len(lines):
        parts, offsets = list[str](), list[int]()
        more = True
        while more and number < len(lines):
            line = lines[number].rstrip("\r")
            start = len(line) - len(line.lstrip(_BLANKS))
            bare = line.strip(_BLANKS)
            number += 1
            if bare.startswith("#") or (parts and not bare):
                at += len(lines[number - 1]) + 1
                more = bool(parts)
                continue
            kept = line.rstrip(_BLANKS)
            more = kept.endswith(escape)
            begin = 0 if parts else start
            piece = (kept[: -len(escape)] if more else kept)[begin:]
            parts += [piece] if piece else []  # joined at the end: a text that grows line by line is copied each time
            offsets.extend(range(at + begin, at + begin + len(piece)))
            at += len(lines[number - 1]) + 1
        for mark in _heredocs("".join(parts)):
            while number < len(lines):
                line = lines[number].rstrip("\r")
                number += 1
                if line.strip("\t") == mark:
                    at += len(lines[number - 1]) + 1
                    break
                parts += ("\n", line)
                offsets.extend((max(at - 1, 0), *range(at, at + len(line))))
                at += len(lines[number - 1]) + 1
        text = "".join(parts)
        name = text.split(None, 1)[0] if text.strip() else ""
        if name:
            begin = len(name)
            while begin < len(text) and text[begin] in _BLANKS:
                begin += 1
            body = text[begin:].rstrip()
            if name.upper() in _SHELL_FORM and "<<" in body.partition("\n")[0] and "\n" in body:
                begin += body.index("\n") + 1  # the here-document is the script
                body = body[body.index("\n") + 1 :]
            yield Instruction(name.upper(), body, offsets[begin : begin + len(body)])


def _heredocs(text: str) -> list[str]:
    """The marks that end the here-documents of an instruction."""
    if "<<" not in text or text.split(None, 1)[0].upper() not in ("RUN", "COPY", "ADD"):
        return []
    marks: list[str] = []
    for piece in text.split("<<")[1:]:
        words = piece.removeprefix("-").split()
        mark = words[0].strip("'\"") if words and not piece.startswith("<") else ""
        if mark and mark.replace("_", "a").isalnum():
            marks.append(mark)
    return marks


def _escape(lines: list[str]) -> str:
    """The character that continues a line, which a directive in front of everything else may change."""
    for line in lines:
        if not line.lstrip().startswith("#"):
            break
        name, equals, value = line.lstrip(" \t#").partition("=")
        if equals and name.strip().lower() == "escape" and value.strip() == "`":
            return "`"
    return "\\"

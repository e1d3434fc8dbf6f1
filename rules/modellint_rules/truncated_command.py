"""A command is cut short: Compose or a shell ignores the rest of it.

No shell reads a text under `command`, `entrypoint` or a hook. Compose splits it into words, stops at the first `&&`, `||`, `;`, `|`,
`&`, `<` or `>` that is not in quotes, and drops the rest without a message. `docker compose config` prints the remaining words.
With `python migrate.py && python app.py`, the migration runs and then the container stops.

A shell with `-c` takes one word as its script. The words after it become the arguments `$0`, `$1` and so on of the script, which
usually does not read them: `sh -c ollama serve` runs `ollama`. With `entrypoint: ["/bin/sh", "-c"]`, a text under `command` is split
into words too, even if it has several lines.

```yaml bad
services:
  api:
    image: example/api:5
    command: python migrate.py && python app.py
    #                          ^^^^^^^^^^^^^^^^ Compose drops everything from `&&` on: it splits this text into words itself, and no shell reads it
  engine:
    image: ollama/ollama:0.12.6
    entrypoint: ollama serve & sleep 5; ollama pull qwen3
    #                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Compose drops everything from `&` on: it splits this text into words itself, and no shell reads it
  fetch:
    image: ollama/ollama:0.12.6
    entrypoint: ["/bin/sh", "-c"]
    command: |
      ollama pull qwen3
    # ^^^^^^ `sh -c` runs `ollama` without the words after it: Compose splits this text into words, and a shell takes only one word as its script
      ollama pull llama3.2
  agent:
    image: example/agent:2
    command: ["bash", "-c", "agent", "serve", "--port", "7000"]
    #                        ^^^^^ `bash -c` runs `agent` without the words after it: a shell takes only one word as its script
  chat:
    image: example/chat:3
    command: sh -c chat --quiet
    #              ^^^^ `sh -c` runs `chat` without the words after it: Compose splits this text into words, and a shell takes only one word as its script
```

```yaml fixed
services:
  api:
    image: example/api:5
    command: python migrate.py && python app.py
  engine:
    image: ollama/ollama:0.12.6
    entrypoint: ["sh", "-c", "ollama serve & sleep 5; ollama pull qwen3"]
  fetch:
    image: ollama/ollama:0.12.6
    entrypoint: ["/bin/sh", "-c"]
    command:
    - |
      ollama pull qwen3
      ollama pull llama3.2
  agent:
    image: example/agent:2
    command: ["bash", "-c", "agent serve --port 7000"]
  chat:
    image: example/chat:3
    command: sh -c 'chat --quiet'
```

```yaml good
services:
  api:
    image: example/api:5
    command: ["sh", "-c", "python migrate.py && python app.py"]
  engine:
    image: ollama/ollama:0.12.6
    entrypoint: sh -c "ollama serve & sleep 5; ollama pull qwen3; wait"
  fetch:
    image: ollama/ollama:0.12.6
    entrypoint: ["/bin/sh", "-c"]
    command:
      - |
        ollama pull qwen3
        ollama pull llama3.2
  agent:
    image: example/agent:2
    command: ["sh", "-c", 'exec agent "$$@"', "agent", "--port", "7000"]
    healthcheck:
      test: curl -f http://localhost:7000/ || exit 1
```

What this rule cannot see: the entrypoint of an image, which may be a shell too. `broken-healthcheck` reports health checks.
"""

from __future__ import annotations

from modellint.compose.model.wrappers import SHELLS, base_name
from modellint.fixing.list_edits import column, line_break
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Project,
    Scalar,
    Sequence,
    Service,
    Span,
    rule,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.commands import CommandLine, Word

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+")  # to a shell
_UNREAD = "it splits this text into words itself, and no shell reads it"
_ONE_WORD = "a shell takes only one word as its script"
_LIST = 'run it in a shell: `["sh", "-c", "…"]`'
_ONE_ITEM = "write the whole script as one list item"


@rule(WARNING)
def truncated_command(project: Project, context: Context) -> Findings:
    """Report each text that Compose cuts off, and each script of which a shell reads only the first word."""
    seen: set[tuple[int, int]] = set()  # services may share a command
    for container in (*project.services.values(), *project.jobs.values()):
        for line in container.commands:
            for finding in _findings(container, line) if line.role != "healthcheck" else ():
                place = id(finding.span.source), finding.span.start
                if place not in seen:
                    seen.add(place)
                    yield finding


def _findings(container: Service, line: CommandLine) -> Findings:
    lost = _lost(line)
    if lost is not None:
        yield lost  # the same fix repairs a text that is cut off too
        return
    for cut in line.cuts:
        yield _cut(container, line, cut)


def _cut(container: Service, line: CommandLine, cut: Word) -> Finding:
    operator = f"`{cut.shown}`" if cut.shown else "a shell's operator"
    message = f"Compose drops everything from {operator} on: {_UNREAD}"
    text = cut.node.value
    end = len(text.rstrip()) if isinstance(text, str) else 0
    edits = _in_a_shell(container, line, cut)
    fix = Fix("run the whole text in a shell", edits) if edits else None
    return Finding(cut.node.locate(cut.start, end), message, fix, hint="" if fix else _LIST)


def _lost(line: CommandLine) -> Finding | None:
    """Report the words after a script that does not read them, unless they may be there on purpose."""
    script, lost = line.script, line.lost
    if script is None or not lost:
        return None
    own = _section(line, script)
    if " " in script.text.strip() and own is not _section(line, lost[0]) and not lost[0].text.startswith("-"):
        return None  # an entrypoint that replaces the command
    shell = next((base_name(word.text) for word in line.words if base_name(word.text) in SHELLS), "sh")
    shown = f"`{script.shown}`" if script.shown else "the first word"
    why = f"Compose splits this text into words, and {_ONE_WORD}" if isinstance(own, Scalar) else _ONE_WORD
    message = f"`{shell} -c` runs {shown} without the words after it: {why}"
    edits = _as_one(line, script)
    fix = Fix("join the words into one script", edits) if edits else None
    place = script.span if own is _section(line, lost[0]) else lost[0].span
    return Finding(place, message, fix, hint="" if fix else _ONE_ITEM)


def _section(line: CommandLine, word: Word) -> Scalar | Sequence | Mapping | None:
    """Return the value of the key that a word is under."""
    for _, section in line.sections:
        if section is word.node or (isinstance(section, Sequence) and any(item is word.node for item in section)):
            return section
    return None


def _in_a_shell(container: Service, line: CommandLine, cut: Word) -> list[Edit]:
    """Return edits that pass a text to a shell, if no entrypoint takes it as its arguments."""
    node = cut.node
    if line.script is not None and line.script.node is node:
        return _text_as_one(line, line.script)
    is_hook = line.role in ("post_start", "pre_stop")
    is_alone = line.sections[0][0].text == "entrypoint" and len(line.sections) == 1 and "command" not in container.body
    if line.script is not None or not (is_hook or is_alone) or _is_laid_out(node):
        return []
    return [Edit(node.span, f'["sh", "-c", {_quoted(node)}]')]


def _as_one(line: CommandLine, script: Word) -> list[Edit]:
    """Return edits that join a script and the words after it, if they are certain to keep the meaning."""
    section = _section(line, script)
    if isinstance(section, Scalar):
        return _text_as_one(line, script)
    last = line.words[-1].node
    if not isinstance(section, Sequence) or section.items[-1] is not last or section.anchor:
        return []
    words = [word.text for word in line.words[line.words.index(script) :]]
    span = Span(section.source, script.node.start, last.end)
    is_there = section.start <= span.start < span.end <= section.end and last.source is section.source
    if not is_there or any(sign in span.text for sign in "#&*"):  # comments, anchors and aliases
        return []
    is_plain = all(word and _PLAIN.issuperset(word) for word in words)
    return [Edit(span, f'"{" ".join(words)}"')] if is_plain else []


def _text_as_one(line: CommandLine, script: Word) -> list[Edit]:
    node = script.node
    key = next(key for key, section in line.sections if section is node)
    if next(word for word in line.words if word.node is node) is script:  # the entrypoint is the shell
        if not _is_laid_out(node):
            return [Edit(node.span, f"[{_quoted(node)}]")]
        gap = Span(node.source, key.end, node.start)
        is_plain = node.style in ("|", ">") and not node.tag and not node.anchor and key.source is node.source
        is_plain = is_plain and gap.text.strip() == ":"
        break_ = line_break(node.source, key.span.first[0])
        return [Edit(gap, f":{break_}{' ' * column(key)}- ")] if is_plain else []
    rest = node.content.text[script.start :].rstrip() if script.start >= 0 else ""
    is_bare = node.content.text[script.start - 1 : script.start].isspace()  # there is no quote before it
    if _is_laid_out(node) or node.style == "'" or node.content.text != node.value or "'" in rest or not is_bare:
        return []
    return [Edit(node.part(script.start, script.start + len(rest)), f"'{rest}'")]


def _is_laid_out(node: Scalar) -> bool:
    """Return whether a text is more than a plain or quoted text on one line."""
    return "\n" in node.span.text or node.style in ("|", ">") or bool(node.tag or node.anchor)


def _quoted(node: Scalar) -> str:
    """Return a text on one line as a quoted list item."""
    if node.style:
        return node.span.text
    return '"' + node.text.replace("\\", "\\\\").replace('"', '\\"') + '"'

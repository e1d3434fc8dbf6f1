"""Programs that run another one: shells, and those like `timeout`, `exec` or `tini` that hand on to a command.

What a command line comes to is worked out from its words alone. A program that is not in the table is what runs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DEEPEST = 8  # wrappers in a row, scripts in one another

SHELLS = frozenset(("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"))
_BUILTINS = frozenset(("eval", "trap"))  # of a shell, that take a script


class _Wrapper:
    """How a program hands on to another: `valued` options take a word, `operands` stand before the command.

    With one of the options in `asks` it runs no command. `A=b` may stand before the command where it `assigns`, and
    numbers where it `counts`. The command of one that is `marked` stands behind a `--`.
    """

    __slots__ = ("asks", "assigns", "counts", "marked", "operands", "valued")

    def __init__(
        self,
        valued: str = "",
        operands: int = 0,
        asks: str = "",
        *,
        assigns: bool = False,
        counts: bool = False,
        marked: bool = False,
    ) -> None:
        self.valued = frozenset(valued.split())
        self.operands = operands
        self.asks = frozenset(asks.split())
        self.assigns = assigns
        self.counts = counts
        self.marked = marked


_WRAPPERS = {
    "builtin": _Wrapper(),
    "busybox": _Wrapper(),
    "catatonit": _Wrapper(),
    "chroot": _Wrapper(operands=1),
    "command": _Wrapper(asks="-v -V"),
    "coproc": _Wrapper(),
    "doas": _Wrapper("-u -C"),
    "dumb-init": _Wrapper("-r --rewrite"),
    "env": _Wrapper("-u --unset -C --chdir", asks="-S --split-string", assigns=True),
    "eval": _Wrapper(),
    "exec": _Wrapper("-a"),
    "flock": _Wrapper("-w -E --timeout --wait --conflict-exit-code", operands=1, asks="-c --command"),
    "gosu": _Wrapper(operands=1),
    "ionice": _Wrapper("-c -n -p --class --classdata"),
    "nice": _Wrapper("-n --adjustment"),
    "nohup": _Wrapper(),
    "numactl": _Wrapper("-i -p -m -N -C -w --interleave --preferred --membind --cpunodebind --physcpubind"),
    "retry": _Wrapper(
        "-t -d -s -m -x -u -w -j -o --tries --times --sleep --delay --min --max --until --while", counts=True
    ),
    "setsid": _Wrapper(),
    "stdbuf": _Wrapper("-i -o -e --input --output --error"),
    "su-exec": _Wrapper(operands=1),
    "sudo": _Wrapper(
        "-u -g -h -p -C -D -R -T -U -r -t --user --group --host --prompt --chdir --chroot", asks="-l -v", assigns=True
    ),
    "taskset": _Wrapper(operands=1),
    "time": _Wrapper("-f -o --format --output"),
    "timeout": _Wrapper("-k -s --kill-after --signal", operands=1),
    "tini": _Wrapper("-p -e"),
    "wait-for": _Wrapper(marked=True),
    "wait-for.sh": _Wrapper(marked=True),
    "wait-for-it": _Wrapper(marked=True),
    "wait-for-it.sh": _Wrapper(marked=True),
    "xargs": _Wrapper("-I -n -P -L -d -E -s -a --max-args --max-procs --max-lines --delimiter --arg-file --max-chars"),
}


class Invocation:
    """What the words of a command come to.

    `program` is the index of the innermost program, `script` that of the word which a shell takes apart, or -1.
    `assigned` are the names of the variables that are set for it.
    """

    __slots__ = ("assigned", "program", "script")

    def __init__(self, program: int, script: int, assigned: list[str]) -> None:
        self.program = program
        self.script = script
        self.assigned = assigned


def invocation(texts: Sequence[str], in_shell: bool = False) -> Invocation:
    """Look through the wrappers of a command, and for the script that it gives to a shell.

    `in_shell`: a shell runs the command, so that it may be one of the shell's own, like `eval`.
    """
    first = 0
    assigned: list[str] = []
    for _ in range(DEEPEST + 1):
        rest = texts[first:]
        is_program = in_shell or not rest or rest[0] not in _BUILTINS
        script = script_operand(rest) if is_program else -1
        if script >= 0:
            return Invocation(first, first + script, assigned)
        inner = wrapped(rest)
        if inner is None:
            break
        first += inner[0]
        assigned += inner[1]
    return Invocation(first, -1, assigned)


def wrapped(texts: Sequence[str]) -> tuple[int, list[str]] | None:
    """Index of the word at which the command begins that a command runs, and the names that are set for it."""
    wrapper = _WRAPPERS.get(base_name(texts[0])) if texts else None
    if wrapper is None:
        return None
    if wrapper.marked:
        at = next((index + 1 for index, text in enumerate(texts) if text == "--"), len(texts))
        return (at, []) if at < len(texts) else None
    at = 1
    while at < len(texts) and texts[at].startswith("-"):
        option = texts[at]
        at += 1
        if option == "--":
            break
        if option.partition("=")[0] in wrapper.asks:
            return None
        at += takes_next(option, wrapper.valued)
    assigned: list[str] = []
    while wrapper.assigns and at < len(texts) and (name := assigned_name(texts[at])):
        assigned.append(name)
        at += 1
    while wrapper.counts and at < len(texts) and texts[at][:1].isdigit():
        at += 1
    at += wrapper.operands
    at += at < len(texts) and texts[at] == "{"
    return (at, assigned) if at < len(texts) else None


def takes_next(option: str, valued: frozenset[str]) -> bool:
    """Whether the value of an option is the next word: not in `-n5`, `-oL` and `--signal=KILL`."""
    if option.startswith("--"):
        return option in valued
    for index in range(1, len(option)):
        if f"-{option[index]}" in valued:
            return index == len(option) - 1
    return False


def shell_operand(texts: Sequence[str]) -> tuple[int, bool] | None:
    """Index of the word that says what a shell runs, and whether that is the script itself (`-c`) or its file."""
    inline = False
    at = 1
    while at < len(texts):
        text = texts[at]
        if text[:1] not in ("-", "+"):
            break
        at += 1
        if text in ("-", "--"):
            break
        if text.startswith("--"):
            at += text in ("--rcfile", "--init-file")
            continue
        inline |= text[0] == "-" and "c" in text
        if text[0] == "-" and "s" in text and not inline:
            return None  # it reads the standard input
        at += text.count("o") + text.count("O")
    return (at, inline) if at < len(texts) else None


def script_operand(texts: Sequence[str]) -> int:
    """Index of the word that is a script itself; -1 where none is."""
    name = base_name(texts[0]) if texts else ""
    if name in SHELLS:
        operand = shell_operand(texts)
        return operand[0] if operand is not None and operand[1] else -1
    if name == "eval":
        return 1 if len(texts) == 2 else -1
    if name == "trap":
        return 1 if len(texts) > 2 and not texts[1].startswith("-") else -1
    if name == "su" and "-c" in texts[:-1]:
        return texts.index("-c") + 1
    return -1


def assigned_name(text: str) -> str:
    """The name in `A=b`, `A+=b` or `A[0]=b`; empty for any other word."""
    name, equals, _ = text.partition("=")
    return target(name) if equals else ""


def target(text: str) -> str:
    """The name in the left side of an assignment: `A`, `A+`, `A[0]`; empty where it is none."""
    name = text.partition("[")[0].removesuffix("+").strip()
    return name if name.isascii() and name.isidentifier() else ""


def base_name(text: str) -> str:
    """The last path component of a program."""
    return text.rpartition("/")[2]

"""YAML events from ruamel.yaml's C parser, or from its pure one where no C module is.

The C module (`_ruamel_yaml`, package ruamel.yaml.clib) builds its events from classes that it looks up in its module
globals at each call. `Parser` lends it small classes for the time of one parse and then gives its own back, so that
other users of ruamel.yaml in the process never meet them. Only one thread parses at a time: the globals are the
module's, and whoever gave them back while another parse still ran would take that one's classes away.

Importing the C module imports all of ruamel.yaml, two to three times the interpreter's own start, only for the names
of those classes. The command line therefore calls `import_alone` first, which stands empty modules in for it.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any, Protocol

    class Mark(Protocol):
        """A place in the text: a code point offset, and a line and column that only errors use."""

        index: int
        line: int
        column: int


class ScalarEvent:
    """A scalar. `style` is its quote or block character, empty or None for a plain one."""

    __slots__ = ("anchor", "end", "start", "style", "tag", "value")

    def __init__(
        self, anchor: str | None, tag: str | None, implicit: Any, value: str, start: Mark, end: Mark, style: str | None
    ) -> None:
        self.anchor = anchor
        self.tag = tag
        self.value = value
        self.start = start
        self.end = end
        self.style = style


class AliasEvent:
    """`*anchor`."""

    __slots__ = ("anchor", "end", "start")

    def __init__(self, anchor: str, start: Mark, end: Mark) -> None:
        self.anchor = anchor
        self.start = start
        self.end = end


class StartEvent:
    """The start of a collection: `start` where its properties begin, `content` where its first character is past."""

    __slots__ = ("anchor", "content", "flow", "start", "tag")

    def __init__(
        self, anchor: str | None, tag: str | None, implicit: Any, start: Mark, content: Mark, flow: bool | None
    ) -> None:
        self.anchor = anchor
        self.tag = tag
        self.start = start
        self.content = content
        self.flow = flow


class MappingStart(StartEvent):
    """The start of a mapping."""

    __slots__ = ()


class SequenceStart(StartEvent):
    """The start of a sequence."""

    __slots__ = ()


class EndEvent:
    """The end of a mapping or a sequence."""

    __slots__ = ("end", "start")

    def __init__(self, start: Mark, end: Mark, *more: Any) -> None:
        self.start = start
        self.end = end


class DocumentStart:
    """The start of a document. `version` is the one that a `%YAML` line asks for."""

    __slots__ = ("end", "start", "version")

    def __init__(self, start: Mark, end: Mark, explicit: Any, version: tuple[int, int] | None, tags: Any) -> None:
        self.start = start
        self.end = end
        self.version = version


class Other(EndEvent):
    """An event that carries nothing a tree needs."""

    __slots__ = ()


class StreamEnd(EndEvent):
    """The end of the file."""

    __slots__ = ()


class YamlError(Exception):
    """A syntax error: what the parser met, and where; the context is where the broken construct began."""

    def __init__(
        self,
        context: str | None = None,
        context_mark: Mark | None = None,
        problem: str | None = None,
        problem_mark: Mark | None = None,
    ) -> None:
        super().__init__(problem)
        self.context = context
        self.context_mark = context_mark
        self.problem = problem or "this is not valid YAML"
        self.problem_mark = problem_mark
        self.position: int | None = None


class ReaderError(YamlError):
    """A character that YAML does not allow."""

    def __init__(self, name: str, position: int, character: Any, encoding: str, reason: str) -> None:
        super().__init__(problem=reason)
        self.position = position


_LENT: dict[str, type] = {
    "StreamStartEvent": Other, "StreamEndEvent": StreamEnd, "DocumentStartEvent": DocumentStart,
    "DocumentEndEvent": Other, "AliasEvent": AliasEvent, "ScalarEvent": ScalarEvent,
    "SequenceStartEvent": SequenceStart, "SequenceEndEvent": EndEvent,
    "MappingStartEvent": MappingStart, "MappingEndEvent": EndEvent,
    "YAMLError": YamlError, "ReaderError": ReaderError, "ScannerError": YamlError, "ParserError": YamlError,
    "ComposerError": YamlError, "ConstructorError": YamlError,
}  # fmt: skip
_STAND_INS = (
    "", ".error", ".reader", ".scanner", ".parser", ".composer", ".constructor", ".emitter", ".serializer",
    ".representer", ".tokens", ".events", ".nodes",
)  # fmt: skip
_lending = allocate_lock()  # held while the C module has classes of ours


def _lend_anew() -> None:
    """In a process that was forked: the thread that held the lock may not live here."""
    global _lending
    _lending = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lend_anew)


class Parser:
    """A parser of one text, to be used in a `with` block: `next_event` is a function that returns the next event.

    It raises `YamlError` at the first syntax error, and ends with `StreamEnd`.
    """

    __slots__ = ("_module", "_own", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._module = _c_module()
        self._own: dict[str, Any] = {}

    def __enter__(self) -> Callable[[], Any]:
        module = self._module
        if module is None:
            return _pure_events(self._text).__next__
        _lending.acquire()
        names = module.__dict__
        self._own = {name: names.get(name) for name in _LENT}
        try:
            names.update(_LENT)
            next_event: Callable[[], Any] = module.CParser(self._text).get_event
        except YamlError as error:
            return _raiser(error)
        except BaseException:
            self.__exit__()
            raise
        return next_event

    def __exit__(self, *error: object) -> None:
        if self._module is not None:
            self._module.__dict__.update(self._own)
            _lending.release()


def import_alone() -> None:
    """Import the C module without ruamel.yaml; only for a process in which nothing else uses ruamel.yaml."""
    modules = sys.modules
    if "_ruamel_yaml" in modules or "ruamel.yaml" in modules:
        return
    ruamel = modules.get("ruamel")
    names = ["ruamel", *(f"ruamel.yaml{name}" for name in _STAND_INS)]
    for name in names:
        stand_in = type(sys)(name)
        stand_in.__path__ = []
        stand_in.__getattr__ = _any_class  # type: ignore[method-assign]
        modules[name] = stand_in
    try:
        _c_module()
    finally:
        for name in names:
            del modules[name]
        if ruamel is not None:
            modules["ruamel"] = ruamel


def _any_class(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return object


def _c_module() -> ModuleType | None:
    import importlib

    try:
        return importlib.import_module("_ruamel_yaml")
    except ImportError:
        return None


def _raiser(error: YamlError) -> Callable[[], Any]:
    def next_event() -> Any:
        raise error

    return next_event


def _pure_events(text: str) -> Iterator[Any]:
    """The events of ruamel.yaml's own parser, as our classes."""
    import importlib

    ruamel: Any = importlib.import_module("ruamel.yaml")
    try:
        last = 0
        for event in ruamel.YAML(typ="safe", pure=True).parse(text):
            converted = _converted(event)
            if isinstance(converted, ScalarEvent) and not (
                converted.value or converted.style or converted.tag or converted.anchor
            ):
                converted.start = converted.end = _Place(_behind_indicator(text, last))
            last = event.end_mark.index
            yield converted
    except ruamel.error.MarkedYAMLError as error:
        raise YamlError(error.context, error.context_mark, error.problem, error.problem_mark) from None
    except ruamel.reader.ReaderError as error:
        raise ReaderError(error.name, error.position, error.character, error.encoding, error.reason) from None
    except ruamel.error.YAMLError as error:
        raise YamlError(problem=str(error)) from None


class _Place:
    """The mark of an empty value, which ruamel.yaml's own parser puts at the next token."""

    __slots__ = ("index",)
    line = column = 0

    def __init__(self, index: int) -> None:
        self.index = index


def _behind_indicator(text: str, at: int) -> int:
    """The offset behind the `:`, `-` or `?` that is the next thing in the text; the same offset where none is."""
    last = at
    while at < len(text) and text[at] in " \t\r\n#":
        if text[at] == "#":
            at += len(text[at:].partition("\n")[0])
        else:
            at += 1
    return at + 1 if text[at : at + 1] in (":", "-", "?") else last


def _converted(event: Any) -> Any:
    kind = type(event).__name__
    start, end = event.start_mark, event.end_mark
    if kind == "ScalarEvent":
        return ScalarEvent(event.anchor, _tag(event), None, event.value, start, end, event.style)
    if kind in ("MappingStartEvent", "SequenceStartEvent"):
        return _LENT[kind](event.anchor, _tag(event), None, start, end, event.flow_style)
    if kind == "AliasEvent":
        return AliasEvent(event.anchor, start, end)
    if kind == "DocumentStartEvent":
        return DocumentStart(start, end, None, event.version, None)
    return _LENT.get(kind, Other)(start, end)


def _tag(event: Any) -> str | None:
    tag = getattr(event, "ctag", None) or event.tag
    return None if tag is None else str(tag)

"""YAML text to nodes: every place exact, every error found, and what can be read around an error still read."""

from __future__ import annotations

from modellint.text.source import Source, Span
from modellint.yaml.builder import Builder, Problem, TooMuch, YamlFile
from modellint.yaml.libyaml_workaround import needed, stand_in, with_plain_anchor
from modellint.yaml.recovery import damage
from modellint.yaml.syntax_errors import explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.yaml.events import YamlError

_ANCHORS = ("while scanning an anchor", "while scanning an alias")
MAX_PROBLEMS = 10  # syntax errors looked for in one file


def parse(source: Source) -> YamlFile:
    """Read the text. Errors become problems; what can be read around them still becomes documents."""
    text = source.text
    syntax: list[Problem] = []
    while True:
        file, error = _read(source, text)
        if error is None or len(syntax) >= MAX_PROBLEMS:
            break
        span, message = explain(source, text, error)
        syntax.append(Problem(span, message))
        text = damage(text, span.start)
        if not text:
            break
    if syntax:
        file.whole = False
        file.problems = sorted(syntax + file.problems, key=lambda problem: problem.span.start)
    source.documents = file.documents
    return file


def _read(source: Source, text: str) -> tuple[YamlFile, YamlError | None]:
    file = YamlFile(source)
    error = Builder(file).build(text)
    for _ in range(MAX_PROBLEMS):
        renamed = _with_plain_anchor(text, error)
        if renamed == text:
            break
        text = renamed
        file = YamlFile(source)
        error = Builder(file).build(text)
    if error is None or isinstance(error, TooMuch):
        return _refused(file, error), None
    if needed(text):
        repaired = stand_in(text)
        if repaired != text:
            again = YamlFile(source)
            second = Builder(again, repaired=True).build(repaired)
            if second is None or isinstance(second, TooMuch):
                return _refused(again, second), None
            if _offset(second) > _offset(error):
                return again, second
    return file, error


def _with_plain_anchor(text: str, error: YamlError | None) -> str:
    """The text with another name for the anchor that libyaml cannot read, if that is the error."""
    if error is None or error.context not in _ANCHORS or error.context_mark is None:
        return text
    return with_plain_anchor(text, error.context_mark.index)


def _refused(file: YamlFile, error: TooMuch | None) -> YamlFile:
    if error is not None:
        at = _offset(error)
        file.documents = []
        file.whole = False
        file.problems.append(Problem(Span(file.source, at, at + 1), error.problem))
    return file


def _offset(error: YamlError) -> int:
    mark = error.problem_mark
    return mark.index if mark is not None else error.position or 0

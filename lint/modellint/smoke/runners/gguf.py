"""Read the header of a GGUF file: the metadata of the model, before its weights.

A file comes from a registry and may be made to harm. So nothing is believed that the file's own size does not bear out,
nothing is kept but a few numbers and keys, and no more is read than any model's head has.

The layout is that of llama.cpp's `ggml/src/gguf.cpp`, which also says what is refused: empty keys, keys that are there
twice, arrays of arrays, version 1 and big-endian files.
"""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass, field
from io import BufferedReader, FileIO

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)  # version 3 only added big-endian files
_MOST = 64 << 20  # bytes of a head. A vocabulary of 260,000 tokens with as many merges is below 16 MB
_MOST_PAIRS = 1 << 13  # real heads have less than 100
_MOST_STRINGS = 1 << 21  # in arrays; the largest vocabularies have less than a million tokens and merges
_LONGEST_KEY = 1 << 9  # bytes
_LONGEST_NAME = 64  # bytes of an architecture's name
_BLOCK = 1 << 16  # bytes that are in memory at a time
_ENDS = "its header is truncated"
_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")

# The types of values, by number.
_STRING, _ARRAY = 8, 9
_INTEGERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_SIZES = {6: 4, 7: 1, 12: 8, **{kind: struct.calcsize(layout) for kind, layout in _INTEGERS.items()}}

_ARCHITECTURE, _TEMPLATE = b"general.architecture", b"tokenizer.chat_template"
_CONTEXT, _POOLING, _VOCABULARY = b".context_length", b".pooling_type", b"tokenizer.ggml.tokens"
_SHAPE = (
    b".block_count", b".embedding_length", b".attention.head_count", b".attention.head_count_kv",
    b".attention.key_length", b".attention.value_length", b".feed_forward_length",
)  # fmt: skip
_MOST_LAYERS = 1 << 12  # numbers of an array that has one for each layer
_POOLINGS = ("none", "mean", "cls", "last", "rank")  # `enum llama_pooling_type` in llama.h

# The architectures of which llama.cpp computes embeddings and nothing else. They are those of `LLM_ARCH_NAMES` in
# src/llama-arch.cpp whose graph, in src/models/, ends with `res->t_embd` and has no `res->t_logits`: bert.cpp,
# modern-bert.cpp, neo-bert.cpp, eurobert.cpp, gemma-embedding.cpp, t5-enc.cpp, llama.cpp (`embed`) and so on. Not among
# them: "clef", which decides, and "wavtokenizer-dec", which makes sounds. "pangu-embedded" is an ordinary model.
_EMBEDDING = frozenset(
    (
        "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "neo-bert", "modern-bert", "eurobert",
        "gemma-embedding", "gemma-embedding2", "llama-embed", "t5encoder",
    )
)  # fmt: skip


class NotGguf(ValueError):
    """A file is no GGUF file, or none that can be read. The text says what it is instead."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not a GGUF file: {why}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how much memory a context takes: counts and lengths, 0 where unknown, of several the largest."""

    layers: int = 0
    width: int = 0
    heads: int = 0
    kv_heads: int = 0
    key: int = 0
    value: int = 0
    feed_forward: int = 0
    vocabulary: int = 0  # tokens


@dataclass(frozen=True, slots=True)
class Head:
    """What a model says of itself. Nothing of it is checked against the weights.

    `architecture` is empty where it is unknown, and else printable. `context` are the tokens that it was trained with,
    0 where that is unknown. `pooling` says how embeddings are pooled ("none", "mean", "cls", "last", "rank"); it is
    empty where the model does not say. `chat_template` says whether it has one that is not blank.
    """

    architecture: str
    context: int
    pooling: str
    chat_template: bool
    shape: Shape = field(default=Shape(), compare=False)

    @property
    def embedding(self) -> bool:
        """Whether it is for embeddings: it pools them, or llama.cpp can do nothing else with its architecture."""
        return self.pooling in ("mean", "cls", "last") or self.architecture in _EMBEDDING


def read(path: str) -> Head:
    """The head of a file; raises `NotGguf`, also where there is no such file."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise NotGguf("it is not a regular file")
        with BufferedReader(FileIO(path), _BLOCK) as file:
            return _head(_Source(file, status.st_size))
    except OSError as error:
        raise NotGguf(f"it cannot be read ({(error.strerror or 'unknown error').lower()})") from None


class _Source:
    """A file to read from its begin on, no further than a head may go."""

    def __init__(self, file: BufferedReader[FileIO], size: int) -> None:
        self._file = file
        self._left = min(size, _MOST)
        self._strings_left = _MOST_STRINGS
        self._whole = size <= _MOST  # so that an end is the file's own

    def need(self, count: int) -> None:
        """Raise `NotGguf` where there are not so many bytes more."""
        if count > self._left:
            raise NotGguf(_ENDS if self._whole else f"its header is larger than {_MOST >> 20} MiB")

    def need_strings(self, count: int) -> None:
        """Raise `NotGguf` where there are not so many strings more, be they empty, or that is too many."""
        self.need(count * _U64.size)
        self._strings_left -= count
        if self._strings_left < 0:
            raise NotGguf(f"its header has more than {_MOST_STRINGS} strings")

    def take(self, count: int) -> bytes:
        """The next bytes; not more than a block."""
        self.need(count)
        data = self._file.read(count)
        if len(data) < count:  # it has become shorter
            raise NotGguf(_ENDS)
        self._left -= count
        return data

    def ahead(self) -> bytes:
        """What is in memory of the next bytes, which may be nothing."""
        return self._file.peek()[: self._left]

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])


def _head(source: _Source) -> Head:
    architecture, template = "", False
    numbers: dict[bytes, int] = {}
    keys: set[bytes] = set()
    vocabulary = 0
    for _ in range(_begin(source)):
        key = _key(source)
        if key in keys:
            raise NotGguf("a key appears twice")
        keys.add(key)
        kind = source.u32()
        if kind == _STRING and key == _ARCHITECTURE:
            architecture = _name(source)
        elif kind == _STRING and key == _TEMPLATE:
            template = _has_words(source)
        elif kind in _INTEGERS and key.endswith((_CONTEXT, _POOLING, *_SHAPE)):
            numbers[key] = int(struct.unpack(_INTEGERS[kind], source.take(_SIZES[kind]))[0])
        elif kind == _ARRAY and key.endswith(_SHAPE):
            numbers[key] = _largest(source)
        elif kind == _ARRAY and key == _VOCABULARY:
            vocabulary = _pass_array(source)
        else:
            _pass_value(source, kind)
    name = architecture.encode()
    own = {key.removeprefix(name): number for key, number in numbers.items() if name and key.startswith(name + b".")}
    pooling = own.get(_POOLING, -1)
    return Head(
        architecture=architecture,
        context=max(own.get(_CONTEXT, 0), 0),
        pooling=_POOLINGS[pooling] if 0 <= pooling < len(_POOLINGS) else "",
        chat_template=template,
        shape=Shape(*[*(max(own.get(each, 0), 0) for each in _SHAPE), vocabulary]),
    )


def _begin(source: _Source) -> int:
    """The number of pairs of key and value."""
    if source.take(4) != _MAGIC:
        raise NotGguf("it does not start with `GGUF`")
    version = source.u32()
    if version & 0xFFFF == 0 and version:  # so llama.cpp finds it out, too
        raise NotGguf("it is big-endian")
    if version not in _VERSIONS:
        raise NotGguf(f"it is GGUF version {version}; only versions 2 and 3 are supported")
    source.u64()  # the number of tensors
    pairs = source.u64()
    if pairs > _MOST_PAIRS:
        raise NotGguf(f"its header has more than {_MOST_PAIRS} keys")
    return pairs


def _key(source: _Source) -> bytes:
    length = source.u64()
    if not 0 < length <= _LONGEST_KEY:
        raise NotGguf(f"a key is {length} bytes long" if length else "a key is empty")
    return source.take(length)


def _name(source: _Source) -> str:
    """An architecture's name; empty for one that none has."""
    length = source.u64()
    if length > _LONGEST_NAME:
        _pass(source, length)
        return ""
    name = source.take(length)
    return name.decode("ascii") if name.isascii() and name.decode("ascii").isprintable() else ""


def _has_words(source: _Source) -> bool:
    """Whether a string is more than blanks."""
    left, found = source.u64(), False
    while left:
        part = source.take(min(left, _BLOCK))
        left -= len(part)
        found = found or bool(part.strip())
    return found


def _largest(source: _Source) -> int:
    """The largest number of an array; 0 where it holds anything else, or too many."""
    kind, count = source.u32(), source.u64()
    if kind not in _INTEGERS or count > _MOST_LAYERS:
        _pass_items(source, kind, count)
        return 0
    items = struct.iter_unpack(_INTEGERS[kind], source.take(_SIZES[kind] * count))
    return max((int(number) for (number,) in items), default=0)


def _pass_array(source: _Source) -> int:
    """Go past an array; the number of its items."""
    kind, count = source.u32(), source.u64()
    _pass_items(source, kind, count)
    return count


def _pass_items(source: _Source, kind: int, count: int) -> None:
    if kind == _STRING:
        _pass_strings(source, count)
    else:
        _pass(source, _size(kind) * count)


def _pass_value(source: _Source, kind: int) -> None:
    """Go past a value."""
    if kind == _ARRAY:
        _pass_array(source)
    elif kind == _STRING:
        _pass(source, source.u64())
    else:
        _pass(source, _size(kind))


def _size(kind: int) -> int:
    """The bytes of a value of a type."""
    if kind not in _SIZES:
        raise NotGguf(f"a value has the unknown type {kind}")
    return _SIZES[kind]


def _pass(source: _Source, count: int) -> None:
    source.need(count)
    while count:
        count -= len(source.take(min(count, _BLOCK)))


def _pass_strings(source: _Source, count: int) -> None:
    """Go past strings, a block at a time: a vocabulary has hundreds of thousands."""
    source.need_strings(count)
    while count:
        passed, size = _strings(source.ahead(), count)
        source.take(size)
        count -= passed
        if count:  # the next one goes beyond the block
            _pass(source, source.u64())
            count -= 1


def _strings(block: bytes, most: int) -> tuple[int, int]:
    """How many strings a block begins with, and their bytes."""
    at, last, length = 0, len(block) - _U64.size, _U64.unpack_from
    for passed in range(most):
        if at > last:
            return passed, at
        end = at + _U64.size + length(block, at)[0]
        if end > last + _U64.size:
            return passed, at
        at = end
    return most, at

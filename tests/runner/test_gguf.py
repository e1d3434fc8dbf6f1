"""Heads of GGUF files: of real ones, of ones with anything in them, and of ones that are made to harm."""

from __future__ import annotations

import os
import stat
import struct
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modellint.smoke.runners.gguf import Head, NotGguf, read
from support.runner.leftovers import Maker

if TYPE_CHECKING:
    from gguf import GGUFWriter

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
MEMORY = 8 << 20  # bytes that reading may take at most


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def pair(key: bytes, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def array(kind: int, count: int, items: bytes) -> bytes:
    return struct.pack("<IQ", kind, count) + items


def head(*pairs: bytes, magic: bytes = b"GGUF", version: int = 3, count: int | None = None) -> bytes:
    number = len(pairs) if count is None else count
    return magic + struct.pack("<IQQ", version, 0, number) + b"".join(pairs)


NAME = pair(b"general.architecture", STRING, text(b"x"))
MANY = 10 if "MODELLINT_SOAK" in os.environ else 1
SMALL = head(
    NAME,
    pair(b"x.context_length", U32, struct.pack("<I", 4096)),
    pair(b"x.scale", F64, struct.pack("<d", 0.5)),
    pair(b"tokenizer.ggml.tokens", ARRAY, array(STRING, 3, text(b"<s>") + text(b"") + text(b"ab"))),
    pair(b"tokenizer.ggml.scores", ARRAY, array(F32, 3, bytes(12))),
    pair(b"tokenizer.ggml.add_bos_token", BOOL, b"\1"),
    pair(b"tokenizer.chat_template", STRING, text(b"{{ x }}")),
    pair(b"x.pooling_type", U32, struct.pack("<I", 3)),
)
SMALL_HEAD = Head("x", 4096, "last", True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.gguf"


def of(file: Path, data: bytes) -> Head:
    file.write_bytes(data)
    return read(str(file))


def refused(file: Path, data: bytes, words: str) -> None:
    with pytest.raises(NotGguf) as failure:
        of(file, data)
    assert str(failure.value) == f"not a GGUF file: {words}"


@pytest.mark.parametrize(
    ("words", "expected", "embedding"),
    [
        ((), Head("llama", 8192, "", True), False),
        (("--context", "512", "--no-template"), Head("llama", 512, "", False), False),
        (("--embedding", "--context", "131072"), Head("llama", 131072, "mean", True), True),
        (("--answer", "é" * 200), Head("llama", 8192, "", True), False),
    ],
)
def test_a_canary(make_canary: Maker, words: Sequence[str], expected: Head, embedding: bool) -> None:
    found = read(str(make_canary(*words)))
    assert (found, found.embedding) == (expected, embedding)


def qwen(writer: GGUFWriter) -> None:
    """An embedding model of an architecture that also chats."""
    writer.add_chat_template("{{ messages }}")
    writer.add_uint32("qwen3.pooling_type", 3)
    writer.add_array("tokenizer.ggml.tokens", [f"token {n}" for n in range(50_000)])
    writer.add_array("tokenizer.ggml.token_type", list(range(50_000)))
    writer.add_array("some.flags", [True, False])
    writer.add_array("some.numbers", [0.5, 1.5])
    writer.add_context_length(32768)


def bert(writer: GGUFWriter) -> None:
    writer.add_context_length(512)
    writer.add_causal_attention(False)


def shy(writer: GGUFWriter) -> None:
    writer.add_chat_template(" \n\t ")
    writer.add_uint32("other.context_length", 7)
    writer.add_uint32("other.pooling_type", 1)


def wide(writer: GGUFWriter) -> None:
    writer.add_uint64("llama.context_length", 1 << 40)
    writer.add_int8("llama.pooling_type", 0)


def strange(writer: GGUFWriter) -> None:
    """Keys of types that they do not have."""
    writer.add_string("llama.context_length", "4096")
    writer.add_float32("llama.pooling_type", 1.0)
    writer.add_bool("tokenizer.chat_template", True)


def beyond(writer: GGUFWriter) -> None:
    writer.add_int32("llama.context_length", -1)
    writer.add_uint32("llama.pooling_type", 5)


def reranker(writer: GGUFWriter) -> None:
    writer.add_uint32("qwen3.pooling_type", 4)


@pytest.mark.parametrize(
    ("architecture", "fill", "expected", "embedding"),
    [
        ("qwen3", qwen, Head("qwen3", 32768, "last", True), True),
        ("bert", bert, Head("bert", 512, "", False), True),
        ("llama", shy, Head("llama", 0, "", False), False),
        ("llama", wide, Head("llama", 1 << 40, "none", False), False),
        ("llama", strange, Head("llama", 0, "", False), False),
        ("llama", beyond, Head("llama", 0, "", False), False),
        ("qwen3", reranker, Head("qwen3", 0, "rank", False), False),
    ],
)
def test_what_the_gguf_package_writes(
    file: Path, architecture: str, fill: Callable[[GGUFWriter], None], expected: Head, embedding: bool
) -> None:
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(file, architecture)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    found = read(str(file))
    assert (found, found.embedding) == (expected, embedding)


def test_a_big_endian_file(file: Path) -> None:
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(file, "llama", endianess=gguf.GGUFEndian.BIG)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    refused(file, file.read_bytes(), "it is big-endian")


@pytest.mark.parametrize("number", range(13))
@pytest.mark.parametrize("inside", [False, True], ids=["", "in an array"])
def test_every_type_is_passed(file: Path, number: int, inside: bool) -> None:
    """Types that are not wanted, and what comes after is found nevertheless."""
    values = {kind: bytes(size) for kind, size in enumerate((1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8))}
    value = {**values, STRING: text(b"abc"), ARRAY: array(U16, 2, bytes(4))}[number]
    given = pair(b"a", ARRAY, array(number, 3, value * 3)) if inside else pair(b"a", number, value)
    data = head(given, NAME)
    if inside and number == ARRAY:
        refused(file, data, "a value has the unknown type 9")
    else:
        assert of(file, data).architecture == "x"


def test_the_order_does_not_matter(file: Path) -> None:
    context = pair(b"x.context_length", U32, struct.pack("<I", 64))
    assert of(file, head(context, NAME)) == of(file, head(NAME, context)) == Head("x", 64, "", False)


@pytest.mark.parametrize("name", [b"", b"a" * 65, b"\x1b[31m", "é".encode(), b"\xff", b"a\nb", b"a\0"])
def test_an_architecture_that_has_no_name(file: Path, name: bytes) -> None:
    named = pair(b"general.architecture", STRING, text(name))
    context = pair(name + b".context_length", U32, struct.pack("<I", 64))
    assert of(file, head(named, context)) == Head("", 0, "", False)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (70_000, 0), (0, 70_000), (200_000, 200_000)])
def test_a_template_among_blanks(file: Path, before: int, after: int) -> None:
    template = pair(b"tokenizer.chat_template", STRING, text(b" " * before + b"x" + b"\n" * after))
    assert of(file, head(NAME, template)).chat_template
    assert not of(file, head(NAME, template.replace(b"x", b" "))).chat_template


@pytest.mark.parametrize(("version", "good"), [(0, False), (1, False), (2, True), (3, True), (4, False), (99, False)])
def test_versions(file: Path, version: int, good: bool) -> None:
    if good:
        assert of(file, head(NAME, version=version)).architecture == "x"
    else:
        refused(file, head(NAME, version=version), f"it is GGUF version {version}; only versions 2 and 3 are supported")


HUGE = (1 << 64) - 1
MIB = 1 << 20


ENDS = "its header is truncated"
# Made when they are needed: some are large.
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", ENDS),
    "two bytes": (lambda: b"{}", ENDS),
    "a page": (lambda: b"<html><body>", "it does not start with `GGUF`"),
    "an older format": (lambda: head(NAME, magic=b"ggml"), "it does not start with `GGUF`"),
    "a key twice": (lambda: head(NAME, NAME), "a key appears twice"),
    "an empty key": (lambda: head(pair(b"", U8, b"x")), "a key is empty"),
    "a long key": (lambda: head(pair(b"k" * 513, U8, b"x")), "a key is 513 bytes long"),
    "an unknown type": (lambda: head(pair(b"k", 13, b"x")), "a value has the unknown type 13"),
    "an unknown type inside": (
        lambda: head(pair(b"k", ARRAY, array(99, 0, b""))),
        "a value has the unknown type 99",
    ),
    "many keys": (lambda: head(count=8193), "its header has more than 8192 keys"),
    "all keys": (lambda: head(count=HUGE), "its header has more than 8192 keys"),
    "a string of all": (lambda: head(pair(b"k", STRING, struct.pack("<Q", HUGE))), ENDS),
    "a string of half": (lambda: head(pair(b"k", STRING, struct.pack("<Q", 1 << 63))), ENDS),
    "an array of all": (lambda: head(pair(b"k", ARRAY, array(U8, HUGE, b""))), ENDS),
    "an array whose bytes overflow": (lambda: head(pair(b"k", ARRAY, array(F64, 1 << 61, b""))), ENDS),
    "all strings": (lambda: head(pair(b"k", ARRAY, array(STRING, HUGE, b""))), ENDS),
    "a huge string inside": (
        lambda: head(pair(b"k", ARRAY, array(STRING, 2, text(b"a") + struct.pack("<Q", HUGE)))),
        ENDS,
    ),
    "many strings": (
        lambda: head(pair(b"k", ARRAY, array(STRING, (2 << 20) + 1, bytes(17 * MIB)))),
        "its header has more than 2097152 strings",
    ),
    "many strings in all": (
        lambda: head(*(pair(b"%d" % n, ARRAY, array(STRING, 1 << 19, bytes(4 * MIB))) for n in range(5))),
        "its header has more than 2097152 strings",
    ),
    "a large array": (
        lambda: head(pair(b"k", ARRAY, array(U8, 65 * MIB, bytes(65 * MIB)))),
        "its header is larger than 64 MiB",
    ),
    "a large template": (
        lambda: head(pair(b"tokenizer.chat_template", STRING, text(bytes(65 * MIB)))),
        "its header is larger than 64 MiB",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(file: Path, name: str) -> None:
    make, words = BAD[name]
    refused(file, make(), words)


FLOODS: dict[str, Callable[[], list[bytes]]] = {
    "strings": lambda: [pair(b"k", ARRAY, array(STRING, 1 << 16, text(b"") * (1 << 16)))],
    "strings that fill blocks": lambda: [pair(b"k", ARRAY, array(STRING, 900, text(b"a" * 65529) * 900))],
    "a large string": lambda: [pair(b"k", STRING, text(bytes(60 * MIB)))],
    "keys": lambda: [pair(b"%0490d.context_length" % n, U8, b"1") for n in range(8191)],
    "numbers": lambda: [pair(b"k", ARRAY, array(U64, 7 * MIB, bytes(56 * MIB)))],
    "a template": lambda: [pair(b"tokenizer.chat_template", STRING, text(b" " * 60 * MIB))],
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_passed_and_not_kept(file: Path, flood: str) -> None:
    file.write_bytes(head(*FLOODS[flood](), NAME))
    tracemalloc.start()
    try:
        assert read(str(file)) == Head("x", 0, "", False)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_the_slowest_head_takes_seconds(file: Path) -> None:
    count = 2 << 20
    file.write_bytes(head(pair(b"k", ARRAY, array(STRING, count, text(b"a") * count)), NAME))
    start = time.process_time()
    assert read(str(file)).architecture == "x"
    seconds = time.process_time() - start
    print(f"{file.stat().st_size >> 20} MiB in {seconds:.2f} s")
    assert seconds < 6


@pytest.mark.parametrize("lengths", [[65520, 3], [65537], [7, 65480, 65480], [131072, 0, 1], [65508, 0, 0, 9]])
def test_strings_on_the_edge_of_a_block(file: Path, lengths: list[int]) -> None:
    """Whatever lies on an edge: a string, its length, or the middle of its length."""
    for shift in range(24):
        items = b"".join(text(b"a" * length) for length in [shift, *lengths])
        data = head(pair(b"k", ARRAY, array(STRING, len(lengths) + 1, items)), NAME)
        assert of(file, data).architecture == "x"
        refused(file, data[:-1], "its header is truncated")


def test_a_head_that_ends_anywhere(file: Path) -> None:
    assert of(file, SMALL) == SMALL_HEAD
    for end in range(len(SMALL)):
        refused(file, SMALL[:end], "its header is truncated")


def test_the_rest_of_the_file_is_not_looked_at(file: Path) -> None:
    file.write_bytes(SMALL)
    os.truncate(file, 1 << 40)  # sparse
    assert read(str(file)) == SMALL_HEAD


@pytest.mark.parametrize("path", ["none", ".", "pipe", "closed", "/dev/zero"])
def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("closed").symlink_to("closed")
    with pytest.raises(NotGguf, match=r"^not a GGUF file: it (cannot be read \(|is not a regular file)"):
        read(path)


def test_a_file_that_becomes_shorter(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(SMALL[:-9])

    def before(path: str) -> os.stat_result:
        return os.stat_result((stat.S_IFREG, 0, 0, 0, 0, 0, len(SMALL), 0, 0, 0))

    monkeypatch.setattr(os, "stat", before)
    with pytest.raises(NotGguf, match="header is truncated"):
        read(str(file))


edits = st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.binary(max_size=9), st.integers(0, 9)), max_size=6)
numbers = st.lists(
    st.tuples(st.integers(0, len(SMALL) - 8), st.sampled_from([0, 1, 8, 9, 255, 1 << 31, 1 << 32, 1 << 63, HUGE])),
    max_size=3,
)


@settings(max_examples=60 * MANY, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits, numbers)
@example([], [])
def test_mutated_heads(file: Path, edits: list[tuple[int, bytes, int]], numbers: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for at, number in numbers:
        data[at : at + 8] = struct.pack("<Q", number)
    for at, inserted, gone in edits:
        data[at : at + gone] = inserted
    file.write_bytes(data)
    harmless(file)


@settings(max_examples=60 * MANY, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.integers(0, 20))
def test_anything_behind_the_magic(file: Path, data: bytes, count: int) -> None:
    file.write_bytes(head(count=count) + data)
    harmless(file)


def harmless(file: Path) -> None:
    tracemalloc.start()
    try:
        found = read(str(file))
        assert found.context >= 0
        assert found.architecture == "" or found.architecture.isprintable()
    except NotGguf as problem:
        assert str(problem).startswith("not a GGUF file: ")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY

"""How much memory a runner may take: enough for any honest model, and not what a hostile one asks for."""

from __future__ import annotations

import struct
import sys
import textwrap
import time
from pathlib import Path

import pytest

from modellint.smoke.runners import gguf, memory
from modellint.smoke.runners.find import Program
from modellint.smoke.runners.gguf import Shape
from modellint.smoke.runners.log import is_out_of_memory
from modellint.smoke.runners.memory import context_bytes, estimate, limit_of
from modellint.smoke.runners.plan import COMPLETION, Files, RunnerConfig
from modellint.smoke.runners.process import RunnerFailed, start
from support.runner.leftovers import Maker

GIB = 1 << 30
# What llama.cpp itself takes for the cache of keys and values, in GiB with 2 bytes a number: layers x 2 x width.
MODELS = {
    "Llama 3.1 8B": (Shape(32, 4096, 32, 8, 128, 128, 14336, 128256), 32768, 4.0),
    "Llama 2 7B": (Shape(32, 4096, 32, 32, 0, 0, 11008, 32000), 4096, 2.0),
    "Qwen3 0.6B": (Shape(28, 1024, 16, 8, 128, 128, 3072, 151936), 40960, 4.375),
    "Gemma 3 27B": (Shape(62, 5376, 32, 16, 128, 128, 21504, 262144), 8192, 3.875),
    "SmolLM2 360M": (Shape(32, 960, 15, 5, 64, 64, 2560, 49152), 8192, 0.3125),
}


def setup(context: int = 0, *flags: str) -> RunnerConfig:
    return RunnerConfig("d", COMPLETION, context, flags, ("llm",))


@pytest.mark.parametrize("name", MODELS)
def test_an_honest_model_has_room(name: str) -> None:
    """Twice its cache at least, and buffers; but no more than three times that, and 4 GiB."""
    shape, context, cache = MODELS[name]
    found = context_bytes(shape, context, 512) / GIB
    assert 2 * cache < found < 3 * 2 * cache + 4


def test_a_head_says_what_a_context_takes(make_canary: Maker, tmp_path: Path) -> None:
    assert gguf.read(str(make_canary("--answer", "parrot"))).shape == Shape(1, 64, 2, 2, 0, 0, 128, 264)

    def pair(key: bytes, kind: int, value: bytes) -> bytes:
        return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value

    heads = struct.pack("<IQ3I", 4, 3, 8, 16, 2)  # one for each layer
    pairs = [
        pair(b"general.architecture", 8, struct.pack("<Q", 1) + b"x"),
        pair(b"x.block_count", 4, struct.pack("<I", 3)),
        pair(b"x.attention.head_count_kv", 9, heads),
        pair(b"x.attention.head_count", 9, struct.pack("<IQ", 8, 1) + struct.pack("<Q", 1) + b"7"),
        pair(b"y.embedding_length", 4, struct.pack("<I", 9)),
    ]
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs))
    assert gguf.read(str(path)).shape == Shape(layers=3, kv_heads=16)


def test_a_context_above_the_trained_one_is_not_believed(make_canary: Maker) -> None:
    files = Files(str(make_canary("--answer", "parrot")))
    usual, huge = estimate(setup(), files), estimate(setup(2**31 - 1), files)
    fixed = estimate(setup(), Files("m"))
    assert usual < fixed + (GIB >> 2)
    assert huge < fixed + 2 * GIB
    assert estimate(setup(0, "--ctx-size", "2147483647"), files) == huge
    assert estimate(setup(0, "--threads", "64"), files) > usual
    assert limit_of(setup(), files, serving=True) >= min(8 * GIB, memory.machine_memory())


def test_what_nobody_can_know_is_what_the_machine_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    monkeypatch.setattr(memory, "machine_memory", lambda: 16 * GIB)
    assert limit_of(setup(4096), Files(str(path))) == 16 * GIB
    monkeypatch.setattr(memory, "machine_memory", lambda: 0)
    assert limit_of(setup(4096), Files(str(path))) > 1000 * GIB


def test_all_files_of_a_model_count(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        with (tmp_path / f"model-0000{number}-of-00003.gguf").open("wb") as file:
            file.truncate(GIB)  # a hole
    first = Files(str(tmp_path / "model-00001-of-00003.gguf"))
    other = Files(str(tmp_path / "model-00002-of-00003.gguf"))
    assert estimate(setup(), first) - estimate(setup(), other) == 3 * GIB
    assert estimate(setup(), Files(first.model, mmproj=other.model)) - estimate(setup(), first) >= 3 * GIB


def test_a_gpu_needs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_GPUS", ("/dev/null",))
    monkeypatch.setattr(memory, "machine_memory", lambda: 0)
    assert limit_of(setup(), Files("m"), on_gpu=True) - limit_of(setup(), Files("m")) == 6 * GIB


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("terminate called after throwing an instance of 'std::bad_alloc'", True),
        ("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 8589934592", True),
        ("MemoryError", True),
        ("error: invalid argument: --temp=0.1", False),
    ],
)
def test_what_says_that_there_was_no_memory(said: str, expected: bool) -> None:
    assert is_out_of_memory(said) is expected


linux = pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only")


def script(folder: Path, body: str) -> Program:
    path = folder / "runner"
    path.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{textwrap.dedent(body)}", encoding="utf-8")
    path.chmod(0o755)
    return Program((str(path),), "a script")


@linux
@pytest.mark.usefixtures("own_folder")
def test_a_runner_and_what_it_starts_are_bounded_and_the_first_to_go(tmp_path: Path) -> None:
    body = """
        import subprocess
        show = "import resource; print(open('/proc/self/oom_score_adj').read().strip(),"
        show += "resource.getrlimit(resource.{}))"
        for name in ("RLIMIT_DATA", "RLIMIT_CORE"):
            subprocess.run([sys.executable, "-S", "-c", show.format(name)])
        sys.exit(1)
    """
    with start(script(tmp_path, body), setup(), Files("m"), memory=GIB) as running:
        with pytest.raises(RunnerFailed):
            running.wait(20)
        limit, core = running.log()
    assert limit == f"800 ({GIB}, {GIB})"
    assert core.startswith("800 (0, ")


@linux
@pytest.mark.usefixtures("own_folder")
def test_one_that_takes_too_much_ends_and_the_cause_is_said(tmp_path: Path) -> None:
    program = script(tmp_path, "a = bytearray(1 << 30)")
    with (
        start(program, setup(), Files("m"), memory=256 << 20) as running,
        pytest.raises(RunnerFailed, match="exited with status 1") as failure,
    ):
        running.wait(20)
    said = "memory is the cause: it needs more than its limit of 256.0 MiB"
    assert str(failure.value).endswith(f"MemoryError; {said} (use `--runner-memory` to change it)")


@linux
@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("time.sleep(60)", "was not healthy after 2 s: nothing is listening there; memory may be the cause: it used "),
        ("time.sleep(0.7); sys.exit(1)", "exited with status 1; memory may be the cause: it used "),
        ("os.kill(os.getpid(), 9)", "by signal 9; the kernel does this when the machine runs out of memory"),
    ],
)
def test_one_that_has_grown_before_it_failed(end: str, said: str, tmp_path: Path) -> None:
    program = script(tmp_path, f"a = bytearray(200 << 20); {end}")
    with start(program, setup(), Files("m"), memory=256 << 20) as running, pytest.raises(RunnerFailed) as failure:
        running.wait(2)
    assert said in str(failure.value)


@linux
@pytest.mark.usefixtures("own_folder")
def test_a_context_of_two_thousand_million_tokens(xllamacpp: Program, make_canary: Maker) -> None:
    began = time.monotonic()
    files = Files(str(make_canary("--answer", "parrot")))
    with start(xllamacpp, setup(2**31 - 1), files) as running, pytest.raises(RunnerFailed) as failure:
        running.wait(60)
    assert "memory is the cause: it needs more than its " in str(failure.value)
    assert time.monotonic() - began < 30


@linux
@pytest.mark.usefixtures("own_folder")
def test_a_limit_that_is_given(xllamacpp: Program, make_canary: Maker) -> None:
    files = Files(str(make_canary("--answer", "parrot")))
    with start(xllamacpp, setup(0, "--threads", "1"), files, memory=2 * GIB) as running:
        running.wait(60)
        assert running.memory == 2 * GIB
        assert running.ended() is None

"""Runners that run: the real one, and scripts that misbehave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from hashlib import sha256
from pathlib import Path

import pytest

from modellint.smoke.runners import probe
from modellint.smoke.runners.find import Program
from modellint.smoke.runners.plan import COMPLETION, EMBEDDING, Files, RunnerConfig
from modellint.smoke.runners.process import CAPPED, DIVIDED, REACHED, SHORT, RunnerFailed, Running, start
from support.runner.leftovers import Maker, descriptors, folders, gone, processes

QUICK = ("--threads", "1", "--no-warmup")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only"),
    pytest.mark.usefixtures("own_folder"),
]


def setup(context: int = 0, *flags: str, hidden: tuple[tuple[str, str], ...] = ()) -> RunnerConfig:
    mode = EMBEDDING if "--embeddings" in flags else COMPLETION
    return RunnerConfig("d", mode, context, (*QUICK, *flags), ("llm",), hidden)


def run(program: Program, model: Path, context: int = 0, *flags: str, tcp: bool = False) -> Running:
    running = start(program, setup(context, *flags), Files(str(model)), tcp=tcp)
    try:
        running.wait(60)
    except RunnerFailed:
        running.stop()
        raise
    return running


def script(folder: Path, body: str) -> Program:
    """A runner written in Python, which finds its socket in `host`, and a word to be found by in its command line."""
    path = folder / "runner"
    lines = f"#!{sys.executable} -S\nimport os, sys, time, signal, subprocess\n"
    lines += "host = sys.argv[sys.argv.index('--host') + 1]\n"
    path.write_text(lines + textwrap.dedent(body), encoding="utf-8")
    path.chmod(0o755)
    return Program((str(path),), "a script")


@pytest.mark.parametrize("tcp", [False, True], ids=["socket", "port"])
def test_the_canary_answers_its_word(xllamacpp: Program, canary: Path, tcp: bool) -> None:
    with run(xllamacpp, canary, 2048, tcp=tcp) as running:
        print(f"healthy after {running.seconds:.2f} s")
        window = running.context()
        said = probe.chat(f"{running.url}/v1", "anything")
        assert running.models()["meta"]["n_ctx_train"] == 8192
        no_embedding = probe.embeddings(f"{running.url}/v1", "anything")
    assert (said.status, said.text, said.problem) == (200, "parrot", "")
    assert no_embedding.status == 501
    assert (window.request, window.slots, window.trained, window.verdict) == (2048, 4, 8192, REACHED)
    assert window.ok
    assert window.words == ""
    assert gone(str(canary)) == []


def test_an_embedding(xllamacpp: Program, make_canary: Maker) -> None:
    with run(xllamacpp, make_canary("--embedding"), 0, "--embeddings") as running:
        assert probe.embeddings(f"{running.url}/v1", "m").numbers == 64


@pytest.mark.parametrize(
    ("context", "flags", "request_", "verdict"),
    [
        (0, (), 8192, REACHED),
        (1000, (), 1024, REACHED),
        (16384, (), 8192, CAPPED),
        (4096, ("--parallel", "2"), 2048, DIVIDED),
        (4096, ("--parallel", "2", "--kv-unified"), 4096, REACHED),
        (65536, ("--parallel", "2"), 8192, CAPPED),
        (2048, ("--ctx-size", "512"), 512, SHORT),
    ],
)
def test_the_context(
    xllamacpp: Program, canary: Path, context: int, flags: tuple[str, ...], request_: int, verdict: str
) -> None:
    with run(xllamacpp, canary, context, *flags) as running:
        window = running.context()
    assert (window.request, window.verdict) == (request_, verdict)
    assert window.ok == (verdict in (REACHED, DIVIDED))
    assert bool(window.words) == (verdict != REACHED)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--temp=0.1",), "the runner exited with status 1: error: invalid argument: --temp=0.1"),
        (("--threads", "x"), 'the runner exited with status 1: error while handling argument "--threads": stoi'),
        (("--no-such-flag",), "the runner exited with status 1: error: invalid argument: --no-such-flag"),
    ],
)
def test_a_flag_that_llama_cpp_does_not_take(
    xllamacpp: Program, canary: Path, flags: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RunnerFailed) as failure:
        run(xllamacpp, canary, 0, *flags)
    assert str(failure.value) == message


def test_a_failed_assertion_is_told_at_once(xllamacpp: Program, canary: Path) -> None:
    with pytest.raises(RunnerFailed, match=r"exited by signal 6: .*GGML_ASSERT") as failure:
        run(xllamacpp, canary, 0, "--ctx-size", "-1", "--warmup")
    assert len(failure.value.log) <= 12


@pytest.mark.parametrize("content", [None, b"", b"GGUF", b"no model at all" * 100])
def test_a_file_that_is_no_model(xllamacpp: Program, tmp_path: Path, content: bytes | None) -> None:
    model = tmp_path / "model.gguf"
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(RunnerFailed, match=r"the runner exited with status 1: .*gguf"):
        run(xllamacpp, model)


def test_a_truncated_model(xllamacpp: Program, canary: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(canary.read_bytes()[:-1000])
    with pytest.raises(RunnerFailed, match="the runner exited with status 1: "):
        run(xllamacpp, model)


def test_a_key_is_asked_of_others_and_not_shown(xllamacpp: Program, canary: Path) -> None:
    flags = ("--api-key", "sesame-open,other")
    hidden = (("sesame-open", "***"), ("other", "***"))
    with start(xllamacpp, setup(2048, *flags, hidden=hidden), Files(str(canary)), tcp=True) as running:
        running.wait(60)
        assert running.context().ok
        assert probe.chat(f"{running.url}/v1", "m").status == 401
        assert probe.chat(f"{running.url}/v1", "m", key="other").text == "parrot"
    with start(xllamacpp, setup(0, *flags, "sesame-open", hidden=hidden), Files(str(canary))) as running:
        with pytest.raises(RunnerFailed) as failure:
            running.wait(60)
        assert str(failure.value) == "the runner exited with status 1: error: invalid argument: ***"
        assert "sesame" not in " ".join(failure.value.log)


def test_variables_of_the_caller_are_no_flags(
    xllamacpp: Program, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_ARG_CTX_SIZE", "512")
    with run(xllamacpp, canary) as running:
        assert running.context().request == 8192


def test_a_module_in_the_folder_is_not_taken_for_the_library(
    xllamacpp: Program, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("xllamacpp", "modellint", "ctypes", "select"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with run(xllamacpp, canary) as running:
        assert running.context().ok


def test_a_long_name_of_the_folder_for_temporary_files(
    xllamacpp: Program, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder := tmp_path / ("x" * 90)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with run(xllamacpp, canary) as running:
        assert running.url.startswith("unix:/tmp/")


def test_several_boot_at_once(xllamacpp: Program, make_canary: Maker) -> None:
    models = {word: make_canary("--answer", word) for word in ("one", "two", "three")}
    began = time.monotonic()
    started = {word: start(xllamacpp, setup(1024), Files(str(model))) for word, model in models.items()}
    try:
        for word, running in started.items():
            running.wait(60)
            assert probe.chat(f"{running.url}/v1", "m").text == word
        print(f"three models answered after {time.monotonic() - began:.2f} s")
    finally:
        for running in started.values():
            running.stop()


def test_many_starts_leave_nothing(xllamacpp: Program, canary: Path) -> None:
    before, opened, seconds = folders(), descriptors(), list[float]()
    for _ in range(20 if "MODELLINT_SOAK" in os.environ else 5):
        with run(xllamacpp, canary, 512) as running:
            seconds.append(running.seconds)
    print(
        f"healthy after {min(seconds):.2f} to {max(seconds):.2f} s, median {sorted(seconds)[len(seconds) // 2]:.2f} s"
    )
    assert gone(str(canary), 0) == []
    assert folders() <= before
    assert descriptors() == opened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_killed_parent_leaves_nothing(
    xllamacpp: Program, canary: Path, tmp_path: Path, number: signal.Signals
) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(canary.read_bytes())
    code = (
        "import sys, threading\n"
        "from modellint.smoke.runners.find import Program\n"
        "from modellint.smoke.runners.plan import Files, RunnerConfig\n"
        "from modellint.smoke.runners.process import start\n"
        "held = []\n"
        f"begin = lambda: held.append(start(Program({xllamacpp.words!r}, ''), {setup(512)!r}, Files({str(model)!r})))\n"
        # The end of the thread that started it is not the end of the runner.
        "thread = threading.Thread(target=begin); thread.start(); thread.join()\n"
        "held[0].wait(60); print('healthy', flush=True); sys.stdin.read()\n"
    )
    before = folders()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"healthy\n"
        assert len(processes(str(model))) >= 2
        parent.send_signal(number)
    assert gone(str(model)) == []
    end = time.monotonic() + 5
    while folders() - before and time.monotonic() < end:
        time.sleep(0.05)
    assert folders() <= before


def test_a_killed_supervisor_takes_the_runner_along(xllamacpp: Program, canary: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(canary.read_bytes())
    with run(xllamacpp, model) as running:
        os.kill(running.pid, signal.SIGKILL)
        assert gone(str(model)) == []


def test_one_that_never_becomes_healthy(tmp_path: Path) -> None:
    program = script(tmp_path, "print('thinking', flush=True); time.sleep(600)")
    began = time.monotonic()
    with start(program, setup(), Files(str(tmp_path / "m"))) as running:
        with pytest.raises(
            RunnerFailed, match=r"^the runner was not healthy after 0\.5 s: nothing is listening there$"
        ) as failure:
            running.wait(0.5)
        assert failure.value.log == ("thinking",)
    assert time.monotonic() - began < 5
    assert gone(str(tmp_path), 0) == []


ANSWER = """
    import socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(host); server.listen()
        while True:
            peer = server.accept()[0]
            peer.recv(65536); peer.sendall(%r); peer.close()
"""


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"HTTP/1.0 503 no\r\n\r\n", "it was still loading"),
        (b"HTTP/1.0 404 no\r\n\r\n", "/health returned 404"),
        (b"SSH-2.0\r\n", "the response is not HTTP"),
        (b"HTTP/1.0 307 no\r\nLocation: http://127.0.0.1/\r\n\r\n", "/health returned 307"),
    ],
)
def test_one_that_answers_something_else(tmp_path: Path, answer: bytes, state: str) -> None:
    with (
        start(script(tmp_path, ANSWER % answer), setup(), Files("m")) as running,
        pytest.raises(RunnerFailed, match=f"not healthy after 1 s: {state}$"),
    ):
        running.wait(1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"total_slots": "x"}', b'{"default_generation_settings": {"n_ctx": -1}}']
)
def test_one_that_does_not_say_what_context_it_has(tmp_path: Path, body: bytes) -> None:
    program = script(tmp_path, ANSWER % (b"HTTP/1.0 200 OK\r\n\r\n" + body))
    with start(program, setup(), Files("m")) as running:
        running.wait(10)
        with pytest.raises(RunnerFailed, match="does not report its context size"):
            running.context()


def test_one_that_serves_another_file(tmp_path: Path) -> None:
    body = b'{"default_generation_settings": {"n_ctx": 1}, "total_slots": 1, "model_path": "/other"}'
    with start(script(tmp_path, ANSWER % (b"HTTP/1.0 200 OK\r\n\r\n" + body)), setup(), Files("m")) as running:
        running.wait(10)
        with pytest.raises(RunnerFailed, match="serves another file"):
            running.context()


def test_one_that_dies(tmp_path: Path) -> None:
    program = script(tmp_path, "print('\\x1b[31mcannot go on\\x1b[0m', flush=True); sys.exit(7)")
    with start(program, setup(), Files("m")) as running, pytest.raises(RunnerFailed) as failure:
        running.wait(10)
    assert str(failure.value) == "the runner exited with status 7: cannot go on"


def test_one_that_cannot_be_run(tmp_path: Path) -> None:
    path = tmp_path / "runner"
    path.write_bytes(b"\x7fELF not really")
    path.chmod(0o755)
    with start(Program((str(path),), ""), setup(), Files("m")) as running, pytest.raises(RunnerFailed) as failure:
        running.wait(10)
    assert str(failure.value) == f"the runner exited with status 127: error: cannot run {path}: Exec format error"


def test_a_word_that_no_command_line_can_hold(tmp_path: Path) -> None:
    before = folders()
    with pytest.raises(RunnerFailed, match="cannot start the runner"):
        start(script(tmp_path, ""), setup(0, "a\0b"), Files("m"))
    assert folders() <= before


CHILDREN = f"""
    again = [{sys.executable!r}, "-c", "import time; time.sleep(600)", sys.argv[0]]
    apart = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    subprocess.Popen(again)
    subprocess.Popen(again, start_new_session=True)
    subprocess.Popen([{sys.executable!r}, "-c", apart, *again])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
"""


@pytest.mark.parametrize("end", ["time.sleep(600)", "time.sleep(0.5); sys.exit(1)"], ids=["stopped", "dies"])
def test_one_that_is_deaf_and_has_children_everywhere(tmp_path: Path, end: str) -> None:
    with start(script(tmp_path, CHILDREN + "    " + end), setup(), Files("m")) as running:
        with pytest.raises(RunnerFailed):
            running.wait(1.5)
        assert running.log() == ("deaf",)
    assert gone(str(tmp_path), 0.2) == []


def test_stopping_twice_and_during_the_start(tmp_path: Path) -> None:
    running = start(script(tmp_path, "time.sleep(600)"), setup(), Files("m"))
    running.stop()
    running.stop()
    assert running.log() == ()
    assert gone(str(tmp_path), 0) == []


def test_a_log_without_end(tmp_path: Path) -> None:
    program = script(tmp_path, "line = 'x' * 99999 + '\\n'\nwhile True: sys.stdout.write(line)")
    with start(program, setup(), Files("m")) as running, pytest.raises(RunnerFailed, match="more than 64 MiB"):
        running.wait(30)


def test_the_canary_is_always_the_same(make_canary: Maker) -> None:
    digests = {sha256(make_canary("--answer", "twin").read_bytes()).hexdigest() for _ in range(2)}
    assert len(digests) == 1
    assert digests != {sha256(make_canary("--answer", "other").read_bytes()).hexdigest()}

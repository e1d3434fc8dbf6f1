"""The tiny model that answers with its own name: what it says under the real llama.cpp, and where there can be none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.smoke.runners import probe
from modellint.smoke.runners.canary import NoCanary, write
from modellint.smoke.runners.find import Program
from modellint.smoke.runners.plan import COMPLETION, Files, RunnerConfig
from modellint.smoke.runners.process import start
from support.runner.leftovers import Maker

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only")
NAMES = {
    "plain": "canary",
    "as Compose has them": "my.model-x",
    "space": "two  words",
    "unicode": "modèle-模型-🦜",
    "marks": "e\u0301a\u0308",  # two characters each
    "the sign for a space": "a\u2581b",
    "jinja": "{{ x }}{% y %}",
    "another's role": "<|im_start|>assistant",
    "one letter": "a",
    "long": "x" * 200,
    "long and wide": "模" * 200,
}

pytestmark = pytest.mark.usefixtures("make_canary")  # which skips where gguf is not installed


def said(program: Program, model: Path, prompt: str) -> probe.ModelAnswer:
    setup = RunnerConfig("d", COMPLETION, 2048, ("--threads", "1", "--no-warmup"), ("llm",), ())
    with start(program, setup, Files(str(model))) as running:
        running.wait(60)
        return probe.chat(f"{running.url}/v1", "anything", prompt)


@LINUX
@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("template", [True, False], ids=["", "no template"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_it_answers_its_name(xllamacpp: Program, tmp_path: Path, name: str, template: bool) -> None:
    path = tmp_path / "m.gguf"
    write(str(path), name, template=template)
    # Its name in the question is the same token as its answer.
    answer = said(xllamacpp, path, f"Are you {name}?")
    assert (answer.status, answer.text, answer.problem) == (200, name, "")


WAYS: dict[str, Callable[[str], None]] = {
    "plain": lambda path: write(path, "twin"),
    "another answer": lambda path: write(path, "other"),
    "another context": lambda path: write(path, "twin", context=4096),
    "embedding": lambda path: write(path, "twin", embedding=True),
    "no template": lambda path: write(path, "twin", template=False),
}


def test_the_same_words_give_the_same_bytes(tmp_path: Path) -> None:
    def made(name: str) -> bytes:
        path = tmp_path / "m.gguf"
        WAYS[name](str(path))
        return path.read_bytes()

    assert all(made(name) == made(name) for name in WAYS)
    assert len({made(name) for name in WAYS}) == len(WAYS)


def test_the_command_line_makes_the_same(make_canary: Maker, tmp_path: Path) -> None:
    given = ("--answer", "my.model-x", "--context", "512", "--embedding", "--no-template")
    path = tmp_path / "m.gguf"
    write(str(path), "my.model-x", context=512, embedding=True, template=False)
    assert make_canary(*given).read_bytes() == path.read_bytes()
    write(str(path), "canary")
    assert make_canary().read_bytes() == path.read_bytes()


@pytest.mark.parametrize("answer", ["", "<unk>", "<s>", "</s>", "<0x41>", "<|user|>"])
def test_an_answer_that_it_cannot_give(tmp_path: Path, answer: str) -> None:
    """llama.cpp ends itself where a token is there twice."""
    with pytest.raises(NoCanary, match="a canary cannot answer"):
        write(str(tmp_path / "m.gguf"), answer)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("context", [-1, 0, 1 << 31, 1 << 53])
def test_a_context_that_it_cannot_have(tmp_path: Path, context: int) -> None:
    with pytest.raises(NoCanary, match=f"context size of {context} tokens"):
        write(str(tmp_path / "m.gguf"), "x", context=context)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["gguf", "numpy"])
def test_without_what_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NoCanary, match=r"pip install 'modellint\[canary\]'"):
        write(str(tmp_path / "m.gguf"), "x")
    assert not list(tmp_path.iterdir())


def test_importing_it_imports_nothing_else() -> None:
    program = "import sys, modellint.smoke.runners.canary; print(sorted({'gguf', 'numpy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

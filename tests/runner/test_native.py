"""The check that has to hold before llama.cpp's parser is let loose on a struct."""

from __future__ import annotations

import subprocess
import sys

import pytest

from modellint.smoke.runners.find import Program

SHIM = """
import os
from modellint.smoke.runners import native, shim
{change}
os._exit(shim.main({words!r}))
"""


def shim(change: str, *words: str) -> subprocess.CompletedProcess[str]:
    code = SHIM.format(change=change, words=list(words))
    return subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.usefixtures("xllamacpp")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("native._HEAD = 1024", "its parameters are not where they are expected"),
        ("native._HEAD = 1 << 20", "its parameters are not where they are expected"),
        ("native._PARSE = '_Z4nonev'", "it does not export a command-line parser"),
        ("native._SERVER = 1", "a parsed command line cannot be read back"),
        ("native._TRIAL = ('--port', '1')", "a parsed command line cannot be read back"),
    ],
)
def test_a_library_that_is_laid_out_otherwise_is_refused(change: str, why: str) -> None:
    done = shim(change, "-m", "/nonexistent.gguf")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"error: this xllamacpp cannot be used with llama-server's flags: {why}"


def test_no_library() -> None:
    done = shim("import sys; sys.modules['xllamacpp'] = None", "-m", "x")
    assert done.returncode == 3
    assert done.stderr.startswith("error: xllamacpp cannot be loaded: ")


def test_llama_cpp_s_own_words(xllamacpp: Program) -> None:
    done = subprocess.run([*xllamacpp.words, "--temp=0.1"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: invalid argument: --temp=0.1"

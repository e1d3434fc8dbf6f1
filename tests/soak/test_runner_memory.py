"""A chat template of 120 letters that doubles a text until there is no memory: llama.cpp tries it many times."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from modellint.smoke.runners import canary, find
from modellint.smoke.runners.plan import COMPLETION, Files, RunnerConfig
from modellint.smoke.runners.process import RunnerFailed, start

DOUBLING = "{% set n = namespace(s='A') %}{% for i in range(36) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}"


@pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only")
def test_a_template_that_doubles_a_text(tmp_path: Path) -> None:
    model, template = tmp_path / "model.gguf", tmp_path / "template"
    canary.write(str(model), "parrot")
    template.write_text(DOUBLING, encoding="utf-8")
    files = Files(str(model), str(template))
    program = find.find(path="/nonexistent")
    with start(program, RunnerConfig("d", COMPLETION, 0, (), ("llm",)), files) as running:
        with pytest.raises(RunnerFailed, match=r"memory (was|may be) the cause"):
            running.wait(60)
        limit = running.memory
    assert limit < 2 << 30
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10 < limit + (128 << 20)

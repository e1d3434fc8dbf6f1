"""The validator of runtime flags against answers of Docker Model Runner's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest

from modellint.evidence.llama_flags import ALLOWED, fault, key_of, pairs, refusal, same_option, takes_value

VECTORS = Path(__file__).parents[2] / "shared/vectors"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"{VECTORS} is not here")


class Case(TypedDict):
    backend: str
    flags: list[str]
    error: str | None


def cases() -> list[Case]:
    file = VECTORS / "runtime_flags.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


@needs_vectors
def test_every_answer_of_the_real_validator() -> None:
    answers = cases()
    assert len(answers) > 200
    wrong = [case for case in answers if refusal(case["flags"], case["backend"]) != case["error"]]
    assert wrong == []


@needs_vectors
@pytest.mark.parametrize("backend", ["llama.cpp", "vllm"])
def test_the_lists_are_the_runner_s(backend: str) -> None:
    names = json.loads((VECTORS / "allowlist.json").read_text(encoding="utf-8"))[backend]
    assert ALLOWED[backend] == set(names)


def test_a_refused_name_is_said_before_a_refused_value_and_that_before_a_path() -> None:
    assert "paths are not allowed" in str(refusal(["a/b"]))
    assert "value cannot start" in str(refusal(["a/b", "--seed=-l"]))
    assert "--bogus" in str(refusal(["a/b", "--seed=-l", "--bogus"]))


def test_a_flag_inside_a_value_is_refused_in_any_word() -> None:
    assert fault("x=-y") == "flag as a value"
    assert fault("x=-1") == ""


def test_words_are_read_as_llama_server_reads_them() -> None:
    flags = ["--mlock", "-c", "4096", "--temp=0.1", "--seed"]
    assert pairs(flags) == [("--mlock", 0, None), ("-c", 1, 2), ("--temp", 3, None), ("--seed", 4, None)]
    assert pairs(["--grammar", "--mlock"]) == [("--grammar", 0, 1)]


def test_aliases() -> None:
    assert same_option("-c", "--ctx-size")
    assert not same_option("--mmap", "--no-mmap")
    assert not same_option("--bogus", "--bogus")
    assert takes_value("-np")
    assert not takes_value("--mlock")
    assert key_of("0.1") == ""

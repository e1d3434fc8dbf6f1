"""joined-flag, rejected-flag, duplicated-flags, overridden-context: layouts of the list, and kinds of words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
HEAD = "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: ai/x\n"


def flags(text: str) -> str:
    return f"{HEAD}    runtime_flags: {text}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("['--temp=0.1']", "['--temp', '0.1']"),
        ("[--temp=0.1, -fa=on]", '[--temp, "0.1", -fa, "on"]'),
        ("[\n      '--temp=0.1', # warm\n    ]", "[\n      '--temp', '0.1', # warm\n    ]"),
        ("\n    - --temp=0.1", '\n    - --temp\n    - "0.1"'),
        ("\r\n      -  '--temp=0.1'\r", "\r\n      -  '--temp'\r\n      -  '0.1'\r"),
        ('[--grammar=a"b]', "[--grammar, 'a\"b']"),
        ('["--seed=${SEED:-7}"]', '["--seed", "${SEED:-7}"]'),
    ],
)
def test_a_joined_flag_is_split(before: str, after: str, repair: Repair, find: Find) -> None:
    assert repair("joined-flag", flags(before)) == flags(after)
    assert not find("joined-flag", flags(after))
    assert not find("rejected-flag", flags(after))


@pytest.mark.parametrize(
    "item",
    [
        "&a --temp=0.1",  # an alias may stand elsewhere
        "--n-predict=-1",  # `-1` alone would be refused
        "--mlock=true",  # a switch takes no value
        "--temp=",
        "--temp=0.1 --top-p=0.9",
        "'--temp=0.1\n      '",
        "'${FLAG}'",
    ],
)
def test_a_joined_flag_that_a_person_has_to_split(item: str, find: Find) -> None:
    for text in (f"[{item}]", f"\n      - {item}"):
        found = find("joined-flag", flags(text), {"FLAG": "--temp=s3cret"})
        assert [finding.fix for finding in found] == [None]
        assert found[0].hint
        assert "s3cret" not in found[0].message + found[0].hint


@pytest.mark.parametrize("text", ['["--temp", "a=b"]', '["--bogus=1"]', '["--chat-template=a/b"]', "[]", "--temp=1"])
def test_not_a_joined_flag(text: str, find: Find) -> None:
    assert not find("joined-flag", flags(text))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("--bogus", "is not an allowed flag"),
        ("--host", "is set automatically"),
        ("--mmproj", "names a file"),
        ("--max-model-len", "a vLLM flag"),
        ("--gpu-memory-utilization=0.8", "`--gpu-memory-utilization` is a vLLM flag"),
        ("--log-prefix", "Docker's documentation shows it"),
        ("-1", "is taken for a flag"),
        ("--seed=-l", "the value in `--seed=-l` starts with `-`"),
        ("a/b", "contains a slash"),
        ("--ctx_size 4096", "several arguments in one list item"),
    ],
)
def test_each_kind_of_refusal_is_explained(item: str, words: str, find: Find) -> None:
    (finding,) = find("rejected-flag", flags(f"['{item}']"))
    assert words in finding.message
    assert finding.hint
    assert finding.fix is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("['--temp 0.1']", "['--temp', '0.1']"),
        ("['--mlock --temp 0.1']", "['--mlock', '--temp', '0.1']"),
        ("['--ctx_size', '4096']", "['--ctx-size', '4096']"),
        ("['-temp', '1']", "['--temp', '1']"),
        ("['--max-tokens=5']", "['--n-predict=5']"),
        ("['--treads', '5']", "['--threads', '5']"),
        ("['--n-predict -1']", "['--n-predict -1']"),
    ],
)
def test_a_refused_word_is_repaired(before: str, after: str, repair: Repair) -> None:
    assert repair("rejected-flag", flags(before)) == flags(after)


def test_the_value_of_a_variable_is_not_printed(find: Find) -> None:
    for value in ("--s3cret", "--ctx_size", "s3cret/x", "--temp s3cret"):
        (finding,) = find("rejected-flag", flags("['${X}']"), {"X": value})
        assert "${X}" in finding.message
        assert value not in finding.message + finding.hint
        assert finding.fix is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("['-c', '1', '--mlock', '--ctx-size', '2']", "['--mlock', '--ctx-size', '2']"),
        ("[--temp=1, --temp=2]", "[--temp=2]"),
        ("['--mlock', '--mlock']", "['--mlock']"),
    ],
)
def test_the_first_of_two_flags_goes(before: str, after: str, repair: Repair) -> None:
    assert repair("duplicated-flags", flags(before)) == flags(after)


def test_flags_of_two_documents_are_appended(find: Find) -> None:
    (finding,) = find(
        "duplicated-flags", flags("['--temp', '1']") + "---\nmodels: {llm: {runtime_flags: ['--temp=2']}}\n"
    )
    assert finding.span.first == (10, 33)
    assert [each.span.first[0] for each in finding.related] == [8]


@pytest.mark.parametrize("text", ["['--grammar', '--mlock', '--mlock']", "['-otd', 'a', '-otd', 'b']", "['x', 'x']"])
def test_not_a_duplicate(text: str, find: Find) -> None:
    assert not find("duplicated-flags", flags(text))


@pytest.mark.parametrize(
    ("size", "text", "count"),
    [
        ("4096", "['--ctx-size', '8192']", 1),
        ("4096", "['--ctx-size=8192', '-np', '2']", 2),
        ("4096", "['-np', '1']", 0),
        ("4096", "['-np', '4', '-kvu']", 0),
        ("4096.0", "['-c', '4096']", 1),
        ("0", "['-c', '4096']", 1),
        ("9223372036854775808", "[]", 1),
        ("2147483647", "[]", 0),
        ("true", "['-c', '4096']", 0),
        ("'4096'", "['-c', '4096']", 0),
        (".inf", "[]", 0),
    ],
)
def test_context_sizes(size: str, text: str, count: int, find: Find) -> None:
    assert len(find("overridden-context", f"{flags(text)}    context_size: {size}\n")) == count


def test_flags_without_a_context_size_beat_nothing(find: Find) -> None:
    assert not find("overridden-context", flags("['-c', '4096', '-np', '4']"))


@pytest.mark.parametrize(
    ("model", "text", "count"),
    [
        ("ai/nomic-embed-text-v1.5", "['-t', '4']", 1),
        ("ai/nomic-embed-text-v1.5", "['--embeddings']", 0),
        ("ai/nomic-embed-text-v1.5", "['--embedding']", 1),
        ("hf.co/BAAI/bge-reranker-v2-m3", "['-t', '4']", 0),
        ("ai/embed/chat", "['-t', '4']", 0),
        ("ai/nomic-embed-text-v1.5", "[]", 0),
    ],
)
def test_embedding_models(model: str, text: str, count: int, find: Find) -> None:
    assert len(find("overridden-context", flags(text).replace("ai/x", model))) == count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[temp, —temp, --ctx-size]", ["temp", "—temp", "--ctx-size"]),
        ("['--temp', —top-k, '1']", ["--temp", "—top-k"]),
        ("[–c, '12', '–-seed', '1']", ["–c", "–-seed"]),
        ("['--ctx-size', '--mlock']", ["--ctx-size"]),
        ("['--mlock', 'true', '--jinja']", ["true"]),
        ("['nonsense']", ["nonsense"]),
        ("['']", [""]),
        ("['--temp', '0.1', '0.2']", ["0.2"]),
        ("['--temp', '0.1', '-c', '4096', '--jinja']", []),
        ("['--temp', temp]", []),
        ("['${FLAG}', '1']", []),
        ("['--seed', '${SEED}']", []),
        # other rules say what is wrong with these
        ("['--ctx_size', '4096', '-n', '-1', '--temp 1', 'a/b']", []),
        ("['--temp=1', '--mlock=x', '2']", []),
    ],
)
def test_words_without_their_other_half(text: str, words: list[str], find: Find) -> None:
    assert [finding.span.text for finding in find("unpaired-flag", flags(text))] == words


def test_a_merge_that_tears_a_list_apart_is_one_story(find: Find) -> None:
    override = "---\nmodels: {llm: {runtime_flags: ['--temp', '0.7']}}\n"
    text = flags("['--temp', '0.1']") + override
    assert len(find("dropped-flag", text)) == 1
    assert not find("unpaired-flag", text)


def test_no_value_of_a_variable_is_in_the_message_about_a_stray_word(find: Find) -> None:
    [finding] = find("unpaired-flag", flags("['${WORD:-temp}']"))
    assert finding.fix is None
    assert "`${WORD:-temp}` is neither a flag nor the value of a flag" in finding.message
    assert "--temp" not in finding.message + finding.hint


_PARSE = """\
import json, os, sys
from modellint.smoke.runners import native
read = native.parse(["--model", "x.gguf", *json.loads(sys.argv[1])]) is not None
native.flush()
os._exit(0 if read else 1)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["temp"],
        ["—temp", "0.1"],
        ["--temp"],
        ["--ctx-size", "--jinja"],
        ["-fa"],
        ["--jinja", "true"],
        [""],
        ["--temp", "0.1", "0.2"],
        ["--temp", "0.1"],
        ["--temp", "0.1", "--jinja", "-c", "4096"],
    ],
)
def test_llama_server_refuses_what_is_found_and_nothing_else(words: list[str], find: Find) -> None:
    pytest.importorskip("xllamacpp")
    parsed = subprocess.run([sys.executable, "-c", _PARSE, json.dumps(words)], capture_output=True, check=False)
    assert bool(find("unpaired-flag", flags(json.dumps(words)))) == (parsed.returncode != 0)

"""broken-healthcheck and static-weights: forms that the pages leave out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
CHECK, WEIGHTS = "broken-healthcheck", "static-weights"


def checked(test: str, image: str = "ollama/ollama", rest: str = "") -> str:
    more = f"    {rest}\n" if rest else ""
    return f"services:\n  llm:\n    image: {image}\n{more}    healthcheck:\n      test: {test}\n"


@pytest.mark.parametrize(
    ("test", "place"),
    [
        ("[CMD, wget, -qO-, 'http://localhost:11434']", "wget"),
        ("[CMD-SHELL, 'curl -f http://localhost:11434 || exit 1']", "curl"),
        ("curl http://localhost:11434", "curl"),
        ("[CMD, sh, -c, 'curl x || exit 1']", "curl"),
        ("curl -s x | grep ok || exit 1", "curl"),
        ("curl -s x > /dev/null 2>&1 || false", "curl"),
        ("curl -s x && curl y || wget z", "curl"),
        ("'curl ${URL:-x} || exit 1'", "curl"),
        ("|\n        curl x || exit 1\n", "curl"),
        ("[CMD, ash, -c, 'curl x || exit 1']", "curl"),
        ("[CMD, /usr/bin/bash, -ec, 'curl x']", "curl"),
        ("[CMD, timeout, '5', curl, x]", "curl"),
        ("timeout 5 curl x || exit 1", "curl"),
        ("[CMD, /usr/bin/curl, x]", "/usr/bin/curl"),
        ("[CMD-SHELL, curl, x]", "curl"),
    ],
)
def test_lacking(test: str, place: str, find: Find) -> None:
    assert [finding.span.text for finding in find(CHECK, checked(test))] == [place]


@pytest.mark.parametrize(
    "test",
    [
        "[CMD, ollama, list]",
        "[CMD-SHELL, 'ollama list || exit 1']",
        "[NONE]",
        "[CMD]",
        "[]",
        "1",
        "curl x || exit 0",
        "curl x || true",
        "curl x || ollama list",
        "curl x | cat",
        "curl x | grep -v error",
        "curl x; ollama list",
        "curl x & ollama list",
        "'command -v curl && curl x || ollama list'",
        "'! curl x'",
        "python3 -c 'x'",
        "sh -c 'curl x'",
        "[CMD, 'command', -v, curl]",
    ],
)
def test_may_work(test: str, find: Find) -> None:
    assert not find(CHECK, checked(test))


def test_switched_off(find: Find) -> None:
    assert not find(CHECK, checked("curl x").replace("      test", "      disable: true\n      test"))


@pytest.mark.parametrize(
    ("test", "place", "is_fixed"),
    [
        ("[CMD-SHELL, curl, -f, x]", "curl", True),
        ("[CMD-SHELL, python3, -c, 'import a; a.b()']", "python3", True),
        ("[CMD-SHELL, curl, -f, $$URL]", "curl", False),
        ("[CMD-SHELL, curl, -f, x, '||', exit 1]", "curl", False),
        ("[CMD-SHELL, curl -f x, '||', exit 1]", "curl -f x", False),
        ("[CMD, sh, -c, curl, x]", "curl", False),
    ],
)
def test_words_that_no_shell_reads(test: str, place: str, is_fixed: bool, find: Find) -> None:
    (found,) = find(CHECK, checked(test, "app"))
    assert (found.span.text, bool(found.fix)) == (place, is_fixed)


@pytest.mark.parametrize(
    "test", ["[CMD-SHELL, 'test \"$$1\"', _, x]", "[CMD-SHELL]", "[CMD-SHELL, exec app, sh]", "[NONE, x]"]
)
def test_words_that_a_shell_may_read(test: str, find: Find) -> None:
    assert not find(CHECK, checked(test, "app"))


@pytest.mark.parametrize(
    ("image", "rest", "tool", "count"),
    [
        ("qdrant/qdrant:v1.15", "", "curl", 1),
        ("qdrant/qdrant:gpu-nvidia-latest", "", "curl", 0),
        ("ghcr.io/berriai/litellm:main-stable", "", "curl", 1),
        ("ghcr.io/berriai/litellm:main-stable", "", "wget", 0),
        ("cr.weaviate.io/semitechnologies/weaviate:1.33.0", "", "curl", 1),
        ("ghcr.io/ggml-org/llama.cpp:server", "", "wget", 1),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "", "wget", 0),
        ("ghcr.io/huggingface/text-embeddings-inference:cpu-1.7", "", "curl", 0),
        ("ollama/ollama:0.5.4-rocm", "", "curl", 0),
        ("someone/ollama:1", "", "curl", 0),
        ("ollama/ollama", "build: .", "curl", 0),
        ("ollama/ollama", "volumes: ['./curl:/usr/bin/curl']", "curl", 0),
        ("ollama/ollama", "entrypoint: [sh, -c, 'apt-get install -y curl && ollama serve']", "curl", 0),
        ("ollama/ollama", "post_start: [{command: apt-get install -y curl}]", "curl", 0),
        ("", "", "curl", 0),
    ],
)
def test_images(image: str, rest: str, tool: str, count: int, find: Find) -> None:
    assert len(find(CHECK, checked(f"[CMD, {tool}, x]", image, rest))) == count


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[CMD, curl, x]", '["CMD", "ollama", "list"]'),
        ("curl x || exit 1 # up?", '["CMD", "ollama", "list"] # up?'),
        ("\n        - CMD\n        - curl", '\n        ["CMD", "ollama", "list"]'),
        ("\n      - CMD\n      - curl", "\n      - CMD\n      - curl"),
        ("&c [CMD, curl, x]", "&c [CMD, curl, x]"),
        ("\n        - CMD # or\n        - curl", "\n        - CMD # or\n        - curl"),
    ],
)
def test_fix(before: str, after: str, repair: Repair, find: Find) -> None:
    fixed = repair(CHECK, checked(before))
    assert fixed == checked(after)
    assert bool(find(CHECK, fixed)) == (before == after)


def weighed(rest: str, image: str = "ghcr.io/ggml-org/llama.cpp:server") -> str:
    return f"services:\n  llm:\n    image: {image}\n    {rest}\n"


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("command: [-m, /models/x.gguf]", "/models/x.gguf"),
        ("command: --model=/models/x.GGUF -c 1", "--model=/models/x.GGUF"),
        ("command: -m /models/${M:-x.gguf}", "-m /models/${M:-x.gguf}"),
        ("entrypoint: [sh, -c]\n    command: ['exec llama-server -m \"/models/x.gguf\"']", "/models/x.gguf"),
        ("environment: {LLAMA_ARG_MODEL: /models/x.gguf}", "LLAMA_ARG_MODEL"),
        ("volumes: ['./x.safetensors:/m/x.safetensors']", "./x.safetensors"),
        ("volumes: ['/srv/blob:/models/x.gguf']\n    command: -m /models/x.gguf", "/srv/blob"),
        ("volumes: [{type: bind, source: ./x.gguf, target: /x}]", "./x.gguf"),
        ("command: -hf ggml-org/gemma-3-1b-it-GGUF", "-hf"),
        ("entrypoint: [git, lfs, clone, 'https://huggingface.co/o/m']", "git"),
        ("command: [bash, -c, 'wget -P /m https://example.com/x.gguf?download=true && llama-server']", "wget"),
        ("command: [sh, -c, 'until curl http://ollama:11434/api/pull -d x; do sleep 1; done']", "curl"),
        ("command: [sh, -c, 'HF_HUB_OFFLINE=0 hf download o/m']", "hf"),
        ("command: /bin/ollama pull llama3.2", "llama3.2"),
        ("post_start: [{command: [ollama, pull, llama3.2]}]", "llama3.2"),
        ("pre_start: [{entrypoint: [ollama], command: [pull, llama3.2]}]", "llama3.2"),
        ("entrypoint: [ollama]\n    pre_start: [{command: [pull, llama3.2]}]", "llama3.2"),
        ("command: [ksh, -c, 'sleep 3; ollama pull llama3.2']", "llama3.2"),
        ("command: [timeout, '60', ollama, pull, llama3.2]", "llama3.2"),
        ("entrypoint: [tini, --, sh, -c]\n    command: ['nice -n 5 ollama pull llama3.2']", "llama3.2"),
        ("command: [sh, -c, 'bash -c \"ollama pull llama3.2\"']", "llama3.2"),
        ("command: env A=b ollama pull 'llama3.2'", "llama3.2"),
        ("command: |\n      sh -c '\n      ollama serve & # first\n      ollama pull qwen3\n      wait'", "qwen3"),
    ],
)
def test_static(rest: str, place: str, find: Find) -> None:
    found = find(WEIGHTS, weighed(rest))
    assert [finding.span.text for finding in found] == [place]
    assert found[0].hint


@pytest.mark.parametrize(
    "rest",
    [
        "command: [-m, /models/x.bin]",
        "command: [--model, Qwen/Qwen3-8B]",
        "volumes: ['models:/models', './models:/models', './x.onnx:/x.onnx', 1, {type: bind}]",
        "volumes: [{type: volume, source: x, target: /x.gguf}]",
        "command: [sh, -c, 'echo run: ollama pull llama3.2']",
        'command: [sh, -c, "echo ollama pull x # ollama pull y"]',
        "command: [ollama, pull]",
        f"command: hf download o/m --revision {'a' * 40}",
        f"command: curl -LO https://huggingface.co/o/m/resolve/{'0' * 40}/x.gguf",
        "command: hf download o/m --repo-type dataset",
        "command: curl http://x/health",
        "command: git clone https://github.com/o/r",
        "command: {a: b}",
        "command: true && ollama pull llama3.2",
        "command: ''",
    ],
)
def test_nothing_static(rest: str, find: Find) -> None:
    assert not find(WEIGHTS, weighed(rest))


def test_one_of_each_kind(find: Find) -> None:
    script = "hf download a && hf download b && ollama pull c && ollama pull d && llama-server -m /x.gguf"
    found = find(WEIGHTS, weighed(f"command: [sh, -c, '{script}']"))
    assert sorted(finding.span.text for finding in found) == ["/x.gguf", "c", "hf"]


def test_only_beside_models(find: Find) -> None:
    text = weighed("command: [wget, 'https://example.com/lora.safetensors']", "example/comfyui")
    assert not find(WEIGHTS, text)
    assert find(WEIGHTS, text + "models: {llm: {model: ai/x}}\n")
    assert find(WEIGHTS, text + "  chat: {image: ghcr.io/open-webui/open-webui}\n")
    assert not find(WEIGHTS, text + "  db: {image: postgres}\n")


def test_a_variable_is_not_printed(find: Find) -> None:
    text = weighed("command: [-m, '/models/${M}.gguf']")
    (finding,) = find(WEIGHTS, text, {"M": "secret"})
    assert "secret" not in finding.message

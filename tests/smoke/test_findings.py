"""What is wrong with a model gives one finding, at its reference and in words of its own; what is not gives none.

All of it is planted for real: in a registry, in the files of models, in what a Compose file asks for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import gguf
import pytest

from modellint.smoke.runners import canary
from support.registry.push import sha256
from support.smoke.remains import Ended, own_folder, smoke
from support.smoke.tiny import Canary, push
from support.store.canned import DOC, GGUF, MMPROJ, TEMPLATE, WEIGHT, Model, Stored, noise

PROJECT = """\
name: findings
services:
  chat:
    image: registry.example.com/chat:1
    models: [llm]
models:
  llm:
    model: ${REGISTRY}/ai/%s
    runtime_flags: ["--threads", "1", "--no-warmup"%s]
"""
LINE, COLUMN = 8, 12  # of the reference
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only"),
    pytest.mark.usefixtures("namespaces"),
]


class Found(NamedTuple):
    """A finding."""

    severity: str
    line: int
    column: int
    message: str


def run(registry: Stored, reference: str, *flags: str, more: str = "", words: tuple[str, ...] = ()) -> Ended:
    text = PROJECT % (reference, "".join(f", {json.dumps(flag)}" for flag in flags))
    with own_folder(text + more) as folder:
        ended = smoke(folder, "--format", "json", *words, variables={"REGISTRY": registry.host})
    assert not ended.left, str(ended)
    assert ended.err == "", str(ended)
    return ended


def found(ended: Ended) -> list[Found]:
    """All findings of a run."""
    listed: list[dict[str, Any]] = json.loads(ended.out)["findings"]
    assert {each["rule"] for each in listed} <= {"smoke-failed"}
    assert {each["path"] for each in listed} <= {"compose.yaml"}
    return [Found(each["severity"], each["start"]["line"], each["start"]["column"], each["message"]) for each in listed]


def only(ended: Ended, message: str, *, severity: str = "error", consequences: tuple[str, ...] = ()) -> None:
    """There is this finding about the model, and nothing but its consequences for the service."""
    all_found = found(ended)
    about = [each for each in all_found if each.message.startswith("model ")]
    assert [(each.severity, each.line, each.column) for each in about] == [(severity, LINE, COLUMN)], str(ended)
    assert about[0].message == f"model llm, {message}"
    failed = tuple(each.message for each in all_found if each not in about and each.severity == "error")
    assert failed == consequences
    others = [each for each in all_found if each not in about and each.message not in consequences]
    assert {each.severity for each in others} <= {"warning"}, str(ended)
    assert all(each.line == 3 and ": not proven: " in each.message for each in others), str(ended)
    assert ended.status == (severity == "error")


# Artifacts


def test_a_tampered_blob(registry: Stored, make: Canary) -> None:
    weights = make("tampered")
    push(registry, "ai/tampered", [(GGUF, weights, "m.gguf")])
    registry.blob(sha256(weights)).write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    only(run(registry, "tampered:v1"), "verified: the file from the registry does not match the manifest")


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_a_tampered_document(registry: Stored, make: Canary, what: str) -> None:
    model = push(registry, f"ai/tampered-{what}", [(GGUF, make(f"tampered {what}"), "m.gguf")])
    digest, data = (model.digest, model.manifest) if what == "manifest" else (sha256(model.config), model.config)
    registry.blob(digest).write_bytes(data.replace(b'": ', b'" :', 1))
    only(
        run(registry, f"tampered-{what}@{model.digest}"),
        f"verified: the {what} from the registry does not match its digest",
    )


def test_a_wrong_digest(registry: Stored) -> None:
    only(
        run(registry, f"canary-llm@sha256:{'0' * 64}"),
        "pulled: the registry has no such repository, tag or digest",
    )


def test_a_wrong_tag(registry: Stored) -> None:
    only(run(registry, "canary-llm:v9"), "pulled: the registry has no such repository, tag or digest")


def test_an_index(registry: Stored) -> None:
    registry.push_index("ai/index", "v1")
    only(
        run(registry, "index:v1"),
        "pulled: it is an index of several manifests, and Docker Model Runner reads only a single manifest",
    )


def test_an_image(registry: Stored) -> None:
    only(run(registry, "image:v1"), "pulled: it is a container image, not a model")


def test_an_unknown_format(registry: Stored, make: Canary) -> None:
    weights = (GGUF, make("unknown"), "m.gguf")

    def change(document: dict[str, Any]) -> None:
        document["config"]["mediaType"] = "application/vnd.example.model.config.v9+json"

    Model([weights], change=change).push(registry, "ai/unknown", "v1")
    only(run(registry, "unknown:v1"), "pulled: Docker Model Runner does not support the media type of its config")


def test_weights_of_another_format(registry: Stored) -> None:
    push(registry, "ai/safetensors", [("application/vnd.docker.ai.safetensors", noise(1000), "model.safetensors")])
    only(run(registry, "safetensors:v1"), "pulled: it has no GGUF weights, the only format that llama.cpp reads")


def test_a_compressed_layer(registry: Stored) -> None:
    registry.push_model("ai/compressed", "v1", compressed=True)
    only(
        run(registry, "compressed:v1"),
        "pulled: its layers are compressed, which Docker Model Runner does not support",
    )


def test_a_model_pack_without_paths(registry: Stored) -> None:
    registry.push_modelpack("ai/no-paths", "v1", paths=False)
    only(run(registry, "no-paths:v1"), "pulled: its layers have no file paths: it can be pulled, but it never loads")


def test_a_file_that_is_no_gguf(registry: Stored) -> None:
    push(registry, "ai/no-gguf", [(GGUF, noise(1000), "m.gguf")])
    only(
        run(registry, "no-gguf:v1"),
        "booted: not a GGUF file: it does not start with `GGUF`; the runner exited with status 1: "
        "gguf_init_from_reader: invalid magic characters: 'z$?f', expected 'GGUF'",
    )


def test_a_file_that_ends_too_early(registry: Stored, make: Canary) -> None:
    push(registry, "ai/short", [(GGUF, make("short")[:-1000], "m.gguf")])
    only(
        run(registry, "short:v1"),
        "booted: the runner exited with status 1: llama_model_load: error loading model: tensor "
        "'blk.0.attn_v.weight' data is not within the file bounds, model is corrupted or incomplete",
    )


# What is asked of them


def test_a_flag_that_the_allow_list_refuses(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", "--host", "0.0.0.0"),
        "configured: `--host` is set automatically: Docker Model Runner rejects it, and `docker compose up` fails",
    )


def test_a_flag_that_llama_cpp_refuses(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", "--temp=0.1"),
        "booted: the runner exited with status 1: error: invalid argument: --temp=0.1",
    )


def test_a_value_that_llama_cpp_refuses(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", "--temp", "warm"),
        'booted: the runner exited with status 1: error while handling argument "--temp": stof',
    )


def test_more_context_than_trained(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", more="    context_size: 999999\n"),
        "context: `context_size` is 999999, but the model was trained with 8192: a request gets no more",
    )


def test_a_flag_that_takes_the_context_away(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", "--ctx-size", "512", more="    context_size: 2048\n"),
        "context: `context_size` is 2048, but a request gets 512: another setting overrides the context size",
    )


@pytest.mark.parametrize("flags", [(), ("--embedding",)], ids=["no flag", "another spelling"])
def test_an_embedding_model_that_is_run_for_chat(registry: Stored, flags: tuple[str, ...]) -> None:
    only(
        run(registry, "canary-embed:v1", *flags),
        "mode: this is an embedding model, but Docker Model Runner runs it for chat: add exactly "
        "`--embeddings` to `runtime_flags`; without it, `context_size` and the other flags do not "
        "apply to embeddings",
    )


def test_a_chat_model_that_is_run_for_embeddings(registry: Stored) -> None:
    only(
        run(registry, "canary-llm:v1", "--embeddings"),
        "mode: `--embeddings` is set, but the model cannot create embeddings: HTTP 400: Pooling type "
        "'none' is not OAI compatible. Please use a different pooling type",
        consequences=("service chat, embeddings (llm at LLM_URL): returned 400 instead of 200",),
    )


def test_a_chat_model_that_is_told_how_to_embed(registry: Stored) -> None:
    assert found(run(registry, "canary-llm:v1", "--embeddings", "--pooling", "mean")) == []


def test_no_chat_template(registry: Stored, make: Canary) -> None:
    push(registry, "ai/no-template", [(GGUF, make("none", template=False), "m.gguf")])
    only(
        run(registry, "no-template:v1"),
        "chat template: not proven: neither the artifact nor its GGUF file has one: llama.cpp then "
        "formats chats as ChatML, which the model may not have been trained with",
        severity="warning",
    )
    assert found(run(registry, "no-template:v1", "--chat-template", "chatml")) == []


def test_an_embedding_model_needs_no_template(registry: Stored, make: Canary) -> None:
    push(registry, "ai/embed", [(GGUF, make("none", template=False, embedding=True), "m.gguf")])
    assert found(run(registry, "embed:v1", "--embeddings")) == []


def test_a_template_that_is_none(registry: Stored, make: Canary) -> None:
    push(registry, "ai/bad-template", [(GGUF, make("bad"), "m.gguf"), (TEMPLATE, b"{% for m in", "")])
    only(
        run(registry, "bad-template:v1"),
        "booted: the runner exited with status 1: error: the supplied chat template is not supported: {% for m in",
    )


# What has to work


def test_a_template_of_the_artifact(registry: Stored, make: Canary) -> None:
    template = b"{% for m in messages %}{{ m['content'] }}{% endfor %}"
    push(registry, "ai/template", [(GGUF, make("own", template=False), "m.gguf"), (TEMPLATE, template, "")])
    assert found(run(registry, "template:v1", words=("--require", "all"))) == []


def test_a_model_pack(registry: Stored, make: Canary) -> None:
    push(registry, "ai/pack", [(WEIGHT, make("pack"), "deep/m.gguf"), (DOC, b"how to", "README.md")], pack=True)
    assert found(run(registry, "pack:v1", words=("--require", "all"))) == []


def test_a_model_in_two_files(registry: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also called as anybody likes: llama.cpp finds the second by the name of the first."""
    write = gguf.GGUFWriter

    def split(path: str, architecture: str) -> gguf.GGUFWriter:
        return write(path, architecture, split_max_tensors=8)

    monkeypatch.setattr(gguf, "GGUFWriter", split)
    canary.write(str(tmp_path / "split.gguf"), "split")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    push(registry, "ai/split", [(GGUF, file.read_bytes(), f"part-{at}.gguf") for at, file in enumerate(files)])
    assert found(run(registry, "split:v1", words=("--require", "all"))) == []


def test_the_context_of_the_artifact(registry: Stored, make: Canary) -> None:
    gguf_config = {"config": {"format": "gguf", "gguf": {"general.architecture": "llama"}, "context_size": 1024}}
    model = Model([(GGUF, make("packed"), "m.gguf")])
    digests = [each["digest"] for each in model.document["layers"]]
    config = {**gguf_config, "rootfs": {"type": "rootfs", "diff_ids": digests}}
    Model([(GGUF, make("packed"), "m.gguf")], config=config).push(registry, "ai/packed", "v1")
    with own_folder(PROJECT % ("packed:v1", "")) as folder:
        ended = smoke(folder, "--details", variables={"REGISTRY": registry.host})
    assert ended.status == 0
    assert "1024 tokens per request" in " ".join(ended.out.split()), ended.out


def test_a_projector(registry: Stored, make: Canary, tmp_path: Path) -> None:
    """At least: the runner gets it."""
    said = tmp_path / "said"
    script = tmp_path / "runner"
    script.write_text(f"#!{sys.executable} -S\nimport sys\nopen({str(said)!r}, 'w').write('\\n'.join(sys.argv))\n")
    script.chmod(0o755)
    push(registry, "ai/sees", [(GGUF, make("sees"), "m.gguf"), (MMPROJ, noise(1000), "mmproj-f16.gguf")])
    only(run(registry, "sees:v1", words=("--runner", str(script))), "booted: the runner exited with status 0")
    words = said.read_text().split("\n")
    assert words[words.index("--mmproj") + 1].endswith("/mmproj-f16.gguf")
    assert words[words.index("--model") + 1].endswith("/m.gguf")
    assert "--jinja" not in words

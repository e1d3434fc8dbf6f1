"""What `ask` makes of the real registry: open, with passwords, with TLS, with a token service, and of many at once."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from modellint.oci.answers import NOT_FOUND, RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.artifact import memory as memory_of
from modellint.oci.query import Query
from modellint.registry.ask import ask
from modellint.registry.options import RegistryOptions
from support.registry.push import Registry
from support.registry.servers import IDENTITY_TOKEN, PASSWORD, USER

DockerConfig: TypeAlias = "Callable[[dict[str, Any]], None]"


@pytest.fixture(autouse=True)
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DockerConfig:
    """Sets what Docker stores: nothing, at first. No proxy, netrc or certificate of this machine takes part."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def write(document: dict[str, Any]) -> None:
        (folder / "config.json").write_text(json.dumps(document))

    return write


def one(registry: Registry, repository: str, want: str, *, details: bool = True, **access: Any) -> RegistryAnswer:
    """The answer for a tag or a digest."""
    key = "digest" if want.startswith("sha256:") else "tag"
    request = Query(registry.host, repository, **{key: want})
    answers = ask([request], RegistryOptions(**access), details=details)
    assert list(answers) == [request]
    return answers[request]


def found(answer: RegistryAnswer) -> Artifact:
    assert answer.code == answer.reason == ""
    assert answer.artifact
    return answer.artifact


def refused(answer: RegistryAnswer, code: str, *words: str) -> None:
    assert (answer.artifact, answer.code) == (None, code), answer.reason
    assert all(word in answer.reason for word in words), answer.reason
    assert PASSWORD not in answer.reason


def basic(user: str = USER, password: str = PASSWORD) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


# What is there.


def test_a_model_by_its_tag(registry: Registry) -> None:
    digest = registry.push_model("real/model", "1.0")
    artifact = found(one(registry, "real/model", "1.0"))
    assert (artifact.kind, artifact.digest, artifact.problem) == ("model", digest, "")
    assert artifact.digest == registry.digest("real/model", "1.0")


def test_a_model_by_its_digest(registry: Registry) -> None:
    digest = registry.push_model("real/model", "1.1")
    answer = one(registry, "real/model", digest)
    assert found(answer).digest == digest
    assert not answer.cached
    assert abs(answer.asked - time.time()) < 60


def test_what_a_model_says_of_itself(registry: Registry) -> None:
    registry.push_model(
        "real/facts", "1", architecture="qwen3", context=40_960, packed_context=4096, blocks=28, heads=16,
        kv_heads=8, embedding=1024, quantization="MOSTLY_Q8_0", parameters="0.6B", weights=640_000_000,
    )  # fmt: skip
    artifact = found(one(registry, "real/facts", "1"))
    assert (artifact.architecture, artifact.format) == ("qwen3", "gguf")
    assert (artifact.quantization, artifact.parameters) == ("Q8_0", "0.6B")
    assert (artifact.context, artifact.packed_context) == (40_960, 4096)
    assert artifact.created == "2026-01-01T00:00:00Z"
    assert artifact.licenses == ["Apache-2.0"]  # the text of its licence layer
    assert artifact.weights == 640_000_000 < artifact.size
    assert artifact.cache == 2 * 28 * 8 * (64 + 64)  # bytes of a token: f16, layers, heads, width of keys and values
    assert memory_of(artifact, 1000) == artifact.weights + 1000 * artifact.cache
    assert not artifact.embedding


def test_an_embedding_model(registry: Registry) -> None:
    registry.push_model("real/embed", "1", architecture="bert", pooling=True)
    assert found(one(registry, "real/embed", "1")).embedding


def test_no_details(registry: Registry) -> None:
    digest = registry.push_model("real/model", "1.2")
    artifact = found(one(registry, "real/model", "1.2", details=False))
    assert (artifact.digest, artifact.kind, artifact.context) == (digest, "model", 0)


def test_a_modelpack(registry: Registry) -> None:
    digest = registry.push_modelpack("real/pack", "1")
    artifact = found(one(registry, "real/pack", "1"))
    assert (artifact.digest, artifact.kind, artifact.problem) == (digest, "model", "")
    assert (artifact.parameters, artifact.quantization, artifact.context) == ("8B", "Q8_0", 0)
    assert artifact.licenses == ["Apache-2.0"]


def test_models_that_cannot_be_run(registry: Registry) -> None:
    registry.push_modelpack("real/broken", "paths", paths=False)
    registry.push_modelpack("real/broken", "type", artifact_type="")
    registry.push_model("real/broken", "gzip", compressed=True)
    assert "no file paths" in found(one(registry, "real/broken", "paths")).problem
    assert "artifactType" in found(one(registry, "real/broken", "type")).problem
    assert "compressed" in found(one(registry, "real/broken", "gzip")).problem


def test_an_image(registry: Registry) -> None:
    digest = registry.push_image("real/image", "2")
    artifact = found(one(registry, "real/image", "2"))
    assert (artifact.kind, artifact.digest) == ("image", digest)
    assert "not a model" in artifact.problem


def test_an_index(registry: Registry) -> None:
    digest = registry.push_index("real/index", "3")
    for want in ("3", digest):
        artifact = found(one(registry, "real/index", want))
        assert (artifact.kind, artifact.digest) == ("index", digest)
    assert found(one(registry, "real/index", "3-arm64")).kind == "image"


def test_a_tag_that_moves(registry: Registry) -> None:
    first, second = registry.push_model("real/moves", "a"), registry.push_model("real/moves", "b")
    registry.move("real/moves", "latest", first)
    assert found(one(registry, "real/moves", "latest")).digest == first
    registry.move("real/moves", "latest", second)
    assert found(one(registry, "real/moves", "latest")).digest == second


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_names_of_this_machine(registry: Registry, host: str) -> None:
    digest = registry.push_model("real/model", "1.3")
    request = Query(f"{host}:{registry.host.partition(':')[2]}", "real/model", "1.3")
    assert found(ask([request], RegistryOptions())[request]).digest == digest


# What is not there.


def test_no_such_tag(registry: Registry) -> None:
    registry.push_model("real/model", "2.0")
    refused(one(registry, "real/model", "9.9"), NOT_FOUND)


def test_no_such_repository(registry: Registry) -> None:
    refused(one(registry, "real/nothing", "1"), NOT_FOUND)


def test_no_such_digest(registry: Registry) -> None:
    refused(one(registry, "real/model", "sha256:" + "0" * 64), NOT_FOUND)


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        request = Query(f"localhost:{closed.getsockname()[1]}", "a/b", "1")
        started = time.monotonic()
        refused(ask([request], RegistryOptions())[request], "network")
        assert time.monotonic() - started < 3


def test_a_name_that_no_registry_can_have(registry: Registry) -> None:
    for repository in ("a//b", "../b", "a/B", "a b", ""):
        refused(one(registry, repository, "1"), "invalid")


def test_not_among_those_that_may_be_asked(registry: Registry) -> None:
    refused(one(registry, "real/model", "1.0", registries=["docker.io"]), "not-allowed", "--registry")
    registry.push_model("real/model", "2.1")
    found(one(registry, "real/model", "2.1", registries=["docker.io", registry.host]))


# Passwords.


@pytest.fixture
def secret(htpasswd_registry: Registry) -> str:
    return htpasswd_registry.push_model("secret/model", "1")


def test_a_password_that_is_not_stored(htpasswd_registry: Registry, secret: str) -> None:
    refused(one(htpasswd_registry, "secret/model", "1"), "auth", f"docker login {htpasswd_registry.host}")


@pytest.mark.parametrize("entry", [{"auth": basic()}, {"username": USER, "password": PASSWORD}], ids=["auth", "words"])
@pytest.mark.parametrize("key", ["{}", "http://{}", "https://{}/v2/"])
def test_a_password_that_is_stored(
    htpasswd_registry: Registry, secret: str, docker_config: DockerConfig, entry: dict[str, str], key: str
) -> None:
    docker_config({"auths": {key.format(htpasswd_registry.host): entry}})
    assert found(one(htpasswd_registry, "secret/model", "1")).digest == secret


def test_a_password_that_is_stored_and_not_to_be_used(
    htpasswd_registry: Registry, secret: str, docker_config: DockerConfig
) -> None:
    docker_config({"auths": {htpasswd_registry.host: {"auth": basic()}}})
    refused(one(htpasswd_registry, "secret/model", "1", credentials=False), "auth")


def test_a_password_that_is_stored_for_another_host(
    htpasswd_registry: Registry, secret: str, docker_config: DockerConfig
) -> None:
    docker_config({"auths": {"localhost:1": {"auth": basic()}, "localhost": {"auth": basic()}}})
    refused(one(htpasswd_registry, "secret/model", "1"), "auth")


def test_a_wrong_password(htpasswd_registry: Registry, secret: str, docker_config: DockerConfig) -> None:
    docker_config({"auths": {htpasswd_registry.host: {"auth": basic(password="wrong")}}})
    refused(one(htpasswd_registry, "secret/model", "1"), "auth", "rejects")


@pytest.mark.parametrize("way", ["credHelpers", "credsStore"])
def test_a_credential_helper(
    htpasswd_registry: Registry,
    secret: str,
    docker_config: DockerConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    host = htpasswd_registry.host
    answer = json.dumps({"ServerURL": host, "Username": USER, "Secret": PASSWORD})
    helper = tmp_path / "docker-credential-real"
    helper.write_text(f"#!/bin/sh\ntest \"$1\" = get && test \"$(cat)\" = '{host}' && echo '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    ways: dict[str, dict[str, Any]] = {
        "credHelpers": {"credHelpers": {host: "real"}},
        "credsStore": {"auths": {host: {}}, "credsStore": "real"},
    }
    docker_config(ways[way])
    assert found(one(htpasswd_registry, "secret/model", "1")).digest == secret


def test_a_credential_helper_that_is_not_installed(
    htpasswd_registry: Registry, secret: str, docker_config: DockerConfig
) -> None:
    docker_config({"credHelpers": {htpasswd_registry.host: "not-installed"}})
    refused(one(htpasswd_registry, "secret/model", "1"), "auth", "credential helper")


# TLS.


@pytest.fixture
def certified(tls_registry: Registry) -> str:
    return tls_registry.push_model("tls/model", "1")


def test_tls_with_the_authority(tls_registry: Registry, certified: str) -> None:
    assert found(one(tls_registry, "tls/model", "1", ca_file=tls_registry.ca_file)).digest == certified


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_tls_with_the_authority_of_the_environment(
    tls_registry: Registry, certified: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, tls_registry.ca_file)
    assert found(one(tls_registry, "tls/model", "1")).digest == certified


def test_tls_without_the_authority(tls_registry: Registry, certified: str) -> None:
    refused(one(tls_registry, "tls/model", "1"), "tls", "--ca-file")


def test_plain_http_to_a_port_with_tls(tls_registry: Registry, certified: str) -> None:
    answer = one(tls_registry, "tls/model", "1", plain_http=[tls_registry.host])
    assert (answer.artifact, answer.code) == (None, "http")


def test_an_authority_that_cannot_be_read(tls_registry: Registry, certified: str, tmp_path: Path) -> None:
    refused(one(tls_registry, "tls/model", "1", ca_file=str(tmp_path / "nothing.pem")), "tls", "--ca-file")
    (tmp_path / "words.pem").write_text("no certificate")
    refused(one(tls_registry, "tls/model", "1", ca_file=str(tmp_path / "words.pem")), "tls", "--ca-file")


# Tokens.


@pytest.fixture
def asked(token_registry: Registry) -> Iterator[list[str]]:
    """How the token service was asked."""
    tokens = token_registry.address.tokens
    assert tokens
    tokens.asked.clear()
    yield tokens.asked


def test_a_token_without_a_name(token_registry: Registry, asked: list[str]) -> None:
    digest = token_registry.push_model("public/model", "1")
    answer = one(token_registry, "public/model", "1", token_hosts=[token_registry.token_host])
    assert found(answer).digest == digest
    assert set(asked) == {"anonymous"}


def test_a_token_service_that_is_not_known(token_registry: Registry, asked: list[str]) -> None:
    refused(one(token_registry, "public/model", "1"), "realm")
    assert asked == []


def test_a_token_that_is_not_for_everybody(token_registry: Registry, asked: list[str]) -> None:
    token_registry.push_model("private/model", "1")
    refused(one(token_registry, "private/model", "1", token_hosts=[token_registry.token_host]), "auth", "docker login")


def test_a_token_for_a_password(token_registry: Registry, asked: list[str], docker_config: DockerConfig) -> None:
    digest = token_registry.push_model("private/model", "2")
    docker_config({"auths": {token_registry.host: {"auth": basic()}}})
    answer = one(token_registry, "private/model", "2", token_hosts=[token_registry.token_host])
    assert found(answer).digest == digest
    assert set(asked) == {"basic"}


def test_a_token_for_a_wrong_password(token_registry: Registry, asked: list[str], docker_config: DockerConfig) -> None:
    docker_config({"auths": {token_registry.host: {"auth": basic(password="wrong")}}})
    refused(one(token_registry, "private/model", "2", token_hosts=[token_registry.token_host]), "auth", "rejects")


def test_a_token_for_an_identity_token(token_registry: Registry, asked: list[str], docker_config: DockerConfig) -> None:
    digest = token_registry.push_model("private/model", "3")
    docker_config({"auths": {token_registry.host: {"auth": basic("<token>", ""), "identitytoken": IDENTITY_TOKEN}}})
    answer = one(token_registry, "private/model", "3", token_hosts=[token_registry.token_host])
    assert found(answer).digest == digest
    assert set(asked) == {"identity"}


def test_a_token_for_a_wrong_identity_token(
    token_registry: Registry, asked: list[str], docker_config: DockerConfig
) -> None:
    docker_config({"auths": {token_registry.host: {"identitytoken": "wrong"}}})
    refused(one(token_registry, "private/model", "3", token_hosts=[token_registry.token_host]), "auth")


def test_one_token_for_each_repository(token_registry: Registry, asked: list[str]) -> None:
    requests = [Query(token_registry.host, f"public/many-{number // 4}", str(number % 4)) for number in range(20)]
    digests = {each: token_registry.push_model(each.repository, each.tag) for each in requests}
    answers = ask(requests, RegistryOptions(token_hosts=[token_registry.token_host]))
    assert {each: found(answer).digest for each, answer in answers.items()} == digests
    assert len(asked) <= 5 + 1  # one more at the most: the registry's first answer says that it wants tokens


# Many at once, and again.


def test_200_at_once(registry: Registry) -> None:
    digests = {f"{number}": registry.push_model("real/many", f"{number}", license="") for number in range(20)}
    requests = [Query(registry.host, "real/many", tag) for tag in digests]
    requests += [Query(registry.host, "real/many", digest=digest) for digest in digests.values()]
    requests += [Query(registry.host, f"real/none-{number}", "1") for number in range(160)]
    seen: list[Query] = []
    answers = ask([*requests, *requests], RegistryOptions(), answered=lambda request, _: seen.append(request))
    assert list(answers) == requests  # each once, in their order
    assert sorted(map(str, seen)) == sorted(map(str, requests))
    for request, answer in answers.items():
        if request.repository == "real/many":
            assert found(answer).digest == (request.digest or digests[request.tag])
        else:
            refused(answer, NOT_FOUND)


def test_several_registries_at_once(
    registry: Registry, htpasswd_registry: Registry, tls_registry: Registry, docker_config: DockerConfig
) -> None:
    """None gets what belongs to another, and one that does not answer costs the others nothing."""
    docker_config({"auths": {htpasswd_registry.host: {"auth": basic()}}})
    registries = [registry, htpasswd_registry, tls_registry]
    digests = {each.host: each.push_model("shared/model", "1") for each in registries}
    requests = [Query(host, "shared/model", "1") for host in digests]
    dead = Query("localhost:1", "shared/model", "1")
    answers = ask([dead, *requests], RegistryOptions(ca_file=tls_registry.ca_file))
    refused(answers[dead], "network")
    assert {each.registry: found(answers[each]).digest for each in requests} == digests


def test_the_cache(registry: Registry, tmp_path: Path) -> None:
    first, second = registry.push_model("real/cached", "a"), registry.push_model("real/cached", "b")
    registry.move("real/cached", "latest", first)
    cache = str(tmp_path / "cache")
    asked = one(registry, "real/cached", "latest", cache=cache)
    registry.move("real/cached", "latest", second)
    again = one(registry, "real/cached", "latest", cache=cache)
    assert (found(again).digest, again.cached, again.asked) == (first, True, asked.asked)
    assert found(again).context == found(asked).context != 0
    assert found(one(registry, "real/cached", "latest", cache=cache, max_age=0)).digest == second
    assert found(one(registry, "real/cached", "latest", cache=cache)).digest == second


def test_offline(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = registry.push_model("real/offline", "1")
    cache = str(tmp_path / "cache")
    found(one(registry, "real/offline", "1", cache=cache))

    def no_network(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    answer = one(registry, "real/offline", "1", cache=cache, offline=True, max_age=0)
    assert (found(answer).digest, answer.cached) == (digest, True)
    refused(one(registry, "real/offline", "2", cache=cache, offline=True), "offline", "--offline")


def test_details_are_asked_for_later(registry: Registry, tmp_path: Path) -> None:
    registry.push_model("real/later", "1", context=1234)
    cache = str(tmp_path / "cache")
    assert found(one(registry, "real/later", "1", cache=cache, details=False)).context == 0
    assert found(one(registry, "real/later", "1", cache=cache)).context == 1234

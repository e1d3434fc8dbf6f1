"""Shell scripts: what they run, read and set, by the grammar; and texts that are made to hurt."""

from __future__ import annotations

import pytest

from modellint.evidence.shell import invoked_scripts, of_words, read_script


def commands(text: str) -> list[list[str]]:
    return [[word.text for word in command.words] for command in read_script(text).commands]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('curl "$LLM_URL/models" || wget ${A:-${B}}', ["LLM_URL", "A", "B"]),
        ("echo '$NO' \\$NEITHER \"\\$NOR\" $1 $? $$ $@", []),
        ("cat <<EOF\n$A\nEOF\n", ["A"]),
        ("cat <<'EOF'\n$NO\nEOF\n", []),
        ("echo ${A%/} ${#B} $((C + 1)) ${D[0]}", ["A", "B", "C", "D"]),
        ('if test -n "$A"; then echo $(cat $B) `cat $C`; fi', ["A", "B", "C"]),
        ("f() { echo $A; }; f", ["A"]),
        ('cmd=(curl "$A"); "${cmd[@]}"', ["A", "cmd"]),
        ("sh -c 'echo $A'", ["A"]),
        ('sh -c "echo $A"', ["A"]),
        ("for x in 1; do echo é𝄞 $A; done", ["A"]),
        ("echo $A\r\necho $B\r\n", ["A", "B"]),
    ],
)
def test_what_is_read_and_where(text: str, names: list[str]) -> None:
    found = read_script(text).expansions
    assert [one.name for one in found] == names
    assert [text[one.start : one.end] for one in found] == names


def test_what_has_a_default_may_be_unset() -> None:
    found = {one.name: one.defaulted for one in read_script("echo $A ${B:-x} ${C-x} ${D:+x} ${E:?x} ${F%x}").expansions}
    assert found == {"A": False, "B": True, "C": True, "D": True, "E": False, "F": False}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A=1; export B=2; declare C; read D E", {"A", "B", "C", "D", "E"}),
        ("for A in x; do :; done; printf -v B x; getopts ab C; mapfile D", {"A", "B", "C", "D"}),
        ("A=1 app", {"A"}),
        ("echo A=1", set[str]()),
    ],
)
def test_what_is_set(text: str, names: set[str]) -> None:
    assert set(read_script(text).assigned) >= names
    assert bool(read_script(text).assigned) is bool(names)


@pytest.mark.parametrize(
    ("text", "sourced"), [(". ./env", True), ("source x", True), ("set -a", True), ("sh x", False)]
)
def test_what_brings_variables_along(text: str, sourced: bool) -> None:
    assert read_script(text).sourced is sourced


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("until nc -z db 5432; do sleep 1; done", [["nc", "-z", "db", "5432"], ["sleep", "1"]]),
        ("A=b curl -f 'x y' >/dev/null 2>&1 | jq .", [["curl", "-f", "x y"], ["jq", "."]]),
        ("! true && (false; echo $(date))", [["true"], ["false"], ["echo", "$(date)"], ["date"]]),
    ],
)
def test_what_is_run(text: str, found: list[list[str]]) -> None:
    assert commands(text) == found


@pytest.mark.parametrize("wrapper", ["exec", "env A=b", "timeout 5", "nohup", "sudo"])
def test_what_is_run_by_another_command(wrapper: str) -> None:
    assert ["curl", "-f", "x"] in commands(f"{wrapper} curl -f x")


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (["sh", "-c", "echo $A"], 2),
        (["/bin/bash", "-lc", "echo $A"], 2),
        (["tini", "--", "sh", "-ec", "echo $A"], 4),
        (["env", "X=y", "sh", "-c", "echo $A"], 4),
        (["sh", "start.sh"], None),
        (["python", "-c", "print()"], None),
        ([], None),
    ],
)
def test_the_script_of_a_list_of_words(words: list[str], at: int | None) -> None:
    found = of_words(words)
    assert [place for place, _ in found] == ([] if at is None else [at])
    assert all(script.expansions[0].name == "A" for _, script in found)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("./start.sh", "./start.sh"),
        ("sh -x run.sh a", "run.sh"),
        (". ./env.sh", "./env.sh"),
        ("curl x", None),
        ("$X", None),
    ],
)
def test_the_file_that_a_command_runs(text: str, path: str | None) -> None:
    assert invoked_scripts(read_script(text).commands[0]) == path


@pytest.mark.parametrize(
    "text",
    [
        "$(" * 30_000,
        '"' * 60_000,
        "{" * 60_000,
        "`a|" * 20_000,
        "\0" * 100,
        "\ud800 $A",
        "<<" * 20_000,
        "x" * 100_000,
        "",
    ],
)
def test_hostile_text_ends(text: str) -> None:
    assert read_script(text).text == text

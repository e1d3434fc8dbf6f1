"""Shell scripts: what they run, read and set, by the grammar; and texts that are made to hurt."""

from __future__ import annotations

import os
import shutil
import subprocess
from time import perf_counter

import pytest

from modellint.evidence.shell import Expansion, Script, invoked_scripts, of_words, read_script


def words_of(script: Script) -> list[list[str]]:
    return [[word.text for word in command.words] for command in script.commands]


def commands(text: str) -> list[list[str]]:
    return words_of(read_script(text))


def names(text: str) -> list[str]:
    """The variables that are read, each where it says so."""
    script = read_script(text)
    for one in script.expansions:
        assert text[one.start : one.end] == one.name
    return [one.name for one in script.expansions]


def flags(one: Expansion) -> str:
    return "d" * one.defaulted + "?" * one.required + "!" * one.indirect


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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$A ${B} ${#C} ${D%/} ${E##*/} ${F/a/b} ${G:1:2} ${H^^} ${I@Q} ${J[0]}", "A B C D E F G H I J"),
        ('"$A" "${B}" "a$C-b" x"$D"y', "A B C D"),
        ("${A:-${B}} ${C:-$D/${E:-x}} ${F:-$(cat $G)}", "A B C D E F G"),
        ("$1 ${1} ${10} $@ ${@} $* $# $? $$ $! $- $_ ${_} ${#} ${!1} ${1:-$A}", "A"),
        ("${!A} ${!B[@]} ${!PREFIX*} ${!PREFIX@}", "A B"),
        ("echo $(( A + $B * C[2] )) $[D] $((E ? F : G))", "A B C D E F G"),
        ("(( A < B )); for ((i = N; i < M; i++)); do x; done", "A B N i M i"),
        ("[ -n $A ] || [[ $B == x$C* && $D =~ ^$E${F:-x}$ ]]", "A B C D E F"),
        ("case $A in $B|x$C*) $D;; esac", "A B C D"),
        ("for x in $A $B/*; do :; done", "A B"),
        ("x <$A >$B 2>>$C <<<$D", "A B C D"),
        ("A=$B C=$D/e export F=$G", "B D G"),
        ("x <<A\n$B ${C:-x} \\$NO $(d $E)\nA\n", "B C E"),
        ("x <<-A\n\t$B \\$NO\n\t${C[0]:-$D}\n\tA\n", "B C D"),
        ('x <<"A"\n$NO\nA\n', ""),
        ("x <<\\A\n$NO\nA\n", ""),
        ("x <<A'B'\n$NO\nAB\n", ""),
        ("# $NO\nx # $NO", ""),
        ("x '$NO' $'$NO' \"'$A'\"", "A"),
        ("x $A\\ b", "A"),
        # What the grammar alone takes apart, or for letters.
        ("curl http://$A:$B/x ${C}:$D:$E/y", "A B C D E"),
        ("URL=http://$A:$B/x curl $C", "A B C"),
        ("PATH=$A:$B/bin:$C/bin", "A B C"),
        ("x >$A:$B/y <<<$C:$D/z", "A B C D"),
        ("${A%$B} ${C#${D:-x}} ${E%'$NO'}", "A B C D E"),
        ("x $$A $é ${A}é $Bé", "A A B"),
        # A name in single quotes that another shell reads.
        ("sh -c 'a $B'", "B"),
        ("sh -c 'a '$B' c'", "B"),
        ('sh -c "a $B \\$C \\"$D\\""', "B C D"),
        ("sh -c \"a '$B'\"", "B"),
        ("sh -c 'sh -c \"a $B\"'", "B"),
        ("x `a \\$B \\`c $D\\``", "B D"),
        ('x "`a \\"$B\\"`"', "B"),
        ("x <<A\n`b $C $(d $E)` \\`$F\\`\nA\n", "C E F"),
    ],
)
def test_variables(text: str, found: str) -> None:
    assert names(text) == found.split()


def test_how_a_variable_is_read() -> None:
    text = (
        "$A ${B:-x} ${C-x} ${D:=x} ${E=x} ${F:+x} ${G+x} ${H?} ${I:?no} ${J%x} ${!K} ${!L:-x} ${!M[@]} ${N: -1} ${O-}"
    )
    found = {one.name: flags(one) for one in read_script(text).expansions}
    assert found == dict(
        zip("ABCDEFGHIJKLMNO", " d d d d d d ? ? _ ! d! _ _ d".replace("_", "").split(" "), strict=True)
    )
    inner = read_script("sh -c '${A:-x}'; x ${B%${C:-y}}").expansions
    assert [(one.name, one.defaulted) for one in inner] == [("A", True), ("B", False), ("C", True)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("curl", "curl"),
        ("a\\ b", "a b"),
        ("a'b c'\"d e\"f", "ab cd ef"),
        ('"a \\" \\$ \\` \\\\ \\n"', 'a " $ ` \\ \\n'),
        ('"  a  "', "  a  "),
        ("'a'\\''b'", "a'b"),
        ("'\"'", '"'),
        ("$'a\\tb\\x41\\u00e9\\101\\'\\q'", "a\tbAéA'q"),
        ('$"a"', "a"),
        ("a\\\nb", "ab"),
        ('"a\\\nb"', "ab"),
        ("''", ""),
        ("*.sh", "*.sh"),
        ("~/x", "~/x"),
        ("{a,b}", "{a,b}"),
        ("a$", "a$"),
        ("a=b", "a=b"),
        ("5432", "5432"),
        ("é'𝄞'", "é𝄞"),
        ("\\$A", "$A"),
    ],
)
def test_literal_words(text: str, found: str) -> None:
    (command,) = read_script(f"𝄞 {text} z").commands
    _, word, last = command.words
    assert (word.text, word.literal, word.start, word.end) == (found, True, 2, 2 + len(text))
    assert last.text == "z"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$A", "$A"),
        ('"$A/models"', "$A/models"),
        ('"a \'b\' ${C:-"d e"}"', "a 'b' ${C:-\"d e\"}"),
        ("'a b'$C\\ d", "a b$C d"),
        ("$A\\ \\ $B\\\nc", "$A  $Bc"),
        ('"$(a "b c")"', '$(a "b c")'),
        ("x`a`", "x`a`"),
        ("<(a b)", "<(a b)"),
        ("$((1 + 2))", "$((1 + 2))"),
        ("$1", "$1"),
        ('"$@"', "$@"),
        ("http://$A:$B/c", "http://$A:$B/c"),
        ('"  $A  b"', "  $A  b"),
    ],
)
def test_words_that_are_not_literal(text: str, found: str) -> None:
    word = read_script(f"é {text} z").commands[0].words[1]
    assert (word.text, word.literal, word.start, word.end) == (found, False, 2, 2 + len(text))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_makes_the_same_of_words() -> None:
    text = r"""printf '%s\0' a\ b 'c'"d\$e"f "\a\\\"\`" $'\t\x41\u00e9\101\e\'' '' "" a\
b x=y 1 'a'\''b' $"t" "  s  " a"b"'c'\d # no"""
    (command,) = read_script(text).commands
    run = subprocess.run(["bash", "-c", text], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert [word.text for word in command.words[2:]] == run.stdout.decode().split("\0")[:-1]
    assert all(word.literal for word in command.words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a | b |& c && d || e; f & g", "a b c d e f g"),
        ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ("while a; do b; done; until ! c; do d; done", "a b c d"),
        ("for x in $(a); do b; done; select y in z; do c; done", "a b c"),
        ("case $(a) in x) b;; *) c;; esac", "a b c"),
        ("f() { a; }; function g { b; }; h() ( c ); f", "a b c f"),
        ("(a; b) | { c; d; } > $(e)", "a b c d e"),
        ('A=$(a) B="`b`"; [ "$(c)" = 1 ] && [[ -n $(d) ]] && (( $(e) ))', "a b c d e"),
        ("a <(b) >(c)", "a b c"),
        ("! a; time { b; c; }; coproc d", "a time b c coproc d"),
        (">x a; b <<E && c\nt\nE\nd", "a b c d"),
        ("x <<E | y\n`a` $(b)\nE\n", "x y a b"),
        ("/usr/bin/a; \\b; 'c'; ./d/e", "a b c e"),
        ("export A=$(a); unset A; local B; readonly C=1", "export a unset local readonly"),
        ("A=1; B=2 C=3", ""),
        ("x=(a -b); x+=(c)", "a c"),
        ('$(a) b; $CMD c; "${x[@]}"', "$(a) a $CMD ${x[@]}"),
        ("[ a = b ]; [[ a ]]; (( a ))", ""),
        ("a\r\nif b; then\r\n  c \\\r\n    d\r\nfi\r\n", "a b c"),
    ],
)
def test_names_of_commands(text: str, found: str) -> None:
    script = read_script(text)
    assert [command.name for command in script.commands] == found.split()
    assert not script.damaged


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('curl -fsS "$A/models" || wget -q b', [["curl", "-fsS", "$A/models"], ["wget", "-q", "b"]]),
        ("a >x b 2>&1 c <<<y d &>z e", [["a", "b", "c", "d", "e"]]),
        ("a | b >x c", [["a"], ["b", "c"]]),
        ("! a >x b; c && d >x e", [["a", "b"], ["c"], ["d", "e"]]),
        ("a \\\n  -b \\\n  c", [["a", "-b", "c"]]),
        ("export A=b C", [["export", "A=b", "C"]]),
        ('cmd=(\n  curl  # why\n  -f "$X"\n)\n"${cmd[@]}" y', [["curl", "-f", "$X"], ["${cmd[@]}", "y"]]),
        ("a http://$B:$C/d e", [["a", "http://$B:$C/d", "e"]]),
        ("A=$B:$C/d e f", [["e", "f"]]),
    ],
)
def test_words_of_commands(text: str, found: list[list[str]]) -> None:
    assert commands(text) == found


@pytest.mark.parametrize(
    ("text", "assigned"),
    [("A=b C+=d x", ["A", "C"]), ("x A=b", []), ("A=$B:$C/d x", ["A"]), ("A[0]=b x", ["A"])],
)
def test_what_is_assigned_in_front(text: str, assigned: list[str]) -> None:
    (command,) = read_script(text).commands
    assert (command.name, command.assigned) == ("x", assigned)


@pytest.mark.parametrize(
    ("text", "found", "assigned"),
    [
        ("exec -a n -c curl x", ["curl", "x"], []),
        ("env -i -u B --chdir /y A=b C=$D curl x", ["curl", "x"], ["A", "C"]),
        ("timeout -k 5 --signal=KILL 10s curl x", ["curl", "x"], []),
        ("sudo -E -u www A=b curl x", ["curl", "x"], ["A"]),
        ("xargs -0 -n1 -P 4 -I {} curl x", ["curl", "x"], []),
        ("nice -n 5 stdbuf -oL -e 0 curl x", ["curl", "x"], []),
        ("/sbin/tini -s -- curl x", ["curl", "x"], []),
        ("dumb-init -r 15:2 gosu u:g curl x", ["curl", "x"], []),
        ("su-exec u curl x", ["curl", "x"], []),
        ("nohup time -p curl x", ["curl", "x"], []),
        ("retry -t 3 5 curl x", ["curl", "x"], []),
        ("command curl x", ["curl", "x"], []),
        ("busybox curl x", ["curl", "x"], []),
        ("eval curl x", ["curl", "x"], []),
        ("wait-for-it.sh db:5432 -t 9 -- curl x", ["curl", "x"], []),
        ("A=b exec env C=d curl x", ["curl", "x"], ["A", "C"]),
        ("sudo -u u -- sh -c 'curl x'", ["curl", "x"], []),
    ],
)
def test_wrappers(text: str, found: list[str], assigned: list[str]) -> None:
    command = read_script(text).commands[-1]
    assert ([word.text for word in command.words], command.assigned) == (found, assigned)
    assert text[command.words[0].start : command.words[-1].end] == "curl x"


@pytest.mark.parametrize(
    "text", ["command -v curl", "env A=b", "timeout 5", "exec >x", "env -S 'curl x'", "sudo -l curl"]
)
def test_what_runs_no_other_command(text: str) -> None:
    assert len(commands(text)) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sh -c 'a b'", ["a", "b"]),
        ("/bin/bash -lc 'a b'", ["a", "b"]),
        ("bash -euxo pipefail -c 'a b' _ x", ["a", "b"]),
        ("bash --login -c 'a b'", ["a", "b"]),
        ("bash -c -- 'a b'", ["a", "b"]),
        ('sh -c "a b"', ["a", "b"]),
        ("sh -c a\\ b", ["a", "b"]),
        ("sh -c $'a b'", ["a", "b"]),
        ("sh -c 'a '\"b\"", ["a", "b"]),
        ('sh -c "a $B"', ["a", "$B"]),
        ('sh -c "$A b"', ["$A", "b"]),
        ("eval 'a b'", ["a", "b"]),
        ("trap 'a b' EXIT", ["a", "b"]),
        ("su - user -c 'a b'", ["a", "b"]),
        ("exec sh -c 'a b'", ["a", "b"]),
        ("cmd=(sh -c 'a b')", ["a", "b"]),
    ],
)
def test_scripts_in_scripts(text: str, found: list[str]) -> None:
    command = read_script(text).commands[-1]
    assert [word.text for word in command.words] == found


def test_what_stands_in_a_script_in_a_script() -> None:
    text = "é; sh -c \"x=1; 𝄞 \\\"a b\\\" c'd e' $F; sh -c 'g \\$H $(i)'\"; . env"
    script = read_script(text)
    outer, shell, inner, innermost, _, last, _ = script.commands
    assert (outer.name, shell.name, innermost.name, last.name) == ("é", "sh", "sh", "i")
    assert [word.text for word in inner.words] == ["𝄞", "a b", "cd e", "$F"]
    assert [word.literal for word in inner.words] == [True, True, True, False]
    assert [text[word.start : word.end] for word in inner.words] == ["𝄞", '"a b\\"', "c'd e'", "$F"]
    assert names(text) == ["F", "H"]
    assert (script.assigned, script.sourced, script.damaged) == ({"x"}, True, False)


def test_what_the_outer_shell_fills_in_is_no_word_of_the_inner() -> None:
    script = read_script("sh -c \"a '$B' $(c d) `e`\"")
    assert words_of(script)[1:] == [["a", "$B", "$(c d)", "`e`"], ["c", "d"], ["e"]]
    assert [word.literal for word in script.commands[1].words] == [True, False, False, False]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1 B+=2; C[0]=3; D=$E:$F/g", "A B C D"),
        ("export A=1 B; readonly C=1 D; declare -a E; local F; typeset -i G=1", "A C E F G"),
        ("export \"A=$B\" 'C=d' $E=f", "A C"),
        ("read -r -p 'x y' A -t 5 B; read -ra C <x", "A B C"),
        ("read; mapfile; getopts ab: A", "REPLY MAPFILE OPTARG OPTIND A"),
        ("IFS= read -r A", "IFS A"),
        ("readarray -t -d '' A; printf -vB x; printf -v C x; printf x D", "A B C"),
        ("for A in x; do :; done; select B in x; do :; done; for C; do :; done", "A B C"),
        ("for ((A=0; A<9; A++)) do :; done; ((B = 1, C += 2)); echo $((D = 1)); let E=1 'F += 1' G++", "A B C D E F G"),
        ("(( a == b )); [ a = b ]; echo A=b x=", ""),
        (": ${A:=x} ${B=x} ${C:-x}", "A B"),
        ("env A=b cmd; command read B; A=(x); sh -c 'C=1'", "A B C"),
        ("names=(read A)", "names"),
        ("unset A", ""),
    ],
)
def test_names_that_are_set(text: str, found: str) -> None:
    assert read_script(text).assigned == set(found.split())


@pytest.mark.parametrize(
    ("text", "sourced"),
    [
        ('. "$X"', True),
        ("if true; then source env; fi", True),
        ("builtin . x", True),
        ('eval "$(ssh-agent)"', True),
        ('eval a "$B"', True),
        ("eval 'a $B'", False),
        ("eval a b", False),
        ("set -a", True),
        ("set -ea", True),
        ("set -o pipefail -a", True),
        ("set -eo allexport", True),
        ("set +a; set -e; set -- -a; set -o pipefail; set a -a", False),
        ("sh -c '. x'", True),
        ("echo . x; files=(. x); ./x; source", False),
    ],
)
def test_where_names_may_come_from_elsewhere(text: str, sourced: bool) -> None:
    assert read_script(text).sourced is sourced


@pytest.mark.parametrize(
    ("words", "index", "found"),
    [
        (["sh", "-c", "a $B", "_", "x"], 2, ["a", "$B"]),
        (["bash", "-eo", "pipefail", "-c", "a $B"], 4, ["a", "$B"]),
        (["/usr/bin/env", "-i", "A=1", "/bin/sh", "-c", "a $B"], 5, ["a", "$B"]),
        (["timeout", "-s", "KILL", "5", "exec", "sh", "-c", "a $B"], 7, ["a", "$B"]),
        (["dumb-init", "gosu", "u", "sh", "-c", "a $B"], 5, ["a", "$B"]),
    ],
)
def test_script_of_words(words: list[str], index: int, found: list[str]) -> None:
    ((at, script),) = of_words(words)
    assert (at, script.text, words_of(script)) == (index, words[index], [found])


@pytest.mark.parametrize(
    "words",
    [["sh"], ["sh", "-c"], ["sh", "-s"], ["tini", "--"], ["eval", "a"], ["env"] * 50, ["echo", "sh", "-c", "a"]],
)
def test_words_without_a_script(words: list[str]) -> None:
    assert of_words(words) == []


def test_what_env_sets_for_a_script_is_its_own() -> None:
    ((_, script),) = of_words(["env", "A=1", "sh", "-c", "B=2; echo $A"])
    assert script.assigned == {"A", "B"}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/app/entrypoint.sh --x", "/app/entrypoint.sh"),
        ("start.sh", "start.sh"),
        ("'./a b.bash'", "./a b.bash"),
        ("./run", "./run"),
        ("/docker-entrypoint", "/docker-entrypoint"),
        ("sh start", "start"),
        ("bash -x -o pipefail -- ./x.sh a", "./x.sh"),
        ("bash --rcfile a ./x.sh", "./x.sh"),
        ("source env", "env"),
        (". -- ./env", "./env"),
        ("A=b ./x.sh", "./x.sh"),
        ("sh", None),
        ("sh -s x.sh", None),
        ("sh -c x.sh", None),
        ("sh $X", None),
        ("sh $X/x.sh", None),
        ('"$X/x.sh"', None),
        (". $X", None),
        (".", None),
        ("/usr/bin/curl x.sh", None),
        ("./manage.py", None),
        ("cat x.sh", None),
        ("exec ./x.sh", None),
    ],
)
def test_script_file_of_a_command(text: str, path: str | None) -> None:
    assert invoked_scripts(read_script(text).commands[0]) == path


def test_script_file_behind_a_wrapper() -> None:
    found = [invoked_scripts(command) for command in read_script("exec env A=b ./x.sh y").commands]
    assert found == [None, None, "./x.sh"]


@pytest.mark.parametrize(
    ("text", "found", "read"),
    [
        ("curl $A\nif b; then\n c $D", ["curl", "b", "c"], ["A", "D"]),
        ("curl $A\nwget $B )", ["curl", "wget"], ["A", "B"]),
        ('curl $A\nwget "$B', ["curl", "wget"], ["A", "B"]),
        ("case $A in x) curl $B;;& esac", ["curl"], ["A", "B"]),
        ("curl $A; sh -c 'wget $B; )'", ["curl", "sh", "wget"], ["A", "B"]),
    ],
)
def test_what_is_understood_of_a_damaged_script(text: str, found: list[str], read: list[str]) -> None:
    script = read_script(text)
    assert script.damaged
    assert [command.name for command in script.commands] == found
    assert names(text) == read


def nested(depth: int) -> str:
    return "echo $(" * depth + "a" + ")" * depth


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (nested(8), True),
        (nested(9), False),
        ("eval " * 8 + "a", True),
        ("eval " * 9 + "a b", False),
        ("a;" * 8_192, True),
        ("a;" * 8_192 + "b", False),
    ],
)
def test_limits(text: str, read: bool) -> None:
    script = read_script(text)
    assert script.damaged is not read
    assert bool(script.commands) is read
    if not read:
        assert (script.text, script.expansions, script.assigned, script.sourced) == (text, [], frozenset(), False)


@pytest.mark.parametrize(
    "unit",
    ["$(", '"', "{", "(", "`", "`<E ", "a|", "<<E\n", "<<", ">", "a=(", "$[", "'", "${A:-", "env ", "sh -c '",
     'sh -c "', "\0", '"\0"', "\ud800", "𝄞", "\r\n", "\r", "\\", "$A", "))", "[[ a =~ ", "|!", "if ", "case x in a) "],
)  # fmt: skip
def test_hostile_text_takes_no_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    start = perf_counter()
    assert read_script(text).text == text
    assert perf_counter() - start < 5


def test_texts_of_no_script() -> None:
    for text in ("", " ", "\n", "\0", "\ud800", "\ufeff", "$", "${", "$'", "\\", "<<", "\r\n"):
        assert names(text) == []

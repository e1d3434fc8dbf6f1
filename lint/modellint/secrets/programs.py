"""Programs that are given a secret under no name that says so: `docker login -p S`, `echo S | chpasswd`.

To know one more program, add a row to a table here.
"""

from __future__ import annotations

from modellint.secrets.names import SURE, is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as List
    from typing import TypeAlias

    Word: TypeAlias = tuple[int, str]  # where it begins, and the word

# The options whose value, attached to a single letter or the next word, is a secret; where a sign stands behind the
# option, the value is a user and a secret that the sign parts. `*`: every program whose name begins so.
_OPTIONS = {
    "mysql*": ("-p",),
    "mariadb*": ("-p",),
    "mongo*": ("-p",),
    "sshpass": ("-p",),
    "redis-cli": ("-a",),
    "valkey-cli": ("-a",),
    "keydb-cli": ("-a",),
    "login": ("-p",),  # of docker, podman, helm, oras, skopeo, az
    "ldap*": ("-w",),
    "openssl": ("-k", "-K"),
    "smb*": ("-U%", "--user%"),
    "rpcclient": ("-U%", "--user%"),
    "sqlcmd": ("-P",),
    "bcp": ("-P",),
    "isql": ("-P",),
    "cqlsh": ("-p",),
    "rabbitmqadmin": ("-p",),
    "mosquitto_*": ("-P",),
    "ipmitool": ("-P",),
    "snmp*": ("-A", "-X"),
    "zip": ("-P",),
    "unzip": ("-P",),
    "7z*": ("-p",),
    "keytool": ("-storepass", "-keypass", "-srcstorepass", "-deststorepass"),
    "influx": ("-password",),
}
_SIGNS = "%:"
_APART = frozenset(("openssl",))  # whose long options begin with one dash, so that nothing is attached to a letter
# Of the words that are no options: from which one on they are secret, and the letter of an option that spares one.
_PLACES = {
    "htpasswd": (3, "n"),
    "add_user": (2, ""),  # of rabbitmqctl, as the next
    "change_password": (2, ""),
    "authtoken": (1, ""),  # of ngrok, as the next
    "add-authtoken": (1, ""),
}
_MOST_PLACED = 2  # words from there on: the value of an option may be counted among them
_MOST_WORDS = 12  # behind the program that are looked at
# What is written to a command with one of these words is a secret, or to these programs with one of these options.
_READERS = frozenset(("chpasswd", "cryptsetup", "--password-stdin", "--with-token", "--stdin", "--passphrase-fd"))
_READERS_WITH = {"sudo": "-S", "smbpasswd": "-s"}
_WRITERS = frozenset(("echo", "printf"))
_PIPE, _HERE = "|", "<<<"
_ENDS = frozenset(";|&\n\r<>")

# A text without any of these, in small letters, and without the marks of all secrets names none of these programs.
MARKS = (
    "7z", "add_user", "cryptsetup", "keydb-cli", "ldap", "mariadb", "mongo", "mysql", "openssl", "redis-cli",
    "smb", "snmp", "sudo", "valkey-cli",
)  # fmt: skip
_FAMILIES = {name[:-1]: options for name, options in _OPTIONS.items() if name.endswith("*")}
_BEGINNINGS = tuple(_FAMILIES)


def given(words: List[Word], text: str = "") -> Iterator[Word]:
    """The secrets that programs are given in a text; without one, all words are those of one command."""
    before: list[Word] = []
    for signs, command in _commands(words, text):
        found = [*_in_command(command)]
        if _PIPE in signs and _reads(command):
            found += _written(before)
        elif _HERE in signs and _reads(before):
            found += command[:1]
        yield from ((start, word) for start, word in found if word[:1] not in ("", "-", "$") and is_secret(word, SURE))
        before = command


def _commands(words: List[Word], text: str) -> list[tuple[str, list[Word]]]:
    """The words as commands, each with the signs that part it from the one before."""
    found: list[tuple[str, list[Word]]] = []
    end = 0
    for start, word in words:
        between = text[end:start].replace("\\\r\n", "").replace("\\\n", "")  # a command goes on behind a backslash
        end = start + len(word)
        if not found or not _ENDS.isdisjoint(between):
            found.append((between, []))
        found[-1][1].append((start, word))
    return found


def _in_command(words: List[Word]) -> Iterator[Word]:
    options: tuple[str, ...] = ()
    attached = True
    for at, (start, word) in enumerate(words):
        if word[0] == "-":
            following = words[at + 1] if at + 1 < len(words) else (start, "")
            yield from _of_option(start, word, following, options, attached)
            continue
        called = word.rpartition("/")[2]
        if known := _options_of(called):
            options, attached = known, called not in _APART
        if called in _PLACES:
            yield from _placed(called, words[at + 1 : at + 1 + _MOST_WORDS])


def _options_of(called: str) -> tuple[str, ...]:
    known = _OPTIONS.get(called, ())
    if known or not called.startswith(_BEGINNINGS):
        return known
    return next(options for begin, options in _FAMILIES.items() if called.startswith(begin))


def _of_option(start: int, word: str, following: Word, options: tuple[str, ...], attached: bool) -> Iterator[Word]:
    """The secret of an option, if it is one of those that have one."""
    for option in options:
        flag = option.rstrip(_SIGNS)
        rest = word[len(flag) :]
        if not word.startswith(flag) or (rest and rest[0] != "=" and not (attached and len(flag) == 2)):
            continue
        value = rest.lstrip("=")
        at, value = (start + len(word) - len(value), value) if rest else following
        if flag != option:
            user, _, value = value.partition(option[len(flag) :])
            at += len(user) + 1
        yield at, value


def _placed(called: str, words: List[Word]) -> List[Word]:
    """The secrets among the words behind a program that takes them by their places."""
    place, sparing = _PLACES[called]
    if sparing and any(word[0] == "-" and word[1:2] != "-" and sparing in word for _, word in words):
        place -= 1
    plain = [each for each in words if each[1][0] != "-"]
    return plain[place - 1 : place - 1 + _MOST_PLACED]


def _reads(words: List[Word]) -> bool:
    """Whether a command takes a secret from its standard input."""
    texts = {word for _, word in words}
    return not _READERS.isdisjoint(texts) or any(
        name in texts and option in texts for name, option in _READERS_WITH.items()
    )


def _written(words: List[Word]) -> List[Word]:
    """What a command writes, where it is one that writes its arguments."""
    at = next((at for at, (_, word) in enumerate(words) if word.rpartition("/")[2] in _WRITERS), len(words))
    return [each for each in words[at + 1 :] if each[1][0] != "%"]

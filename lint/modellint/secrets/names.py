"""Recognize the names of secrets, and texts that are secrets under any name.

Names are taken apart into words, at `_`, `-`, `.`, `:` and where a capital follows a small letter: the words count,
wherever they stand, and not the whole name.
"""

from __future__ import annotations

from modellint.secrets import credentials

NONE, LIKELY, SURE = range(3)  # what a name says of its value: nothing; a secret if it looks random; a secret

_LONGEST_NAME = 200
_SECRETS = frozenset(
    (
        "ACCESSKEY", "ACCOUNTKEY", "APIKEY", "APIKEYS", "AUTHKEY", "AUTHORIZATION", "BASICAUTH", "CRED", "CREDENTIAL",
        "BEARER", "ENCRYPTIONKEY", "LICENSEKEY", "MASTERKEY", "MNEMONIC", "PASS", "PASSCODE", "PASSKEY", "PAT", "PIN",
        "PRIVATEKEY", "PRIVKEY", "PSK", "PW", "PWD", "SALTKEY", "SECRETID", "SECRETKEY", "SIGNINGKEY",
    )
)  # fmt: skip
_ENDS = ("PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY")  # of words that run together
_PASS_ENDS = ("PASS", "PWD")
_NO_PASS = frozenset(("BYPASS", "COMPASS", "OVERPASS", "TRESPASS", "ENCOMPASS"))
_KEYS_OF = frozenset(
    (
        "ACCESS", "ACCOUNT", "API", "APP", "AUTH", "ENCRYPTION", "FERNET", "HMAC", "JWT", "LICENSE", "MASTER",
        "PRIVATE", "SALT", "SECRET", "SHARED", "SIGNING", "SSH",
    )
)  # fmt: skip
_LIKELY = frozenset(
    (
        "AUTH", "COOKIE", "COOKIES", "CREDENTIALS", "CREDS", "DSN", "JWT", "KEY", "KEYS", "LOGIN", "OTP", "SALT",
        "SECRETS", "SEED", "SESSION", "SIG", "SIGNATURE", "TOKENS", "WEBHOOK",
    )
)  # fmt: skip
# At the end of a name: it is still the secret, or it is something about it.
_STILL = frozenset(
    (
        "", "A", "ASCII", "B", "BASE", "BASE64", "B64", "CONTENT", "CONTENTS", "CURRENT", "DATA", "DEV", "HASH", "ID",
        "JSON", "NEW", "NEXT", "OLD", "PLAIN", "PREV", "PREVIOUS", "PROD", "STAGING", "STRING", "TEST", "TEXT",
        "USERS", "V", "VALUE",
    )
)  # fmt: skip
_ABOUT = frozenset(
    (
        "ALG", "ALGORITHM", "AUDIENCE", "BUDGET", "COUNT", "DAYS", "DIR", "DIRECTORY", "ENABLED", "ENDPOINT",
        "EXPIRATION", "EXPIRES", "EXPIRY", "FILE", "FORMAT", "HEADER", "HOST", "HOURS", "ISSUER", "LENGTH", "LIMIT",
        "MINUTES", "MODE", "NAME", "PATH", "PORT", "PROVIDER", "REQUIRED", "SECONDS", "SIZE", "TIMEOUT", "TTL",
        "TYPE", "URI", "URL", "USER", "USERNAME", "VERSION",
    )
)  # fmt: skip
_ISSUED = (
    "sk-",
    "sk_live_",
    "rk_live_",
    "whsec_",
    "glpat-",
    "github_pat_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AKIA",
    "ASIA",
    "npm_",
    "pypi-",
    "SG.",
    "dop_v1_",
    "GOCSPX-",
    "hvs.",
    "eyJ",
    "LS0tLS1CRUdJTi",
)  # fmt: skip  what services besides those of models hand out; `eyJ` begins a JWT, and the last a key in base64
_ISSUED_SHORTEST = 16
_HOOKS = (
    "hooks.slack.com/services/",
    "/api/webhooks/",
    "api.telegram.org/bot",
)  # addresses that are secrets themselves
# A text without any of these, in small letters, holds nothing that could be recognised.
MARKS = (
    "key", "token", "secret", "pass", "pwd", "_pw", "-pw", "auth", "cred", "bearer", "basic", "-u", "-p", "-a ", "@",
    "sk-", "sk_", "hf_", "xai-", "nvapi-", "aiza", "r8_", "pplx-", "tvly-", "lsv2_", "pin", "mnemonic", "cookie",
    "psk", "_pat", "-pat", "pat:", "pat=", "dsn", "jwt", "login", "otp", "salt", "seed", "session", "sig", "hook",
    "telegram",
    *(prefix.lower() for prefix in _ISSUED),
)  # fmt: skip
_SHORTEST = 8  # characters of a text that could be random: a shorter one is a word
_FEWEST_DIGITS = 4  # of a number that is a password
_LONG = 20  # characters of a text that could be random without a digit
_PLACES = ("/", "./", "../", "~/", "http://", "https://")  # the beginnings of what is no secret but somewhere


def secrecy(name: str) -> int:
    """What the name of a variable, a key or a flag says of its value: `NONE`, `LIKELY` or `SURE`."""
    name = name.strip("-#$@?.!+")
    if not name or len(name) > _LONGEST_NAME:
        return NONE
    words = _words(name)
    if "PUBLIC" in words or words[0] == "MAX" or words[-1] in _ABOUT:
        return NONE
    if credentials.is_model_credential(name) or credentials.is_secret(name):
        return SURE
    last = len(words)
    while last and words[last - 1] in _STILL:
        last -= 1
    found = NONE
    for at, word in enumerate(words):
        if _is_secret(word, words[at - 1] if at else ""):
            found = max(found, SURE if at == last - 1 else LIKELY)
        elif word in _LIKELY:
            found = max(found, LIKELY)
    return found


def is_secret(value: str, name: int) -> bool:
    """Whether a value under a name that says so much is a secret: nothing that stands for none, and no place."""
    if value.isdigit():
        return name == SURE and len(value) >= _FEWEST_DIGITS
    if name == NONE or not value or credentials.is_none(value) or (value[0] == "/" and value.count("/") > 1):
        return False
    return name == SURE or (not value.startswith(_PLACES) and is_random(value) and _is_mixed(value))


def _is_mixed(value: str) -> bool:
    return len(value) >= _LONG or any(char.isdigit() for char in value)


def is_random(text: str) -> bool:
    """Whether a text could be random, and no word: `postgres` may well mean something else."""
    digits = any(char.isdigit() for char in text)
    return len(text) >= _SHORTEST and (digits or not (text.islower() or text.isupper() or text.istitle()))


def is_issued(text: str) -> bool:
    """Whether a text has the shape of what a provider hands out."""
    if credentials.is_issued(text):
        return True
    return text.startswith(_ISSUED) and len(text) >= _ISSUED_SHORTEST and len(set(text)) > 10


def hook(text: str) -> int:
    """Where the secret part of an address begins that is a secret by itself; -1 in any other text."""
    return next((at + len(each) for each in _HOOKS if (at := text.find(each)) >= 0), -1)


def _is_secret(word: str, before: str) -> bool:
    if word in ("KEY", "KEYS"):
        return before in _KEYS_OF
    run_together = word.endswith(_ENDS) or (word.endswith(_PASS_ENDS) and word not in _NO_PASS)
    return word in _SECRETS or run_together


def _words(name: str) -> list[str]:
    """The words of a name, in capitals, without the digits at their ends; `B64` and `BASE64` are words."""
    words = credentials.in_capitals(name).split("_")
    return [word if word in _STILL else word.rstrip("0123456789") for word in words]

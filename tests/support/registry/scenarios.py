"""The table of hostile registries: what each does and what must come of it. See `scene`.

    python tests/support/registry/scenarios.py [WORD …]

runs those whose name holds one of the words (all without one) and prints a table; exits 1 where one fails.
"""

# ruff: noqa: E501
from __future__ import annotations

import functools
import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from support.registry.push import IMAGE_CONFIG, INDEX, MANIFEST, MODEL_CONFIG, sha256
from support.registry.raw import GOOD, Headers, Play, Talk
from support.registry.scene import MARK, SECRET, USER, Scenario, Scene, basic, run

EVIL = f"\x1b]0;{MARK}\x07\x1b[2J\x1b[31m{MARK}\n::error file=x::{MARK}\r##[error]{MARK}"
EVIL_LINE = EVIL.replace("\n", " ").replace("\r", " ").encode()  # for a header
ERROR = json.dumps({"errors": [{"code": "DENIED", "message": EVIL, "detail": MARK}]}).encode()
JSON = "application/json"
MEGABYTE = b" " * (1 << 20)
OTHER = GOOD.manifest.replace(b'"size": 5', b'"size": 6')

# How an answer is called.
TIMEOUT = "timeout"
NETWORK = "network"
TLS = "tls"
TOO_BIG = "too-big"
BAD = "not-a-manifest"
DIGEST = "digest-mismatch"
AUTH = "auth"
REDIRECT = "redirect"
REALM = "realm"
ENCODED = "encoding"
DENIED = "forbidden"
UNAVAILABLE = "unavailable"
RATE = "rate-limited"
MISSING = "not-found"


def lies(digest: str | bytes, data: bytes = GOOD.manifest) -> Play:
    """Give a manifest and say that this is its digest, where it is not empty."""
    return lambda talk: talk.good() if talk.is_blob else talk.manifest(data, digest=digest)


def edited(old: str, new: str | bytes) -> bytes:
    """The honest manifest with another text in it."""
    return GOOD.manifest.replace(old.encode(), new if isinstance(new, bytes) else new.encode())


def changed(**fields: Any) -> dict[str, Any]:
    """The honest manifest with other fields."""
    return {**json.loads(GOOD.manifest), **fields}


def config_at(digest: str, size: int = 9, kind: str = MODEL_CONFIG) -> dict[str, Any]:
    """A manifest that says where its config is."""
    return changed(config={"mediaType": kind, "size": size, "digest": digest})


def status(code: int, body: bytes = ERROR, headers: Headers = (), phrase: str = MARK) -> Play:
    return lambda talk: talk.answer(code, body, headers, phrase)


def write(*parts: bytes, then: str = "close") -> Play:
    """Write these bytes instead of an answer, then close or hang."""

    def play(talk: Talk) -> None:
        for part in parts:
            talk.write(part)
        after(talk, then)

    return play


def after(talk: Talk, then: str) -> None:
    if then == "hang":
        talk.hang()
    elif then == "close":
        talk.close()


def forever(head: bytes, part: bytes, pause: float = 0) -> Play:
    def play(talk: Talk) -> None:
        talk.write(head)
        talk.drip(part, pause)

    return play


def hang(talk: Talk) -> None:
    talk.hang()


def leads(target: str | Callable[[Talk], str], code: int = 307, blobs: bool = False) -> Play:
    """Redirect the manifest, or the config, to a URL; `{there}` and `{trap}` are the names of hosts."""

    def play(talk: Talk) -> None:
        if talk.is_blob == blobs:
            where = target(talk) if callable(target) else target
            where = where.replace("{here}", talk.host.name)
            for name in ("there", "trap"):
                where = where.replace(f"{{{name}}}", talk.host.other[name].name)
            talk.answer(code, ERROR, [("Location", where.encode())])
        else:
            talk.good()

    return play


def on_all(where: str) -> Play:
    """Redirect everything."""
    return lambda talk: talk.answer(307, ERROR, [("Location", where)])


def asks_for(
    challenge: str | bytes | Sequence[str | bytes],
    *,
    token: Play | None = None,
    code: int = 401,
    accepts: Callable[[Talk], bool] | None = None,
    then: Play = Talk.good,
) -> Play:
    """Ask for an authorization with this challenge; `{here}`, `{there}` and `{trap}` are the names of hosts."""

    def play(talk: Talk) -> None:
        if talk.path.startswith("/token") and token:
            token(talk)
        elif accepts and accepts(talk):
            then(talk)
        else:
            each = [challenge] if isinstance(challenge, str | bytes) else challenge
            names = {"here": talk.host.name, **{name: talk.host.other[name].name for name in ("there", "trap")}}
            filled = [part.format(**names) if isinstance(part, str) else part for part in each]
            talk.answer(code, ERROR, [("WWW-Authenticate", part) for part in filled])

    return play


def token(value: Any = "zqtoken", key: str = "token") -> Play:
    return lambda talk: talk.answer(200, json.dumps({key: value}).encode(), [("Content-Type", JSON)])


def bearer(talk: Talk) -> bool:
    return talk.authorization == "Bearer zqtoken"


def password(talk: Talk) -> bool:
    return talk.authorization.startswith("Basic ")


def once(first: Play) -> Play:
    """Play that for the first request, then be good."""

    def play(talk: Talk) -> None:
        first(talk) if talk.count == 1 else talk.good()

    return play


def by_method(head: Play | None, get: Play) -> Play:
    """One play for HEAD (an honest one without one), another for the rest."""
    return lambda talk: ((head or Talk.good) if talk.method == "HEAD" else get)(talk)


def both(first: Play, second: Play) -> Play:
    def play(talk: Talk) -> None:
        first(talk)
        second(talk)

    return play


def on_blob(play: Play) -> Play:
    return lambda talk: play(talk) if talk.is_blob else talk.good()


def on_manifest(play: Play) -> Play:
    return lambda talk: talk.good() if talk.is_blob else play(talk)


def length(size: int, sent: bytes, then: str = "close") -> Play:
    """Announce a body of one size, and send another."""

    def play(talk: Talk) -> None:
        talk.write(f"HTTP/1.1 200 OK\r\nContent-Type: {MANIFEST}\r\nContent-Length: {size}\r\n\r\n".encode())
        if talk.method != "HEAD":
            talk.write(sent)
            after(talk, then)

    return play


HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {MANIFEST}\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def gzip_bomb(talk: Talk) -> None:
    talk.answer(200, BOMB, [("Content-Type", MANIFEST), ("Content-Encoding", "gzip")])


# What else is checked.


def here_saw(word: str) -> Callable[[Scene], str]:
    return lambda scene: "" if any(word in seen.text() for seen in scene.here.seen) else f"no request with {word!r}"


def here_never_saw(word: str) -> Callable[[Scene], str]:
    return lambda scene: f"a request with {word!r}" if any(word in seen.text() for seen in scene.here.seen) else ""


def only_own_scope(scene: Scene) -> str:
    asked = [seen.path + seen.body.decode() for seen in scene.here.seen if seen.path.startswith("/token")]
    wrong = [
        path for path in asked if "scope=repository%3Ateam%2Fmodel%3Apull" not in path or path.count("scope=") != 1
    ]
    return f"asked for {wrong[0]!r}" if wrong else "" if asked else "no token was asked for"


def at_most(requests: int) -> Callable[[Scene], str]:
    def check(scene: Scene) -> str:
        return f"{len(scene.here.seen)} requests" if len(scene.here.seen) > requests else ""

    return check


def no_helper(scene: Scene) -> str:
    return f"the helper was asked for {scene.helped()!r}" if scene.helped() else ""


def helper_for(*hosts: str) -> Callable[[Scene], Any]:
    """A Docker config with a credential helper for these hosts."""
    return lambda scene: {"credHelpers": {scene.fill(host): "zq" for host in hosts}}


def no_size(scene: Scene) -> str:
    return "a size" if any(answer["artifact"] and answer["artifact"]["size"] for answer in scene.answers) else ""


def licence(play: Play) -> Play:
    """Be honest, but for the licence."""

    def whole(talk: Talk) -> None:
        if talk.path.endswith(sha256(LICENCE)):
            play(talk)
        elif talk.is_blob:
            talk.good()
        else:
            talk.manifest(json.dumps(LICENSED).encode())

    return whole


def no_licence(scene: Scene) -> str:
    return "a licence" if any(answer["artifact"]["licenses"] for answer in scene.answers) else ""


def own_helper(scene: Scene) -> str:
    return "" if scene.helped() == scene.here.name else f"the helper was asked for {scene.helped()!r}"


def encodable(scene: Scene) -> str:
    """A text that came through must be one that can be written to a file."""
    for answer in scene.answers:
        for value in cast("dict[str, object]", answer["artifact"] or {}).values():
            if isinstance(value, str):
                try:
                    value.encode()
                except UnicodeEncodeError:
                    return f"a text that cannot be written: {value!r}"
    return ""


LARGE = GOOD.manifest[:-1] + b" " * 3_900_000 + b"}"
LICENCE = b"\xff\xfe" + EVIL.encode()
LICENSED = changed(
    layers=[
        *json.loads(GOOD.manifest)["layers"],
        {"mediaType": "application/vnd.docker.ai.license", "size": len(LICENCE), "digest": sha256(LICENCE)},
    ]
)
HELPS = f"""echo '{{"Username": "{USER}", "Secret": "{SECRET}-helper"}}'"""
PROXIES = {
    "HTTP_PROXY": "http://{trap}",
    "HTTPS_PROXY": "http://{trap}",
    "ALL_PROXY": "http://{trap}",
    "NO_PROXY": "127.0.0.0/8,localhost",
}
BOMB = gzip.compress(MEGABYTE * 100, 1) * 3
# Where redirects lead: a name, the URL, the names that resolve, and whether a name may be looked up.
TARGETS: list[tuple[str, str, dict[str, str], bool]] = [
    ("file", "file:///etc/passwd", {}, False),
    ("ftp", "ftp://{there}/x", {}, False),
    ("data", "data:application/json,{}", {}, False),
    ("unix", "http+unix://%2Fvar%2Frun%2Fdocker.sock/x", {}, False),
    ("userinfo", "http://user:word@{there}/v2/x", {}, False),
    ("userinfo-here", "http://{here}@{trap}/v2/x", {}, False),
    ("backslash", "http://{here}\\@{trap}/v2/x", {}, False),
    ("scheme-relative", "//169.254.169.254/latest/meta-data", {}, False),
    ("metadata", "http://169.254.169.254/latest/meta-data/", {}, False),
    ("metadata-tls", "https://169.254.169.254/latest/meta-data/", {}, False),
    ("zero", "https://0.0.0.0/v2/x", {}, False),
    ("mapped", "https://[::ffff:127.0.0.1]/v2/x", {}, False),
    ("mapped-metadata", "https://[::ffff:169.254.169.254]/v2/x", {}, False),
    ("loopback-6", "https://[::1]/v2/x", {}, False),
    ("link-local-6", "https://[fe80::1%25lo]/v2/x", {}, False),
    ("nat64", "https://[64:ff9b::a9fe:a9fe]/v2/x", {}, False),
    ("decimal", "https://2130706433/v2/x", {}, True),
    ("octal", "https://0177.0.0.1/v2/x", {}, True),
    ("short", "https://127.1/v2/x", {}, True),
    ("private", "https://10.0.0.1/v2/x", {}, False),
    ("shared", "https://100.64.0.1/v2/x", {}, False),
    ("port-number", "https://169.254.169.254:99999/x", {}, False),
    ("empty-host", "https:///x", {}, False),
    ("name-loopback", "https://rebind.test/v2/x", {"rebind.test": "127.0.0.1"}, True),
    ("name-private", "https://rebind.test/v2/x", {"rebind.test": "10.1.2.3"}, True),
    ("name-metadata", "https://rebind.test/v2/x", {"rebind.test": "169.254.169.254"}, True),
    ("localhost", "https://localhost/v2/x", {}, True),
    ("localhost-plain", "http://localhost/v2/x", {}, True),
    ("idn", "https://ⅼocalhost/v2/x", {}, False),
    ("long", "https://{there}/" + "x" * 30_000, {}, False),
    ("escapes", "https://{there}/\x1b[31m" + MARK, {}, False),
    ("word", MARK + " \x1b", {}, False),
]

FOR_EVER = f"Content-Length: {400 << 20}\r\n\r\n".encode()
GZIP = [("Content-Type", MANIFEST), ("Content-Encoding", "gzip")]
BEARER = 'Bearer realm="http://{here}/token"'
BASIC = 'Basic realm="x"'

Asked = functools.partial(Scenario, probed=True)  # registries ask for a log-in at `/v2/` already

# One row is one line.
# fmt: off
TRANSPORT = [
    Scenario("honest", "answers as a registry does", None, check=here_never_saw("authorization: ")),
    Scenario("honest-digest", "answers a digest", None, asks=[f"here@{GOOD.digest}"]),
    Scenario("honest-no-details", "answers, and no details are asked", None, details=False, check=here_never_saw("/blobs/")),
    Scenario("silent", "accepts and says nothing", hang, TIMEOUT),
    Scenario("silent-many", "says nothing to 40 requests", hang, TIMEOUT, asks=[f"here:{n}" for n in range(40)]),
    Scenario("silent-greeting", "reads no request", None, TIMEOUT, greet=hang),
    Scenario("half-head", "stops within the head", write(b"HTTP/1.1 200 OK\r\nContent-", then="hang"), TIMEOUT),
    Scenario("head-drip", "a header line each 0.3 s", forever(HEAD, b"X-A: b\r\n", 0.3), TIMEOUT),
    Scenario("head-drip-bytes", "a byte of the head each 0.3 s", forever(HEAD + b"X: ", b"a", 0.3), TIMEOUT),
    Scenario("status-drip", "a byte of the status line each 0.3 s", forever(b"HTTP/1.1 200 ", b"O", 0.3), TIMEOUT),
    Scenario("half-body-hang", "stops within the body", by_method(None, length(1000, b"{", "hang")), TIMEOUT),
    Scenario("body-drip", "a byte of the body each 0.3 s", by_method(None, forever(HEAD + FOR_EVER, b" ", 0.3)), TIMEOUT),
    Scenario("chunk-drip", "a chunk each 0.3 s", by_method(None, forever(CHUNKED, b"1\r\n \r\n", 0.3)), TIMEOUT),
    Scenario("half-body", "closes within the body", by_method(None, length(1000, b"{")), NETWORK),
    Scenario("reset", "resets the connection", Talk.reset, NETWORK),
    Scenario("reset-greeting", "resets before the request", None, NETWORK, greet=Talk.reset),
    Scenario("reset-body", "resets within the body", by_method(None, both(length(1000, b"{", "go on"), Talk.reset)), NETWORK),
    Scenario("close", "closes without an answer", Talk.close, NETWORK),
    Scenario("refused", "nobody listens", None, NETWORK, listens=False),
    Scenario("unknown-host", "has a name that nobody knows", None, NETWORK, host="nowhere.test", hidden=True),
    Scenario("name-of-metadata", "has a name that leads to the metadata service", None, "not-allowed", host="m.test", names={"m.test": "169.254.169.254"}),
    Scenario("localhost-elsewhere", "has a name below localhost that leads elsewhere", None, "insecure", host="m.localhost", names={"m.localhost": "10.0.0.1"}),
    Scenario("plain-not-allowed", "speaks HTTP, and no TLS is not allowed", None, TLS, host="registry.test"),
    Scenario("plain-allowed", "speaks HTTP, which is allowed", None, host="registry.test", access={"plain_http": ["{here}"]}),
    Scenario("tls-silent", "says nothing in the TLS handshake", None, TIMEOUT, tls="good", greet=hang),
    Scenario("tls-drip", "a byte of the TLS handshake each 0.3 s", None, TIMEOUT, tls="good", greet=forever(b"\x16\x03\x03\x40\x00", b"\x00", 0.3)),
    Scenario("tls-unknown", "certificate of an unknown authority", None, TLS, tls="unknown"),
    Scenario("tls-expired", "certificate out of date", None, TLS, tls="expired"),
    Scenario("tls-other", "certificate of another host", None, TLS, tls="other"),
    Scenario("tls-good", "a good certificate", None, tls="good"),
]

SIZES = [
    Scenario("body-400mb", "400 MB of body", by_method(None, forever(HEAD + FOR_EVER, MEGABYTE)), TOO_BIG),
    Scenario("body-endless", "a body without an end", by_method(None, forever(HEAD + b"\r\n", MEGABYTE)), TOO_BIG),
    Scenario("chunk-endless", "chunks without an end", by_method(None, forever(CHUNKED, b"100000\r\n" + MEGABYTE + b"\r\n")), TOO_BIG),
    Scenario("chunk-tiny", "endless chunks of one byte", by_method(None, forever(CHUNKED, b"1\r\n \r\n" * 5000)), f"{TOO_BIG}|{TIMEOUT}"),
    Scenario("chunk-negative", "a chunk of a negative size", by_method(None, write(CHUNKED, b"-1\r\n", GOOD.manifest)), NETWORK),
    Scenario("chunk-huge", "a chunk of 2^60 bytes", by_method(None, write(CHUNKED, b"1000000000000000\r\n", GOOD.manifest)), NETWORK),
    Scenario("chunk-line", "a size line without an end", by_method(None, forever(CHUNKED, b"1;" + b"x" * 65536)), "too-big"),
    Scenario("trailers", "trailers without an end", by_method(None, forever(CHUNKED + b"0\r\n", b"X-T: y\r\n" * 1000)), "too-big"),
    Scenario("gzip-bomb", "300 MB in 300 kB of gzip", gzip_bomb, ENCODED),
    Scenario("gzip-honest", "an honest manifest in gzip, unasked", lambda talk: talk.answer(200, gzip.compress(GOOD.manifest), GZIP), ENCODED),
    Scenario("gzip-twice", "a bomb within a bomb", lambda talk: talk.answer(200, gzip.compress(BOMB), [("Content-Encoding", "gzip, gzip")]), ENCODED),
    Scenario("error-400mb", "404 with 400 MB of text", forever(b"HTTP/1.1 404 No\r\n" + FOR_EVER, MEGABYTE), MISSING),
    Scenario("error-endless", "500 with a text without an end", forever(b"HTTP/1.1 500 No\r\n\r\n", MEGABYTE), UNAVAILABLE),
    Scenario("headers-300", "300 headers", write(HEAD + b"X-A: b\r\n" * 300 + b"\r\n"), NETWORK),
    Scenario("header-100kb", "a header of 100 kB", write(HEAD + b"X-A: " + b"b" * 100_000 + b"\r\n\r\n"), "too-big"),
    Scenario("header-endless", "a header line without an end", forever(HEAD + b"X: ", b"a" * 65536), "too-big"),
    Scenario("status-endless", "a status line without an end", forever(b"HTTP/1.1 200 ", b"a" * 65536), "too-big"),
    Scenario("100-flood", "100 Continue for ever", forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "too-big"),
    Scenario("103-flood", "103 Early Hints for ever", forever(b"", b"HTTP/1.1 103 Hint\r\nLink: </x>\r\n\r\n" * 100), "http"),
    Scenario("length-short", "announces less than it sends", by_method(None, length(50, GOOD.manifest)), DIGEST),
    Scenario("length-word", "a length that is no number", on_manifest(write(HEAD + b"Content-Length: many\r\n\r\n" + GOOD.manifest))),
    Scenario("length-negative", "a negative length", on_manifest(write(HEAD + b"Content-Length: -5\r\n\r\n" + GOOD.manifest))),
    Scenario("length-two", "two lengths", write(HEAD + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + GOOD.manifest), NETWORK),
    Scenario("length-2e60", "a length of 2^60", by_method(None, length(1 << 60, GOOD.manifest)), NETWORK),
    Scenario("many-big", "30 bodies of 400 MB at once", by_method(None, forever(HEAD + FOR_EVER, MEGABYTE)), TOO_BIG, asks=[f"here:{n}" for n in range(30)]),
    Scenario("many-3mb", "30 honest manifests of 3.9 MB at once", None, gives=LARGE, asks=[f"here:{n}" for n in range(30)]),
    Scenario("many-3mb-lies", "the same, instead of others", by_method(None, lambda talk: talk.manifest(LARGE)), DIGEST, asks=[f"here:{n}" for n in range(30)]),
]

SPEECH = [
    Scenario("http-0.9", "a body without a head", write(GOOD.manifest), NETWORK),
    Scenario("not-http", "an SSH greeting", write(f"SSH-2.0-{MARK}\r\n".encode()), NETWORK),
    Scenario("status-word", "a status that is no number", write(f"HTTP/1.1 {MARK} OK\r\n\r\n".encode()), NETWORK),
    Scenario("status-escapes", "escape sequences as the status line", write(EVIL.encode() + b"\r\n\r\n"), NETWORK),
    Scenario("status-999", "status 999", status(999), UNAVAILABLE),
    Scenario("status-101", "101 Switching Protocols", status(101), "http"),
    Scenario("status-204", "204 No Content", status(204, b""), "http"),
    Scenario("status-206", "206 Partial Content", status(206, GOOD.manifest), "http"),
    Scenario("status-304", "304 Not Modified", status(304, b""), "http"),
    Scenario("phrase", "escape sequences in the reason phrase", write(b"HTTP/1.1 403 " + EVIL_LINE + b"\r\nContent-Length: 0\r\n\r\n"), DENIED),
    Scenario("head-body", "a body after a HEAD, which would be the next answer", by_method(write(HEAD + f"Content-Length: {len(OTHER)}\r\n\r\n".encode() + OTHER, then="go on"), Talk.good)),
    Scenario("two-answers", "a second answer after the first", both(Talk.good, lambda talk: talk.manifest(OTHER)), DIGEST),
    Scenario("cookies", "sets cookies", lambda talk: talk.good([("Set-Cookie", f"a={MARK}; Path=/"), ("Set-Cookie", "b=c; Max-Age=99999")])),
    Scenario("keep-alive-drop", "closes connections after each answer, without saying so", both(Talk.good, Talk.close)),
    Scenario("bare-lf", "lines that end with LF alone", on_manifest(lambda talk: talk.write(f"HTTP/1.1 200 OK\nContent-Length: {len(GOOD.manifest)}\n\n".encode() + (b"" if talk.method == "HEAD" else GOOD.manifest)))),
]

CONTENT = [
    Scenario("html", "a captive portal", lambda talk: talk.answer(200, f"<html>{MARK}".encode(), [("Content-Type", "text/html")]), BAD),
    Scenario("empty", "nothing", None, BAD, gives=b""),
    Scenario("empty-object", "{}", None, BAD, gives=b"{}"),
    Scenario("list", "a list", None, BAD, gives=b"[1, 2]"),
    Scenario("deep", "JSON 100,000 levels deep", None, BAD, gives=b"[" * 100_000 + b"]" * 100_000),
    Scenario("deep-field", "a manifest with a field of 100,000 levels", None, BAD, gives=GOOD.manifest[:-1] + b', "x": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001),
    Scenario("digits", "a number of 1,000,000 digits", None, BAD, gives=edited('"size": 5', '"size": ' + "9" * 1_000_000)),
    Scenario("nan", "a size that is NaN", None, gives=edited('"size": 5', '"size": NaN')),
    Scenario("infinity", "a size of 1e999", None, gives=edited('"size": 5', '"size": 1e999')),
    Scenario("negative-size", "a negative size", None, gives=edited('"size": 5', '"size": -5'), check=no_size),
    Scenario("huge-size", "a size of 10^30", None, gives=edited('"size": 5', '"size": 1' + "0" * 30), check=no_size),
    Scenario("duplicate-keys", "keys that stand twice", None, gives=b'{"schemaVersion": 1, ' + GOOD.manifest[1:]),
    Scenario("not-utf8", "bytes that are no UTF-8", None, BAD, gives=GOOD.manifest[:-1] + b', "x": "\xff\xfe"}'),
    Scenario("utf16", "UTF-16", None, BAD, gives=GOOD.manifest.decode().encode("utf-16")),
    Scenario("bom", "UTF-8 with a byte order mark", None, BAD, gives=b"\xef\xbb\xbf" + GOOD.manifest),
    Scenario("schema-1", "a manifest of schema 1", None, BAD, gives={"schemaVersion": 1, "name": MARK, "fsLayers": []}),
    Scenario("index", "an index", None, gives={"schemaVersion": 2, "mediaType": INDEX, "manifests": []}),
    Scenario("index-nested", "an index of indexes", None, gives={"schemaVersion": 2, "manifests": [{"mediaType": INDEX, "digest": GOOD.digest, "size": 1}] * 9}),
    Scenario("layers-50000", "50,000 layers", None, gives=changed(layers=[{"size": 1}] * 50_000)),
    Scenario("layers-words", "layers that are words and numbers", None, gives=changed(layers=[MARK, 1, None, [], {"mediaType": 7, "size": "x", "annotations": []}])),
    Scenario("wide", "3.5 MB of empty lists", None, "too-big", gives=GOOD.manifest[:-1] + b', "x": [' + b"[]," * 1_150_000 + b"1]}"),
    Scenario("config-word", "a config that is a word", None, BAD, gives=changed(config=MARK)),
    Scenario("wrong-type", "a manifest that calls itself a picture", on_manifest(lambda talk: talk.manifest(GOOD.manifest, kind="image/png"))),
    Scenario("type-escapes", "escape sequences as the media type", on_manifest(lambda talk: talk.answer(200, GOOD.manifest, [("Content-Type", EVIL_LINE)]))),
]

DIGESTS = [
    Scenario("digest-wrong", "the digest of something else", lies("sha256:" + "1" * 64), DIGEST),
    Scenario("digest-md5", "an MD5 digest", lies("md5:abc; rm -rf /"), DIGEST),
    Scenario("digest-sha512", "a SHA-512 digest", lies("sha512:" + "1" * 128), DIGEST),
    Scenario("digest-evil", "escape sequences as the digest", lies(b'sha256:aa" # ' + EVIL_LINE), DIGEST),
    Scenario("digest-folded", "a digest of two lines", lies(GOOD.digest.encode() + b"\r\n ::error::" + MARK.encode()), DIGEST),
    Scenario("digest-upper", "the digest in upper case", lies(GOOD.digest.upper()), DIGEST),
    Scenario("digest-two", "two digests", on_manifest(lambda talk: talk.good([("Docker-Content-Digest", "sha256:" + "1" * 64)])), DIGEST),
    Scenario("digest-none", "no digest", lies("")),
    Scenario("digest-none-no-details", "no digest, and no details are asked", lies(""), details=False),
    Scenario("head-lies", "another digest to HEAD than to GET", by_method(lies("sha256:" + "2" * 64), Talk.good), DIGEST),
    Scenario("head-lies-no-details", "the same, and no details are asked", by_method(lies("sha256:" + "2" * 64), Talk.good), DIGEST, details=False),
    Scenario("head-evil-no-details", "escape sequences to HEAD, and no details are asked", by_method(lies(b"sha256:" + EVIL_LINE), Talk.good), details=False),
    Scenario("head-405", "does not know HEAD", by_method(status(405), Talk.good)),
    Scenario("head-404", "404 to HEAD", by_method(status(404), Talk.good), MISSING),
    Scenario("moves", "the tag moves between two requests", on_manifest(by_method(None, lambda talk: talk.manifest(OTHER))), DIGEST),
    Scenario("digest-other", "another manifest for a digest, with its own digest", None, DIGEST, gives=OTHER, asks=[f"here@{GOOD.digest}"]),
    Scenario("digest-other-lies", "another manifest for a digest, with that one", lies(GOOD.digest, OTHER), DIGEST, asks=[f"here@{GOOD.digest}"]),
    Scenario("digest-other-none", "another manifest for a digest, with none", lies("", OTHER), DIGEST, asks=[f"here@{GOOD.digest}"]),
    Scenario("digest-other-no-details", "the same, and no details are asked", lies("", OTHER), DIGEST, asks=[f"here@{GOOD.digest}"], details=False),
]

# Where the config cannot be had, there is the manifest's part of the artifact, or a reason.
CONFIGS = [
    Scenario("config-wrong", "other bytes as the config", on_blob(lambda talk: talk.answer(200, b"{}" + MARK.encode())), DIGEST),
    Scenario("config-404", "no config", on_blob(status(404)), MISSING),
    Scenario("config-hang", "says nothing to the request for the config", on_blob(hang), TIMEOUT),
    Scenario("config-400mb", "a config of 400 MB", on_blob(forever(HEAD + FOR_EVER, MEGABYTE)), "too-big"),
    Scenario("config-2gb", "a config of 2 GB, says the manifest", None, "too-big", gives=config_at(sha256(GOOD.config), 2 << 30)),
    Scenario("config-gzip", "a bomb as the config", on_blob(gzip_bomb), ENCODED),
    Scenario("config-path", "a config digest that is a path", None, BAD, gives=config_at("sha256:../../../../secret"), check=here_never_saw("secret HTTP")),
    Scenario("config-newline", "a config digest with a line break", None, BAD, gives=config_at(GOOD.digest + "\r\nX-Evil: 1"), check=here_never_saw("x-evil")),
    Scenario("config-url", "a config digest that is a URL", None, BAD, gives=config_at("@169.254.169.254/")),
    Scenario("config-deep", "a config 100,000 levels deep", None, BAD, config=b'{"config":' * 100_000 + b"1" + b"}" * 100_000),
    Scenario("config-surrogates", "lone surrogates in the config", None, config=b'{"config": {"quantization": "\\ud800\\ud800", "architecture": "\\udcff"}}', check=encodable),
    Scenario("config-types", "numbers where texts are due, and the other way round", None, config={"config": {"gguf": [1], "parameters": {}, "context_size": "9" * 5000, "capabilities": 7}, "descriptor": {"licenses": [None, {}, 7]}}),
    Scenario("config-heads", "a head count for each of 10^5 layers", None, config={"config": {"gguf": {"general.architecture": "a", "a.block_count": "1", "a.attention.head_count_kv": "1," * 100_000}}}),
    Scenario("config-there", "the config lies on another host", leads("http://{there}/x", blobs=True), REDIRECT),
    Scenario("config-there-password", "the same, and the registry wants a password", asks_for(BASIC, accepts=password, then=leads("http://{there}/x", blobs=True)), REDIRECT),
    Scenario("config-trap", "the config lies at the metadata service", leads("http://169.254.169.254/latest/meta-data/", blobs=True), REDIRECT),
    Scenario("licence-wrong", "other bytes as the licence", licence(lambda talk: talk.answer(200, b"MIT License")), DIGEST, gives=LICENSED),
    Scenario("licence-404", "no licence", licence(status(404)), gives=LICENSED),
    Scenario("licence-hang", "says nothing to the request for the licence", licence(hang), TIMEOUT, gives=LICENSED),
    Scenario("licence-400mb", "a licence of 400 MB", licence(forever(HEAD + FOR_EVER, MEGABYTE)), "too-big", gives=LICENSED),
    Scenario("licence-escapes", "escape sequences in the licence", licence(lambda talk: talk.answer(200, LICENCE)), gives=LICENSED, check=no_licence),
    Scenario("image", "a container image: its config is not fetched", None, gives=config_at("sha256:" + "0" * 64, kind=IMAGE_CONFIG), check=here_never_saw("/blobs/")),
]

REDIRECTS = [
    Scenario("redirect-same", "redirects to another path of itself", lambda talk: talk.good() if "moved" in talk.path or talk.is_blob else talk.answer(307, b"", [("Location", "/v2/moved/manifests/x")])),
    Scenario("redirect-there", "redirects to another host of this machine", leads("http://{there}/v2/x"), REDIRECT),
    Scenario("redirect-port", "redirects to another port of the same address", leads(lambda talk: f"http://{talk.host.address[0]}:{talk.host.other['trap'].address[1]}/x"), REDIRECT),
    Scenario("redirect-trap", "redirects to a private address", leads("https://{trap}/latest/meta-data/"), REDIRECT),
    Scenario("redirect-no-name", "redirects to a name that nobody knows", leads("https://nowhere.test/x"), NETWORK, looks=True),
    Scenario("redirect-loop", "redirects in a circle", leads("http://{here}/v2/team/model/manifests/latest"), REDIRECT, check=at_most(12)),
    Scenario("redirect-many", "redirects 1,000 times", leads(lambda talk: f"{talk.host.url}/v2/x/{talk.count}"), REDIRECT, check=at_most(12)),
    Scenario("redirect-downgrade", "redirects from TLS to none", leads("http://{there}/v2/x"), REDIRECT, tls="good"),
    Scenario("redirect-downgrade-same", "the same, on the same host", leads("http://{here}/v2/x"), REDIRECT, tls="good"),
    Scenario("redirect-nowhere", "redirects without saying where to", status(307), REDIRECT),
    Scenario("redirect-newline", "a line break in the target", leads("http://{there}/x\r\nX-Evil: 1"), REDIRECT),
    Scenario("redirect-token", "redirects to another host once it has seen a token", asks_for(BEARER, token=token(), accepts=bearer, then=leads("http://{there}/v2/x")), REDIRECT),
    Scenario("redirect-password", "redirects to another host once it has seen a password", asks_for(BASIC, accepts=password, then=leads("http://{there}/v2/x")), REDIRECT),
    *(
        Scenario(f"redirect-{name}", f"redirects to {ascii(target[:40])[1:-1]}", leads(target), REDIRECT, names=names, looks=looks)
        for name, target, names, looks in TARGETS
    ),
]

TOKENS = [
    Asked("basic", "asks for a password, and gets the one stored for it", asks_for(BASIC, accepts=password), check=here_saw("Basic ")),
    Asked("basic-never", "asks for a password for ever", asks_for(BASIC), AUTH, check=at_most(6)),
    Asked("basic-none", "asks for a password that nobody stored", asks_for(BASIC), AUTH, docker_config=lambda _: {}, check=here_never_saw("Basic ")),
    Asked("basic-unused", "asks for a password that may not be used", asks_for(BASIC), AUTH, access={"credentials": False}, check=here_never_saw("Basic ")),
    Asked("basic-url", "a realm for passwords that is a URL", asks_for('Basic realm="http://{there}/token"', accepts=password)),
    Asked("basic-text", "a realm for passwords that is a host", asks_for('Basic realm="{there}/token"', accepts=password)),
    Asked("bearer", "asks for a token of its own", asks_for(BEARER + ',service="s",scope="x"', token=token(), accepts=bearer), check=only_own_scope),
    Asked("bearer-access-token", "calls the token an access token", asks_for(BEARER, token=token(key="access_token"), accepts=bearer)),
    Asked("bearer-never", "asks for a token for ever", asks_for(BEARER, token=token()), AUTH, check=at_most(10)),
    Asked("bearer-there", "a realm on another host", asks_for('Bearer realm="http://{there}/token",service="s"'), REALM, there_plays=token()),
    Asked("bearer-there-listed", "a realm on a host that the user names", asks_for('Bearer realm="http://{there}/token"', accepts=bearer), access={"token_hosts": ["{there}"]}, there=True, there_plays=token(), shares=True),
    Asked("bearer-trap", "a realm on a private address", asks_for('Bearer realm="https://{trap}/token"'), REALM),
    Asked("bearer-metadata", "a realm at the metadata service", asks_for('Bearer realm="http://169.254.169.254/latest"'), REALM),
    Asked("bearer-plain", "a realm without TLS", asks_for(BEARER), REALM, tls="good"),
    Asked("bearer-userinfo", "a realm with a name and a password", asks_for('Bearer realm="http://a:b@{here}/token"', token=token(), accepts=bearer), REALM),
    Asked("bearer-userinfo-there", "a realm that starts like the registry", asks_for('Bearer realm="http://{here}@{there}/token"'), REALM),
    Asked("bearer-suffix", "a realm whose name ends like the registry's", asks_for('Bearer realm="https://evilregistry.test/token"'), REALM, tls="good", names={"evilregistry.test": "127.0.0.1"}),
    Asked("bearer-sibling", "a realm beside the registry, at a private address", asks_for('Bearer realm="https://auth.test/token"'), REALM, tls="good", names={"auth.test": "127.0.0.1"}, looks=True),
    Asked("bearer-escapes", "escape sequences in the realm", asks_for(b'Bearer realm="http://' + EVIL_LINE + b'/token"'), REALM),
    Asked("bearer-newline", "a folded challenge", asks_for(b'Bearer realm="http://x\r\n y/token"'), REALM),
    Asked("bearer-file", "a realm that is a file", asks_for('Bearer realm="file:///etc/passwd"'), REALM),
    Asked("bearer-relative", "a realm that is a path", asks_for('Bearer realm="/token"', token=token(), accepts=bearer), REALM),
    Asked("bearer-no-realm", "no realm", asks_for('Bearer service="s"'), REALM),
    Asked("bearer-scope", "a scope for another repository and for writing", asks_for(BEARER + ',scope="repository:secret/other:pull,push,delete registry:catalog:*"', token=token(), accepts=bearer), check=only_own_scope),
    Asked("bearer-service", "a service that adds a scope", asks_for(BEARER + ',service="s&scope=repository:secret/other:push"', token=token(), accepts=bearer), check=only_own_scope),
    Asked("bearer-query", "a realm with a scope in its query", asks_for('Bearer realm="http://{here}/token?scope=repository:secret/other:push&x=1"', token=token(), accepts=bearer), check=here_never_saw("secret/other")),
    Asked("bearer-two", "the realm twice", asks_for(BEARER + ',realm="http://{there}/token"', token=token(), accepts=bearer)),
    Asked("challenge-two", "two challenges", asks_for([BASIC, BEARER], token=token(), accepts=lambda talk: bearer(talk) or password(talk))),
    Asked("challenge-long", "a challenge of 60 kB", asks_for("Bearer " + ",".join(f'a{n}="{{here}}"' for n in range(2000))), AUTH),
    Asked("challenge-quotes", "a challenge of 3,000 quotes", asks_for("Bearer realm=" + '"\\' * 3_000), REALM),
    Asked("challenge-none", "401 without a challenge", status(401), AUTH),
    Asked("challenge-unknown", "asks for Kerberos", asks_for("Negotiate " + MARK), AUTH),
    Asked("challenge-403", "403 with a challenge", asks_for(BEARER, token=token(), accepts=bearer, code=403), DENIED),
    Asked("challenge-200", "a challenge where none is due", lambda talk: talk.good([("WWW-Authenticate", BASIC)]), check=here_never_saw("Basic ")),
    Asked("token-words", "a token with blanks and line breaks", asks_for(BEARER, token=token("a b\r\nX-Evil: 1")), AUTH, check=here_never_saw("x-evil")),
    Asked("token-escapes", "a token of escape sequences", asks_for(BEARER, token=token(EVIL)), AUTH),
    Asked("token-unicode", "a token beyond Latin-1", asks_for(BEARER, token=token("zqtöken…")), AUTH),
    Asked("token-1mb", "a token of 1 MB", asks_for(BEARER, token=token("a" * (1 << 20))), "too-big"),
    Asked("token-number", "a token that is a number", asks_for(BEARER, token=token(7)), AUTH),
    Asked("token-400mb", "400 MB instead of a token", asks_for(BEARER, token=forever(b"HTTP/1.1 200 OK\r\n" + FOR_EVER, MEGABYTE)), "too-big"),
    Asked("token-deep", "deep JSON instead of a token", asks_for(BEARER, token=lambda talk: talk.answer(200, b"[" * 100_000)), AUTH),
    Asked("token-hang", "no token, ever", asks_for(BEARER, token=hang), TIMEOUT),
    Asked("token-redirect", "the token is on another host", asks_for(BEARER, token=leads("http://{there}/token"), accepts=bearer), REDIRECT, there_plays=token()),
    Asked("token-401", "the token wants a password for ever", asks_for(BEARER, token=status(401, ERROR, [("WWW-Authenticate", BASIC)])), AUTH, check=at_most(8)),
    Asked("token-500", "the token service is broken", asks_for(BEARER, token=status(500)), UNAVAILABLE),
    Asked("token-expires", "wants a new token for the config", lambda talk: asks_for(BEARER, token=token(f"t{talk.count}"), accepts=lambda talk: talk.authorization.startswith("Bearer t") and (talk.is_blob == (talk.authorization > "Bearer t4")))(talk)),
    Asked("blob-asks-there", "the config's challenge names another host", on_blob(asks_for('Bearer realm="http://{there}/token"')), REALM),
]

PASSWORDS = [
    Asked("two-hosts", "two registries ask for a password; one is stored", asks_for(BASIC, accepts=password), f"|{AUTH}", there=True, there_plays=asks_for(BASIC), asks=[f"{host}:{n}" for n in range(10) for host in ("here", "there")], check=here_saw("Basic ")),
    Asked("two-tokens", "two registries ask for tokens; a password is stored for one", asks_for(BEARER, token=token(), accepts=bearer), f"|{REALM}", there=True, there_plays=asks_for('Bearer realm="http://{trap}/token"'), asks=[f"{host}:{n}" for n in range(10) for host in ("here", "there")], check=here_saw("Basic ")),
    Asked("password-portless", "asks for a password; one is stored for another port", asks_for(BASIC), AUTH, docker_config=lambda scene: {"auths": {scene.here.address[0]: {"auth": basic(f"{USER}:{SECRET}-foreign")}}}),
    Asked("netrc-only", "asks for a password that only .netrc has", asks_for(BASIC), AUTH, docker_config=lambda _: {}),
    Asked("netrc-here", "asks for none, and .netrc has one", None, docker_config=lambda _: {}, check=here_never_saw("authorization")),
    Asked("helper-foreign", "asks for a password; the helper is another host's", asks_for(BASIC), AUTH, docker_config=helper_for("private.example.com", "https://index.docker.io/v1/"), check=no_helper),
    Asked("store-foreign", "asks for a password; the store knows other hosts", asks_for(BASIC), AUTH, docker_config=lambda _: {"auths": {"private.example.com": {}}, "credsStore": "zq"}, check=no_helper),
    Asked("helper-own", "asks for a password that a helper has", asks_for(BASIC, accepts=password), docker_config=helper_for("{here}"), helper=HELPS, check=own_helper),
    Asked("store-own", "asks for a password that the store has", asks_for(BASIC, accepts=password), docker_config=lambda scene: {"auths": {scene.here.name: {}}, "credsStore": "zq"}, helper=HELPS, check=own_helper),
    Asked("helper-unasked", "asks for no password: the helper is not run", None, docker_config=helper_for("{here}"), check=no_helper),
    Asked("helper-hangs", "the helper says nothing", asks_for(BASIC), f"{AUTH}|{TIMEOUT}", docker_config=helper_for("{here}"), helper="exec sleep 20"),
    Asked("helper-child", "the helper leaves a program that keeps its output open", asks_for(BASIC), f"{AUTH}|{TIMEOUT}", docker_config=helper_for("{here}"), helper="sleep 20 & exit 0"),
    Asked("helper-floods", "the helper prints for ever", asks_for(BASIC), f"{AUTH}|{TIMEOUT}", docker_config=helper_for("{here}"), helper="exec cat /dev/zero"),
    Asked("helper-stderr", "the helper prints secrets", asks_for(BASIC), AUTH, docker_config=helper_for("{here}"), helper=f"echo {SECRET}-stderr >&2; echo {SECRET}; exit 1"),
    Asked("helper-words", "the helper prints words", asks_for(BASIC), AUTH, docker_config=helper_for("{here}"), helper=f"echo {MARK} '[[[['"),
    Asked("helper-newline", "the helper's password has a line break", asks_for(BASIC, accepts=password), docker_config=helper_for("{here}"), helper=f"""printf '%s' '{{"Username": "{USER}", "Secret": "a\\r\\nX-Evil: 1"}}'""", check=here_never_saw("x-evil")),
    Asked("helper-path", "the helper is called ../../bin/x", asks_for(BASIC), AUTH, docker_config=lambda scene: {"credHelpers": {scene.here.name: f"x/../../../../../../..{scene.folder}/bin/docker-credential-zq"}}, check=no_helper),
    Asked("docker-json", "a Docker config that is no JSON", asks_for(BASIC), AUTH, docker_config=lambda _: f'{{"auths": {SECRET}'),
    Asked("docker-deep", "a Docker config 100,000 levels deep", asks_for(BASIC), AUTH, docker_config=lambda _: '{"auths":' * 100_000),
    Asked("docker-types", "a Docker config of other types", asks_for(BASIC), AUTH, docker_config=lambda scene: {"auths": {scene.here.name: {"auth": 7}}, "credHelpers": [1], "credsStore": {}}),
    Asked("docker-auth", "a password that is no Base64", asks_for(BASIC), AUTH, docker_config=lambda scene: {"auths": {scene.here.name: {"auth": f"{SECRET} !!\u2026"}}}),
    Asked("docker-huge", "a Docker config of 50 MB", asks_for(BASIC), AUTH, docker_config=lambda _: " " * 50_000_000 + "{}"),
    Asked("proxy", "a proxy is set, and not for this host", None, environment=PROXIES),
    Asked("proxy-lower", "the same, by another case of the variable", None, environment={name.lower(): value for name, value in PROXIES.items()}),
    Asked("not-listed", "not among the registries that may be asked", None, "not-allowed", access={"registries": ["docker.io"]}, check=at_most(0)),
    Asked("not-listed-port", "another port than the one that may be asked", None, "not-allowed", access={"registries": ["{here}1"]}, check=at_most(0)),
    Asked("offline", "nothing may be asked", None, "offline", access={"offline": True}, check=at_most(0)),
]

STATUSES = [
    Scenario("401-text", "401 with escape sequences", status(401), AUTH),
    Scenario("403-text", "403 with escape sequences", status(403), DENIED),
    Scenario("404-text", "404 with escape sequences", status(404), MISSING),
    Scenario("404-html", "404 that is a web page", status(404, f"<html>{MARK}".encode()), MISSING),
    Scenario("400", "400", status(400), "http"),
    Scenario("418", "418", status(418), "http"),
    Scenario("500-text", "500 with escape sequences", status(500), UNAVAILABLE, check=at_most(8)),
    Scenario("503", "503 for ever", status(503), UNAVAILABLE, check=at_most(8)),
    Scenario("503-once", "503 once", once(status(503))),
    Scenario("429-once", "429 once, with Retry-After 1", once(status(429, ERROR, [("Retry-After", "1")]))),
    *(
        Scenario(f"429-{name}", f"429 for ever, with Retry-After {value[:20]!r}", status(429, ERROR, [("Retry-After", value.encode())]), RATE, check=at_most(8))
        for name, value in {
            "second": "1", "hour": "3600", "zero": "0", "negative": "-1", "date": "Fri, 31 Dec 2099 23:59:59 GMT",
            "digits": "9" * 5000, "float": "1e9", "junk": EVIL_LINE.decode(), "script": "٣",
        }.items()
    ),
]

# What is asked first where TLS is not certain, `/v2/`, is no better than the rest.
PROBES = [
    Asked("probe-silent", "says nothing to the first request", hang, TIMEOUT),
    Asked("probe-silent-many", "says nothing to the first request, of 40", hang, TIMEOUT, asks=[f"here:{n}" for n in range(40)]),
    Asked("probe-drip", "a byte of the first answer each 0.3 s", forever(HEAD + FOR_EVER, b" ", 0.3), TIMEOUT),
    Asked("probe-400mb", "400 MB to the first request", forever(HEAD + FOR_EVER, MEGABYTE), "too-big"),
    Asked("probe-gzip", "a bomb to the first request", gzip_bomb, ENCODED),
    Asked("probe-reset", "resets every connection", Talk.reset, NETWORK),
    Asked("probe-close", "closes every connection", Talk.close, NETWORK),
    Asked("probe-not-http", "an SSH greeting to every request", write(f"SSH-2.0-{MARK}\r\n".encode()), NETWORK),
    Asked("probe-escapes", "escape sequences as the status line of every answer", write(EVIL.encode() + b"\r\n\r\n"), NETWORK),
    Asked("probe-redirect", "redirects every request to the metadata service", on_all("http://169.254.169.254/"), REDIRECT),
    Asked("probe-500", "500 to every request", status(500), UNAVAILABLE),
    Asked("probe-says-tls", "says that it wants TLS, and speaks none", status(400, b"Client sent an HTTP request to an HTTPS server. " + ERROR), TLS, check=here_never_saw("Basic ")),
    Asked("probe-flood", "100 Continue for ever to the first request", forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "too-big"),
]
# fmt: on

SCENARIOS = [
    *TRANSPORT,
    *SIZES,
    *SPEECH,
    *CONTENT,
    *DIGESTS,
    *CONFIGS,
    *REDIRECTS,
    *TOKENS,
    *PASSWORDS,
    *STATUSES,
    *PROBES,
]


def main(words: list[str]) -> int:
    """Run and print."""
    chosen = [each for each in SCENARIOS if not words or any(word in each.name for word in words)]
    started = time.monotonic()
    scenes = run(chosen)
    for scene in scenes:
        verdict = "; ".join(scene.problems)
        print(
            f"{scene.scenario.name:24} {scene.scenario.does:62.62} {scene.outcome:18.18} "
            f"{scene.seconds:4.1f} s {scene.megabytes:4.0f} MB{'  FAILS: ' + verdict if verdict else ''}"
        )
    failed = sum(bool(scene.problems) for scene in scenes)
    slowest = max((scene.seconds for scene in scenes), default=0)
    largest = max((scene.megabytes for scene in scenes), default=0)
    print(
        f"\n{len(scenes)} scenarios, {failed} failed, {sum(scene.again for scene in scenes)} run twice; slowest {slowest:.1f} s, largest {largest:.0f} MB; "
        f"{time.monotonic() - started:.0f} s in all"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

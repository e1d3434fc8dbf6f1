"""Names, addresses, certificates, redirects and retries: what a request may do, and what it is kept from."""

from __future__ import annotations

import email.utils
import io
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oras.defaults  # pyright: ignore[reportMissingTypeStubs]
import pytest
import trustme

from modellint.registry import address_policy, json_documents, tls
from modellint.registry.client import Client
from modellint.registry.credentials import DockerConfig
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure, of_status
from modellint.registry.hosts import api_host, credential_keys, host_of_key, known_token_host, on_this_machine, place
from modellint.registry.large_bodies import SerialWorker
from modellint.registry.names import is_digest, is_host, split_port
from modellint.registry.options import RegistryOptions
from modellint.registry.origin import Origin
from modellint.registry.transport import Broken, Network, RegistryReply, exchange
from support.registry.raw import GOOD, Host, Talk

PUBLIC, NEAR, NEVER = "public", "near", "never"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", PUBLIC),
        ("2606:4700::1111", PUBLIC),
        ("::ffff:8.8.8.8", PUBLIC),
        ("64:ff9b::808:808", PUBLIC),
        ("127.0.0.1", NEAR),
        ("127.9.9.9", NEAR),
        ("10.0.0.1", NEAR),
        ("172.16.0.1", NEAR),
        ("192.168.1.1", NEAR),
        ("100.64.0.1", NEAR),
        ("0.0.0.0", NEAR),
        ("::1", NEAR),
        ("fd00::1", NEAR),
        ("::ffff:10.0.0.1", NEAR),
        ("::ffff:127.0.0.1", NEAR),
        ("64:ff9b::7f00:1", NEAR),
        ("2002:7f00:1::", NEAR),
        ("240.0.0.1", NEAR),
        ("169.254.169.254", NEVER),
        ("169.254.0.1", NEVER),
        ("::ffff:169.254.169.254", NEVER),
        ("64:ff9b::a9fe:a9fe", NEVER),
        ("fe80::1", NEVER),
        ("fe80::1%lo", NEVER),
        ("fd00:ec2::254", NEVER),
        ("100.100.100.200", NEVER),
        ("224.0.0.1", NEVER),
        ("ff02::1", NEVER),
    ],
)
def test_addresses(address: str, kind: str) -> None:
    plain = address_policy.plain(address)
    assert address_policy.REDIRECT.permits(plain) == address_policy.TOKEN.permits(plain) == (kind == PUBLIC)
    assert address_policy.NAMED.permits(plain) == (kind != NEVER)
    assert address_policy.MACHINE.permits(plain) == plain.is_loopback


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("localhost:5000", True), ("registry.localhost", True), ("127.0.0.1", True),
        ("127.1.2.3:80", True), ("[::1]", True), ("[::1]:5000", True),
        ("localhost.test", False), ("notlocalhost", False), ("127.0.0.1.test", False), ("127.1", False),
        ("2130706433", False), ("10.0.0.1", False), ("[::2]", False), ("registry.local", False), ("0.0.0.0", False),
    ],
)  # fmt: skip
def test_this_machine(host: str, here: bool) -> None:
    assert on_this_machine(host) == here


@pytest.mark.parametrize(
    ("url", "scheme", "host"),
    [
        ("https://ghcr.io/token", "https", "ghcr.io"),
        ("https://GHCR.io:443/token?a=b", "https", "ghcr.io"),
        ("http://localhost:80/", "http", "localhost"),
        ("https://ghcr.io:80", "https", "ghcr.io:80"),
        ("https://[::1]:5000/", "https", "[::1]:5000"),
        ("", "", ""), ("ghcr.io/token", "", ""), ("//ghcr.io/token", "", ""), ("https://", "", ""),
        ("ftp://ghcr.io/", "", ""), ("file:///etc/passwd", "", ""), ("javascript:alert(1)", "", ""),
        ("https://ghcr.io@evil.test/", "", ""), ("https://user:pw@ghcr.io/", "", ""), ("https://@ghcr.io/", "", ""),
        ("https://ghcr.io\\@evil.test/", "", ""), ("https://ghcr.io#evil", "", ""), ("https://ghcr.io/\n", "", ""),
        ("https://ghcr.io/a b", "", ""), ("https://ghcr.io:/", "", ""), ("https://ghcr.io:x/", "", ""),
        ("https://ghcr.io:65536/", "", ""), ("https://ghcr.iо/", "", ""), ("https://[::1/", "", ""),
        ("https://[fe80::1%25lo]/", "", ""), ("https://ghcr%2eio/", "", ""), ("https://a/" + "b" * 9000, "", ""),
    ],
)  # fmt: skip
def test_places(url: str, scheme: str, host: str) -> None:
    found = place(url)
    assert ((found.scheme, found.host) if found else ("", "")) == (scheme, host)


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("docker.io", True), ("localhost:5000", True), ("10.0.0.1:80", True), ("[::1]:5000", True), ("a-b.c", True),
        ("", False), (":80", False), ("a:", False), ("a:0", False), ("a:٣", False), ("a b", False), ("a/b", False),
        ("A", False), ("a..b", False), (".a", False), ("a.", False), ("-a", False), ("[]", False), ("[g::]", False),
        ("a" * 64, False), ("a_b", False), ("a@b", False), ("a%b", False), ("::1", False),
    ],
)  # fmt: skip
def test_hosts(host: str, good: bool) -> None:
    assert is_host(host) == good


def test_parts_of_hosts() -> None:
    assert [split_port(host) for host in ("a", "a:1", "[::1]", "[::1]:2")] == [
        ("a", ""), ("a", "1"), ("[::1]", ""), ("[::1]", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "a" * 63, "sha256:" + "g" * 64, "md5:" + "a" * 67, None])
def test_what_is_no_digest(text: str | None) -> None:
    assert not is_digest(text)
    assert is_digest("sha256:" + "0123456789abcdef" * 4)


def test_docker_hub_is_called_what_oras_calls_it() -> None:
    hub: Any = oras.defaults.registry
    assert f"https://{api_host(hub.index_name)}" == "{scheme}://{host}".format(**hub.default_v2_registry)
    assert credential_keys("docker.io")[0] == hub.index_server
    assert known_token_host("docker.io") == "auth.docker.io"
    assert api_host("ghcr.io") == "ghcr.io" and known_token_host("ghcr.io") == ""
    assert {host_of_key(key) for key in credential_keys("ghcr.io")} == {"ghcr.io"}


def test_words_for_a_status() -> None:
    codes = {status: of_status(status, "ghcr.io").code for status in (400, 401, 403, 404, 418, 429, 500, 503, 999)}
    assert codes == {
        400: "http", 401: "auth", 403: "forbidden", 404: "not-found", 418: "http", 429: "rate-limited",
        500: "unavailable", 503: "unavailable", 999: "unavailable",
    }  # fmt: skip
    assert "`docker login ghcr.io`" in of_status(401, "ghcr.io").reason
    assert "`docker login` " in of_status(403, "docker.io").reason


def fetch(host: Host, path: str = "/x", method: str = "GET", most: int = 1 << 20, **access: Any) -> RegistryReply:
    """Ask a host of the test, as the registry that a project names."""
    network = Network(RegistryOptions(**access), {})
    try:
        budget = Deadline(network.access.timeout)
        headers = {"Authorization": "Basic zqsecret"}
        return exchange(network.host(host.name, address_policy.NAMED), method, host.url + path, headers, budget, most)
    finally:
        network.close()


def failure(call: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as caught:
        call()
    return caught.value


def test_a_request_says_little() -> None:
    with Host() as host:
        fetch(host)
    (seen,) = host.seen
    agent = seen.headers.pop("user-agent")
    assert agent.startswith("modellint/") and "python" not in agent
    assert seen.headers == {"host": host.name, "authorization": "Basic zqsecret", "accept-encoding": "identity"}


def test_connections_are_used_again_and_closed() -> None:
    network = Network(RegistryOptions(), {})
    with Host(lambda talk: talk.answer(404 if talk.count % 2 else 200, b"x" * 100)) as host:
        target = network.host(host.name, address_policy.NAMED)
        for number in range(10):
            exchange(target, "HEAD" if number % 3 else "GET", f"{host.url}/{number}", {}, Deadline(5), 1000)
        network.close()
    assert len(host.seen) == 10 and host.connections == 1


def test_cookies_are_not_kept() -> None:
    network = Network(RegistryOptions(), {})
    with Host(lambda talk: talk.answer(200, b"", [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d; Path=/")])) as host:
        for _ in range(2):
            exchange(network.host(host.name, address_policy.NAMED), "GET", f"{host.url}/", {}, Deadline(5), 1000)
        network.close()
    assert not any("cookie" in seen.headers for seen in host.seen)


@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False), (200_000, False)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(size: int, fits: bool, chunked: bool) -> None:
    def play(talk: Talk) -> None:
        if chunked:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
            talk.answer(200, body, [("Transfer-Encoding", "chunked")])
        else:
            talk.answer(200, b"x" * size)

    with Host(play) as host:
        if fits:
            assert fetch(host, most=1000).body == b"x" * size
        else:
            assert failure(lambda: fetch(host, most=1000)).code == "too-big"


def test_a_large_body_is_whole() -> None:
    body = bytes(range(256)) * 8192
    with Host(lambda talk: talk.answer(200, body)) as host:
        assert fetch(host, most=1 << 22).body == body


def test_the_body_of_an_error_is_not_read_to_the_end() -> None:
    with Host(lambda talk: talk.answer(404, b"x" * 10_000_000)) as host:
        reply = fetch(host)
    assert reply.status == 404 and len(reply.body) <= 1 << 17


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("/y", ""), ("{here}/y", ""), ("y", ""), ("//{here_name}/y", ""),
        ("http://{there_name}/y", "redirect"),
        ("https://{there_name}/y", "redirect"),
        ("https://{here_name}/y", "redirect"),
        ("https://localhost/y", "redirect"),
        ("https://10.0.0.1/y", "redirect"),
        ("https://169.254.169.254/latest/meta-data", "redirect"),
        ("https://[::1]/y", "redirect"),
        ("https://[::ffff:127.0.0.1]/y", "redirect"),
        ("https://2130706433/y", "redirect"),
        ("https://user:pw@{here_name}/y", "redirect"),
        ("file:///etc/passwd", "redirect"),
        ("", "redirect"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects(location: str, code: str, status: int) -> None:
    with Host() as there:

        def play(talk: Talk) -> None:
            url = location.format(here=talk.host.url, here_name=talk.host.name, there_name=there.name)
            if talk.path == "/x":
                talk.answer(status, b"moved" * 1000, [("Location", url)])
            else:
                talk.good()

        with Host(play) as here:
            if code:
                assert failure(lambda: fetch(here)).code == code
            else:
                assert fetch(here).body == GOOD.manifest
                assert here.seen[-1].path == "/y" and here.seen[-1].headers["authorization"]
    assert there.connections == 0


def test_a_redirect_to_another_host_takes_no_password_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """As to a content network. The test's one is on this machine, which is allowed here."""

    def is_here(address: address_policy.Address) -> bool:
        return address.is_loopback

    monkeypatch.setattr(address_policy.REDIRECT, "permits", is_here)
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate: Any = authority.issue_cert("127.0.0.0/8", "there.localhost")
    certificate.configure_cert(context)
    with (
        authority.cert_pem.tempfile() as ca_file,
        Host(tls=context, name="there.localhost") as there,
        Host(lambda talk: talk.answer(307, b"", [("Location", f"https://{there.name}/y")])) as here,
    ):
        real = socket.getaddrinfo

        def lookup(host: str, *args: Any, **more: Any) -> Any:
            return real(there.address[0] if host == "there.localhost" else host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        assert fetch(here, ca_file=ca_file).body == GOOD.manifest
    assert "authorization" in here.seen[0].headers
    assert "authorization" not in there.seen[0].headers


@pytest.mark.parametrize(("times", "code"), [(3, ""), (4, "redirect"), (99, "redirect")])
def test_redirects_have_an_end(times: int, code: str) -> None:
    def play(talk: Talk) -> None:
        if talk.count <= times:
            talk.answer(302, b"", [("Location", f"/{talk.count}")])
        else:
            talk.good()

    with Host(play) as host:
        if code:
            assert failure(lambda: fetch(host)).code == code
            assert len(host.seen) == 4
        else:
            assert fetch(host).status == 200


@pytest.mark.parametrize(
    ("status", "times", "header", "code", "asked", "seconds"),
    [
        (503, 1, "", "", 2, (0.2, 1)),
        (503, 2, "", "", 3, (0.6, 2)),
        (503, 9, "", "unavailable", 3, (0.6, 2)),
        (429, 9, "0", "rate-limited", 3, (0, 0.5)),
        (429, 1, "1", "", 2, (1, 1.8)),
        (429, 1, "3600", "rate-limited", 1, (0, 0.5)),
        (429, 1, "9" * 5000, "rate-limited", 1, (0, 0.5)),
        (429, 1, "-1", "", 2, (0.2, 1)),
        (429, 1, "soon", "", 2, (0.2, 1)),
        (429, 1, email.utils.formatdate(0, usegmt=True), "", 2, (0, 0.5)),
        (429, 1, email.utils.formatdate(2**31, usegmt=True), "rate-limited", 1, (0, 0.5)),
        (501, 1, "", "-", 1, (0, 0.5)),
        (404, 1, "", "-", 1, (0, 0.5)),
    ],
)
def test_retries(status: int, times: int, header: str, code: str, asked: int, seconds: tuple[float, float]) -> None:
    def play(talk: Talk) -> None:
        if talk.count <= times:
            talk.answer(status, b"no", [("Retry-After", header)] if header else [])
        else:
            talk.good()

    start = time.monotonic()
    with Host(play) as host:
        if code in ("", "-"):
            assert fetch(host, timeout=3).status == (status if code else 200)
        else:
            assert failure(lambda: fetch(host, timeout=3)).code == code
    assert len(host.seen) == asked
    assert seconds[0] <= time.monotonic() - start < seconds[1] + 0.5


def test_a_connection_that_breaks_is_tried_once_more() -> None:
    with Host(lambda talk: talk.reset() if talk.count == 1 else talk.good()) as host:
        assert fetch(host).status == 200
    with Host(Talk.reset) as host:
        assert isinstance(failure(lambda: fetch(host)), Broken)
    assert len(host.seen) == 2


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x"),
        (CHUNKS, b"1\r\nx\r\n"),
        (CHUNKS, b"0"),
        (CHUNKS + b"0\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "headers", "body", "chunks", "size of a chunk", "trailers", "100"],
)
def test_a_drip_ends_with_the_time(first: bytes, then: bytes) -> None:
    """In the thread that reads, without the help of another one."""

    def play(talk: Talk) -> None:
        talk.write(first)
        while not talk.host.stopped.wait(0.05):
            talk.write(then)

    start = time.monotonic()
    with Host(play) as host:
        assert failure(lambda: fetch(host, timeout=0.6)).code == "timeout"
    assert time.monotonic() - start < 1.2


@pytest.mark.parametrize(
    "headers",
    [[("X", "y" * 60_000)] * 2, [(f"X{n}", "y") for n in range(101)], [("X", "y" * 70_000)]],
    ids=["much", "many", "long"],
)
def test_headers_have_a_limit(headers: list[tuple[str, str]]) -> None:
    with Host(lambda talk: talk.answer(200, b"", headers)) as host:
        assert failure(lambda: fetch(host)).code in ("too-big", "network")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x" * 1000])
def test_compression_that_nobody_asked_for(encoding: str) -> None:
    with Host(lambda talk: talk.answer(200, b"x", [("Content-Encoding", encoding)])) as host:
        assert failure(lambda: fetch(host)).code == "encoding"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with Host() as host:
        monkeypatch.setenv("http_proxy", f"http://zquser:zqsecret@{host.name}")
        monkeypatch.setenv("https_proxy", f"http://zquser:zqsecret@{host.name}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        yield host


def through(url: str, name: str) -> RegistryReply:
    network = Network(RegistryOptions(timeout=2), {})
    try:
        return exchange(network.host(name, address_policy.NAMED), "GET", url, {}, Deadline(2), 1000)
    finally:
        network.close()


def test_a_proxy_of_the_environment_is_used(proxy: Host) -> None:
    assert through("http://registry.test/v2/", "registry.test").status == 200
    (seen,) = proxy.seen
    assert seen.path == "http://registry.test/v2/" and seen.headers["proxy-authorization"]


def refuse(talk: Talk) -> None:
    talk.answer(403)


def test_a_proxy_that_refuses_is_a_problem_without_its_password(proxy: Host) -> None:
    proxy.play = refuse
    problem = failure(lambda: through("https://registry.test/v2/", "registry.test"))
    assert problem.code == "network" and "proxy" in problem.reason
    assert "zq" not in repr(problem) + problem.reason and problem.__cause__ is None
    assert proxy.seen[0].method == "CONNECT"


def test_no_proxy_is_asked_for_this_machine_or_what_no_proxy_names(
    proxy: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host() as host:
        assert through(f"{host.url}/x", host.name).status == 200
    monkeypatch.setenv("no_proxy", "registry.invalid")
    assert failure(lambda: through("http://registry.invalid/", "registry.invalid")).code == "network"
    assert proxy.seen == []


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_a_proxy_is_not_asked_for_a_forbidden_address(proxy: Host, address: str) -> None:
    assert failure(lambda: through(f"https://{address}/", address)).code == "not-allowed"
    assert proxy.connections == 0


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_of_the_environment(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    assert tls.tls("", {name: str(path)}).cert_store_stats()["x509_ca"] == 1
    assert failure(lambda: tls.tls("", {name: str(tmp_path / "none")})).reason.startswith(
        f"cannot read the certificates from {name}"
    )
    assert tls.tls(str(path), {name: str(tmp_path / "none")}).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize("content", [None, "", "no certificate", "\0"])
def test_a_file_without_certificates(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    problem = failure(lambda: tls.tls(str(path), {}))
    assert problem.code == "tls" and "`--ca-file`" in problem.reason


def test_the_system_is_trusted_and_checked() -> None:
    context = tls.tls("", {})
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED


ORDINARY = b'{"a": [1, 2, {"b": "\xc3\xa9"}]}'


def parse(data: bytes) -> object:
    return json_documents.read(bytearray(data), lambda document: document, SerialWorker(), Deadline(5))


def test_documents() -> None:
    assert parse(ORDINARY) == json.loads(ORDINARY)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-a-manifest"),
        (b"{", "not-a-manifest"),
        (b"\xff", "not-a-manifest"),
        (b"[" * 50_000, "not-a-manifest"),
        (b"1" * 5000, "not-a-manifest"),
        (b"[" + b"{}," * 140_000 + b"1]", "too-big"),
        (b'"' + b"x" * (1 << 20) + "é".encode() + b'"', "too-big"),
        (b'"' + b"x" * (1 << 20) + b'\\ud83d\\ude00"', "too-big"),
    ],
    ids=["empty", "cut", "not UTF-8", "deep", "digits", "many", "wide", "escaped"],
)
def test_documents_that_are_none(data: bytes, code: str) -> None:
    room = SerialWorker()
    try:
        problem = failure(lambda: json_documents.read(bytearray(data), lambda document: document, room, Deadline(5)))
    finally:
        room.close()
    assert problem.code == code


def test_the_rest_of_oras_goes_the_same_way(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its other methods cannot write, cannot leave the repository, and say nothing."""
    network = Network(RegistryOptions(), {})
    with Host() as host:
        client: Any = Client(Origin(host.name, network, DockerConfig), "team/model")
        assert client.do_request(f"{host.url}/v2/team/model/manifests/x").json() == json.loads(GOOD.manifest)
        for url, method in (
            (f"{host.url}/v2/team/other/manifests/x", "GET"),
            ("http://127.0.0.1:9/v2/team/model/manifests/x", "GET"),
            (f"{host.url}/v2/team/model/manifests/x", "DELETE"),
        ):
            assert failure(lambda url=url, method=method: client.do_request(url, method)).code == "internal"
        network.close()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("oras.logger").error("\x1b[31m")
    assert capfd.readouterr() == ("", "")
    assert "secret" not in repr(client) + repr(client.auth)


def test_budget() -> None:
    budget = Deadline(0.05)
    assert 0 < budget.left() <= 0.05
    given = Failure("x", "y")
    assert failure(lambda: budget.wait(1, given)) is given
    budget.closed = True
    assert failure(budget.left).code == "timeout"
    assert failure(Deadline(0).left).down


def test_failures_show_nothing() -> None:
    assert str(Failure("tls", "zqreason")) == "tls"
    assert io.StringIO(repr(Failure("tls", "zqreason"))).getvalue() == "Failure('tls')"

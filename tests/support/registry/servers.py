"""Registries to ask: the real one of Debian (`docker-registry`) in four set-ups, and a small slow one to measure with.

    python tests/support/registry/servers.py slow COUNT DELAY

starts COUNT small registries that take DELAY seconds for each answer, prints their ports, and ends with its input.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import http.server
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

USER, PASSWORD = "tester", "correct horse"
HTPASSWD = f"{USER}:$2y$05$1sfWdcjZFTszPGYJ5tOxmu1N/OubYjxT6ABFl5sxBCoKbwTBWqlcq\n"  # that password, by htpasswd -nbB
IDENTITY_TOKEN = "identity-" + secrets.token_hex(16)
PATIENCE = 20.0  # seconds that a registry has to start


class NotInstalled(Exception):
    """The registry's program is not on this machine."""


class Address:
    """A registry that answers: `localhost:PORT`, and how to get in."""

    def __init__(self, host: str, *, ca_file: str = "", auth: str = "", token_host: str = "") -> None:
        self.host = host
        self.ca_file = ca_file  # certificate of the authority that signed the registry's; empty without TLS
        self.auth = auth  # "", "basic" or "token"
        self.token_host = token_host  # host and port of the token service
        self.tokens: Tokens | None = None


def program() -> str:
    """The registry's program; raises `NotInstalled`."""
    found = shutil.which("docker-registry") or shutil.which("docker-registry", path="/usr/bin:/usr/local/bin")
    if found is None:
        raise NotInstalled("docker-registry is not installed (Debian package docker-registry)")
    return found


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def plain() -> Generator[Address]:
    """A registry that everybody may read and write, without TLS."""
    with _folder() as folder, _running(folder, {}) as port:
        yield Address(f"localhost:{port}")


@contextlib.contextmanager
def with_password() -> Generator[Address]:
    """A registry that asks for the name and the password above."""
    with _folder() as folder:
        (folder / "htpasswd").write_text(HTPASSWD)
        auth = {"htpasswd": {"realm": "a registry", "path": str(folder / "htpasswd")}}
        with _running(folder, {"auth": auth}) as port:
            yield Address(f"localhost:{port}", auth="basic")


@contextlib.contextmanager
def with_tls() -> Generator[Address]:
    """A registry with a certificate of an authority that nobody knows."""
    with _folder() as folder:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        for part in certificate.cert_chain_pems:
            part.write_to_path(str(folder / "cert.pem"), append=True)
        tls = {"certificate": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
        with _running(folder, {"http": {"tls": tls}}, str(folder / "ca.pem")) as port:
            yield Address(f"localhost:{port}", ca_file=str(folder / "ca.pem"))


@contextlib.contextmanager
def with_tokens() -> Generator[Address]:
    """A registry that sends clients to a token service, as Docker Hub and GHCR do.

    Repositories below `public/` are for everybody, all others for the user above.
    """
    with _folder() as folder, Tokens() as tokens:
        (folder / "roots.pem").write_bytes(tokens.certificate)
        auth = {
            "realm": f"http://{tokens.host}/token",
            "service": tokens.service,
            "issuer": tokens.issuer,
            "rootcertbundle": str(folder / "roots.pem"),
        }
        with _running(folder, {"auth": {"token": auth}}) as port:
            address = Address(f"localhost:{port}", auth="token", token_host=tokens.host)
            address.tokens = tokens
            yield address


class Tokens:
    """A token service: `GET` with or without a password, `POST` with an identity token. Counts what it was asked."""

    service, issuer = "the registry", "the tokens"

    def __init__(self) -> None:
        authority = trustme.CA()
        leaf = authority.issue_cert("localhost")
        self.certificate = authority.cert_pem.bytes()
        key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        lines = leaf.cert_chain_pems[0].bytes().decode().split("-----")[2]
        self._chain = ["".join(lines.split())]
        self.asked: list[str] = []  # "anonymous", "basic", "identity", "refused"
        tokens = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                query = urllib.parse.parse_qs(self.path.partition("?")[2])
                given = self.headers.get("Authorization", "")
                basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                if given and given != f"Basic {basic}":
                    self.answer("refused", "", False)
                else:
                    self.answer("basic" if given else "anonymous", query.get("scope", [""])[0], bool(given))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                form = urllib.parse.parse_qs(body)
                known = form.get("refresh_token") == [IDENTITY_TOKEN] and form.get("grant_type") == ["refresh_token"]
                self.answer("identity" if known else "refused", form.get("scope", [""])[0], known)

            def answer(self, what: str, scope: str, known: bool) -> None:
                tokens.asked.append(what)
                if what == "refused":
                    status, document = 401, {"details": "incorrect username or password"}
                else:
                    token = tokens.token(scope, known)
                    status, document = 200, {("access_token" if what == "identity" else "token"): token}
                data = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Tokens:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def token(self, scope: str, known: bool, actions: str = "pull") -> str:
        """A signed token for a scope, as far as it is granted."""
        kind, _, rest = scope.partition(":")
        name = rest.rpartition(":")[0]
        granted = kind == "repository" and (known or name.startswith("public/"))
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer, "aud": self.service, "sub": USER if known else "", "jti": secrets.token_hex(8),
            "iat": now, "nbf": now - 60, "exp": now + 300,
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}] if granted else [],
        }  # fmt: skip
        head = {"typ": "JWT", "alg": "ES256", "x5c": self._chain}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        r, s = utils.decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="modellint-registry-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(folder: Path, more: dict[str, Any], ca_file: str = "") -> Generator[int]:
    """Run the registry with its files in a folder, until the block ends; gives the port once it answers."""
    for attempt in range(3):  # another program may take the port before the registry does
        port = free_port()
        settings = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
            **more,
            "http": {"addr": f"127.0.0.1:{port}", **more.get("http", {})},
        }
        (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "OTEL_TRACES_EXPORTER": "none"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program(), "serve", str(folder / "config.yml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=folder,
            )  # fmt: skip
        try:
            if _answers(process, port, ca_file):
                yield port
                return
            if attempt == 2:
                raise RuntimeError("docker-registry does not start: " + (folder / "log").read_text()[-2000:])
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(process: subprocess.Popen[bytes], port: int, ca_file: str) -> bool:
    """Wait until the registry answers; False where it ended instead."""
    scheme = "https" if ca_file else "http"
    context = ssl.create_default_context(cafile=ca_file) if ca_file else None
    handlers: list[Any] = [urllib.request.ProxyHandler({})]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(f"{scheme}://localhost:{port}/v2/", timeout=2):
                return True
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 401
        except OSError:
            time.sleep(0.05)
    return False


class Small:
    """What a small registry holds: every tag of every repository is the same model."""

    def __init__(self) -> None:
        gguf = {"general.architecture": "llama", "llama.context_length": "4096", "llama.block_count": "2"}
        self.config = json.dumps({"config": {"format": "gguf", "architecture": "llama", "gguf": gguf}}).encode()
        weights = {
            "mediaType": "application/vnd.docker.ai.gguf.v3",
            "size": 5,
            "digest": "sha256:" + hashlib.sha256(b"hello").hexdigest(),
        }
        config = {
            "mediaType": "application/vnd.docker.ai.model.config.v0.1+json",
            "size": len(self.config),
            "digest": "sha256:" + hashlib.sha256(self.config).hexdigest(),
        }
        media_type = "application/vnd.oci.image.manifest.v1+json"
        manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [weights]}
        self.media_type = media_type
        self.manifest = json.dumps(manifest).encode()
        self.digest = "sha256:" + hashlib.sha256(self.manifest).hexdigest()


async def _serve_slowly(count: int, delay: float) -> None:
    small = Small()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                await asyncio.sleep(delay)
                body = small.config if "/blobs/" in path else small.manifest
                kind = "application/octet-stream" if "/blobs/" in path else small.media_type
                digest = "" if "/blobs/" in path else f"Docker-Content-Digest: {small.digest}\r\n"
                lines = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{digest}Content-Length: {len(body)}\r\n\r\n"
                writer.write(lines.encode() + (b"" if method == "HEAD" else body))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    servers = [await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1024) for _ in range(count)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server in servers:
        server.close()


if __name__ == "__main__":
    assert sys.argv[1] == "slow", __doc__
    asyncio.run(_serve_slowly(int(sys.argv[2]), float(sys.argv[3])))

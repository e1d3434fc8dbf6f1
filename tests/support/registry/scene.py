"""A hostile scenario and its run: the hosts, the process that asks them, and the verdict on what it did.

Every scenario has three hosts on addresses of their own: `here`, which the project names; `there`, which it may lead
to; and `trap`, which must never be connected to. The process that asks has a home folder with passwords for `here` and
for a host that nobody names, and a `.netrc` that would give a password to everybody.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import trustme

from support.registry.push import MODEL_CONFIG, sha256
from support.registry.raw import GOOD, Host, Play

ASK = "modellint.registry.ask"
SECONDS = 6.0  # from the fork of the process to its end
MEGABYTES = 60
WAITING_AT_ONCE, WORKING_AT_ONCE = 16, 4
SLACK = 1.5 if os.environ.get("CI") == "true" else 1.0  # the tests of other files run at the same time
MARK = "zqregistrytext"  # in all that a hostile registry says, and never in what a person reads
SECRET = "zqsecret"  # in every password
USER = "zquser"
Json = dict[str, Any]


class Scenario:
    """A row of the table: what the hosts do, and what must come of it.

    `expect` holds the codes of which one must come out; an empty text stands for an artifact, `|` separates several.
    `gives` is a manifest that `here` gives, `config` a config that it gives with a manifest that fits.
    """

    def __init__(
        self,
        name: str,
        does: str,
        play: Play | None,
        expect: str = "",
        *,
        greet: Play | None = None,
        tls: str = "",
        host: str = "",
        listens: bool = True,
        probed: bool = False,
        there_plays: Play | None = None,
        there: bool = False,
        asks: Iterable[str] = ("here:latest",),
        gives: bytes | Json | None = None,
        config: bytes | Json | None = None,
        details: bool = True,
        access: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        docker_config: Callable[[Scene], Json | str] | None = None,
        helper: str = "",
        names: Mapping[str, str] | None = None,
        hidden: bool = False,
        looks: bool = False,
        shares: bool = False,
        check: Callable[[Scene], str] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.name = name
        self.does = does  # for a person
        blob = GOOD.config if config is None else as_bytes(config)
        if config is not None:
            described = {"mediaType": MODEL_CONFIG, "size": len(blob), "digest": sha256(blob)}
            gives = {**json.loads(GOOD.manifest), "config": described}
        given = GOOD.manifest if gives is None else as_bytes(gives)
        self.play: Play = play or (lambda talk: talk.answer(200, blob) if talk.is_blob else talk.manifest(given))
        self.digest = sha256(given)  # of the artifact
        self.expect = set(expect.split("|"))
        self.greet = greet
        self.tls = tls  # kind of certificate of `here`: "good", "unknown", "expired", "other"
        self.host = host or ("registry.test" if tls else "")  # a name for `here` instead of its address
        self.listens = listens
        self.probed = probed  # whether `play` is for `/v2/` as well
        self.there_plays = there_plays
        self.there = there  # whether `there` may be connected to
        self.asks = list(asks)  # `HOST:TAG` or `HOST@DIGEST`
        self.details = details
        self.access = dict(access or {})
        self.environment = dict(environment or {})
        self.docker_config = docker_config  # instead of the one with the passwords
        self.helper = helper  # a shell script, as the credential helper `zq`
        self.names = dict(names or {})  # names that resolve, beside those of the hosts
        self.hidden = hidden  # the name of `here` does not resolve
        self.looks = looks  # whether any name may be looked up
        self.shares = shares  # whether `there` may see the password of `here`
        self.check = check  # gives what else is wrong
        self.seconds = seconds


class Scene:
    """A scenario while it runs, and what came of it: `problems` is empty where all is well."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario = scenario
        self.folder = folder
        self.problems: list[str] = []
        self.answers: list[Json] = []
        self.result: Json = {}
        self.status = -1
        self.seconds = self.megabytes = 0.0
        self.out = self.err = ""
        self.again = False  # whether it was run twice
        self.ended = threading.Event()
        self.password = f"{SECRET}-{scenario.name}"
        tls = certificate(scenario.tls, scenario.host) if scenario.tls else None
        self.here = Host(
            scenario.play,
            greet=scenario.greet,
            tls=tls,
            name=scenario.host,
            listens=scenario.listens,
            probed=scenario.probed,
        )
        self.there = Host(scenario.there_plays, probed=True)
        self.trap = Host()
        for host in (self.here, self.there, self.trap):
            host.other = {"here": self.here, "there": self.there, "trap": self.trap}

    @property
    def outcome(self) -> str:
        return ", ".join(sorted({answer["code"] or "artifact" for answer in self.answers})) or "none"

    @property
    def is_late(self) -> bool:
        """Whether all that may be wrong is the time."""
        return all(
            (said.startswith("took ") and said.endswith(" s")) or said.startswith("timeout (") for said in self.problems
        )

    def helped(self) -> str:
        """What the credential helper was asked for."""
        path = self.folder / "helped"
        return path.read_text() if path.exists() else ""

    def passwords(self) -> Json:
        """A Docker config with passwords for `here` and for a host that nobody names."""
        return {
            "auths": {
                self.here.name: {"auth": basic(f"{USER}:{self.password}")},
                "private.example.com": {"auth": basic(f"{USER}:{SECRET}-foreign")},
            }
        }

    def job(self) -> Json:
        """Lay out the folder; returns what the process is told."""
        scenario = self.scenario
        docker, programs = self.folder / "home" / ".docker", self.folder / "bin"
        docker.mkdir(parents=True)
        programs.mkdir()
        netrc = docker.parent / ".netrc"
        netrc.write_text(f"default login {USER} password {SECRET}-netrc\n")
        netrc.chmod(0o600)
        config = scenario.docker_config(self) if scenario.docker_config else self.passwords()
        (docker / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        helper = programs / "docker-credential-zq"
        helper.write_text(f"#!/bin/sh\ncat >> {self.folder}/helped\n{scenario.helper or 'exit 1'}\n")
        helper.chmod(0o755)
        authority().cert_pem.write_to_path(str(self.folder / "ca.pem"))
        access = {"ca_file": str(self.folder / "ca.pem"), **scenario.access}
        environment = {key: self.fill(value) for key, value in scenario.environment.items()}
        hosts = [host for host in (self.here, self.there, self.trap) if not (scenario.hidden and host is self.here)]
        return {
            "folder": str(self.folder),
            "asks": [self.request(ask) for ask in scenario.asks],
            "access": {key: self.filled(value) for key, value in access.items()},
            "details": scenario.details,
            "environment": {"HOME": str(docker.parent), "PATH": f"{programs}:/usr/bin:/bin", **environment},
            "names": {**{bare(host): host.address[0] for host in hosts}, **scenario.names},
        }

    def fill(self, text: str) -> str:
        return text.format(here=self.here.name, there=self.there.name, trap=self.trap.name)

    def filled(self, value: Any) -> Any:
        return [self.fill(each) for each in cast("list[str]", value)] if isinstance(value, list) else value

    def request(self, ask: str) -> Json:
        host, mark, want = ask.partition("@") if "@" in ask else ask.partition(":")
        name = self.there.name if host == "there" else self.here.name
        return {"registry": name, "repository": "team/model", ("digest" if mark == "@" else "tag"): want}

    def judge(self) -> None:
        """Fill `problems`."""
        self.out, self.err = (
            path.read_text(errors="replace") if path.exists() else ""
            for path in (self.folder / "out", self.folder / "err")
        )
        if (self.folder / "result").exists():
            self.result = json.loads((self.folder / "result").read_text())
            self.answers = self.result["answers"]
            self.problems += [*self.about_answers(), *self.about_connections(), *self.about_secrets()]
        else:
            self.problems.append("there is no result")
        if self.status != 0:
            self.problems.append(f"the process ended with {self.status}")
        if self.seconds > self.scenario.seconds * SLACK:
            self.problems.append(f"took {self.seconds:.1f} s")
        if self.megabytes > MEGABYTES:
            self.problems.append(f"took {self.megabytes:.0f} MB")
        self.problems += [
            f"wrote to {what}: {text[-400:]!r}" for what, text in (("stdout", self.out), ("stderr", self.err)) if text
        ]
        if self.scenario.check and self.answers and (said := self.scenario.check(self)):
            self.problems.append(said)

    def about_answers(self) -> Iterable[str]:
        scenario = self.scenario
        if self.result["error"]:
            yield f"raised {self.result['error']!r}"
        elif len(self.answers) != len(set(scenario.asks)):
            yield f"{len(self.answers)} answers to {len(scenario.asks)} requests"
        for answer in self.answers:
            code, reason, artifact = answer["code"], answer["reason"], answer["artifact"]
            if code not in scenario.expect:
                wanted = " or ".join(sorted(each or "an artifact" for each in scenario.expect))
                yield f"{code or 'an artifact'} ({reason}) instead of {wanted}"
            if artifact and artifact["digest"] != scenario.digest:
                yield f"the digest is {artifact['digest']!r}"
            if bool(code) != bool(reason) or bool(code) == bool(artifact):
                yield f"do not fit: {code!r}, {reason!r}, {artifact!r}"
            if MARK in reason or SECRET in reason or not reason.isprintable() or len(reason) > 300:
                yield f"the reason is {reason[:300]!r}"

    def about_connections(self) -> Iterable[str]:
        hosts = [self.here, *([self.there] if self.scenario.there else [])]
        addresses = {host.address for host in hosts}
        for address in self.result["connects"]:
            if tuple(address[:2]) not in addresses:
                yield f"connected to {address}"
        names = {bare(host) for host in hosts}
        for name in self.result["looked_up"]:
            if name not in names and not self.scenario.looks:
                yield f"looked up {name!r}"
        if self.trap.connections:
            yield "the trap was connected to"

    def about_secrets(self) -> Iterable[str]:
        for host in (self.here, self.there):
            for seen in host.seen:
                text = seen.text() + decoded(seen.text())
                if f"{SECRET}-netrc" in text or f"{SECRET}-foreign" in text:
                    yield f"a foreign secret was seen: {seen.text()[:300]!r}"
                if (
                    host is self.there
                    and not self.scenario.shares
                    and (SECRET in text or USER in text or "authorization" in seen.headers)
                ):
                    yield f"a secret was seen there: {seen.text()[:300]!r}"
                if "cookie" in seen.headers:
                    yield "a cookie was seen"
        if any(SECRET in text for text in (self.out, self.err, json.dumps(self.answers))):
            yield "a secret was printed"


class Asker:
    """The process that forks for each scenario, to ask with the `ask` of a module. Use as a context manager."""

    def __init__(self, module: str = ASK) -> None:
        self._scenes: dict[str, Scene] = {}
        self._lock = threading.Lock()
        here = Path(__file__).parent
        self._process = subprocess.Popen(
            [sys.executable, str(here / "asker.py"), module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Asker:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._reader.join(10)
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            folder, status, seconds, kilobytes = json.loads(line)
            scene = self._scenes[folder]
            scene.status, scene.seconds, scene.megabytes = status, seconds, kilobytes / 1024
            scene.ended.set()
        for scene in self._scenes.values():
            scene.ended.set()

    def play(self, scenario: Scenario) -> Scene:
        """Run a scenario; returns its scene, judged."""
        with tempfile.TemporaryDirectory(prefix="modellint-scene-") as name:
            scene = Scene(scenario, Path(name))
            with scene.here, scene.there, scene.trap:
                job = scene.job()
                self._scenes[name] = scene
                with self._lock:
                    assert self._process.stdin
                    self._process.stdin.write(json.dumps(job) + "\n")
                    self._process.stdin.flush()
                scene.ended.wait(60)
            scene.judge()
        return scene


def run(scenarios: Iterable[Scenario], module: str = ASK) -> list[Scene]:
    """Run scenarios: many of those that wait at a time, and few of the others.

    One that was too slow, or out of time, is run again alone: this machine may have had too much to do.
    """
    authority()  # before there are threads that would each make one
    scenes: dict[str, Scene] = {}
    chosen = list(scenarios)
    with Asker(module) as asker:
        with ThreadPoolExecutor(WAITING_AT_ONCE) as waiting, ThreadPoolExecutor(WORKING_AT_ONCE) as working:
            futures = [
                (waiting if "timeout" in scenario.expect else working).submit(asker.play, scenario)
                for scenario in chosen
            ]
            for scenario, future in zip(chosen, futures, strict=True):
                scenes[scenario.name] = future.result()
        for name, scene in scenes.items():
            if module == ASK and scene.problems and scene.is_late:
                scenes[name] = asker.play(scene.scenario)
                scenes[name].again = True
    return list(scenes.values())


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def certificate(kind: str, name: str) -> ssl.SSLContext:
    """The TLS set-up of a server with a certificate that is good, of an unknown authority, expired, or another's."""
    issuer = trustme.CA() if kind == "unknown" else authority()
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
    more: Any = {"not_before": past - datetime.timedelta(days=9), "not_after": past} if kind == "expired" else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cast("Any", issuer.issue_cert("other.test" if kind == "other" else name, **more)).configure_cert(context)
    return context


def as_bytes(document: bytes | Json) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def bare(host: Host) -> str:
    return host.name.rpartition(":")[0]


def basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def decoded(text: str) -> str:
    """What the words of a text are in base64, as far as they are."""
    found: list[str] = []
    for word in text.split():
        with contextlib.suppress(ValueError):
            found.append(base64.b64decode(word, validate=True).decode("latin-1"))
    return "\n".join(found)

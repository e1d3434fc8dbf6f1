"""Start a project's private copy with the real Docker Compose, look into its containers, and take all of it down."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from modellint.files.atomic_write import naming
from modellint.smoke.docker.host_paths import looking, most_memory
from modellint.smoke.docker.judge import Container
from modellint.smoke.docker.placeholder_image import interpreter, mounts, variables
from modellint.smoke.docker.private_project import (
    external_networks,
    file_variables,
    is_held_back,
    named_files,
    private_copy,
    services_of,
    unmet,
    with_dependencies,
)
from modellint.smoke.docker.rights import SHELL_VARIABLES, OutsideResources
from modellint.smoke.docker.shell_variables import hidden, masked, plain, taken
from modellint.smoke.docker.subprocesses import Done, ProgramCall, run, run_all
from modellint.text.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from modellint.smoke.docker.engine import Engine
    from modellint.smoke.docker.private_project import StandIn
    from modellint.smoke.docker.rights import RequiredRight

LABEL = "modellint.smoke"
_PROJECT = "com.docker.compose.project"
_SECONDS = 60.0  # for a question that the engine answers at once, or to take something down
_PULL = 600.0  # seconds for the images of all services
_START = 300.0  # seconds until all services have started
_STOP = 2  # seconds that a service has to end
_ROUNDS = 3  # of taking down
_LATE = 30.0  # seconds that the engine may take to finish what it was asked before Compose was ended
_PAUSE = 0.2
_REMOTE = "remote resource is disabled"  # what Compose says of files of other machines
_IN_USE = "is already in use"  # a name, as the engine says it
_KINDS = ("container", "network", "volume")  # in the order in which they can be removed
_FORCE = {"container": ("--force", "--volumes"), "volume": ("--force",)}
# What Compose itself adds where Docker's config.json has `proxies`, each also in small letters.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


class ProbeCall(NamedTuple):
    """What a probe is to do in the network of a container, and what it reads."""

    service: str
    container: Container
    given: bytes


class DockerFailed(Exception):
    """Docker could not do something. The text says what and why."""


class NotAllowed(Exception):
    """The project cannot be started with the rights that were given. The text says which it lacks."""


@dataclass(slots=True)
class Containers:
    """A project's private copy. `folder` is for files of the run, `left` how many seconds a step may take.

    `allowed` are the rights that services may have beyond what every container has.
    """

    engine: Engine
    name: str
    folder: str
    words: tuple[str, ...]  # of `docker compose`, about the user's project
    left: Callable[[float], float]
    document: dict[str, Any] = field(default_factory=dict[str, Any])
    image: str = ""  # that was made for the run
    allowed: frozenset[str] = frozenset()
    outside: OutsideResources = field(default_factory=lambda: OutsideResources({}, looking(os.curdir, {})))
    values: dict[str, str] = field(default_factory=dict[str, str])  # of secrets and configs, by variables of ours
    making: list[str] = field(default_factory=list[str])  # names of containers that may still be made

    @property
    def _copy(self) -> str:
        return os.path.join(self.folder, "compose.json")

    def compose(self, *words: str) -> tuple[str, ...]:
        """The words of a call of Docker Compose about the copy."""
        return self.engine.compose("-p", self.name, "-f", self._copy, *words)

    def read(self, *, alone: bool = False) -> None:
        """Have Compose say what it makes of the user's files; `alone`: nothing of the project's is to run.

        Raises `DockerFailed`, and `NotAllowed`.
        """
        self.document = self._config(self.engine.environ)
        likenesses, odd = self._external_networks()
        shell: dict[str, tuple[str, ...]] = {}
        if not alone and SHELL_VARIABLES not in self.allowed:
            shell = self._from_the_shell()
        look = looking(self._project_folder, self.engine.environ)
        self.outside = OutsideResources(likenesses, look, odd, shell, most_memory())
        self.values = {} if alone else self._file_values(self.engine.environ)

    def unmet(self, names: Sequence[str]) -> dict[str, list[RequiredRight]]:
        """The services of these that cannot run as they are, and the rights that each lacks."""
        return unmet(self.document, names, self.outside, self.allowed)

    def missing_images(self, stand_in: StandIn, names: Iterable[str]) -> dict[str, str]:
        """Have the images of services here. Those whose image cannot be had, and why."""
        services = {name: body for name, body in services_of(self.document).items() if name in set(names)}
        images = {name: str(body.get("image", "")) for name, body in services.items() if "build" not in body}
        asked = {name: self._docker("image", "inspect", "--", image) for name, image in images.items()}
        here = self._run_all(asked, _SECONDS)
        todo = {
            name: self._docker("pull", "--quiet", "--", images[name]) for name, done in here.items() if done.status != 0
        }
        builds = [name for name, body in services.items() if "build" in body]
        if builds:
            self.write(stand_in, (), alone=False)
            todo |= {name: self.compose("build", "--quiet", "--", name) for name in builds}
        return {
            name: done.told(self.hide)
            for name, done in self._run_all(todo, _PULL, self._of_the_copy).items()
            if done.status != 0
        }

    def write(self, stand_in: StandIn, replaced: Sequence[str], *, alone: bool) -> None:
        """Write the copy."""
        copy = private_copy(self.document, self.name, stand_in, replaced, self.outside, self.allowed, alone=alone)
        for kind, key in file_variables(copy):
            if _variable(kind, key) in self.values:  # else Compose says which one is missing
                copy[kind][key]["environment"] = _variable(kind, key)
        with naming(self._copy), open(self._copy, "w", encoding="utf-8") as file:
            json.dump(copy, file)

    def up(self, names: Sequence[str]) -> Done:
        """Start services, and those that they depend on."""
        self.making = [f"{self.name}-{each}-1" for each in with_dependencies(self.document, names)]
        words = self.compose("up", "--detach", "--no-build", "--quiet-pull", "--", *names)
        done = run(words, self._of_the_copy, self.left(_START))
        if done.status == 0:
            self.making = []
        return done

    def inspect(self) -> dict[str, Container]:
        """The container of each service that has one, the first of several. Raises `DockerFailed`."""
        listed = self._ids("container", f"{_PROJECT}={self.name}")
        if not listed:
            return {}
        bodies = _objects(self._ask("inspect", *listed))
        images = {str(body.get("Image")) for body in bodies}
        found = _objects(self._ask("image", "inspect", *sorted(images)))
        of_images = {str(image.get("Id")): _variables(image) for image in found}
        containers: dict[str, Container] = {}
        for body in sorted(bodies, key=lambda each: str(each.get("Name"))):
            service = str(as_object(as_object(body.get("Config")).get("Labels")).get("com.docker.compose.service"))
            own = {*of_images.get(str(body.get("Image")), {}), *variables(), *self._own(service)}
            made = _container(body, frozenset(own), is_held_back(self.document, service))
            containers.setdefault(service, made._replace(error=self.hide(made.error)))
        return containers

    def probe(self, source: str, visits: Sequence[ProbeCall], seconds: float) -> list[Done]:
        """Run a Python program in the network of each container."""
        before = list(self.making)
        self.making += [f"{self.name}-probe-{visit.service}" for visit in visits]
        calls = [ProgramCall(self._probe_words(source, visit), visit.given) for visit in visits]
        # `docker run` waits for its container when it is asked to end; that one is for `take_down`.
        answers = run_all(calls, self.engine.environ, seconds, grace=0.0)
        if not any(each.late for each in answers):
            self.making = before
        return answers

    def take_down(self) -> list[str]:
        """Remove everything that was made; what is left after all."""
        try:
            if os.path.exists(self._copy):
                self._down()
            self._wait_for_late_ones()
            left = self._remove_all()
        except (DockerFailed, OSError) as problem:
            return [f"resources with the label {_PROJECT}={self.name} or {LABEL}={self.name} ({problem})"]
        self._remove_images()
        return left

    def _down(self) -> None:
        words = self.compose("down", "--volumes", "--remove-orphans", "--timeout", str(_STOP))
        run(words, self._of_the_copy, _SECONDS)

    def _remove_images(self) -> None:
        """Not by `down --rmi`, which leaves the images of a build's steps."""
        built = [name for name, body in services_of(self.document).items() if "build" in body]
        names = [self.image, *(f"{self.name}-{each}" for each in built)]
        self._run(self._docker("image", "rm", "--force", *names), _SECONDS, bounded=False)

    def _wait_for_late_ones(self) -> None:
        """Be sure that nothing is made any more.

        The engine goes on with what it was asked, though who asked was ended: a container can come up seconds after
        that. Its name is taken before, so where one can be taken there is none to come.
        """
        until = time.monotonic() + _LATE
        while self.making:
            label = f"--label={LABEL}={self.name}"
            words = ("container", "create", "--pull=never", "--network=none", label)
            calls = {name: self._docker(*words, f"--name={name}", self.image, "none") for name in self.making}
            # One network is made after the other, so this one after all that were asked for.
            calls[""] = self._docker("network", "create", label, f"{self.name}-last")
            taken = self._run_all(calls, _SECONDS, bounded=False)
            self._remove_all()
            self.making = [name for name, done in taken.items() if _IN_USE in done.err]
            if time.monotonic() > until:
                break
            time.sleep(_PAUSE if self.making else 0)

    def _remove_all(self) -> list[str]:
        """Remove what there is; what is left of it."""
        left = self._made()
        for _ in range(_ROUNDS):
            if not left:
                break
            for kind, ids in left.items():
                self._run(self._docker(kind, "rm", *_FORCE.get(kind, ()), *ids), _SECONDS, bounded=False)
            left = self._made()
        return [f"{kind} {each}" for kind, ids in left.items() for each in ids]

    def _own(self, service: str) -> set[str]:
        """The variables that a container has of its service, and of Docker itself."""
        body = services_of(self.document).get(service, {})
        return {*as_object(body.get("environment")), *_PROXIES, *map(str.lower, _PROXIES)}

    def _config(self, environ: Mapping[str, str], *more: str) -> dict[str, Any]:
        """What Compose makes of the user's files, or of `more`. Raises `DockerFailed`, and `NotAllowed`."""
        words = self.engine.compose(*(more or self.words), "config")
        done = run(words, environ, self.left(_SECONDS))
        if _REMOTE in done.err:
            raise NotAllowed("it includes remote files, which modellint does not fetch")
        if done.status != 0:
            raise DockerFailed(f"`docker compose config`: {self._why(done, words, environ)}")
        try:
            # As YAML, since its JSON has no `models`; pure, since the C parser of this process makes events only.
            document: object = YAML(typ="safe", pure=True).load(done.out)  # pyright: ignore[reportUnknownMemberType]
        except YAMLError:
            document = None
        if not isinstance(document, dict):
            raise DockerFailed("`docker compose config` printed no project")
        return cast("dict[str, Any]", document)

    def _why(self, done: Done, words: Sequence[str], environ: Mapping[str, str]) -> str:
        """Why Compose refuses the user's files, in its own words where it would say the same without any secret.

        It may quote a value of the shell's variables, as a whole, in parts or written in another way.
        """
        told = done.told(self.hide)
        if len(plain(environ)) == len(environ) or done.late:
            return told
        again = run(words, masked(environ), self.left(_SECONDS))
        if again.status != 0 and again.told(self.hide) == told:
            return again.words
        return "it rejects the project because of the value of a shell variable, which is not shown"

    def _from_the_shell(self) -> dict[str, tuple[str, ...]]:
        """The attributes of each service that have a value of the shell. Raises `NotAllowed`."""
        environ = self.engine.environ
        if len(plain(environ)) == len(environ):
            return {}
        try:
            without = self._config(plain(environ))
        except DockerFailed as problem:
            raise NotAllowed(
                f"it requires shell variables, which services get only with `--allow {SHELL_VARIABLES}`; "
                f"without them, {problem}"
            ) from None
        found = taken(self.document, without)
        # Of secrets and configs Compose prints only the variable's name, which may be one of `.env` that takes another.
        with_shell, own = self._file_values(environ), self._file_values(plain(environ))
        theirs = {
            (kind, key)
            for kind, key in file_variables(self.document)
            if with_shell.get(_variable(kind, key)) != own.get(_variable(kind, key))
        }
        for service, body in services_of(self.document).items():
            kinds = {kind for kind, _ in theirs & named_files(body)}
            if kinds:
                found[service] = tuple(sorted({*found.get(service, ()), *kinds}))
        return found

    def _file_values(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables that are the content of secrets and configs, under names of ours. Raises `DockerFailed`.

        Compose hands the env files of a project to every program that it starts, and one of a hostile project may
        name `LD_PRELOAD`. So the copy has no env files, and only these values of theirs.
        """
        names = file_variables(self.document)
        if not names:
            return {}
        path = os.path.join(self.folder, "values.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"services": {"values": {"image": "none", "environment": sorted(set(names.values()))}}}, file)
        own = [word for word in self.words if word.startswith(("--env-file=", "--project-directory="))]
        values = as_object(as_object(as_object(self._config(environ, *own, f"--file={path}"))["services"])["values"])
        found = as_object(values.get("environment"))
        return {
            _variable(kind, key): str(found[name]).replace("$$", "$")
            for (kind, key), name in names.items()
            if found.get(name) is not None
        }

    @property
    def _of_the_copy(self) -> dict[str, str]:
        """The environment of Compose where it is about the copy, in which no variable means anything."""
        own = {name: value for name, value in self.engine.environ.items() if not name.startswith("COMPOSE_")}
        return {**own, "COMPOSE_DISABLE_ENV_FILE": "1", **self.values}

    def _external_networks(self) -> tuple[dict[str, dict[str, Any]], frozenset[str]]:
        """A network like each external one, and those that have none that is like them.

        In the user's own network, the copy's services would have the names of theirs.
        """
        names = external_networks(self.document)
        seen = self._run_all(
            {key: self._docker("network", "inspect", "--", name) for key, name in names.items()}, _SECONDS
        )
        bodies = {key: body for key, done in seen.items() if done.status == 0 for body in _objects(done.out)}
        likenesses = {
            key: {"internal": bool(body.get("Internal"))}
            for key, body in bodies.items()
            if body.get("Driver") == "bridge"
        }
        return likenesses, frozenset(bodies.keys() - likenesses.keys())

    @property
    def _project_folder(self) -> str:
        folders = [word.partition("=")[2] for word in self.words if word.startswith("--project-directory=")]
        return folders[-1] if folders else os.curdir

    def hide(self, text: str) -> str:
        """A message of Docker's without the values of the shell's variables."""
        return hidden(text, self.engine.environ)

    def _probe_words(self, source: str, visit: ProbeCall) -> tuple[str, ...]:
        container = visit.container
        network = f"container:{container.id}" if container.status == "running" else container.network
        folders = [f"--volume={folder}:{folder}:ro" for folder in mounts()]
        given = [f"--env={name}={value}" for name, value in variables().items()]
        return self._docker(
            "run", "--rm", "--interactive", "--pull=never", f"--network={network}", f"--label={LABEL}={self.name}",
            f"--name={self.name}-probe-{visit.service}", "--cap-drop=ALL", "--security-opt=label=disable",
            "--security-opt=no-new-privileges", f"--user={os.getuid()}:{os.getgid()}", *folders, *given, self.image,
            *interpreter(), "-c", source,
        )  # fmt: skip

    def _docker(self, *words: str) -> tuple[str, ...]:
        return (self.engine.docker, *words)

    def _made(self) -> dict[str, list[str]]:
        """What was made, by kind: by Compose, or by us. Raises `DockerFailed`."""
        asked = {
            (kind, label): self._listing(kind, f"{label}={self.name}") for kind in _KINDS for label in (LABEL, _PROJECT)
        }
        answers = run_all([ProgramCall(words) for words in asked.values()], self.engine.environ, _SECONDS)
        made: dict[str, list[str]] = {}
        for (kind, _), done in zip(asked, answers, strict=True):
            ids = _expect("ls", done).split()
            if ids:
                made.setdefault(kind, []).extend(ids)
        return made

    def _ids(self, kind: str, label: str) -> list[str]:
        return _expect("ls", self._run(self._listing(kind, label), _SECONDS)).split()

    def _listing(self, kind: str, label: str) -> tuple[str, ...]:
        all_ = ("--all",) if kind == "container" else ()
        return self._docker(kind, "ls", "--quiet", *all_, f"--filter=label={label}")

    def _ask(self, *words: str) -> str:
        return _expect(words[0], self._run(self._docker(*words), _SECONDS))

    def _run(self, words: Sequence[str], seconds: float, *, bounded: bool = True) -> Done:
        """Run a command; what takes down is not bounded by the time of the run."""
        return run(words, self.engine.environ, self.left(seconds) if bounded else seconds)

    def _run_all(
        self,
        words: Mapping[str, tuple[str, ...]],
        seconds: float,
        environ: Mapping[str, str] | None = None,
        *,
        bounded: bool = True,
    ) -> dict[str, Done]:
        calls = [ProgramCall(each) for each in words.values()]
        done = run_all(calls, environ or self.engine.environ, self.left(seconds) if bounded else seconds)
        return dict(zip(words, done, strict=True))


def _variable(kind: str, key: str) -> str:
    """The variable of ours that holds the content of a secret or a config."""
    return f"MODELLINT_{kind}_{key.encode().hex()}".upper()


def _expect(what: str, done: Done) -> str:
    """What a command printed. Raises `DockerFailed` where it failed."""
    if done.status != 0:
        raise DockerFailed(f"`docker {what}`: {done.words}")
    return done.out


def _container(body: Mapping[str, Any], own: frozenset[str], held_back: bool) -> Container:
    state = as_object(body.get("State"))
    network = str(as_object(body.get("HostConfig")).get("NetworkMode") or "none")
    code = state.get("ExitCode")
    return Container(
        str(body.get("Id")), str(state.get("Status")), code if isinstance(code, int) else 0, network,
        _variables(body), own, " ".join(str(state.get("Error") or "").split()), held_back,
    )  # fmt: skip


def _variables(body: Mapping[str, Any]) -> dict[str, str]:
    given = as_object(body.get("Config")).get("Env")
    entries = [str(entry).partition("=") for entry in cast("list[object]", given)] if isinstance(given, list) else []
    return {name: value for name, _, value in entries}


def _objects(text: str) -> list[dict[str, Any]]:
    """The objects that a command printed. Raises `DockerFailed`."""
    try:
        document: object = json.loads(text)
    except ValueError:
        raise DockerFailed("`docker` printed invalid JSON") from None
    return [as_object(each) for each in cast("list[object]", document)] if isinstance(document, list) else []

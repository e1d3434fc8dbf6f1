"""Evidence from the commands, Dockerfiles, code and env files of a project, gathered once and only if a rule asks."""

from __future__ import annotations

import os
from time import perf_counter

from modellint.compose.loading.session import is_remote
from modellint.compose.model.mounts import BIND
from modellint.evidence import endpoints as addresses
from modellint.evidence.endpoints import ModelServerAddress, endpoints
from modellint.evidence.images import INFRASTRUCTURE, Product, product_of
from modellint.evidence.texts import Text, of_scalar, texts
from modellint.files import disk
from modellint.text.finding import Related
from modellint.text.source import Source
from modellint.yaml.node import Mapping, Scalar, scalars, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Sequence as Sequence_

    from modellint.compose.model.project import Project, Service
    from modellint.compose.variables.interpolate import Variable
    from modellint.evidence.commands import RunScript, ScriptReader
    from modellint.evidence.dockerfile import Dockerfile, ScriptAt
    from modellint.evidence.source_env import Code
    from modellint.evidence.url import Url
    from modellint.text.source import Span

_DOCKERFILE = "Dockerfile"
_SECONDS = 4.0
_MOST_ADDRESSES = 20_000  # of a project; of one that has more, nothing is said that needs to know all
MOST_GRANTS = 200  # of a service that are looked for in all of its values
_SIGNS = ("$", "://", "curl", "wget", "nc ", addresses.RUNNER_HOST)


class Build:
    """Where a service's image is built from: `folder` is the context; `dockerfile` a file in it, or empty."""

    __slots__ = ("dockerfile", "folder", "inline", "node", "target")

    def __init__(self, node: Scalar, folder: str, dockerfile: str, inline: Scalar | None, target: str) -> None:
        self.node = node  # what names the context, or the key `build`
        self.folder = folder
        self.dockerfile = dockerfile
        self.inline = inline
        self.target = target


class _Time:
    """The time that reading builds may take for a whole project, however many services it has."""

    __slots__ = ("_left", "_start")

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._start = 0.0

    @property
    def is_over(self) -> bool:
        """Whether no more may be read."""
        return self._left <= 0

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._left -= perf_counter() - self._start


class Evidence:
    """What is known about the services of a project besides their sections. `sources`: whether builds may be read."""

    __slots__ = (
        "_addresses",
        "_builds",
        "_code",
        "_dockerfiles",
        "_endpoints",
        "_image_scripts",
        "_left",
        "_mentioned",
        "_products",
        "_project",
        "_reader",
        "_runs",
        "_script_reads",
        "_sources",
        "_text_values",
        "_time",
        "_unset",
        "_urls",
        "_values",
        "_variables",
    )

    def __init__(self, project: Project, sources: bool = True) -> None:
        self._project = project
        self._sources = sources
        self._time = _Time(_SECONDS)
        self._left = _MOST_ADDRESSES
        self._urls: dict[str, list[Url]] = {}  # of a text: services may share a long one
        self._mentioned: dict[str, frozenset[str]] = {}
        self._endpoints: dict[str, list[ModelServerAddress]] = {}
        self._runs: dict[str, list[RunScript]] = {}
        self._reader: ScriptReader | None = None
        self._dockerfiles: dict[str, Dockerfile | None] = {}
        self._code: dict[tuple[str, str], Code] = {}
        self._products: dict[str, Product | None] = {}
        self._builds: dict[str, Build | None] = {}
        self._image_scripts: dict[str, list[ScriptAt]] = {}
        self._unset: dict[str, dict[str, Span]] = {}
        self._addresses: dict[str, list[str]] = {}
        self._script_reads: dict[str, dict[str, Span]] = {}
        self._values: dict[str, list[str]] = {}
        self._text_values: dict[str, list[str]] = {}
        self._variables: dict[tuple[int, int], list[Variable]] | None = None

    def variables(self, node: Scalar) -> list[Variable]:
        """The variables that are filled in in a value. Merging splits values, so they are known by their place."""
        if self._variables is None:
            self._variables = {}
            for variable in self._project.variables:
                if (scalar := variable.scalar) is not None:
                    for end in {scalar.end, scalar.content.end}:
                        self._variables.setdefault((id(scalar.source), end), []).append(variable)
        found = self._variables.get((id(node.source), node.end), [])
        return [each for each in found if each.scalar is not None and each.scalar.start <= node.start]

    def product(self, service: Service) -> Product | None:
        """The known product that a service's image holds."""
        name = service.name.text
        if name not in self._products:
            image = text_of(service.image)
            self._products[name] = product_of(image) if image else None
        return self._products[name]

    def runs(self, service: Service) -> list[RunScript]:
        """The shell scripts that a service runs."""
        name = service.name.text
        if name not in self._runs:
            self._runs[name] = []
            if _runs_a_script(service):
                if self._reader is None:
                    from modellint.evidence.commands import ScriptReader

                    self._reader = ScriptReader()
                self._runs[name] = self._reader.runs(service)
        return self._runs[name]

    def endpoints(self, service: Service) -> list[ModelServerAddress]:
        """The addresses that a service is given: in variables, arguments, labels, configs, commands, its Dockerfile."""
        name = service.name.text
        if name not in self._endpoints:
            found = self._endpoints[name] = []
            for each in self._all_endpoints(service):
                self._left -= 1
                if self._left < 0:
                    break
                each.server = each.server or self._runner(each)
                found.append(each)
        return self._endpoints[name]

    def _all_endpoints(self, service: Service) -> Iterator[ModelServerAddress]:
        for text in self._texts(service) if self._left >= 0 else ():
            if ":" in text.value or "." in text.value:
                yield from endpoints(text, self._urls)

    def is_about_models(self, service: Service) -> bool:
        """Whether a service has to do with models: by a grant, its image, an address, or the name of a variable."""
        if service.grants or (self.product(service) is not None and not self._is_infrastructure(service)):
            return True
        if any(addresses.speaks_of_models(name) for name in service.environment):
            return True
        return any(each.server for each in self.endpoints(service)) or self._left < 0

    def build(self, service: Service) -> Build | None:
        """Where a service is built from; None where that is not a folder of this project, or builds are not read."""
        name = service.name.text
        if name not in self._builds:
            self._builds[name] = self._find_build(service)
        return self._builds[name]

    def _find_build(self, service: Service) -> Build | None:
        section = service.body.get("build")
        if section is None or not self._sources:
            return None
        context = section.get("context") if isinstance(section, Mapping) else section
        named = context if isinstance(context, Scalar) else service.body.key("build")
        folder = text_of(context) or ("." if isinstance(section, Mapping) and context is None else "")
        if named is None or not folder or is_remote(folder) or "://" in folder:
            return None
        folder = os.path.normpath(os.path.join(named.source.base, folder))
        if not os.path.isdir(folder) or disk.foreign(folder, self._project.folder):
            return None
        inline, dockerfile, target = None, "", ""
        if isinstance(section, Mapping):
            text = section.get("dockerfile_inline")
            inline = text if isinstance(text, Scalar) else None
            dockerfile, target = text_of(section.get("dockerfile")) or "", text_of(section.get("target")) or ""
        path = os.path.normpath(os.path.join(folder, dockerfile or _DOCKERFILE))
        inside = inline is None and self._project.reader.is_file(path) and disk.inside(path, folder)
        return Build(named, folder, path if inside else "", inline, target)

    def dockerfile(self, service: Service) -> Dockerfile | None:
        """What the Dockerfile of a service says; None where it has none that may be read."""
        name = service.name.text
        if name not in self._dockerfiles:
            with self._time:
                self._dockerfiles[name] = self._read_dockerfile(self.build(service))
        return self._dockerfiles[name]

    def is_dockerfile_unread(self, service: Service) -> bool:
        """Whether a service has a Dockerfile that was not read: then nothing is known of what it sets and exposes."""
        build = self.build(service)
        return build is not None and bool(build.dockerfile or build.inline) and self.dockerfile(service) is None

    def code(self, service: Service) -> Code | None:
        """Which environment variables the source code that a service is built from reads."""
        build = self.build(service)
        if build is None:
            return None
        key = (build.folder, build.dockerfile)
        if key not in self._code and self._time.is_over:
            return None
        if key not in self._code:
            from modellint.evidence.source_env import read_code

            dockerfile = os.path.relpath(build.dockerfile, build.folder) if build.dockerfile else None
            with self._time:
                self._code[key] = read_code(
                    build.folder, dockerfile, names=sorted(self._variables_of_grants()), reader=self._project.reader
                )
        return self._code[key]

    def is_mentioned(self, service: Service, names: Sequence_[str]) -> bool:
        """Whether a value in the service's sections, or in a config that it is given, speaks of one of the names.

        That is taken for granted of a service with more grants than a person writes.
        """
        if len(service.grants) > MOST_GRANTS:
            return True
        name = service.name.text
        if name not in self._text_values:
            self._text_values[name] = [text.value for text in texts(service, self._project)]
        values = (*self.values(service), *self._text_values[name])
        return any(name in value for name in names for value in values)

    def values(self, service: Service) -> list[str]:
        """The values in the service's sections besides its grants."""
        name = service.name.text
        if name not in self._values:
            nodes = (node for key, node in service.body if key.text != "models")
            self._values[name] = [str(scalar.value) for node in nodes for scalar in scalars(node)]
        return self._values[name]

    def is_unread(self, service: Service, names: Sequence_[str]) -> bool:
        """Whether it is certain that nothing of what a service is built from reads one of the variables.

        The code reads variables by name, others than these, all of it could be read, none of the names stands in any
        file of the build context, and no other folder of the project is mounted into the container.
        """
        code, build = self.code(service), self.build(service)
        if code is None or build is None or not code.complete or code.opaque or not code.reads:
            return False
        if self.is_dockerfile_unread(service):
            return False
        if self._left < 0 or any(code.may_read(name) for name in names) or self.is_mentioned(service, names):
            return False
        if any(name in self.script_reads(service) for name in names):
            return False
        if _mounts_a_folder(service):
            return False
        return self._files_of(build).isdisjoint(names)

    def _files_of(self, build: Build) -> frozenset[str]:
        """The variables of all grants that stand in a file of a build context which is no source code."""
        if build.folder not in self._mentioned:
            from modellint.evidence.build_context import CODE_ENDINGS
            from modellint.evidence.mentions import mentioned

            self._mentioned[build.folder] = mentioned(build.folder, self._variables_of_grants(), besides=CODE_ENDINGS)
        return self._mentioned[build.folder]

    def _variables_of_grants(self) -> set[str]:
        return {variable.name for grant in self._project.grants() for variable in grant.variables}

    def unset_reads(self, service: Service) -> dict[str, Span]:
        """The variables that a service's code and scripts read and nothing here sets, each with the first place."""
        name = service.name.text
        if name not in self._unset:
            self._unset[name] = self._find_unset_reads(service)
        return self._unset[name]

    def _find_unset_reads(self, service: Service) -> dict[str, Span]:
        code, dockerfile = self.code(service), self.dockerfile(service)
        if self.is_dockerfile_unread(service):
            return {}
        reads = {**(code.reads if code is not None else {}), **self.script_reads(service)}
        known = set(service.environment)
        known.update(variable.name for grant in service.grants for variable in grant.variables)
        if dockerfile is not None:
            known.update(dockerfile.variables)
        return {name: span for name, span in reads.items() if name not in known}

    def image_scripts(self, service: Service) -> list[ScriptAt]:
        """The scripts of an image that is built here: those in its Dockerfile, and the files that are started in it."""
        name = service.name.text
        if name not in self._image_scripts:
            self._image_scripts[name] = []
            build, dockerfile = self.build(service), self.dockerfile(service)
            if build is not None and not self._time.is_over:
                from modellint.evidence.entrypoint import started

                words = [word.text for line in service.commands for word in line.words]
                with self._time:
                    self._image_scripts[name] = started(dockerfile, words, build.folder, self._project.reader)
        return self._image_scripts[name]

    def script_reads(self, service: Service) -> dict[str, Span]:
        """The variables that the scripts of an image read when it runs, and do not set, each with the first place."""
        name = service.name.text
        if name not in self._script_reads:
            found = self._script_reads[name] = {}
            for at in self.image_scripts(service):
                for each in at.script.expansions if at.runs and not at.script.sourced else ():
                    if each.name not in at.script.assigned and not each.defaulted:
                        found.setdefault(each.name, at.locate(each.start, each.end))
        return self._script_reads[name]

    def reads_other_address(self, service: Service, names: Sequence_[str]) -> str:
        """A variable for a model's address that the code reads in place of the names, and nothing sets; or empty."""
        name = service.name.text
        if name not in self._addresses:
            self._addresses[name] = [each for each in self.unset_reads(service) if addresses.is_model_address(each)]
        return next((each for each in self._addresses[name] if each not in names), "")

    def _is_infrastructure(self, service: Service) -> bool:
        known = self.product(service)
        return known is not None and known.role == INFRASTRUCTURE

    def _runner(self, endpoint: ModelServerAddress) -> str:
        """Docker Model Runner, where the project runs it as a container, or an address has its name."""
        service = self._project.services.get(endpoint.url.host)
        if service is None:
            return addresses.RUNNER if endpoint.url.host == "model-runner" else ""
        known = self.product(service)
        return addresses.RUNNER if known is not None and known.name == addresses.RUNNER else ""

    def _texts(self, service: Service) -> Iterator[Text]:
        yield from texts(service, self._project)
        runs = self.runs(service)
        scripts = {id(run.scalar) for run in runs}
        for scalar in service.commands.scalars:
            if id(scalar) not in scripts:
                yield of_scalar("command", scalar)
        for run in runs:
            yield from run.words()
        build = self.build(service)
        if build is not None:
            yield from self._texts_of_image(service, build)

    def _texts_of_image(self, service: Service, build: Build) -> Iterator[Text]:
        node = build.inline or build.node
        place = _at(node.content)
        dockerfile = self.dockerfile(service)
        for variable in dockerfile.variables.values() if dockerfile is not None else ():
            origin = () if build.inline is not None else (Related(variable.span, f"`{variable.name}` is set here"),)
            yield Text("dockerfile", variable.name, variable.value or "", place, None, origin)
        for at in self.image_scripts(service):
            for command in at.script.commands if at.runs else ():
                for word in command.words:
                    origin = (Related(at.locate(word.start, word.end), "called here"),) if at.is_placed else ()
                    yield Text("dockerfile", "", word.text, place, None, origin)

    def _read_dockerfile(self, build: Build | None) -> Dockerfile | None:
        if build is None or not (build.dockerfile or build.inline) or self._time.is_over:
            return None
        from modellint.evidence.dockerfile import read_dockerfile

        if build.inline is not None:
            return read_dockerfile(Source("<inline>", text_of(build.inline) or "", True), build.target)
        try:
            return read_dockerfile(self._project.reader.read(build.dockerfile, private=True), build.target)
        except disk.Unreadable:
            return None


def _at(place: Span) -> Callable[[int, int], Span]:
    """What says the same place of every part of a text."""
    return lambda start, end: place


def _runs_a_script(service: Service) -> bool:
    """Whether a command is a shell script that may name an address or read a variable: a grammar takes long to load."""
    scripts = [line.script for line in service.commands if line.script is not None]
    return any(sign in script.text for script in scripts for sign in _SIGNS)


def _mounts_a_folder(service: Service) -> bool:
    """Whether a folder of the machine is mounted into the container, or may be: it may hold code as well."""
    return any(mount.kind in (BIND, "") for mount in service.mounts)

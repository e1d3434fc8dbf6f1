"""Which runners Docker Model Runner would start for a project, and with which words.

It keeps one runner per artifact and mode, not per entry, and builds the command line of llama-server in
`pkg/inference/backends/llamacpp/llamacpp_config.go` (docker/model-runner 1.2.6).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from modellint.evidence.llama_flags import pairs, refusal
from modellint.linter import discovery
from modellint.rule import Context
from modellint.smoke.runners.log import mask
from modellint.yaml.node import Mapping, Scalar, text_of
from modellint.yaml.node import Sequence as NodeSequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.model.project import Model, Project

COMPLETION = "completion"
EMBEDDING = "embedding"
REFUSED = "refused"
CONFLICT = "conflict"

_EMBEDDINGS = "--embeddings"  # this word alone makes the mode; `--embedding`, which llama-server takes too, does not
_LARGEST_CONTEXT = 2**31 - 1  # the plugin reads an int32
_DEFAULTS = ("-ngl", "999", "--metrics")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What one entry of `models:` wants to be run. `context` is 0 where it declares none that Compose hands over.

    `hidden` are texts that no message may show, each with what to show instead. `refusals` is why Docker Model Runner
    takes none of it.
    """

    entry: str
    digest: str  # of the manifest
    context: int = 0
    flags: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """What Docker Model Runner takes the model for."""
        return EMBEDDING if _EMBEDDINGS in self.flags else COMPLETION


@dataclass(frozen=True, slots=True)
class RunnerConfig:
    """A runner to start: an artifact in a mode, its settings, and the entries that share it."""

    digest: str
    mode: str
    context: int
    flags: tuple[str, ...]
    entries: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...] = ()

    @property
    def divided(self) -> bool:
        """Whether the flags split the context between requests: llama-server's own four slots share all of it."""
        return self.slots > 1 and not {"-kvu", "--kv-unified"}.intersection(_names(self.flags))

    @property
    def slots(self) -> int:
        """How many requests at a time the flags ask for; 0 where they leave it to llama-server."""
        last = next(reversed(_values(self.flags, "-np", "--parallel")), "")
        return _number(last)

    def largest(self, *names: str) -> int:
        """The largest number that the flags of these names have; 0 where there is none."""
        return max(map(_number, _values(self.flags, *names)), default=0)

    @property
    def key(self) -> str:
        """The first key that the flags make llama-server ask for; Compose hands none to a service."""
        return next((key for key in _keys(self.flags) if key), "")


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why an entry cannot be run. `kind` is `REFUSED` or `CONFLICT`."""

    entry: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The runners to start. Of an entry with a problem nothing is started."""

    setups: tuple[RunnerConfig, ...]
    problems: tuple[PlanProblem, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of an artifact, and the context that its packager wrote down (0: none)."""

    model: str
    chat_template: str = ""
    mmproj: str = ""
    packed_context: int = 0


def wanted(project: Project) -> list[Model]:
    """The entries that Compose hands over: those granted to a service that runs. The others it never looks at."""
    return [model for model in project.all_models() if any(grant.service.active for grant in model.grants)]


def wish(model: Model, digest: str, project: Project) -> ModelConfig:
    """What an entry asks for, and what Docker Model Runner refuses of it."""
    size = model.context_size.value if model.context_size else None
    context = size if isinstance(size, int) and size > 0 else 0
    if model.legacy:
        flags, hidden, refusals = _provided(model)
    else:
        words = [(flag.value, flag) for flag in model.flags if isinstance(flag.value, str)]
        flags = tuple(word for word, _ in words)
        hidden = [(word, flag.shown) for word, flag in words if flag.has_variable]
        refusals = [finding.message for finding in discovery.rules()["rejected-flag"].check(model, Context(project))]
    hidden = [*((key, _HIDDEN) for key in _keys(flags)), *hidden]
    if context > _LARGEST_CONTEXT:
        refusals.append(f"`context_size` is greater than {_LARGEST_CONTEXT}: `docker model configure` rejects it")
    return ModelConfig(
        model.name.text, digest, context, flags, tuple(pair for pair in hidden if pair[0]), tuple(refusals)
    )


def _provided(model: Model) -> tuple[tuple[str, ...], list[tuple[str, str]], list[str]]:
    """The flags of a service with a provider, what is hidden of them, and why the runner refuses them.

    They are texts there, which Docker Model Runner takes apart as a shell does (`pkg/inference/scheduling`).
    """
    option = model.body.get("runtime-flags") if isinstance(model.body, Mapping) else None
    texts = [each for each in (option.items if isinstance(option, NodeSequence) else [option]) if text_of(each)]
    try:
        words = [(word, text) for text in texts for word in shlex.split(text_of(text) or "")]
    except ValueError as problem:
        return (), [], [f"`runtime-flags` cannot be split into words: {str(problem).lower()}"]
    flags = tuple(word for word, _ in words)
    hidden = [(word, _HIDDEN) for word, text in words if isinstance(text, Scalar) and text.has_variable]
    said = refusal(flags)
    return flags, hidden, [mask(f"Docker Model Runner: {said}", hidden)] if said else []


def plan(wishes: Sequence[ModelConfig]) -> Plan:
    """The runners of all wishes, in the order of the entries."""
    problems = [PlanProblem(wish.entry, REFUSED, message) for wish in wishes for message in wish.refusals]
    groups: dict[tuple[str, str], list[ModelConfig]] = {}
    for each in wishes:
        if not each.refusals:
            groups.setdefault((each.digest, each.mode), []).append(each)
    setups: list[RunnerConfig] = []
    for (digest, mode), group in groups.items():
        first = group[0]
        conflicts = [conflict for other in group[1:] if (conflict := _conflict(first, other))]
        problems += conflicts
        if not conflicts:
            entries = tuple(each.entry for each in group)
            hidden = tuple(dict.fromkeys(pair for each in group for pair in each.hidden))
            setups.append(RunnerConfig(digest, mode, first.context, first.flags, entries, hidden))
    return Plan(tuple(setups), tuple(problems))


def arguments(setup: RunnerConfig, files: Files, host: str, port: int = 0, cores: int = 0) -> list[str]:
    """The words behind `llama-server`, in Docker Model Runner's order; what comes last wins there.

    `host` is an address and `port` a port, or `host` is the path of a socket that ends with `.sock`. `cores` are those
    of an ARM64 machine, of which Docker Model Runner takes half, and 0 of any other.
    """
    words = [*_DEFAULTS, *(["--threads", str(max(2, cores // 2))] if cores else [])]
    words += ["--model", files.model, "--host", host, *(["--port", str(port)] if port else [])]
    if setup.mode == EMBEDDING:
        words.append(_EMBEDDINGS)
    elif files.chat_template:
        words += ["--chat-template-file", files.chat_template]
    if context := setup.context or files.packed_context:
        words += ["--ctx-size", str(context)]
    return [*words, *setup.flags, *(["--mmproj", files.mmproj] if files.mmproj else ["--jinja"])]


def _conflict(one: ModelConfig, other: ModelConfig) -> PlanProblem | None:
    differences = ["`context_size`"] if one.context != other.context else []
    differences += ["`runtime_flags`"] if _ordered(one.flags) != _ordered(other.flags) else []
    if not differences:
        return None
    message = (
        f"`{other.entry}` and `{one.entry}` use the same artifact with different "
        f"{' and '.join(differences)}: Docker Model Runner keeps only one of the two configurations"
    )
    return PlanProblem(other.entry, CONFLICT, message)


def _ordered(flags: Sequence[str]) -> list[tuple[str, ...]]:
    """The flags with their values, in an order of their own: flags of different names may stand in any order."""
    starts = [at for _, at, _ in pairs(flags)]
    edges = [0, *starts, len(flags)]
    groups = [tuple(flags[start:end]) for start, end in pairwise(edges) if start < end]
    return sorted(groups, key=lambda group: group[0])


def _names(flags: Sequence[str]) -> list[str]:
    return [name for name, _, _ in pairs(flags)]


def _values(flags: Sequence[str], *names: str) -> list[str]:
    return [flags[value] for name, _, value in pairs(flags) if name in names and value is not None]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0


def _keys(flags: Sequence[str]) -> list[str]:
    joined = [flag.partition("=")[2] for flag in flags if flag.startswith("--api-key=")]
    return [key.strip() for value in (*_values(flags, "--api-key"), *joined) for key in value.split(",")]

"""What Docker Compose asks of the `docker-model` plugin, and what the plugin answers: pure.

The calls are those of Compose 5.6.1 (`pkg/compose/model.go`, `pkg/compose/plugins.go`), the answers those of Docker
Model Runner's plugin (docker/model-runner, `cmd/cli/commands`).
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.runners.log import mask
from modellint.text.numbers import signed, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_METADATA = {
    "SchemaVersion": "0.1.0",
    "Vendor": "modellint",
    "Version": "v1.1.0",  # Compose keeps `runtime_flags` to itself before 1.0.6
    "ShortDescription": "modellint in place of Docker Model Runner",
}
_PARAMETERS = [
    {"name": "model", "description": "the model to run", "required": True, "type": "string", "default": ""},
    {"name": "context-size", "description": "its context", "required": False, "type": "integer", "default": "-1"},
    {"name": "runtime-flags", "description": "llama.cpp's flags", "required": False, "type": "string", "default": ""},
]
_PROVIDER: dict[str, object] = {
    "description": "modellint",
    "up": {"parameters": _PARAMETERS},
    "down": {"parameters": []},
}


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is configured: the context in tokens (0: not said), and the flags.

    `hidden` are texts in the flags that no message may show, each with what to show instead.
    """

    context: int = 0
    flags: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        context = f"--context-size {self.context} " if self.context else ""
        flags = shlex.join(mask(flag, self.hidden) for flag in self.flags)
        return f"{context}{'-- ' if self.flags else ''}{flags}".strip() or "no settings"

    def unlike(self, other: ModelSettings) -> str:
        """What else Compose asks for than these, in words: not what that is, where it may have values of variables."""
        return "others" if self.hidden else str(other)


class Configured(NamedTuple):
    """A model that Compose configures, as it names it."""

    reference: str
    settings: ModelSettings


class PluginReply(NamedTuple):
    """What the plugin prints, and the status that it ends with."""

    out: str = ""
    err: str = ""
    status: int = 0


@dataclass(slots=True)
class PluginResponder:
    """What is known to the plugin, and what it was asked.

    `base` is the endpoint without `v1/` at its end. `ready` are the references that can be had, and how each is
    configured. `refusals` are the words of every refusal, and `tell` hears each at once: Compose shows only a status.
    """

    base: str
    ready: Mapping[str, ModelSettings]
    pulled: list[str] = field(default_factory=list[str])
    configured: list[Configured] = field(default_factory=list[Configured])
    refusals: list[str] = field(default_factory=list[str])
    tell: Callable[[str], object] | None = None

    def answer(self, words: Sequence[str]) -> PluginReply:
        """The reply to one call."""
        match list(words):
            case ["docker-cli-plugin-metadata"]:
                return _document(_METADATA)
            case ["ls" | "list", *_]:
                return _document([])  # nothing: then Compose asks for each model, and what it asks for is seen
            case ["status", *_]:
                return _document(_status(f"{self.base}v1/"))
            case ["pull", *_, reference]:
                return self._pull(reference)
            case ["configure", *rest]:
                return self._configure(rest)
            case ["compose", "metadata"]:
                return _document(_PROVIDER)
            case ["compose", *rest] if _first(rest) == "up":
                return self._provide(rest)
            case ["compose", *rest] if _first(rest) == "down":
                return PluginReply()
            case _:
                return self._refuse("this stand-in for Docker Model Runner supports only what `docker compose` needs")

    def _pull(self, reference: str) -> PluginReply:
        self.pulled.append(reference)
        if reference not in self.ready:
            return self._refuse(f"`{reference}` did not exist when modellint started")
        return PluginReply(out=f"{reference} is available\n")

    def _configure(self, words: Sequence[str]) -> PluginReply:
        try:
            asked = read_configure(words)
        except ValueError as problem:
            return self._refuse(str(problem))
        self.configured.append(asked)
        wanted = self.ready.get(asked.reference)
        if wanted is None:
            return self._refuse(f"`{asked.reference}` did not exist when modellint started")
        if wanted != asked.settings:
            return self._refuse(f"`{asked.reference}` runs with {wanted}, not with {wanted.unlike(asked.settings)}")
        return PluginReply()

    def _provide(self, words: Sequence[str]) -> PluginReply:
        """A service with a provider: its variables, one message a line."""
        try:
            asked = read_provider(words)
        except ValueError as problem:
            return _message("error", self._refuse(str(problem)).err)
        for each in asked:
            self.configured.append(each)
            if each.reference not in self.ready:
                return _message("error", self._refuse(f"`{each.reference}` did not exist when modellint started").err)
        names = ",".join(each.reference for each in asked)
        lines = [("setenv", f"URL={self.base}engines/v1/"), ("setenv", f"MODEL={names}")]
        return PluginReply("".join(_message(kind, text).out for kind, text in lines))

    def _refuse(self, words: str) -> PluginReply:
        self.refusals.append(words)
        if self.tell is not None:
            self.tell(words)
        return PluginReply(err=f"{words}\n", status=1)


def read_configure(words: Sequence[str]) -> Configured:
    """What follows `configure`: `[--context-size N] MODEL [-- FLAG…]`. Raises `ValueError`."""
    at = words.index("--") if "--" in words else len(words)
    own, flags = list(words[:at]), tuple(words[at + 1 :])
    context = 0
    if own[:1] == ["--context-size"] and len(own) > 1 and (given := signed(own[1])) is not None:
        context, own = max(0, given), own[2:]
    if len(own) != 1 or own[0].startswith("-"):
        raise ValueError("Compose configures a model in a way that modellint does not support")
    return Configured(own[0], ModelSettings(context, flags))


def read_provider(words: Sequence[str]) -> list[Configured]:
    """What follows `compose`: `--project-name=P up [--model=…]… [--context-size=…] [--runtime-flags=…] SERVICE`.

    Raises `ValueError`.
    """
    options = [word.partition("=")[::2] for word in words if word.startswith("--") and "=" in word]
    contexts = [number for name, value in options if name == "--context-size" and (number := whole(value)) is not None]
    flags = [flag for name, value in options if name == "--runtime-flags" for flag in shlex.split(value)]
    settings = ModelSettings(contexts[-1] if contexts else 0, tuple(flags))
    return [Configured(value, settings) for name, value in options if name == "--model"]


def _first(words: Sequence[str]) -> str:
    """What a provider is to do: the first word that is no option."""
    return next((word for word in words if not word.startswith("-")), "")


def _status(endpoint: str) -> dict[str, object]:
    return {
        "running": True, "backends": {"llama.cpp": "running"}, "kind": "modellint",
        "endpoint": endpoint, "endpointHost": endpoint,
    }  # fmt: skip


def _message(kind: str, text: str) -> PluginReply:
    return PluginReply(json.dumps({"type": kind, "message": text.strip()}) + "\n", status=int(kind == "error"))


def _document(content: object) -> PluginReply:
    return PluginReply(json.dumps(content) + "\n")

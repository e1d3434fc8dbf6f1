"""An installed Docker Model Runner, asked over HTTP to pull, configure and load models as `docker compose up` asks it.

    with Installed("http://localhost:12434") as runner:
        print(runner.greet())
        digest = runner.pull("ai/smollm2", 600)
        print(runner.boot(setup, "ai/smollm2", 60))

It keeps running and is left as it was found: what `boot` loaded is unloaded, and a model gets its settings back. What
is sent and answered is in `installed_api`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from modellint.smoke.runners import model_runner_api as api
from modellint.smoke.runners.find import NoRunner
from modellint.smoke.runners.http_client import ask
from modellint.smoke.runners.model_runner_errors import refusal, shown
from modellint.smoke.runners.process import RunnerFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from modellint.smoke.runners.http_client import RunnerReply
    from modellint.smoke.runners.model_runner_errors import Hidden
    from modellint.smoke.runners.plan import RunnerConfig

_QUESTION = 5.0  # seconds for a question that a runner answers from memory
_CONTEXT = 10.0  # seconds for the question that llama.cpp refuses
_UNLOAD = 10.0  # seconds to end one runner: it waits for the end of llama.cpp's process
_PAUSE = 0.2  # seconds between two looks whether a model is gone
_MOST_LINES = 256 << 20  # bytes of a pull's progress: 250 for each MiB that is pulled


class Booted(NamedTuple):
    """A model that an installed runner has loaded.

    `seconds` passed from the request to configure it. `context` are the tokens of one request, as llama.cpp says; 0
    where it does not: no route tells it, see `installed_api.overlong`.
    """

    seconds: float
    context: int


class _Found(NamedTuple):
    """How a model was found: its settings in all modes, and whether it was in memory in the mode that is booted."""

    setup: RunnerConfig
    settings: tuple[api.RunnerSettings, ...]
    in_memory: bool


class Installed:
    """An installed Docker Model Runner at an address such as http://localhost:12434.

    Raises `NoRunner` where the address is none. `hidden` are texts that no message may show, each with what to show
    instead; those of a `RunnerConfig` are added where there is one.
    """

    def __init__(self, base: str, *, hidden: Hidden = ()) -> None:
        self._hidden = tuple(hidden)
        self.base = api.address(base, self._hidden)
        self._found: dict[str, _Found] = {}  # by reference; what boot() began with, and close() has to end

    def __enter__(self) -> Installed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def greet(self) -> str:
        """What answers, such as "Docker Model Runner 1.2.6"; raises `NoRunner` where nothing does or something else."""
        reply = self._ask(api.STATUS, _QUESTION)
        if not reply.status:
            raise NoRunner(
                f"no Docker Model Runner responds at {self.base}: {reply.problem}; run `docker model status` "
                "to see whether it is running; Docker Desktop also needs `docker desktop enable model-runner "
                "--tcp 12434`"
            )
        if reply.status == 503:  # which `docker model status` calls not running (cmd/cli/desktop/desktop.go)
            raise NoRunner(f"the Docker Model Runner at {self.base} is not running: {refusal(reply, self._hidden)}")
        if reply.status != 200 or not api.is_runner(reply.document()):
            raise NoRunner(f"the service at {self.base} is not Docker Model Runner")
        version = self._ask(api.VERSION, _QUESTION)
        number = api.version(version.document()) if version.status == 200 else ""
        return shown(f"Docker Model Runner {number}".rstrip(), self._hidden)

    def pull(self, reference: str, seconds: float, progress: Callable[[int, int], object] | None = None) -> str:
        """Pull a model, and return the digest of its manifest; raises `RunnerFailed`.

        `progress` is called with the bytes that are there and those that there will be. The runner does not compare the
        digest with one in the reference (pkg/distribution/oci/remote/remote.go): the caller has to.
        """
        end = time.monotonic() + seconds
        pulling = api.Pulling(progress)
        reply = self._ask(api.CREATE, seconds, {"from": reference}, most=_MOST_LINES, line=pulling.line)
        if reply.status != 200 and not pulling.failed:  # an error may be followed by a connection that breaks off
            raise self._failed(reference, "cannot be pulled", reply)
        if not pulling.done or pulling.failed:
            words = shown(pulling.words, self._hidden) or "the runner's response ended before the pull was complete"
            raise RunnerFailed(f"{self._named(reference)} cannot be pulled: {words}")
        reply = self._ask(api.model(reference), end - time.monotonic())
        if reply.status != 200:
            raise self._failed(reference, "was pulled, but the runner does not list it", reply)
        if digest := api.digest(reply.document()):
            return digest
        raise RunnerFailed(f"{self._named(reference)} was pulled, but the runner does not report its digest")

    def boot(self, setup: RunnerConfig, reference: str, seconds: float) -> Booted:
        """Configure a model as Compose would, load it, and wait until it is; raises `RunnerFailed`.

        The runner itself loads it in the background once it is configured, always for chats and for a minute at most
        (`Configure` of pkg/inference/scheduling/http_handler.go); the request here waits for that, or loads it for
        embeddings.
        """
        start = time.monotonic()
        end = start + seconds
        known = reference in self._found
        if not known:
            self._found[reference] = self._find(setup, reference, end)
        reply = self._ask(api.CONFIGURE, end - time.monotonic(), api.configuration(setup, reference))
        if reply.status != 202:
            if reply.status and not known:  # an answer: nothing was changed
                del self._found[reference]
            raise self._refused(setup, reference, reply)
        path, document = api.preload(setup, reference)
        # Without the User-Agent of `docker model`, for which a failed installation of a backend is status 200, too.
        reply = self._ask(path, end - time.monotonic(), document, headers=api.PRELOAD_ONLY)
        if reply.status != 200:
            raise self._failed(reference, "cannot be loaded", reply, setup.hidden)
        passed = time.monotonic() - start
        return Booted(passed, self._context(setup, reference, min(end - time.monotonic(), _CONTEXT)))

    def unload(self, reference: str) -> None:
        """Unload a model that `boot` loaded, and give it back its settings; never raises for a runner that is gone.

        A runner unloads nothing that answers a request or is still being loaded, so it is asked again for a while.
        """
        found = self._found.pop(reference, None)
        if found is None:
            return
        end = time.monotonic() + _UNLOAD
        now = self._settings(reference)
        before = {each.mode: each for each in found.settings}
        for each in now:
            if each.mode in before and each != before[each.mode]:
                self._ask(api.CONFIGURE, _QUESTION, api.restoration(before[each.mode], reference))
        if found.in_memory and before.get(found.setup.mode) is not None:
            return  # either it is still what it was, or with its settings the runner loads it anew
        # Naming the backend removes the settings, too: only where there were none.
        backends = {each.backend for each in now} if not before else set[str]()
        while True:
            for backend in backends or {""}:
                reply = self._ask(api.UNLOAD, max(end - time.monotonic(), 1.0), api.unloading(reference, backend))
                if reply.status != 200:
                    return
            if all(each.model != reference for each in self._loaded()) or time.monotonic() > end:
                return
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Unload all that was booted. A second call does nothing."""
        while self._found:
            self.unload(next(reversed(self._found)))

    def _find(self, setup: RunnerConfig, reference: str, end: float) -> _Found:
        settings = tuple(self._settings(reference, end))
        return _Found(setup, settings, any(self._is(each, setup, reference, end) for each in self._loaded(end)))

    def _is(self, loaded: api.LoadedModel, setup: RunnerConfig, reference: str, end: float) -> bool:
        """Whether what is loaded is the model: perhaps by another reference."""
        if loaded.mode != setup.mode or time.monotonic() > end:
            return False
        return loaded.model == reference or self._digest(loaded.model, end) == setup.digest

    def _digest(self, reference: str, end: float) -> str:
        reply = self._ask(api.model(reference), min(end - time.monotonic(), _QUESTION))
        return api.digest(reply.document()) if reply.status == 200 else ""

    def _settings(self, reference: str, end: float = float("inf")) -> list[api.RunnerSettings]:
        reply = self._ask(api.settings_of(reference), min(end - time.monotonic(), _QUESTION))
        return api.settings(reply.document()) if reply.status == 200 else []

    def _loaded(self, end: float = float("inf")) -> list[api.LoadedModel]:
        reply = self._ask(api.PS, min(end - time.monotonic(), _QUESTION))
        return api.loaded(reply.document()) if reply.status == 200 else []

    def _context(self, setup: RunnerConfig, reference: str, seconds: float) -> int:
        document = api.overlong(setup, reference)
        if document is None or seconds <= 0:
            return 0
        reply = self._ask(api.COMPLETIONS, seconds, document, key=setup.key)
        return api.context(reply.document()) if reply.status == 400 else 0

    def _refused(self, setup: RunnerConfig, reference: str, reply: RunnerReply) -> RunnerFailed:
        if reply.status != 409:
            return self._failed(reference, "cannot be configured", reply, setup.hidden)
        name = self._named(reference)
        words = refusal(reply, self._hidden + setup.hidden)
        return RunnerFailed(
            f"{name} cannot be configured while it handles a request with other settings ({words}); wait, "
            f"or run `docker model unload {name}`, and try again"
        )

    def _failed(self, reference: str, what: str, reply: RunnerReply, hidden: Hidden = ()) -> RunnerFailed:
        words = refusal(reply, (*self._hidden, *hidden))
        return RunnerFailed(f"{self._named(reference)} {what}: {words}")

    def _named(self, reference: str) -> str:
        return shown(reference, self._hidden)

    def _ask(self, path: str, seconds: float, document: object = None, **how: Any) -> RunnerReply:
        return ask(self.base, path, round(seconds, 1), document=document, **how)  # rounded, as messages name it

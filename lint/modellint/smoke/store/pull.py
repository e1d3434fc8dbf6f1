"""Pull a model by its digest: nothing is used that has not been hashed here, and nothing is downloaded twice."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from modellint.oci.artifact import licence_name
from modellint.oci.query import Query
from modellint.registry import json_documents, names
from modellint.registry.ask import ask
from modellint.registry.deadline import Deadline
from modellint.registry.failure import Failure, of_status
from modellint.registry.origin import Origin, docker_config
from modellint.registry.stream import STALL, Blobs, Interrupted, NoRange, Patience, Sink
from modellint.registry.transport import Network
from modellint.smoke.store import model
from modellint.smoke.store.bundle import Bundle, link
from modellint.text.sizes import binary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modellint.oci.artifact import Artifact
    from modellint.registry.options import RegistryOptions
    from modellint.registry.transport import RegistryReply
    from modellint.smoke.store.model import Layer
    from modellint.smoke.store.part import PartialBlob
    from modellint.smoke.store.store import Store

    Progress = Callable[[int, int], object]

RESUMPTIONS = 3  # of one blob, in a row
_AT_ONCE = 4
_LARGEST_MANIFEST = 1 << 22
_LARGEST_CONFIG = 1 << 23
_LARGEST_LICENCE = 1 << 16
_TICK = 0.1  # seconds between two reports of progress
_FAR = 1 << 26  # bytes; an interruption after so many is the first again, or no connection would do for 40 GB
_GRACE = 2.0  # seconds that threads have to end
_PAUSES = (0.2, 1.0, 3.0)  # seconds before a resumption
_WORTH_ANOTHER_TRY = ("network", "timeout", "unavailable")
_T = TypeVar("_T")


def pull(
    request: Query,
    access: RegistryOptions,
    store: Store,
    *,
    progress: Progress | None = None,
    deadline: float | None = None,
    stall: float = STALL,
) -> Bundle:
    """The model that a request means, complete and verified, in a folder of this run; raises `Failure`.

    `progress` is called in the caller's thread with the bytes that are there and those that there will be; the first
    can also become less, where a registry cannot go on with a part. `deadline` is how many seconds all of it may take,
    and `stall` for how many seconds next to nothing may come.
    """
    started = time.monotonic()
    until = started + deadline if deadline is not None else float("inf")
    digest = _digest(request, access, until)
    source = _Source(Query(request.registry, request.repository, digest=digest), access, until, stall)
    try:
        artifact, layers = _model(source, store)
        _Files(source, store, layers).bring(progress)
    finally:
        source.network.close()
    folder = store.start_run()
    try:
        bundle = Bundle(store, folder, artifact, link(store, folder, layers))
        _add_licence(artifact, bundle)
    except BaseException:
        store.end_run(folder)
        raise
    bundle.downloaded, bundle.resumed = source.downloaded, source.resumed
    bundle.seconds = time.monotonic() - started
    return bundle


def _digest(request: Query, access: RegistryOptions, until: float) -> str:
    """The digest to pull: the request's, else that of its tag."""
    if not request.digest:
        access = copy(access)
        access.timeout = max(_TICK, min(access.timeout, until - time.monotonic()))
        answer = ask([request], access, details=False)[request]
        if answer.artifact is None:
            raise Failure(answer.code, answer.reason)
        return answer.artifact.digest
    if problem := names.problem(request):
        raise Failure("invalid", problem)
    if access.registries and request.registry not in access.registries:
        raise Failure("not-allowed", "this registry is not allowed by `--registry`")
    return request.digest


class _Source:
    """The repository of a model, asked only for what the store does not have."""

    def __init__(self, request: Query, access: RegistryOptions, until: float, stall: float) -> None:
        self.request = request
        self.until = until
        self.stall = stall
        self.network = Network(access)
        self.downloaded = self.resumed = 0
        self._client: Blobs | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> Blobs:
        """The client, made when it is first needed; raises `Failure` where nobody may be asked."""
        if self.network.access.offline:
            raise Failure("offline", "`--offline` is set, and the model is not completely in the store")
        with self._lock:
            if self._client is None:
                origin = Origin(self.request.registry, self.network, docker_config(self.network))
                self._client = Blobs(origin, self.request.repository)
            return self._client

    def budget(self) -> Deadline:
        """The time for one small answer."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise Failure("timeout", "the download timed out")
        return Deadline(min(self.network.access.timeout, left))

    def count(self, downloaded: int, resumed: int) -> None:
        """Add to what was downloaded, from any thread."""
        with self._lock:
            self.downloaded += downloaded
            self.resumed += resumed


def _model(source: _Source, store: Store) -> tuple[Artifact, list[Layer]]:
    """The model with what its config says, and its layers. Raises `Failure`."""
    digest = source.request.digest
    artifact, layers = _document(
        source, store, digest, _LARGEST_MANIFEST, "manifest",
        lambda budget: source.client.manifest(digest, budget), lambda document: model.read(document, digest),
    )  # fmt: skip
    config, size = artifact.config
    if not names.is_digest(config):
        raise Failure("not-a-manifest", "the manifest has no config that can be downloaded")
    if size > _LARGEST_CONFIG:
        raise Failure("too-big", f"the config exceeds the limit of {_LARGEST_CONFIG:,} bytes")
    _document(
        source, store, config, _LARGEST_CONFIG, "config",
        lambda budget: source.client.blob(config, budget, _LARGEST_CONFIG),
        lambda document: model.add_config(artifact, layers, document),
    )  # fmt: skip
    return artifact, layers


def _document(
    source: _Source,
    store: Store,
    digest: str,
    most: int,
    what: str,
    fetch: Callable[[Deadline], RegistryReply],
    use: Callable[[object], _T],
) -> _T:
    """What becomes of a JSON document, out of the store or from the registry. Only what could be used is kept."""
    budget = source.budget()
    try:
        kept = store.read(digest, most)
        data = kept if kept is not None else _fetched(source, digest, what, fetch(budget))
        result = json_documents.read(bytearray(data), use, source.network.room, budget)
    finally:
        source.network.room.leave(budget)
    if kept is None:
        store.keep(digest, data)
    return result


def _fetched(source: _Source, digest: str, what: str, reply: RegistryReply) -> bytes:
    if reply.status != 200:
        raise of_status(reply.status, source.request.registry)
    data = bytes(reply.body)
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise Failure("digest-mismatch", f"the {what} from the registry does not match its digest")
    source.count(len(data), 0)
    return data


class _Files:
    """The files of a model on their way: four at a time."""

    def __init__(self, source: _Source, store: Store, layers: Sequence[Layer]) -> None:
        self._source = source
        self._store = store
        self._sizes = {layer.digest: layer.size for layer in layers}
        self._come = dict.fromkeys(self._sizes, 0)
        self._patiences: list[Patience] = []
        self._stopped = threading.Event()
        self._done: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()

    def bring(self, progress: Progress | None) -> None:
        """Have all files in the store; raises the first `Failure`."""
        missing = [digest for digest, size in self._sizes.items() if not self._store.has(digest, size)]
        if missing:
            self._store.make_room(
                sum(self._sizes[each] - min(self._store.come(each), self._sizes[each]) for each in missing)
            )
        # The largest first: it takes longest, whatever else goes on beside it.
        todo: queue.SimpleQueue[str] = queue.SimpleQueue()
        for digest in sorted(self._sizes, key=lambda each: -self._sizes[each]):
            todo.put(digest)
        threads = [
            threading.Thread(target=self._work, args=(todo,), name="modellint-pull", daemon=True)
            for _ in range(min(_AT_ONCE, len(self._sizes)))
        ]
        try:
            for thread in threads:
                thread.start()
            self._gather(progress)
        finally:
            self._stop()
            end = time.monotonic() + _GRACE
            for thread in threads:
                if thread.is_alive():
                    thread.join(max(0.0, end - time.monotonic()))

    def _gather(self, progress: Progress | None) -> None:
        """Wait for all files, in the caller's thread."""
        total, shown = sum(self._sizes.values()), -1
        left = len(self._sizes)
        while left:
            try:
                digest, problem = self._done.get(timeout=_TICK)
            except queue.Empty:
                if time.monotonic() > self._source.until + _TICK:  # a thread is stuck in a call of the system
                    raise Failure("timeout", "the download timed out") from None
            else:
                if problem is not None:
                    raise problem
                left -= 1
                self._come[digest] = self._sizes[digest]
            done = sum(self._come.values())
            if progress and done != shown:
                shown = done
                progress(done, total)

    def _work(self, todo: queue.SimpleQueue[str]) -> None:
        """Bring one file after another, in a thread."""
        while not self._stopped.is_set():
            try:
                digest = todo.get_nowait()
            except queue.Empty:
                return
            failure: Failure | None = None
            try:
                self._one(digest)
            except Failure as problem:
                failure = problem.copy()  # without the traceback, whose frames hold what was read
            except Exception as problem:  # whatever a library raises
                failure = Failure("internal", f"internal error in modellint ({type(problem).__name__})")
            self._done.put((digest, failure))

    def _one(self, digest: str) -> None:
        def check() -> None:
            """While somebody else downloads it, or what is there is hashed."""
            self._come[digest] = min(self._store.come(digest), self._sizes[digest])
            if self._stopped.is_set():
                raise Failure("stopped", "another file of the model could not be downloaded")
            if time.monotonic() > self._source.until:
                raise Failure("timeout", "the download timed out")

        self._store.hold(digest, self._sizes[digest], partial(self._fill, digest), check)

    def _fill(self, digest: str, part: PartialBlob) -> None:
        """Complete a part; where the connection breaks, go on from there, up to three times without getting far."""
        patience = Patience(self._source.stall, self._source.until)
        self._patiences.append(patience)
        came, resumed, again, mark = part.came, -1, -1, part.position
        try:
            while part.position < part.size:
                if part.position - mark >= _FAR:
                    again, mark = 0, part.position
                again += 1
                resumed += 1
                self._pour(digest, part, patience, again)
        finally:
            self._patiences.remove(patience)
            self._source.count(part.came - came, max(0, resumed))

    def _pour(self, digest: str, part: PartialBlob, patience: Patience, resumed: int) -> None:
        """Take what the registry sends of a file; returns where it makes sense to ask for the rest."""

        def take(data: bytes) -> None:
            part.write(data)
            self._come[digest] = part.position

        if self._stopped.is_set():
            patience.closed = True
        try:
            self._source.client.pour(digest, Sink(part.size, part.position, part.begin, take, patience))
        except NoRange:
            if not part.position:
                raise
            part.begin(0)
            failure = Failure("http", "the registry does not send the rest of the file")
        except Interrupted as problem:
            failure = problem.copy()
        except Failure as problem:
            if not resumed or problem.code not in _WORTH_ANOTHER_TRY or patience.used_up:
                raise
            failure = problem.copy()
        else:
            return
        if resumed >= RESUMPTIONS:
            came = f"{binary(part.position)} of {binary(part.size)}"
            words = f"{failure.reason}, {resumed + 1} times; {came} are kept, and the next run resumes there"
            raise Failure(failure.code, words)
        patience.renew()
        patience.wait(_PAUSES[min(resumed, len(_PAUSES) - 1)], failure)

    def _stop(self) -> None:
        """Let nothing go on. A thread ends as soon as it asks for its time."""
        self._stopped.set()
        for patience in list(self._patiences):
            patience.closed = True


def _add_licence(artifact: Artifact, bundle: Bundle) -> None:
    """Add the name of the licence whose text comes with the model, where its config names none and it is known."""
    for file in bundle.files:
        if not artifact.licenses and file.layer.purpose == "license" and file.layer.size <= _LARGEST_LICENCE:
            with open(file.path, "rb") as text:
                name = licence_name(text.read(_LARGEST_LICENCE).decode(errors="replace"))
            if name:
                artifact.licenses = [name]

"""Have the artifacts of a run on this machine, verified; or, for canaries, know only what they are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modellint.oci.query import of_model
from modellint.registry.ask import ask
from modellint.registry.failure import Failure
from modellint.secrets.disclosure import disclosed
from modellint.smoke.check import MODEL
from modellint.smoke.gguf_checks import head_of
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN, PASS
from modellint.smoke.runners.plan import Files
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
from modellint.text.sizes import binary
from modellint.yaml.node import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modellint.compose.model.project import Model
    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query
    from modellint.smoke.runners.gguf import Head
    from modellint.smoke.session import SmokeRun

# What a pull fails with that did come to an end, but with other bytes than the digest promises.
_NOT_VERIFIED = ("digest-mismatch",)
_NOT_TRIED = ("disk-full", "store", "busy")  # the fault of this machine, and of no model
CANARY = "`--canary` uses the tiny model instead of the weights"


@dataclass(frozen=True, slots=True)
class Held:
    """A model that is there, as far as it is wanted. `files` are absent for a canary, which is made when it boots."""

    model: Model
    artifact: Artifact
    files: Files | None = None
    head: Head | None = None
    doubt: str = ""  # why the weights seem to be in no file that llama.cpp can read


def get(run: SmokeRun, models: Sequence[Model]) -> Iterator[Held]:
    """The models that can be had, and say of each what came of it. Raises `Failure` for a store that is unusable."""
    asked = [(model, request) for model in models if (request := _request(run, model)) is not None]
    if run.asked.canary:
        yield from _look_up(run, asked)
    elif asked:
        checked = (os.curdir, *(file.source.path for file in run.project.files))
        store = run.stack.enter_context(
            Store(run.asked.store, limit=run.asked.store_limit, verify=True, checked=checked)
        )
        for model, request in asked:
            held = _pull(run, model, request, store)
            if held is not None:
                yield held


def _request(run: SmokeRun, model: Model) -> Query | None:
    request = of_model(model.ref) if model.ref is not None else None
    if request is None:
        hub = model.ref is not None and model.ref.kind == "hub"
        reason = (
            "models from the Hugging Face Hub are not pulled"
            if hub
            else "the reference does not specify anything to pull"
        )
        run.say(model, "pulled", "pulled", NOT_PROVEN if hub else FAIL, reason)
    else:
        request.discloses = disclosed(text_of(model.reference) or "", run.project.environment)
    return request


def _look_up(run: SmokeRun, asked: Sequence[tuple[Model, Query]]) -> Iterator[Held]:
    """What registries say of models whose weights nobody needs."""
    answers = ask([request for _, request in asked], run.access)
    for model, request in asked:
        answer = answers[request]
        artifact = answer.artifact
        if artifact is None:
            run.say(model, "pulled", "looked up", FAIL, answer.reason)
        elif artifact.kind != "model" or artifact.problem:
            why = artifact.problem or f"it is not a model, but of the kind `{artifact.kind}`"
            run.say(model, "pulled", "looked up", FAIL, why)
        else:
            run.say(model, "pulled", "pulled", NOT_PROVEN, f"{CANARY}, {binary(artifact.size)}")
            run.smoke.row(MODEL, model.name.text).digest = artifact.digest
            yield Held(model, artifact)


def _pull(run: SmokeRun, model: Model, request: Query, store: Store) -> Held | None:
    name = model.name.text
    if run.clock.over:
        run.say(model, "pulled", "pulled", NOT_PROVEN, run.clock.words)
        return None
    run.watch.step(f"pull {name}")
    deadline = run.clock.left(float("inf")) if run.clock.seconds else None
    try:
        bundle = run.stack.enter_context(
            pull(
                request, run.access, store, progress=lambda done, of: run.watch.pull(name, done, of), deadline=deadline
            )
        )
    except Failure as failure:
        if failure.code in _NOT_TRIED:
            raise
        verified = failure.code in _NOT_VERIFIED
        what = "verified" if verified else "pulled"
        run.say(model, what, what, FAIL, run.clock.words if run.clock.over else failure.reason)
        return None
    row = run.smoke.row(MODEL, name)
    row.digest, row.size, row.downloaded, row.pull_seconds = (
        bundle.digest, bundle.size, bundle.downloaded, bundle.seconds,
    )  # fmt: skip
    came = f"{binary(bundle.size)}, {binary(bundle.downloaded)} downloaded in {bundle.seconds:.1f} s"
    run.say(model, "pulled", "pulled", PASS, came)
    run.say(model, "verified", "verified", PASS, f"the manifest, config and all files match {bundle.digest}")
    files = Files(bundle.gguf[0], bundle.template, bundle.mmproj, bundle.artifact.packed_context)
    return Held(model, bundle.artifact, files, *head_of(files))

"""What the head of a model's file says about how it is to be run, and whether the Compose file has it run so.

llama.cpp boots a model of any kind in any mode, and then answers something. So this has to be looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modellint.evidence.llama_flags import pairs
from modellint.smoke.isolation.outcome import FAIL, NOT_PROVEN
from modellint.smoke.runners.gguf import NotGguf, read
from modellint.smoke.runners.plan import EMBEDDING

if TYPE_CHECKING:
    from modellint.smoke.isolation.outcome import Status
    from modellint.smoke.runners.gguf import Head
    from modellint.smoke.runners.plan import Files, ModelConfig

_FOR_CHAT = (
    "this is an embedding model, but Docker Model Runner runs it for chat: add exactly "
    "`--embeddings` to `runtime_flags`; without it, `context_size` and the other flags do not "
    "apply to embeddings"
)
_NO_TEMPLATE = (
    "neither the artifact nor its GGUF file has one: llama.cpp then formats chats as ChatML, "
    "which the model may not have been trained with"
)
_TEMPLATES = frozenset(("--chat-template", "--chat-template-file"))


class Note(NamedTuple):
    """What is to be said of a model that is booted as it is wished."""

    what: str
    status: Status
    reason: str


def head_of(files: Files) -> tuple[Head | None, str]:
    """The head of the weights; or why there is none that modellint can read. Whether llama.cpp can, only it knows."""
    try:
        return read(files.model), ""
    except NotGguf as problem:
        return None, str(problem)


def judge(head: Head, files: Files, wish: ModelConfig) -> Note | None:
    """What is wrong with running such a model so."""
    if wish.mode == EMBEDDING:
        return None
    if head.embedding:
        return Note("mode", FAIL, _FOR_CHAT)
    names = {name for name, _, _ in pairs(wish.flags)}
    if not head.chat_template and not files.chat_template and not _TEMPLATES & names:
        return Note("chat template", NOT_PROVEN, _NO_TEMPLATE)
    return None

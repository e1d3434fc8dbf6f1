"""Ask a model something, as a service would: the smallest chat, and an embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from modellint.smoke.runners.http_client import ask
from modellint.smoke.runners.log import printable

if TYPE_CHECKING:
    from modellint.smoke.runners.http_client import RunnerReply

PROMPT = "Say hello."
_LONGEST = 500  # characters of an answer
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model answered.

    `status` is that of HTTP, 0 where none came. `text` is what a chat said, without anything that a terminal would act
    upon; `numbers` is the length of an embedding. `problem` is empty where the answer is one.
    """

    status: int
    seconds: float
    text: str = ""
    numbers: int = 0
    problem: str = ""


def chat(
    base: str, model: str, prompt: str = PROMPT, *, key: str = "", seconds: float = _SECONDS, max_tokens: int = 16
) -> ModelAnswer:
    """Ask `base`, which ends with `/v1` as what Compose injects does, for a chat completion."""
    document = {
        "model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": max_tokens, "temperature": 0,
    }  # fmt: skip
    reply = ask(base.rstrip("/"), "/chat/completions", seconds, document=document, key=key)
    if problem := _problem(reply):
        return ModelAnswer(reply.status, reply.seconds, problem=problem)
    message = _at(reply.document(), "choices", 0, "message")
    content = _at(message, "content")
    # A model that thinks first may have come no further.
    said = [text for text in (content, _at(message, "reasoning_content")) if isinstance(text, str) and text]
    if not isinstance(content, str) and not said:
        return ModelAnswer(reply.status, reply.seconds, problem="the response has no message")
    return ModelAnswer(reply.status, reply.seconds, printable(said[0], _LONGEST) if said else "")


def embeddings(base: str, model: str, text: str = PROMPT, *, key: str = "", seconds: float = _SECONDS) -> ModelAnswer:
    """Ask `base`, which ends with `/v1`, for the embedding of a text."""
    reply = ask(base.rstrip("/"), "/embeddings", seconds, document={"model": model, "input": text}, key=key)
    if problem := _problem(reply):
        return ModelAnswer(reply.status, reply.seconds, problem=problem)
    vector = _at(reply.document(), "data", 0, "embedding")
    if not isinstance(vector, list) or not vector:
        return ModelAnswer(reply.status, reply.seconds, problem="the response has no embedding")
    items = cast("list[object]", vector)
    if not all(isinstance(number, int | float) for number in items):
        return ModelAnswer(reply.status, reply.seconds, problem="the embedding is not a list of numbers")
    return ModelAnswer(reply.status, reply.seconds, numbers=len(items))


def _problem(reply: RunnerReply) -> str:
    """Why a reply is no answer, in the server's words where it has some."""
    if reply.status == 0:
        return reply.problem
    if reply.status == 200:
        return "" if reply.document() is not None else "the response is not JSON"
    message = _at(reply.document(), "error", "message") or _at(reply.document(), "error")
    words = f": {printable(message, _LONGEST)}" if isinstance(message, str) and message else ""
    return f"HTTP {reply.status}{words}"


def _at(document: object, *way: str | int) -> object:
    """What lies in a parsed document on the way of keys and positions; None where there is no such way."""
    for step in way:
        if isinstance(document, dict) and isinstance(step, str):
            document = cast("dict[str, Any]", document).get(step)
        elif isinstance(document, list) and isinstance(step, int):
            items = cast("list[object]", document)
            document = items[step] if step < len(items) else None
        else:
            return None
    return document

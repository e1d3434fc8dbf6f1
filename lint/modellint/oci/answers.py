"""The answers of registries: one per request, queried once, before the rules run. Rules get data, no network."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query

NOT_FOUND = "not-found"  # the code of an answer of a registry that does not have what was asked for


class RegistryAnswer:
    """An artifact, or the reason why there is none.

    `code` is a word for programs (empty where there is an artifact), `reason` goes on after `REFERENCE: ` for a person
    and never holds text that a registry sent. `asked` is when the registry was asked, in seconds since 1970; `cached`
    says whether that was an earlier run.
    """

    __slots__ = ("artifact", "asked", "cached", "code", "reason")

    def __init__(
        self, artifact: Artifact | None, asked: float, *, code: str = "", reason: str = "", cached: bool = False
    ) -> None:
        self.artifact = artifact
        self.asked = asked
        self.code = code
        self.reason = reason
        self.cached = cached


class Facts:
    """The answers of a run, by request, and the memory in bytes that models may use (0: no limit was given)."""

    __slots__ = ("answers", "memory")

    def __init__(self, answers: Mapping[Query, RegistryAnswer], memory: int = 0) -> None:
        self.answers = answers
        self.memory = memory

    def artifact(self, request: Query | None) -> Artifact | None:
        """The artifact of a request, if it was asked and answered."""
        answer = self.answer(request)
        return answer.artifact if answer else None

    def answer(self, request: Query | None) -> RegistryAnswer | None:
        """The answer to a request, if it was asked."""
        return self.answers.get(request) if request is not None else None

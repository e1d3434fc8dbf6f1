"""The page of what `modellint smoke` reports. No check finds it: what it says is seen in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.rule import ERROR, Rule
from modellint.smoke.check import RULE

if TYPE_CHECKING:
    from typing import Final

    from modellint.text.finding import Finding

_PAGE = """A model or a grant does not do in a run what the file declares.

`modellint smoke` pulls the models of a project, boots their runners and tries out what each service can reach. Whoever
runs the project next, in CI or in production, meets the same: an application that starts, and fails at its first
question to a model.

An error is a check that failed. A warning is a check that is not proven: something that it needs was not there (a
runner, a network namespace, another check that has to pass first), so that nothing is known, and that is no pass.
What is open for one cause is one warning. `--require isolation` and `--require all` make the run fail for what is not
proven.

The message begins with what was checked. Of a model:

| check | passes when |
| --- | --- |
| `resolved`, `pulled` | the reference names a model that can be had, and all of it is on this machine |
| `verified` | manifest, config and every file have the digest that they should have |
| `configured` | the flags are some that Docker Model Runner takes, and fit each other; Compose asks for the same |
| `booted`, `kept running` | the runner became healthy, and still ran at the end |
| `context` | the runner has the declared `context_size`, as it says itself |

Of a service:

| check | passes when |
| --- | --- |
| `environment` | it has exactly the variables of its grants |
| `variable` | a process can have it, and no two grants want different values in it |
| `grant` | the model is declared, has a valid reference, and runs |
| `models`, `model` | its endpoint lists what it is granted and nothing else |
| `chat`, `embeddings` | the model that it is granted answers |
| `namespace` | nothing is there to connect to but its endpoints |
| `container`, `image` | with the engine `docker`: Compose starts it, from its own image, with the rights it asks for |
| every other | what it is not granted, with its own token or another, is refused or out of reach |

A check that something is refused or out of reach passes only beside one that shows that it could have failed: the same
question with the right token, or the same connection from outside.

What to do is in the message, which quotes the registry and the runner. `--details` prints also what passed, and
`--service` looks at one service alone.

With the engine `docker`, a service that asks for more of the machine than every container has (its network, its files,
a socket, `privileged`, devices, variables of the shell, …) is stood in for by a container of modellint's own, and its
`image` is not proven. `--allow` lets it run, and the report says who ran with which rights.

What this cannot see: whether an answer is good, what a service's own code does with it, and how much another machine
has of memory. With the engine `none` modellint's own probe runs in place of the services' images, with the variables
that Compose would inject.
"""


def _nothing() -> list[Finding]:
    return []


SMOKE_FAILED: Final = Rule(
    _nothing, _PAGE, "Project", ERROR, on=True, online=True, policy=False, whole=True, tags=(), name=RULE
)

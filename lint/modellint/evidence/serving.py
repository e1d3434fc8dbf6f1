"""The model server that a service runs: its product, where it listens, and whether it requires a key.

Flags and variables are those of the products' documentation; one that a product does not read makes a rule silent where
it could speak, and never the other way round.
"""

from __future__ import annotations

from modellint.evidence.images import OLLAMA, PRODUCTS, PROXY, SERVER, Product, product_of
from modellint.yaml.node import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.commands import Commands
    from modellint.compose.model.project import Service

_OLLAMA_CLIENTS = frozenset(("pull", "create", "run", "push", "list", "ls", "show", "cp", "rm", "ps", "stop"))
_PORT_FLAGS = ("--port", "--http-port")
_PORT_VARIABLES = ("PORT", "LLAMA_ARG_PORT", "INFINITY_PORT", "MODEL_RUNNER_PORT")
_HOST_FLAGS = ("--host", "--hostname")
_HOST_VARIABLES = ("LLAMA_ARG_HOST",)
_ADDRESS_FLAGS = ("--address",)
_ADDRESS_VARIABLES = ("OLLAMA_HOST", "LOCALAI_ADDRESS", "ADDRESS")  # host and port in one
_KEY_FLAGS = (
    "--api-key", "--api_key", "--api-keys", "--api_keys", "--api-key-file", "--api_key_file", "--admin-key",
    "--password", "--auth-config", "--gradio-auth",
)  # fmt: skip
_KEY_VARIABLES = (
    "API_KEY", "API_KEYS", "API_TOKEN", "VLLM_API_KEY", "LLAMA_API_KEY", "LLAMA_ARG_API_KEY", "LLAMA_ARG_API_KEY_FILE",
    "LOCALAI_API_KEY", "INFINITY_API_KEY", "SGLANG_API_KEY", "APHRODITE_API_KEY", "XINFERENCE_API_KEY",
    "LITELLM_MASTER_KEY",
)  # fmt: skip


class Listening:
    """The address in the container: `host` is empty and `port` None where nothing says them."""

    __slots__ = ("host", "port")

    def __init__(self, host: str, port: int | None) -> None:
        self.host = host
        self.port = port


def words(service: Service) -> list[str]:
    """The words of the programs that a service's entrypoint and command run, those of a script too."""
    return _words(service.commands)


def _words(commands: Commands) -> list[str]:
    return [word.text for command in commands.main.simple for word in command]


def served(service: Service) -> Product | None:
    """The server or proxy that a service runs: what its image holds, or what its command starts."""
    name = text_of(service.image)
    known = product_of(name) if name else None
    if known is not None and known.role not in (SERVER, PROXY):
        return None
    if not service.commands.main.words:
        return known
    line = _line(words(service))
    if known is None:
        return _started(line)
    return known if _serves(known, line, _is_replaced(service)) else None


def flag(line: list[str], *names: str) -> str | None:
    """The last value of a flag, written as two words or with an `=`."""
    found = None
    for at, word in enumerate(line):
        name, equals, value = word.partition("=")
        if name in names:
            found = value if equals else (line[at + 1] if at + 1 < len(line) else "")
    return found


def listening(service: Service) -> Listening:
    """Where the command and the variables of a service tell its server to listen."""
    line = words(service)
    host, port = "", None
    address = _first(service, line, _ADDRESS_FLAGS, _ADDRESS_VARIABLES)
    if address:
        host, port = _address(address)
    host = _first(service, line, _HOST_FLAGS, _HOST_VARIABLES) or host
    number = _number(_first(service, line, _PORT_FLAGS, _PORT_VARIABLES))
    return Listening(host, number if number is not None else port)


def key(service: Service) -> str | None:
    """The key that callers must send, as it is written; empty where it cannot be told, None where there is none."""
    from modellint.compose.model.commands import as_written

    written = flag(_words(as_written(service.body)), *_KEY_FLAGS)
    if written is not None:
        return written
    for name in _KEY_VARIABLES:
        setting = service.environment.get(name)
        if setting is not None and (setting.value != "" or "$" in setting.shown):
            return setting.shown
    # A file that cannot be looked into may hold one.
    unseen = "env_file" in service.body or "build" in service.body or flag(words(service), "--config") is not None
    return "" if unseen else None


def _line(line: list[str]) -> str:
    return f" {' '.join(word.rpartition('/')[2] for word in line)} "


def _is_replaced(service: Service) -> bool:
    """Whether a script runs in the place of the image's entrypoint."""
    return "entrypoint" in service.body and service.commands.main.script is not None


def _serves(known: Product, line: str, replaced: bool) -> bool:
    """Whether the image still runs its server: its entrypoint may be replaced, or told to do something else."""
    if any(f" {program} " in line for program in known.programs):
        return True
    if replaced and known.programs:
        return False  # a script that starts something else
    first = line.split(maxsplit=2)
    verbs = first[1:2] if first[:1] == [OLLAMA.name.lower()] else first[:1]
    return known is not OLLAMA or not verbs or verbs[0] not in _OLLAMA_CLIENTS


def _started(line: str) -> Product | None:
    """The product that a command starts. A single plain word says too little."""
    for known in PRODUCTS:
        for program in known.programs:
            if f" {program} " in line and not program.isalnum():
                return known
    return None


def _first(service: Service, line: list[str], flags: tuple[str, ...], variables: tuple[str, ...]) -> str | None:
    value = flag(line, *flags)
    if value is not None:
        return value
    settings = (service.environment.get(name) for name in variables)
    return next((setting.value for setting in settings if setting is not None and setting.value), None)


def _address(text: str) -> tuple[str, int | None]:
    """Host and port of `0.0.0.0:11434`, `:8080`, `[::]:11434`, `http://0.0.0.0` and their like."""
    rest = text.partition("://")[2] or text
    rest = rest.partition("/")[0]
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        return host, _number(port.removeprefix(":"))
    if rest.count(":") > 1:
        return rest, None
    host, _, port = rest.partition(":")
    return host, _number(port)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 5 else None

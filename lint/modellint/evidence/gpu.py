"""Tell whether a service has access to a GPU, and whether its author intends it to run without one."""

from __future__ import annotations

from modellint.evidence.serving import flag, words
from modellint.yaml.node import Mapping, Scalar, Sequence, scalars

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Service
    from modellint.yaml.node import Node

_RESERVED = (
    ("deploy", "resources", "reservations", "devices"),
    ("deploy", "resources", "reservations", "generic_resources"),
    ("deploy", "placement"),  # Swarm, which may place it where the default runtime hands out GPUs
    ("gpus",),
    ("devices",),
    ("device_cgroup_rules",),
)
_PLAIN_RUNTIMES = ("", "runc", "crun", "runsc", "io.containerd.runc.v2")
_VISIBLE = "_VISIBLE_DEVICES"  # of NVIDIA, CUDA, ROCR, HIP, HABANA, ASCEND_RT, MTHREADS
_NOTHING = frozenset(("", "none", "void", "-1", "nodevfiles"))
_DRIVER_FILES = ("/dev", "/usr/lib/wsl", "/usr/lib/x86_64-linux-gnu/libcuda", "/usr/local/cuda", "/opt/rocm")
_LAYER_FLAGS = ("--n-gpu-layers", "--gpu-layers", "-ngl")
_LAYER_VARIABLES = ("LLAMA_ARG_N_GPU_LAYERS", "N_GPU_LAYERS", "OLLAMA_NUM_GPU", "GPU_LAYERS")


def has_gpu(service: Service) -> bool:
    """Whether anything hands a GPU to a service, or may do so where Docker is set up for it."""
    body = service.body
    if reserves(body):
        return True
    privileged = body.get("privileged")
    if isinstance(privileged, Scalar) and privileged.value not in (None, False, "false"):
        return True  # it sees every device of the host
    if any(mount.source.startswith(_DRIVER_FILES) for mount in service.mounts):
        return True
    return any(value not in _NOTHING for value in _visible(service))


def reserves(body: Mapping) -> bool:
    """Whether the text of a service asks Docker for a GPU."""
    if any(_is_filled(body.get(*path)) for path in _RESERVED):
        return True
    runtime = body.get("runtime")
    return isinstance(runtime, Scalar) and runtime.value not in _PLAIN_RUNTIMES


def wants_cpu(service: Service) -> bool:
    """Whether something says that a service is for the CPU: a name, a tag, a flag, a variable, a profile, a file."""
    line = words(service)
    if flag(line, *_LAYER_FLAGS) == "0":
        return True
    settings = service.environment
    if any((setting := settings.get(name)) is not None and setting.value == "0" for name in _LAYER_VARIABLES):
        return True
    visible = list(_visible(service))
    if visible and all(value in _NOTHING for value in visible):
        return True
    return any("cpu" in _words(text) for text in _texts(service))


def _texts(service: Service) -> Iterator[str]:
    body = service.body
    yield from (service.name.text, service.name.source.path)
    sections = (scalars(body.get(key)) for key in ("image", "container_name", "profiles", "build"))
    for scalar in (*(scalar for section in sections for scalar in section), *service.commands.main.scalars):
        yield from (scalar.text, str(scalar.value))
    for name, setting in service.environment.items():
        yield from (name, setting.value or "")


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def _visible(service: Service) -> Iterator[str]:
    for name, setting in service.environment.items():
        if name.endswith(_VISIBLE):
            yield "all" if setting.value is None else setting.value.strip("\"' ").lower()


def _is_filled(node: Node | None) -> bool:
    if isinstance(node, Sequence):
        return bool(node.items)
    return isinstance(node, Mapping) or (isinstance(node, Scalar) and bool(node.value))

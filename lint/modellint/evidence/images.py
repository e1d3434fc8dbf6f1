"""Images of inference products: what serves models, on which port, and whether it needs a GPU.

Ports and paths are those that the products' own Dockerfiles, source and documentation give as default.
"""

from __future__ import annotations

from modellint.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Role: TypeAlias = Literal["server", "proxy", "client"]
    Gpu: TypeAlias = Literal["needed", "optional", "none"]

SERVER: Role = "server"  # runs models
PROXY: Role = "proxy"  # hands requests on to servers
CLIENT: Role = "client"  # talks to a server

NEEDED: Gpu = "needed"
OPTIONAL: Gpu = "optional"
NONE: Gpu = "none"

_CPU_WORDS = frozenset(("cpu", "armv8"))
_GPU_WORDS = ("cuda", "cu1", "rocm", "hipblas", "gpu", "xpu", "gaudi", "vulkan", "musa", "intel", "sycl")


class Product:
    """Something that serves models or talks to what does.

    `repositories` are fully qualified; one that ends in `*` stands for every name that begins so, one that begins with
    `*/` for that name under every owner. `ports` are container ports, the API's first. `paths` begin its API.
    `gpu` is what the product needs where neither the repository nor the tag says more.
    """

    __slots__ = ("gpu", "name", "paths", "ports", "repositories", "role")

    def __init__(
        self,
        name: str,
        repositories: tuple[str, ...],
        ports: tuple[int, ...],
        paths: tuple[str, ...] = ("/v1",),
        gpu: Gpu = OPTIONAL,
        role: Role = SERVER,
    ) -> None:
        self.name = name
        self.repositories = repositories
        self.ports = ports
        self.paths = paths
        self.gpu: Gpu = gpu
        self.role: Role = role


PRODUCTS = (
    Product("Docker Model Runner", ("docker.io/docker/model-runner",), (12434, 12444), ("/v1", "/engines", "/api")),
    Product("Ollama", ("docker.io/ollama/ollama", "*/ollama"), (11434,), ("/v1", "/api")),
    Product(
        "llama.cpp",
        ("ghcr.io/ggml-org/llama.cpp", "ghcr.io/ggerganov/llama.cpp"),
        (8080,),
        ("/v1", "/completion", "/health"),
    ),
    Product(
        "vLLM",
        (
            "docker.io/vllm/*",
            "docker.io/rocm/vllm*",
            "docker.io/opea/vllm*",
            "docker.io/openeuler/vllm*",
            "docker.io/intel/vllm*",
            "docker.io/intel/llm-scaler-vllm",
            "public.ecr.aws/q9t5s3a7/vllm-*",
            "*/vllm-openai",
        ),
        (8000,),
        gpu=NEEDED,
    ),
    Product("SGLang", ("docker.io/lmsysorg/sglang*",), (30000,), ("/v1", "/generate"), NEEDED),
    Product(
        "Text Generation Inference",
        ("ghcr.io/huggingface/text-generation-inference",),
        (80,),
        ("/v1", "/generate"),
        NEEDED,
    ),
    Product(
        "Text Embeddings Inference",
        ("ghcr.io/huggingface/text-embeddings-inference", "docker.io/openeuler/text-embeddings-inference*"),
        (80,),
        ("/v1", "/embed", "/rerank"),
    ),
    Product("LocalAI", ("docker.io/localai/localai", "quay.io/go-skynet/local-ai"), (8080,)),
    Product("Infinity", ("docker.io/michaelf34/infinity",), (7997,), ("/v1", "/embeddings")),
    Product("Xinference", ("docker.io/xprobe/xinference",), (9997,), gpu=NEEDED),
    Product("Triton Inference Server", ("nvcr.io/nvidia/tritonserver",), (8000, 8001, 8002), ("/v2",), NEEDED),
    Product("NVIDIA NIM", ("nvcr.io/nim/*", "nvcr.io/nvidia/nim/*"), (8000,), gpu=NEEDED),
    Product("LM Studio", ("docker.io/lmstudio/*",), (1234,)),
    Product("RamaLama", ("quay.io/ramalama/*",), (8080,)),
    Product("LMDeploy", ("docker.io/openmmlab/lmdeploy",), (23333,), gpu=NEEDED),
    Product("KoboldCpp", ("docker.io/koboldai/koboldcpp",), (5001,), ("/v1", "/api")),
    Product("Aphrodite", ("docker.io/alpindale/aphrodite-openai",), (2242,), gpu=NEEDED),
    Product("OpenVINO Model Server", ("docker.io/openvino/model_server",), (8000, 9000), ("/v1", "/v2", "/v3")),
    Product("Speaches", ("ghcr.io/speaches-ai/speaches", "docker.io/fedirz/faster-whisper-server"), (8000,)),
    Product("Tabby", ("docker.io/tabbyml/tabby",), (8080,)),
    Product("text-generation-webui", ("docker.io/atinoda/text-generation-webui",), (5000, 7860)),
    Product("IPEX-LLM", ("docker.io/intelanalytics/ipex-llm-*",), (8000,), gpu=NEEDED),
    Product(
        "LiteLLM",
        ("ghcr.io/berriai/litellm*", "docker.litellm.ai/berriai/litellm*", "docker.io/litellm/*"),
        (4000,),
        ("/v1", "/"),
        NONE,
        PROXY,
    ),
    Product("Olla", ("ghcr.io/thushan/olla",), (40114,), ("/olla",), NONE, PROXY),
    Product("Open WebUI", ("ghcr.io/open-webui/open-webui",), (8080,), (), OPTIONAL, CLIENT),
)


def product(image: Image) -> Product | None:
    """The product that an image holds, None where it is not a known one."""
    for known in PRODUCTS:
        if any(_matches(image.name, pattern) for pattern in known.repositories):
            return known
    return None


def gpu(image: Image, known: Product) -> Gpu:
    """What an image of a known product needs. The words of its repository and tag say more than the product."""
    if known.gpu == NONE:
        return NONE
    words = f"{image.name.rpartition('/')[2]}-{image.tag or ''}".lower().replace("_", "-").split("-")
    if not _CPU_WORDS.isdisjoint(words):
        return NONE
    if any(word.startswith(_GPU_WORDS) for word in words):
        return NEEDED
    return known.gpu


def _matches(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    if pattern.startswith("*/"):
        # A name without an owner is one that was built on the spot, whatever it holds.
        return name.endswith(pattern[1:]) and not name.startswith("docker.io/library/")
    return name == pattern

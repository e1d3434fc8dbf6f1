"""Known images: what serves models, on which port, whether it needs a GPU, and what has no use for a model at all.

Ports and paths are those that the products' own Dockerfiles, source and documentation give as default.

Tools that an image lacks, from the stage of its Dockerfile that is published, and from users who ran it:

- Ollama: `Dockerfile` installs `ca-certificates` only; ollama/ollama#9781, #6641 (`curl` refused),
  google/langextract#361. Images for ROCm were built on CentOS for years, which has `curl`.
- LiteLLM: BerriAI/litellm#9295, #9479, #36367. It had `wget` until v1.80.5 (#17645).
- Qdrant: `Dockerfile` installs `ca-certificates` and `tzdata`; qdrant/qdrant#3491 and #4250 (`curl` refused),
  nemori-ai/nemori#15 (`wget`). Images for GPUs have another base.
- Weaviate: `Dockerfile` installs `bc`, `ca-certificates` and `openssl` on Alpine, whose `wget` it has.
- llama.cpp: `.devops/cpu.Dockerfile` installs `libgomp1` and `curl`.

Not listed although users missed `curl`: Text Embeddings Inference (added in #376) and Chroma (added to its
`rust/Dockerfile`).
"""

from __future__ import annotations

from modellint.oci.image_reference import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Role: TypeAlias = Literal["server", "proxy", "client", "infrastructure"]
    Gpu: TypeAlias = Literal["needed", "optional", "none"]

SERVER: Role = "server"  # runs models
PROXY: Role = "proxy"  # hands requests on to servers
CLIENT: Role = "client"  # talks to a server
INFRASTRUCTURE: Role = "infrastructure"  # never talks to a model

NEEDED: Gpu = "needed"
OPTIONAL: Gpu = "optional"
NONE: Gpu = "none"

_CPU_WORDS = frozenset(("cpu", "armv8"))
_GPU_WORDS = ("cuda", "cu1", "rocm", "hipblas", "gpu", "xpu", "gaudi", "vulkan", "musa", "intel", "sycl")
_FOR_CPUS = frozenset(("docker.io/opea/vllm",))  # built from vLLM's Dockerfile.cpu


class Product:
    """An image's program.

    `repositories` are fully qualified; one that ends in `*` stands for every name that begins so, one that begins with
    `*/` for that name under every owner. `ports` are container ports, the API's first. `paths` begin its API.
    `gpu` is what the product needs where neither the repository nor the tag says more. `programs` are what a command
    names that starts it. One that is `keyless` cannot demand a key of its callers.
    """

    __slots__ = ("gpu", "keyless", "name", "paths", "ports", "programs", "repositories", "role")

    def __init__(
        self,
        name: str,
        repositories: tuple[str, ...],
        ports: tuple[int, ...],
        paths: tuple[str, ...] = ("/v1",),
        gpu: Gpu = OPTIONAL,
        role: Role = SERVER,
        programs: tuple[str, ...] = (),
        keyless: bool = False,
    ) -> None:
        self.name = name
        self.repositories = repositories
        self.ports = ports
        self.paths = paths
        self.gpu: Gpu = gpu
        self.role: Role = role
        self.programs = programs
        self.keyless = keyless


RUNNER = Product(
    "Docker Model Runner",
    ("docker.io/docker/model-runner",),
    (12434, 12444),
    ("/v1", "/engines", "/api"),
    keyless=True,
)
OLLAMA = Product(
    "Ollama",
    ("docker.io/ollama/ollama", "*/ollama"),
    (11434,),
    ("/v1", "/api"),
    programs=("ollama serve",),
    keyless=True,
)

PRODUCTS = (
    RUNNER,
    OLLAMA,
    Product(
        "llama.cpp",
        ("ghcr.io/ggml-org/llama.cpp", "ghcr.io/ggerganov/llama.cpp"),
        (8080,),
        ("/v1", "/completion", "/health"),
        programs=("llama-server",),
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
        programs=("vllm serve", "vllm.entrypoints.openai.api_server"),
    ),
    Product(
        "SGLang",
        ("docker.io/lmsysorg/sglang*",),
        (30000,),
        ("/v1", "/generate"),
        NEEDED,
        programs=("sglang.launch_server", "sglang serve"),
    ),
    Product(
        "Text Generation Inference",
        ("ghcr.io/huggingface/text-generation-inference",),
        (80,),
        ("/v1", "/generate"),
        NEEDED,
        programs=("text-generation-launcher",),
    ),
    Product(
        "Text Embeddings Inference",
        ("ghcr.io/huggingface/text-embeddings-inference", "docker.io/openeuler/text-embeddings-inference*"),
        (80,),
        ("/v1", "/embed", "/rerank"),
        programs=("text-embeddings-router",),
    ),
    Product(
        "llama-swap",
        ("ghcr.io/mostlygeek/llama-swap",),
        (8080,),
        ("/v1", "/upstream", "/running"),
        programs=("llama-swap",),
    ),
    Product("Kokoro", ("ghcr.io/remsky/kokoro-fastapi-*",), (8880,), ("/v1",), keyless=True),
    Product("LocalAI", ("docker.io/localai/localai", "quay.io/go-skynet/local-ai"), (8080,)),
    Product(
        "Infinity", ("docker.io/michaelf34/infinity",), (7997,), ("/v1", "/embeddings"), programs=("infinity_emb v2",)
    ),
    Product("Xinference", ("docker.io/xprobe/xinference",), (9997,), gpu=NEEDED, programs=("xinference-local",)),
    Product("Triton Inference Server", ("nvcr.io/nvidia/tritonserver",), (8000, 8001, 8002), ("/v2",), NEEDED),
    Product("NVIDIA NIM", ("nvcr.io/nim/*", "nvcr.io/nvidia/nim/*"), (8000,), gpu=NEEDED),
    Product("LM Studio", ("docker.io/lmstudio/*",), (1234,)),
    Product("RamaLama", ("quay.io/ramalama/*",), (8080,)),
    Product("LMDeploy", ("docker.io/openmmlab/lmdeploy",), (23333,), gpu=NEEDED, programs=("lmdeploy serve",)),
    Product("KoboldCpp", ("docker.io/koboldai/koboldcpp",), (5001,), ("/v1", "/api")),
    Product("Aphrodite", ("docker.io/alpindale/aphrodite-openai",), (2242,), gpu=NEEDED, programs=("aphrodite run",)),
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
        ("litellm",),
    ),
    Product("Olla", ("ghcr.io/thushan/olla",), (40114,), ("/olla",), NONE, PROXY, keyless=True),
    Product("Open WebUI", ("ghcr.io/open-webui/open-webui",), (8080,), (), OPTIONAL, CLIENT),
)


# Name, ports and repositories of what has no use for a model. A name without a registry is one on Docker Hub.
# Left out: what calls models itself when it is told to (Weaviate, Milvus, Elasticsearch, OpenSearch, Neo4j, ClickHouse,
# TimescaleDB with pgai, SurrealDB), and what does whatever its command says (Busybox, Alpine, curl).
_INFRASTRUCTURE = """
PostgreSQL | 5432 | postgres pgvector/pgvector postgis/postgis bitnami/postgresql supabase/postgres |
PgBouncer | 5432 6432 | edoburu/pgbouncer bitnami/pgbouncer |
PostgREST | 3000 | postgrest/postgrest |
MySQL | 3306 | mysql mysql/mysql-server percona bitnami/mysql |
MariaDB | 3306 | mariadb bitnami/mariadb lscr.io/linuxserver/mariadb |
MongoDB | 27017 | mongo bitnami/mongodb mongodb/mongodb-community-server |
Redis | 6379 | redis redis/redis-stack redis/redis-stack-server bitnami/redis |
Valkey | 6379 | valkey/valkey valkey/valkey-bundle bitnami/valkey |
Dragonfly | 6379 | docker.dragonflydb.io/dragonflydb/dragonfly |
Memcached | 11211 | memcached bitnami/memcached |
Cassandra | 9042 | cassandra |
CockroachDB | 26257 8080 | cockroachdb/cockroach |
InfluxDB | 8086 | influxdb |
Qdrant | 6333 6334 | qdrant/qdrant |
Chroma | 8000 | chromadb/chroma ghcr.io/chroma-core/chroma |
Meilisearch | 7700 | getmeili/meilisearch |
RabbitMQ | 5672 15672 | rabbitmq bitnami/rabbitmq |
Kafka | 9092 | apache/kafka apache/kafka-native bitnami/kafka confluentinc/cp-kafka wurstmeister/kafka |
Redpanda | 9092 9644 | redpandadata/redpanda docker.redpanda.com/redpandadata/redpanda |
ZooKeeper | 2181 | zookeeper bitnami/zookeeper confluentinc/cp-zookeeper wurstmeister/zookeeper |
NATS | 4222 8222 | nats bitnami/nats |
Mosquitto | 1883 | eclipse-mosquitto |
MinIO | 9000 9001 | minio/minio quay.io/minio/minio bitnami/minio |
MinIO Client |  | minio/mc quay.io/minio/mc |
SeaweedFS | 9333 8333 | chrislusf/seaweedfs |
nginx | 80 443 | nginx nginxinc/nginx-unprivileged bitnami/nginx jc21/nginx-proxy-manager |
nginx-proxy | 80 443 | nginxproxy/nginx-proxy nginxproxy/acme-companion jwilder/nginx-proxy |
Apache | 80 443 | httpd |
Traefik | 80 443 8080 | traefik |
Caddy | 80 443 | caddy |
HAProxy | 80 443 | haproxy haproxytech/haproxy-alpine |
socat |  | alpine/socat |
Docker socket proxy | 2375 | tecnativa/docker-socket-proxy lscr.io/linuxserver/socket-proxy wollomatic/socket-proxy |
ngrok | 4040 | ngrok/ngrok |
cloudflared |  | cloudflare/cloudflared |
Tailscale |  | tailscale/tailscale |
Prometheus | 9090 | prom/prometheus bitnami/prometheus quay.io/prometheus/prometheus |
Alertmanager | 9093 | prom/alertmanager quay.io/prometheus/alertmanager |
Pushgateway | 9091 | prom/pushgateway |
Node exporter | 9100 | prom/node-exporter quay.io/prometheus/node-exporter |
cAdvisor | 8080 | gcr.io/cadvisor/cadvisor ghcr.io/google/cadvisor google/cadvisor |
Grafana | 3000 | grafana/grafana grafana/grafana-oss grafana/grafana-enterprise |
Loki | 3100 | grafana/loki |
Promtail | 9080 | grafana/promtail |
Tempo | 3200 4317 4318 | grafana/tempo |
Jaeger | 16686 4317 4318 | jaegertracing/all-in-one jaegertracing/jaeger |
Zipkin | 9411 | openzipkin/zipkin |
OpenTelemetry Collector | 4317 4318 | otel/opentelemetry-collector otel/opentelemetry-collector-contrib \
ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector \
ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib |
Telegraf |  | telegraf |
Fluent Bit |  | fluent/fluent-bit cr.fluentbit.io/fluent/fluent-bit |
Fluentd | 24224 | fluentd fluent/fluentd |
Kibana | 5601 | kibana docker.elastic.co/kibana/kibana |
Logstash | 5044 | logstash docker.elastic.co/logstash/logstash |
Adminer | 8080 | adminer |
pgAdmin | 80 | dpage/pgadmin4 |
phpMyAdmin | 80 | phpmyadmin phpmyadmin/phpmyadmin |
mongo-express | 8081 | mongo-express |
Redis Commander | 8081 | rediscommander/redis-commander |
RedisInsight | 5540 | redis/redisinsight |
Kafka UI | 8080 | provectuslabs/kafka-ui ghcr.io/kafbat/kafka-ui kafbat/kafka-ui |
MailHog | 1025 8025 | mailhog/mailhog |
Mailpit | 1025 8025 | axllent/mailpit |
etcd | 2379 2380 | quay.io/coreos/etcd bitnami/etcd gcr.io/etcd-development/etcd |
Vault | 8200 | vault hashicorp/vault |
Consul | 8500 | consul hashicorp/consul |
Keycloak | 8080 | quay.io/keycloak/keycloak keycloak/keycloak |
Registry | 5000 | registry |
Watchtower |  | containrrr/watchtower |
whoami | 80 | traefik/whoami |
MCP Gateway | 8811 | docker/mcp-gateway docker/agents_gateway |
"""

# What an image lacks, and the words in its tag that make that uncertain.
_LACKS = {
    "docker.io/ollama/ollama": (("curl", "wget"), ("rocm",)),
    "docker.io/qdrant/qdrant": (("curl", "wget"), ("gpu",)),
    "ghcr.io/berriai/litellm": (("curl",), ()),
    "docker.litellm.ai/berriai/litellm": (("curl",), ()),
    "docker.io/semitechnologies/weaviate": (("curl",), ()),
    "cr.weaviate.io/semitechnologies/weaviate": (("curl",), ()),
    "ghcr.io/ggml-org/llama.cpp": (("wget",), ("full", *_GPU_WORDS)),
}

# What the images lack that others build upon, by a word of the tag, empty for every tag. A full image holds both.
_BASE_LACKS: dict[str, dict[str, tuple[str, ...]]] = {
    "docker.io/library/python": {"slim": ("curl", "wget"), "alpine": ("curl",)},
    "docker.io/library/node": {"slim": ("curl", "wget"), "alpine": ("curl",)},
    "docker.io/library/debian": {"": ("curl", "wget")},
    "docker.io/library/ubuntu": {"": ("curl", "wget")},
    "docker.io/library/alpine": {"": ("curl",)},
}
_NOTHING = ("curl", "wget", "sh", "bash")  # of these is in an image without a system
_DISTROLESS = "gcr.io/distroless/"

_EXACT = {name: known for known in PRODUCTS for name in known.repositories if "*" not in name}
_STARTS = [(name[:-1], known) for known in PRODUCTS for name in known.repositories if name.endswith("*")]
_ENDS = [(name[1:], known) for known in PRODUCTS for name in known.repositories if name.startswith("*/")]
_BUILT_HERE = "docker.io/library/"  # a name without an owner is one that was built on the spot, whatever it holds
_HUB = "docker.io/"
_MOST_KNOWN = 10_000
_known: dict[str, Product | None] = {}  # by reference
_infrastructure: dict[str, Product | None] = {}  # what was looked for, by repository


# In the name of an image that somebody builds around a server or proxy: its own name, and what may stand beside that.
_BY_WORD = {
    known.name.lower().replace(".", ""): known
    for known in PRODUCTS
    if known.role in (SERVER, PROXY) and known.name.replace(".", "").isalnum()
}
_AROUND = frozenset(
    (
        "server",
        "docker",
        "container",
        "image",
        "service",
        "api",
        "openai",
        "cpu",
        "gpu",
        "cuda",
        "rocm",
        "proxy",
        "arm64",
    )
)


def product(image: Image) -> Product | None:
    """What an image holds, infrastructure included; None where it is not known."""
    name = image.name
    if (exact := _EXACT.get(name)) is not None:
        return exact
    for start, known in _STARTS:
        if name.startswith(start):
            return known
    if not name.startswith(_BUILT_HERE):
        for end, known in _ENDS:
            if name.endswith(end):
                return known
    if name not in _infrastructure:
        _infrastructure[name] = _find_infrastructure(name)
    return _infrastructure[name]


def repackaged(image: Image) -> Product | None:
    """What somebody else's image was built around, as its name says and nothing else in it: `OWNER/docker-vllm`.

    True for what a tag means; how it listens, which key it asks for and what it holds besides is not known.
    """
    last = image.name.rpartition("/")[2]
    if image.name.startswith(_BUILT_HERE) or product(image) is not None:
        return None
    words = _words(last)
    known = [_BY_WORD[word] for word in words if word in _BY_WORD]
    around = [word for word in words if word not in _BY_WORD]
    return known[0] if len(known) == 1 and _AROUND.issuperset(around) else None


def product_of(reference: str) -> Product | None:
    """What the image of a reference holds. Rules ask for the same one again and again."""
    global _known
    known = _known  # another thread may put a new table in its place
    if reference in known:
        return known[reference]
    if len(known) >= _MOST_KNOWN:
        _known = known = {}
    found = known[reference] = product(Image(reference))
    return found


def infrastructure() -> list[Product]:
    """All that has no use for a model."""
    return [_read_infrastructure(row) for row in _INFRASTRUCTURE.strip().split("\n")]


def gpu(image: Image, known: Product) -> Gpu:
    """What an image of a known product needs. The words of its repository and tag say more than the product."""
    if known.gpu == NONE or image.name in _FOR_CPUS:
        return NONE
    words = _words(f"{image.name.rpartition('/')[2]}-{image.tag or ''}")
    if not _CPU_WORDS.isdisjoint(words):
        return NONE
    if any(word.startswith(_GPU_WORDS) for word in words):
        return NEEDED
    return known.gpu


def lacks(image: Image, tool: str) -> bool:
    """Whether an image is known not to hold a tool."""
    tools, unsure = _LACKS.get(image.name, ((), ()))
    return tool in tools and not any(word.startswith(unsure) for word in _words(image.tag or ""))


def base_lacks(base: str, tool: str) -> bool:
    """Whether an image that others build upon is known not to hold a tool."""
    if base == "scratch":
        return tool in _NOTHING
    image = Image(base)
    words = _words(image.tag or "")
    if image.name.startswith(_DISTROLESS):
        return tool in _NOTHING and "debug" not in words
    lacking = _BASE_LACKS.get(image.name, {})
    return any(tool in tools for word, tools in lacking.items() if not word or word in words)


def _words(text: str) -> list[str]:
    return text.lower().replace("_", "-").split("-")


def _find_infrastructure(name: str) -> Product | None:
    short = name.removeprefix(_BUILT_HERE).removeprefix(_HUB)
    at = _INFRASTRUCTURE.find(f" {short} ") if short else -1
    if at < 0:
        return None
    known = _read_infrastructure(
        _INFRASTRUCTURE[_INFRASTRUCTURE.rfind("\n", 0, at) + 1 : _INFRASTRUCTURE.find("\n", at)]
    )
    return known if name in known.repositories else None


def _read_infrastructure(row: str) -> Product:
    """A row as a product. Rows are read one by one, as they are needed: there are many, and most files need few."""
    name, ports, repositories, _ = row.split("|")
    names = tuple(Image(each).name for each in repositories.split())
    return Product(name.strip(), names, tuple(map(int, ports.split())), (), NONE, INFRASTRUCTURE)

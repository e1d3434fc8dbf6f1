"""Credentials: the variables that contain one, and the values that are none.

The names are those that the providers' own SDKs and servers read.
"""

from __future__ import annotations

_PROVIDERS = frozenset(
    (
        "AI", "AI21", "ANTHROPIC", "AZURE", "BEDROCK", "BRAVE", "CEREBRAS", "CLAUDE", "COHERE", "DASHSCOPE", "DEEPGRAM",
        "DEEPINFRA", "DEEPSEEK", "ELEVENLABS", "EXA", "FIREWORKS", "FIRECRAWL", "GEMINI", "GENAI", "GOOGLE", "GROQ",
        "HF", "HUGGINGFACE", "HUGGINGFACEHUB", "JINA", "LANGCHAIN", "LANGFUSE", "LANGSMITH", "LITELLM", "LLAMA", "LLM",
        "LOCALAI", "MISTRAL", "MOONSHOT", "NGC", "NIM", "NOVITA", "NVIDIA", "OLLAMA", "OPENAI", "OPENROUTER",
        "PERPLEXITY", "PINECONE", "QWEN", "REPLICATE", "SAMBANOVA", "SERPAPI", "SERPER", "SILICONFLOW", "TAVILY",
        "TOGETHER", "VLLM", "VOYAGE", "VOYAGEAI", "XAI", "ZHIPU", "ZHIPUAI",
    )
)  # fmt: skip
# Among the words of a key's name: it is for something else than a model.
_OTHER_TRADES = frozenset(
    (
        "ANALYTICS", "BLOB", "BRAVE", "BUCKET", "CALENDAR", "COSMOS", "CSE", "DRIVE", "EXA", "FIRECRAWL", "LANGCHAIN",
        "LANGFUSE", "LANGSMITH", "MAPS", "PINECONE", "PLACES", "S3", "SEARCH", "SERPAPI", "SERPER", "STORAGE", "TAVILY",
        "TRANSLATE", "YOUTUBE",
    )
)  # fmt: skip
_CLOUDS = {
    "AWS_SECRET_ACCESS_KEY": ("BEDROCK",),
    "AWS_BEARER_TOKEN_BEDROCK": ("BEDROCK",),
    "AZURE_CLIENT_SECRET": ("AZURE_OPENAI", "OPENAI.AZURE", "AZURE_AI"),
}
_TOKENS = frozenset(
    ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HUGGINGFACE_TOKEN", "REPLICATE_API_TOKEN")
)
_KEY_ENDS = (
    "_API_KEY",
    "_APIKEY",
    "_SECRET_KEY",
    "_MASTER_KEY",
    "_SALT_KEY",
    "_ACCESS_KEY",
    "_API_TOKEN",
    "_AUTH_TOKEN",
)
_SECRET_ENDS = ("_SECRET_KEY", "_ENCRYPTION_KEY", "_MASTER_KEY", "_SALT_KEY", "_TOKEN", "_JWT_SECRET", "_AUTH_SECRET")
_PREFIXES = ("sk-", "sk_", "hf_", "gsk_", "xai-", "nvapi-", "AIza", "r8_", "pplx-", "tvly-", "csk-", "ghp_", "lsv2_")
_SHORTEST = 20  # characters of a token that a provider hands out
_NO_KEY = frozenset(
    (
        "", "-", "0", "none", "null", "nil", "empty", "unused", "dummy", "fake", "test", "local", "localhost",
        "ignored",
        "irrelevant", "anything", "any", "na", "n/a", "no", "nokey", "no-key", "not-needed", "not_needed", "notneeded",
        "not-required", "not_required", "no-key-required", "no-key-needed", "sk-no-key-required", "placeholder", "xxx",
        "ollama", "docker", "dmr", "dockermodelrunner", "model-runner", "docker-model-runner", "lm-studio", "lmstudio",
        "llama", "localai", "vllm", "key", "apikey", "api-key", "api_key", "true", "false",
    )
)  # fmt: skip
_DUMMY_PARTS = (
    "dummy",
    "fake",
    "placeholder",
    "not-needed",
    "not_needed",
    "no-key",
    "unused",
    "ignored",
    "not-required",
)


def in_capitals(name: str) -> str:
    """A name with its words in capitals, one `_` between them: `Atlas__MasterKey` is `ATLAS_MASTER_KEY`."""
    parts = [name]
    if not (name.islower() or name.isupper()):
        humps = [at for at in range(1, len(name)) if name[at].isupper() and name[at - 1].islower()]
        parts = [name[begin:end] for begin, end in zip([0, *humps], [*humps, len(name)], strict=True)]
    words = "_".join(parts).upper().replace("-", "_").replace(".", "_").replace(":", "_").split("_")
    return "_".join([word for word in words if word])


def is_model_credential(name: str) -> bool:
    """Whether a variable holds the key of a provider or a server of models: `OPENAI_API_KEY`, `HF_TOKEN`."""
    upper = name.upper()
    if upper in _TOKENS:
        return True
    return upper.endswith(_KEY_ENDS) and not _PROVIDERS.isdisjoint(upper.split("_")) and "PUBLIC" not in upper


def is_provider_key(name: str) -> bool:
    """Whether a variable holds a key of a provider of models, and none for search, tracing or storage."""
    upper = name.upper()
    return (
        is_model_credential(name)
        and not upper.endswith("_SALT_KEY")
        and _OTHER_TRADES.isdisjoint(upper.split("_"))
        and upper != "AWS_SECRET_ACCESS_KEY"
    )


def cloud_of_models(name: str) -> tuple[str, ...]:
    """For the key of a cloud that serves models among other things: the words by which a service speaks of these."""
    return _CLOUDS.get(name.upper(), ())


def is_secret(name: str) -> bool:
    """Whether a variable holds a secret by which a service knows its callers or reads what it wrote."""
    upper = name.upper()
    of_provider = upper.endswith("_TOKEN") and not _PROVIDERS.isdisjoint(upper.split("_"))
    handed_out = of_provider or "PUBLIC" in upper or upper.startswith("MAX_")
    return upper.endswith(_SECRET_ENDS) and not handed_out


def is_none(value: str) -> bool:
    """Whether a value only fills a place where nothing asks for a key."""
    lower = value.strip().lower()
    return lower in _NO_KEY or lower.isdigit() or any(part in lower for part in _DUMMY_PARTS) or len(set(lower)) <= 2


def is_issued(value: str) -> bool:
    """Whether a value looks like a token that a provider handed out: its prefix, and many different characters."""
    return value.startswith(_PREFIXES) and len(value) >= _SHORTEST and len(set(value)) > 10 and not is_none(value)

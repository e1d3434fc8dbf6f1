"""Libraries that read environment variables by themselves, and how code and manifests name them."""

from __future__ import annotations

import re

from modellint.evidence.build_context import REQUIREMENTS
from modellint.evidence.languages import RUN_TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Library:
    """A library that reads variables by itself: names that it reads, and why it may read others.

    Of `maybe` names it is not said that they are read: that depends on how the library is used.
    """

    __slots__ = ("maybe", "name", "opaque", "reads")

    def __init__(self, name: str, reads: str = "", maybe: str = "", opaque: bool = False) -> None:
        self.name = name
        self.reads = tuple(reads.split())
        self.maybe = tuple(maybe.split())
        self.opaque = opaque


_OPENAI = "OPENAI_API_KEY OPENAI_BASE_URL OPENAI_ORG_ID OPENAI_PROJECT_ID"
_LITELLM = "OPENAI_BASE_URL OPENAI_API_BASE OPENAI_API_KEY OLLAMA_API_BASE *_API_BASE *_API_KEY"

# As the libraries' own source says (November 2026). The registry and the name of a module or of a package; a dot or a
# slash in it goes further down. The more special name wins.
_LIBRARIES = {
    "py:openai js:openai go:github.com/openai/openai-go rb:openai": Library("the OpenAI SDK", _OPENAI),
    "rs:async_openai jvm:com.openai": Library("", maybe=_OPENAI),  # not all versions; only where it is told to
    "py:langchain_openai": Library(
        "LangChain", f"{_OPENAI} OPENAI_API_BASE OPENAI_ORGANIZATION", "OPENAI_PROXY OPENAI_API_VERSION"
    ),
    "js:@langchain/openai": Library("LangChain", f"{_OPENAI} OPENAI_ORGANIZATION"),
    "py:langchain_ollama": Library("LangChain", "OLLAMA_HOST"),
    "py:langchain py:langchain_community js:langchain": Library(
        "", maybe=f"{_OPENAI} OPENAI_API_BASE OLLAMA_HOST OLLAMA_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL"
    ),
    "go:github.com/tmc/langchaingo/llms/openai": Library(
        "LangChainGo", "OPENAI_API_KEY OPENAI_BASE_URL", "OPENAI_MODEL OPENAI_ORGANIZATION"
    ),
    "js:@ai-sdk/openai": Library("the AI SDK", "OPENAI_API_KEY OPENAI_BASE_URL"),
    "js:@ai-sdk/anthropic": Library("the AI SDK", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "py:ollama": Library("the Ollama client", "OLLAMA_HOST", "OLLAMA_API_KEY"),
    "go:github.com/ollama/ollama/api": Library("", maybe="OLLAMA_HOST"),
    "py:litellm py:dspy": Library("LiteLLM", _LITELLM),
    "py:anthropic js:@anthropic-ai/sdk go:github.com/anthropics/anthropic-sdk-go": Library(
        "the Anthropic SDK", "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL"
    ),
    "py:google.genai py:google_genai js:@google/genai go:google.golang.org/genai": Library(
        "the Gen AI SDK", "GOOGLE_API_KEY GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL GOOGLE_*"
    ),
    "py:mistralai js:@mistralai/mistralai": Library("the Mistral SDK", maybe="MISTRAL_API_KEY"),
    "py:cohere js:cohere-ai": Library("the Cohere SDK", "CO_API_KEY", "CO_API_URL"),
    "py:groq js:groq-sdk": Library("the Groq SDK", "GROQ_API_KEY GROQ_BASE_URL"),
    "py:openai_agents js:@openai/agents": Library("the OpenAI Agents SDK", _OPENAI, "OPENAI_DEFAULT_MODEL"),
    "py:pydantic_ai py:pydantic_ai_slim": Library(
        "Pydantic AI", _OPENAI, "OLLAMA_BASE_URL OLLAMA_API_KEY *_BASE_URL *_API_KEY"
    ),
    "py:crewai": Library("CrewAI", f"{_LITELLM}", "OPENAI_MODEL_NAME MODEL MODEL_NAME"),
    "py:llama_index.llms.openai py:llama_index_llms_openai": Library(
        "LlamaIndex", "OPENAI_API_KEY OPENAI_API_BASE", "OPENAI_API_VERSION OPENAI_BASE_URL"
    ),
    "py:autogen_ext.models.openai": Library("AutoGen", _OPENAI),
    "py:haystack py:haystack_ai py:google.adk py:google_adk py:autogen py:llama_index py:smolagents py:instructor": (
        Library("", maybe=f"{_OPENAI} OPENAI_API_BASE OLLAMA_HOST OLLAMA_API_BASE GOOGLE_API_KEY HF_TOKEN")
    ),
    "py:huggingface_hub py:transformers py:sentence_transformers py:datasets py:diffusers": Library(
        "huggingface_hub", "HF_*"
    ),
    "py:langfuse js:langfuse js:@langfuse/client js:@langfuse/otel": Library("Langfuse", "LANGFUSE_*"),
    "jvm:org.springframework.boot": Library("Spring Boot", "SPRING_*"),
    "jvm:io.quarkus jvm:org.eclipse.microprofile.config": Library("Quarkus", opaque=True),
    "jvm:io.micronaut": Library("Micronaut", opaque=True),
    "jvm:io.github.cdimascio jvm:org.aeonbits.owner jvm:com.sksamuel.hoplite": Library(RUN_TIME, opaque=True),
    "py:dynaconf": Library("dynaconf", opaque=True),
    "py:hydra py:omegaconf": Library("hydra", opaque=True),
    "py:pydantic_settings": Library("pydantic settings", opaque=True),
    "py:starlette.config py:configurations py:envyaml py:pyaml_env py:everett py:prettyconf py:goodconf py:confuse": (
        Library(RUN_TIME, opaque=True)
    ),
    "py:typed_settings py:configargparse py:betterconf py:environ_config": Library(RUN_TIME, opaque=True),
    "py:airflow py:apache_airflow": Library("Airflow", opaque=True),
    "py:langflow": Library("Langflow", opaque=True),
    "py:open_webui": Library("Open WebUI", opaque=True),
    "py:chainlit py:prefect py:mlflow": Library(RUN_TIME, opaque=True),
    "js:n8n js:n8n-workflow": Library("n8n", opaque=True),
    "js:flowise js:flowise-components": Library("Flowise", opaque=True),
    "js:librechat-data-provider": Library("LibreChat", opaque=True),
    "js:envalid js:convict js:env-var js:envsafe js:znv js:nconf js:config js:rc js:dotenv-expand": Library(
        RUN_TIME, opaque=True
    ),
    "js:@t3-oss/env-core js:@t3-oss/env-nextjs js:@t3-oss/env-nuxt js:@fastify/env js:env-schema": Library(
        RUN_TIME, opaque=True
    ),
    "go:github.com/spf13/viper": Library("viper", opaque=True),
    "go:github.com/kelseyhightower/envconfig": Library("envconfig", opaque=True),
    "go:github.com/knadh/koanf": Library("koanf", opaque=True),
    "go:github.com/peterbourgon/ff go:github.com/namsral/flag go:github.com/heetch/confita": Library(
        RUN_TIME, opaque=True
    ),
    "rs:envy": Library("envy", opaque=True),
    "rs:figment": Library("figment", opaque=True),
    "rs:twelf rs:confique": Library(RUN_TIME, opaque=True),
    "rb:anyway_config rb:figaro rb:config rb:dry-configurable": Library(RUN_TIME, opaque=True),
}
_INDEX = {key: library for keys, library in _LIBRARIES.items() for key in keys.split()}
# Names that some SDK reads by itself; also one that is not in the tables above may read them.
SDK_NAMES = frozenset(
    name for library in _LIBRARIES.values() for name in library.reads + library.maybe if "*" not in name
)
# Code that gives an SDK its endpoint: then the SDK does not look for one.
GIVES_ENDPOINT = (b"base_url", b"baseURL", b"baseUrl", b"BaseURL", b"api_base", b"basePath", b"host=", b"endpoint")
ENDPOINT_WORDS = ("BASE", "HOST", "ENDPOINT", "URL")


_LONGEST = max(len(key) for key in _INDEX) + 1  # letters of a name; what is behind them is in no table


def library_of(registry: str, module: str) -> Library | None:
    """What is known of a module or package, or of the one that it is a part of."""
    name = module[:_LONGEST]
    while name:
        if known := _INDEX.get(f"{registry}:{name}"):
            return known
        cut = max(name.rfind("/"), name.rfind(".") if registry in ("py", "jvm") else -1)
        name = name[: max(cut, 0)]
    return None


def python_modules(clause: str) -> list[str]:
    """The modules of `a import b` and of `a, b`."""
    words = clause.split()
    if len(words) == 3 and words[1] == "import":
        return [f"{words[0]}.{words[2]}"]
    return clause.replace(",", " ").split()


def packages_of(manifest: str, text: str) -> Iterator[tuple[str, str, bool]]:
    """The packages that a manifest names, each with its registry and whether the program itself needs it."""
    if manifest == "package.json":
        for block in re.finditer(r'"(\w*)[dD]ependencies"\s*+:\s*+\{([^{}]*+)\}', text):
            needed = block[1] in ("", "optional")
            yield from (("js", name, needed) for name in re.findall(r'"([^"\n]++)"\s*+:', block[2]))
    elif manifest == REQUIREMENTS:
        yield from (("py", _as_module(name), True) for name in re.findall(r"(?:^|\n)[ \t]*+([A-Za-z][\w.\-]*+)", text))
    elif manifest == "go.mod":
        for name, rest in re.findall(r"(?<![\w.\-/])([\w\-]++\.[\w.\-]++/[\w./\-]++)[ \t]++v\d([^\n]*+)", text):
            yield "go", name, "// indirect" not in rest
    elif manifest == "gemfile":
        yield from (("rb", name, True) for name in re.findall(r"""\n[ \t]*+gem\s++["']([\w\-]++)""", "\n" + text))
    elif manifest == "jvm manifest":
        yield from (("jvm", key[4:], True) for key in _INDEX if key.startswith("jvm:") and key[4:] in text)
    else:
        yield from _toml_packages(text, "py" if manifest == "pyproject" else "rs")


def _toml_packages(text: str, registry: str) -> Iterator[tuple[str, str, bool]]:
    section = ""
    array = ""  # the key of one that goes on
    for line in text.split("\n"):
        words = line.partition("#")[0].strip()
        if words.startswith("[") and not array:
            section = words.strip("[] ")
            continue
        key, equals, value = words.partition("=")
        if not array and value.lstrip().startswith("["):
            array = key.strip()
        if array:
            if _names_packages(section) or (section, array) == ("project", "dependencies"):
                found = re.findall(r"""["']([A-Za-z][\w.\-]*+)""", words)
                yield from ((registry, _as_module(name), section == "project") for name in found)
            array = "" if words.endswith("]") else array
        elif equals and _names_packages(section):
            yield registry, _as_module(key.strip().strip("\"'")), section in _RUN_TIME_SECTIONS


def _names_packages(section: str) -> bool:
    return "dependenc" in section or "packages" in section


_RUN_TIME_SECTIONS = ("dependencies", "workspace.dependencies", "tool.poetry.dependencies", "packages")


def _as_module(package: str) -> str:
    return re.sub(r"[-_.]+", "_", package).lower()

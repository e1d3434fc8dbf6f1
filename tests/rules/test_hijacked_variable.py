"""hijacked-variable: which names mean something, and which only look like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.compose.model.taken_names import taken_meaning
from modellint.text.finding import Finding

RULE = "hijacked-variable"
PROJECT = "services:\n  app:\n    image: app\n    models: {}\nmodels: {{llm: {{model: x}}, ld-preload: {{model: y}}}}\n"


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "DYLD_INSERT_LIBRARIES", "PATH", "HOME", "IFS",
        "BASH_ENV", "ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "RUBYOPT",
        "PERL5OPT", "GIT_SSH_COMMAND", "GIT_CONFIG_KEY_0", "BASH_FUNC_ls%%", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE",
        "PIP_INDEX_URL", "OPENSSL_CONF", "EDITOR",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["endpoint_var", "model_var"])
def test_a_name_that_is_taken(name: str, kind: str, find: Callable[..., list[Finding]]) -> None:
    (found,) = find(RULE, PROJECT.format(f'{{llm: {{{kind}: "{name}"}}}}'))
    assert (found.span.text, found.severity or "error") == (name, "error")
    assert found.message.startswith(f"the grant injects `{name}`: ")


@pytest.mark.parametrize(
    "name",
    [
        "LLM_URL", "ld_preload", "LD_PRELOAD_URL", "LD_URL", "PYTHON_MODEL", "MYPATH", "PATH_MODEL", "GIT_URL",
        "HOME_URL", "NODE_MODEL", "OPENAI_BASE_URL", "BASH_FUNC_ls",
    ],
)  # fmt: skip
def test_a_near_miss(name: str, find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, PROJECT.format(f'{{llm: {{model_var: "{name}"}}}}'))
    assert taken_meaning(name) is None


def test_a_derived_name(find: Callable[..., list[Finding]]) -> None:
    assert not find(RULE, PROJECT.format("[ld-preload]"))
    assert [each.message.split("`")[1] for each in find(RULE, PROJECT.format("[llm]").replace("llm", "uv-index"))] == [
        "UV_INDEX_URL"
    ]


def test_a_derived_name_of_an_older_docker_compose() -> None:
    from modellint.compose.model.injection import variable_names
    from modellint.compose.model.versions import features

    names = variable_names("ld-preload", None, None, features("2.39.0"))
    assert [name for name in names if taken_meaning(name)] == ["LD_PRELOAD"]

"""Projects of any size, each long in one way: with `n` of something, they show what grows faster than the input.

`@` in a template is the number of a line, `%` the next one. A shape gives the text of a Compose file, or several files
by their path beside it. To add one: a function with `@shape`; every growth test takes it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = dict[str, str]
Shape: TypeAlias = Callable[[int], Files]

SHAPES: dict[str, Shape] = {}


def shape(build: Callable[[int], str | Files]) -> Callable[[int], str | Files]:
    """Take a shape up into `SHAPES`, under its function's name."""

    def files(n: int) -> Files:
        made = build(n)
        return {"compose.yaml": made} if isinstance(made, str) else made

    SHAPES[build.__name__] = files
    return build


def write(files: Files, folder: Path) -> None:
    """Write a shape's files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def each(n: int, template: str, between: str = "") -> str:
    """A template once for each number below n."""
    return between.join(template.replace("@", str(at)).replace("%", str(at + 1)) for at in range(n))


def services(n: int, body: str, models: int = 1) -> str:
    """Services `s0`, `s1`, … with one body, and models."""
    return "services:\n" + each(n, f"  s@: {{{body}}}\n") + declared(models)


def app(lines: str, models: int = 1) -> str:
    """One service with lines of its own, and models."""
    return f"services:\n  s:\n    image: nginx\n{lines}" + declared(models)


def declared(n: int) -> str:
    """The models `m0`, `m1`, …."""
    return "models:\n" + each(n, '  m@: {model: "ai/a@:x"}\n') if n else ""


def root_of(n: int) -> int:
    """How many rows and columns make about 10 n fields."""
    return int(math.sqrt(n * 10))


@shape
def many_services(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0]")


@shape
def unused_models(n: int) -> str | Files:
    return app("", n)


@shape
def grants_of_one_service(n: int) -> str | Files:
    return app("    models: [" + each(n, "m@", ", ") + "]\n", n)


@shape
def every_model_for_every_service(n: int) -> str | Files:
    side = root_of(n)
    return services(side, f"image: nginx, models: [{each(side, 'm@', ', ')}]", side)


@shape
def undefined_grants(n: int) -> str | Files:
    return app("    models: [" + each(n, "u@", ", ") + "]\n")


@shape
def nearly_defined_grants(n: int) -> str | Files:
    return services(n, "image: nginx, models: [mdoel@]", 0) + "models:\n" + each(n, "  model@: {model: ai/a}\n")


@shape
def nearly_defined_grants_of_one_service(n: int) -> str | Files:
    grants = "    models: [" + each(n, "modelx@", ", ") + "]\n"
    return app(grants, 0) + "models:\n" + each(n, "  modely@: {model: ai/a}\n")


@shape
def defined_and_undefined_grants(n: int) -> str | Files:
    grants = "    models: [" + each(n, "m@, u@", ", ") + "]\n"
    return app(grants, n)


@shape
def grants_with_names(n: int) -> str | Files:
    return app("    models:\n" + each(n, "      m@: {endpoint_var: A, model_var: B}\n"), n)


@shape
def models_of_one_artifact(n: int) -> str | Files:
    granted = "    models: [" + each(n, "m@", ", ") + "]\n"
    return app(granted, 0) + "models:\n" + each(n, "  m@: {model: ai/a, context_size: %}\n")


@shape
def models_on_one_line(n: int) -> str | Files:
    return "services: {s: {image: nginx}}\nmodels: {" + each(n, 'm@: {model: "ai/a:latest"}', ", ") + "}\n"


@shape
def wide_characters(n: int) -> str | Files:
    return "services: {s: {image: nginx}}\nmodels: {" + each(n, '"中文\U0001f600e\u0301@": {model: ai/a}', ", ") + "}\n"


@shape
def services_on_one_line(n: int) -> str | Files:
    return "services: {" + each(n, "s@: {image: nginx, models: [zz]}", ", ") + "}\n"


@shape
def flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp@"\n'))


@shape
def words_among_flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "word@"\n'))


@shape
def repeated_flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp"\n      - "0.@"\n'))


@shape
def repeated_flags_in_brackets(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged("      [" + each(n, '"--temp", "0.@"', ", ") + "]\n")


@shape
def context_in_flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--ctx-size=@"\n'))


@shape
def context_in_flags_of_two_words(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged("      [" + each(n, '"--ctx-size", "@"', ", ") + "]\n")


@shape
def parallel_in_flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--parallel=%"\n'))


@shape
def unknown_flags(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--tempp@=0.2"\n'))


@shape
def flags_with_blanks(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp 0.@"\n'))


def flagged(items: str) -> str:
    """A model with runtime flags."""
    return f"models:\n  m0:\n    model: ai/a\n    context_size: 4096\n    runtime_flags:\n{items}"


@shape
def published_ports(n: int) -> str | Files:
    ports = each(n, '"1@:8000"', ", ")
    return f"services:\n  s:\n    image: vllm/vllm-openai\n    ports: [{ports}]\n"


@shape
def published_ports_of_services(n: int) -> str | Files:
    return services(n, 'image: ollama/ollama, ports: ["1@:11434"]', 0)


@shape
def exposed_ports(n: int) -> str | Files:
    ports = each(n, '"1@"', ", ")
    other = f"  o:\n    image: ollama/ollama\n    expose: [{ports}]\n    ports: [{ports}]\n"
    users = each(n, '  s@: {image: nginx, models: [m0], environment: {OPENAI_BASE_URL: "http://o:8000/v1"}}\n')
    return f"services:\n{users}{other}{declared(1)}"


@shape
def calls_of_the_next_service(n: int) -> str | Files:
    return services(n, 'image: nginx, models: [m0], environment: {OPENAI_BASE_URL: "http://s%:8000/v1"}')


@shape
def calls_of_unknown_hosts(n: int) -> str | Files:
    return services(n, 'image: nginx, models: [m0], environment: {OPENAI_BASE_URL: "http://services@:8000/v1"}')


@shape
def calls_by_one_service(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, '      A@: "http://unknown@:8000/v1"\n'))


@shape
def extra_hosts(n: int) -> str | Files:
    hosts = "    extra_hosts: [" + each(n, '"h@:1.2.3.4"', ", ") + "]\n    environment:\n"
    return app(hosts + each(n, '      A@: "http://h@:8000/v1"\n'))


@shape
def aliases_of_services(n: int) -> str | Files:
    body = 'image: nginx, networks: {default: {aliases: [a@, b@]}}, environment: {A: "http://b%:8000/v1"}'
    return services(n, body)


@shape
def addresses_of_the_runner(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@: http://localhost:12434/\n"))


@shape
def addresses_of_the_runner_for_many_grants(n: int) -> str | Files:
    grants = "    models: [" + each(n, "m@", ", ") + "]\n    environment:\n"
    return app(grants + each(n, "      A@: http://model-runner.docker.internal/\n"), n)


@shape
def overwritten_variables(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      - M0_URL=x@\n"))


@shape
def overwritten_variables_of_many_grants(n: int) -> str | Files:
    grants = "    models: [" + each(n, "m@", ", ") + "]\n    environment:\n"
    return app(grants + each(n, "      M@_URL: x\n"), n)


@shape
def names_of_models(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m@], environment: {A_MODEL: ai/a@}", n)


@shape
def names_of_models_in_one_service(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@_MODEL: ai/b@\n"), n)


@shape
def names_of_engines(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@_MODEL: llama.cpp\n"), n)


@shape
def injected_variables_in_values(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@: ${M0_URL}\n"))


@shape
def injected_variables_of_many_grants(n: int) -> str | Files:
    grants = "    models: [" + each(n, "m@", ", ") + "]\n    environment:\n"
    return app(grants + each(n, "      A@: ${M@_URL}\n"), n)


@shape
def unset_variables_near_to_injected_ones(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@: ${B@_M0_URL}\n"))


@shape
def unset_variables_of_services(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0], environment: {A: '${AI_M0_URL}'}")


@shape
def required_variables_and_files(n: int) -> str | Files:
    """That a fresh clone is meant to lack."""
    text = services(n, "image: '${IMAGE@}', volumes: ['${DIR@}:/x'], env_file: [@.env], environment: {A: '${B@:?}'}")
    return {"compose.yaml": text, **{f"{at}.env.example": "A=1\n" for at in range(n)}}


@shape
def variables_near_to_injected_ones_in_commands(n: int) -> str | Files:
    grants = "    models: [" + each(n, "m@", ", ") + "]\n"
    return app(grants + '    command: ["sh", "-c", "' + each(n, "curl $$AI_M@_URL; ") + '"]\n', n)


@shape
def variables_of_commands(n: int) -> str | Files:
    return services(n, 'image: nginx, models: [m0], command: ["$LLM_URL"]')


@shape
def variables_in_one_value(n: int) -> str | Files:
    return app('    models: [m0]\n    environment: ["X=' + "${LLM_URL}" * n + '"]\n')


@shape
def required_variables(n: int) -> str | Files:
    return app("    environment:\n" + each(n, "      A@: ${B@:?x}\n"))


@shape
def nested_variables(n: int) -> str | Files:
    return app('    command: "' + ("${A:-" * 9 + "}" * 9) * n + '"\n')


@shape
def hijacked_variables(n: int) -> str | Files:
    return services(n, "image: nginx, models: {m0: {model_var: LD_PRELOAD}}")


@shape
def keys_of_providers(n: int) -> str | Files:
    return app(
        "    models: [m0]\n    environment:\n" + each(n, "      A@_GROQ_API_KEY: gsk_4Qm1xYt7bLw0RzPa9Vc2Ju8Hd5K@\n")
    )


@shape
def keys_passed_on(n: int) -> str | Files:
    return app("    models: [m0]\n    environment:\n" + each(n, "      A@_OPENAI_API_KEY: ${A@_OPENAI_API_KEY}\n"))


@shape
def secrets_and_findings_on_one_line(n: int) -> str | Files:
    body = "s@: {image: nginx, models: [zz], environment: {A_TOKEN: x1y2z3w4v@}}"
    return "services: {" + each(n, body, ", ") + "}\n"


@shape
def programs_that_are_given_secrets(n: int) -> str | Files:
    scripts = each(n, "docker login -p x1y2z3w4v@; echo x1y2z3w4@ | sudo -S ls; htpasswd -b f u x1y2z3w4@; ")
    words = each(n, "mongosh, -p, x1y2z3w4v@", ", ")
    return app(f"    models: [zz]\n    command: [{words}]\n    entrypoint: [sh, -c, '{scripts}']\n")


@shape
def commands_of_many_words(n: int) -> str | Files:
    return app("    models: [m0]\n    command:\n" + each(n, "      - http://localhost:1243@\n"))


@shape
def commands_in_a_shell(n: int) -> str | Files:
    return app('    models: [m0]\n    command: ["sh", "-c", "' + "curl $$M0_URL; " * n + '"]\n')


@shape
def commands_that_compose_cuts(n: int) -> str | Files:
    return services(n, 'image: nginx, command: a && b, entrypoint: "a | b"')


@shape
def words_that_no_shell_reads(n: int) -> str | Files:
    return app(
        '    command: ["sh", "-c"' + ', "word"' * n + "]\n    healthcheck: {test: [CMD-SHELL" + ", word" * n + "]}\n"
    )


@shape
def scripts_in_one_another(n: int) -> str | Files:
    return app("    entrypoint: " + "timeout 5 " * n + "sh -c 'true; " + "exec env A=b " * n + "nginx'\n")


@shape
def health_checks(n: int) -> str | Files:
    return services(n, 'image: nginx, models: [m0], healthcheck: {test: "curl $$M0_URL || exit 1"}')


@shape
def one_long_health_check(n: int) -> str | Files:
    return app('    healthcheck:\n      test: "' + "curl http://localhost:12434/ && " * n + ' true"\n')


@shape
def hooks(n: int) -> str | Files:
    return app("    models: [m0]\n    post_start:\n" + '      - command: ["sh", "-c", "curl $$M0_URL"]\n' * n)


@shape
def labels(n: int) -> str | Files:
    return app("    labels:\n" + each(n, "      a.@: http://localhost:12434/\n"))


@shape
def configs(n: int) -> str | Files:
    named = "    models: [m0]\n    configs: [" + each(n, "c@", ", ") + "]\n"
    return app(named) + "configs:\n" + each(n, '  c@: {content: "http://localhost:12434"}\n')


@shape
def networks_of_services(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0], networks: [n@]") + "networks:\n" + each(n, "  n@: {}\n")


@shape
def internal_networks_of_one_service(n: int) -> str | Files:
    named = "    models: [m0]\n    networks: [" + each(n, "n@", ", ") + "]\n"
    return app(named) + "networks:\n" + each(n, "  n@: {internal: true}\n")


@shape
def volumes(n: int) -> str | Files:
    return app("    models: [m0]\n    volumes: [" + each(n, '"./a@:/b@.gguf"', ", ") + "]\n")


@shape
def secrets(n: int) -> str | Files:
    return app("    secrets: [" + each(n, "s@", ", ") + "]\n") + "secrets:\n" + each(n, "  s@: {environment: A@}\n")


@shape
def reservations_of_services(n: int) -> str | Files:
    devices = "[{driver: nvidia, count: 1, capabilities: [gpu]}]"
    body = f"image: vllm/vllm-openai, deploy: {{resources: {{reservations: {{devices: {devices}}}}}}}"
    return services(n, body, 0)


@shape
def reservations_of_one_service(n: int) -> str | Files:
    devices = "            - {driver: nvidia, count: x, capabilities: [gpu]}\n" * n
    return app(f"    deploy:\n      resources:\n        reservations:\n          devices:\n{devices}")


@shape
def agents(n: int) -> str | Files:
    socket = "/var/run/docker.sock:/var/run/docker.sock"
    return services(n, f'image: docker/mcp-gateway, models: [m0], volumes: ["{socket}"], privileged: true')


@shape
def inference_without_a_gpu(n: int) -> str | Files:
    return services(n, 'image: vllm/vllm-openai, command: ["--model", "a/b"]', 0)


@shape
def models_as_images(n: int) -> str | Files:
    return services(n, "image: ai/smollm2", 0)


@shape
def provider_services(n: int) -> str | Files:
    return services(n, "provider: {type: model, options: {model: ai/a}}", 0)


@shape
def provider_services_of_one_service(n: int) -> str | Files:
    providers = each(n, "  p@:\n    provider:\n      type: model\n      options:\n        model: ai/a\n")
    return "services:\n  s:\n    image: nginx\n    depends_on: [" + each(n, "p@", ", ") + f"]\n{providers}"


@shape
def provider_services_each_with_its_user(n: int) -> str | Files:
    providers = each(n, "  p@:\n    provider:\n      type: model\n      options:\n        model: ai/a\n")
    return "services:\n" + each(n, "  s@: {image: nginx, depends_on: [p@]}\n") + f"{providers}"


@shape
def one_provider_service_of_many(n: int) -> str | Files:
    provider = "  p:\n    provider:\n      type: model\n      options:\n        model: ai/a\n"
    users = each(n, "  s@:\n    image: nginx\n    depends_on:\n      - p\n")
    return f"services:\n{users}{provider}"


@shape
def models_of_one_provider_service(n: int) -> str | Files:
    models = each(n, "ai/a", ", ")
    return f"services:\n  p: {{provider: {{type: model, options: {{model: [{models}]}}}}}}\n"


@shape
def dependencies_in_a_chain(n: int) -> str | Files:
    return "services:\n" + each(n, "  s@: {image: nginx, depends_on: [s%]}\n") + f"  s{n}: {{image: nginx}}\n"


@shape
def dependencies_on_a_model(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0], depends_on: [m0]")


@shape
def dependencies_on_models(n: int) -> str | Files:
    return app("    models: [" + each(n, "m@", ", ") + "]\n    depends_on: [" + each(n, "m@", ", ") + "]\n", n)


@shape
def dependencies_on_nothing(n: int) -> str | Files:
    return app("    depends_on: [" + each(n, "x@", ", ") + "]\n")


@shape
def one_base_for_all(n: int) -> str | Files:
    return "services:\n  b: {image: nginx, environment: {A: 1}}\n" + each(n, "  s@: {extends: b}\n")


@shape
def anchors(n: int) -> str | Files:
    return "x-a: &a {A: 1, B: 2}\nservices:\n" + each(n, "  s@: {image: nginx, environment: *a}\n")


@shape
def one_anchor_with_a_grant(n: int) -> str | Files:
    return "x-a: &a {image: nginx, models: [zz]}\nservices:\n" + each(n, "  s@: *a\n")


@shape
def merge_keys(n: int) -> str | Files:
    return "x-a: &a {image: nginx, environment: {A: 1}}\nservices:\n" + each(n, "  s@: {<<: *a}\n")


@shape
def ignore_comments(n: int) -> str | Files:
    return "services:\n" + each(n, "  s@: {image: nginx} # modellint: ignore[unpinned-image] x\n")


@shape
def ignore_comments_for_nothing(n: int) -> str | Files:
    return "services:\n" + "  # modellint: ignore[unpinned-model]\n" * n + "  s: {image: nginx}\n"


@shape
def rules_in_an_ignore_comment(n: int) -> str | Files:
    return "services:\n  s: {image: nginx} # modellint: ignore[" + each(n, "a@", ", ") + "]\n"


@shape
def unknown_keys(n: int) -> str | Files:
    return app(each(n, "    imagee@: x\n"))


@shape
def unknown_sections(n: int) -> str | Files:
    return app("") + each(n, "servicez@: x\n")


@shape
def values_of_the_wrong_type(n: int) -> str | Files:
    return services(n, "image: [1]", 0)


@shape
def items_of_the_wrong_type(n: int) -> str | Files:
    return app("    ports:\n" + "      - {a: 1}\n" * n)


@shape
def broken_references(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + "models:\n" + each(n, "  m@: {model: 'ai/a&sha256:zz'}\n").replace("&", "@")


@shape
def ignored_digests(n: int) -> str | Files:
    models = each(n, "  m@: {model: 'ai/a:x&sha256:" + "0123456789abcdef" * 4 + "'}\n").replace("&", "@")
    return app("    models: [m0]\n", 0) + "models:\n" + models


@shape
def models_without_a_reference(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + "models:\n" + each(n, "  m@: {model: ''}\n")


@shape
def models_of_a_hub(n: int) -> str | Files:
    return app("    models: [m0]\n", 0) + "models:\n" + each(n, "  m@: {model: hf.co/a/b@}\n")


@shape
def names_that_no_shell_reads(n: int) -> str | Files:
    grants = app(f"    models: [{each(n, 'm.@', ', ')}]\n", 0)
    return grants + "models:\n" + each(n, "  m.@: {model: ai/a}\n")


@shape
def env_files(n: int) -> str | Files:
    text = app("    models: [m0]\n    env_file: [" + each(n, "a@.env", ", ") + "]\n")
    return {"compose.yaml": text, **{f"a{at}.env": "M0_URL=x\n" for at in range(n)}}


@shape
def missing_env_files(n: int) -> str | Files:
    return app("    env_file: [" + each(n, "a@.env", ", ") + "]\n")


@shape
def profiles(n: int) -> str | Files:
    return services(n, "image: nginx, profiles: [p@], models: [zz]")


@shape
def build_arguments(n: int) -> str | Files:
    arguments = each(n, "        A@: http://localhost:12434\n")
    return app(f"    models: [m0]\n    build:\n      context: .\n      args:\n{arguments}")


@shape
def dockerfiles(n: int) -> str | Files:
    script = '"FROM a\\nCMD curl $A http://localhost:12434"'
    return services(n, f"build: {{context: ., dockerfile_inline: {script}}}, models: [m0]")


@shape
def grants_of_a_service_that_is_built(n: int) -> str | Files:
    text = "services:\n  s:\n    build: .\n    models: [" + each(n, "m@", ", ") + f"]\n{declared(n)}"
    return {"compose.yaml": text, "main.py": 'import os\nprint(os.environ["HOME"])\n', "Dockerfile": "FROM python\n"}


@shape
def grants_of_a_service_that_reads_near_ones(n: int) -> str | Files:
    text = "services:\n  s:\n    build: .\n    models: [" + each(n, "m@", ", ") + f"]\n{declared(n)}"
    code = "import os\n" + each(n, 'A@ = os.environ["AI_M@_URL"]\n')
    return {"compose.yaml": text, "main.py": code, "Dockerfile": "FROM python\n"}


@shape
def overlays(n: int) -> str | Files:
    base = services(n, "image: nginx, models: [m0], environment: {A: '1'}")
    over = "services:\n" + each(n, '  s@: {environment: {A: "2"}, ports: ["80:80"]}\n')
    return {"compose.yaml": base, "compose.override.yaml": over}


@shape
def flags_of_two_files(n: int) -> str | Files:
    base = app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp@"\n'))
    return {"compose.yaml": base, "compose.override.yaml": base}


@shape
def included_files(n: int) -> str | Files:
    text = "include:\n" + each(n, "  - a@.yaml\n") + "services:\n  s: {image: nginx}\n"
    return {"compose.yaml": text, **{f"a{at}.yaml": f"services:\n  a{at}: {{image: nginx}}\n" for at in range(n)}}


@shape
def exceptions(n: int) -> str | Files:
    """Of a policy, each for another place."""
    policy = "version: 1\nexceptions:\n" + each(
        n, '  - {rule: unpinned-model, where: "*y@.yaml#models.*", reason: r, expires: 2030-01-01}\n'
    )
    return {"compose.yaml": app("", n), ".modellint.yaml": policy}


@shape
def exceptions_that_are_used(n: int) -> str | Files:
    policy = "version: 1\nexceptions:\n" + each(
        n, '  - {rule: unpinned-model, where: "compose.yaml#models.m@", reason: r, expires: 2030-01-01}\n'
    )
    return {"compose.yaml": app("", n), ".modellint.yaml": policy}


@shape
def granted_by_policy(n: int) -> str | Files:
    policy = "version: 1\ngrants:\n" + each(n, "  s@: [m%]\n") + "allow:\n  registries: [" + each(n, "r@", ", ") + "]\n"
    return {"compose.yaml": services(n, "image: nginx, models: [m@]", n), ".modellint.yaml": policy}


@shape
def exceptions_for_nothing(n: int) -> str | Files:
    policy = "version: 1\nexceptions:\n" + each(
        n, '  - {rule: unpinned-model, where: "compose.yaml#models.x@", reason: r, expires: 2090-01-01}\n'
    )
    return {"compose.yaml": app("", n), ".modellint.yaml": policy}


@shape
def exceptions_for_missing_files(n: int) -> str | Files:
    policy = "version: 1\nexceptions:\n" + each(n, '  - {rule: unpinned-model, where: "x/compose@.yaml", reason: r}\n')
    text = "include:\n" + each(n, "  - y/compose@.yml\n") + "services:\n  s: {image: nginx}\n"
    parts = {f"y/compose{at}.yml": f"services:\n  a{at}: {{image: nginx}}\n" for at in range(n)}
    return {"compose.yaml": text, ".modellint.yaml": policy, **parts}


@shape
def exceptions_for_flags(n: int) -> str | Files:
    """Which no exception covers."""
    policy = "version: 1\nexceptions:\n" + each(
        n, '  - {rule: rejected-flag, where: "#models.m0.runtime_flags", about: "--no@", reason: r}\n'
    )
    text = app("    models: [m0]\n", 0) + flagged(each(n, '      - "--no@"\n'))
    return {"compose.yaml": text, ".modellint.yaml": policy}


@shape
def mistakes_of_a_policy(n: int) -> str | Files:
    policy = "version: 1\nrules:\n" + each(n, "  x@: {severity: err}\n") + "exceptions:\n" + each(n, "  - {rule: y@}\n")
    return {"compose.yaml": app("", 1), ".modellint.yaml": policy}


@shape
def exceptions_that_have_run_out(n: int) -> str | Files:
    policy = "version: 1\nexceptions:\n" + each(
        n, '  - {rule: unpinned-model, where: "compose.yaml#models.m@", reason: r, expires: 2020-01-01}\n'
    )
    return {"compose.yaml": app("", n), ".modellint.yaml": policy}


@shape
def forbidden_models_and_flags(n: int) -> str | Files:
    allowed = f"  models: [{each(n, 'a/b@/*', ', ')}]\n  flags: [{each(n, '--f@', ', ')}]\n"
    text = app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp@"\n')) + each(n, "  n@: {model: ai/a@}\n")
    return {"compose.yaml": text, ".modellint.yaml": f"version: 1\nallow:\n{allowed}"}


@shape
def broken_health_checks(n: int) -> str | Files:
    return services(n, 'image: ollama/ollama, healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:11434"]}', 0)


@shape
def colliding_variables(n: int) -> str | Files:
    return app("    models:\n" + each(n, "      m@: {endpoint_var: A@, model_var: A@}\n"), n)


@shape
def dropped_flags(n: int) -> str | Files:
    base = app("    models: [m0]\n", 0) + flagged(each(n, '      - "--temp"\n      - "0.@"\n'))
    over = "models:\n  m0:\n    runtime_flags:\n" + each(n, '      - "--temp"\n      - "1.@"\n')
    return {"compose.yaml": base, "compose.override.yaml": over}


@shape
def repeated_keys(n: int) -> str | Files:
    return app("    image: nginx\n" * n)


@shape
def variables_of_other_services(n: int) -> str | Files:
    granted = each(n, "  s@: {image: nginx, models: {m@: {endpoint_var: E@_URL}}}\n")
    given = each(n, "  t@: {image: nginx, environment: {E@_URL: '${E@_URL}'}}\n")
    return "services:\n" + granted + given + declared(n)


@shape
def consumers_with_a_gpu(n: int) -> str | Files:
    devices = "[{driver: nvidia, count: 1, capabilities: [gpu]}]"
    return services(n, f"image: nginx, models: [m0], deploy: {{resources: {{reservations: {{devices: {devices}}}}}}}")


@shape
def files_outside(n: int) -> str | Files:
    text = services(n, "image: nginx, env_file: [../e@.env]")
    return {"compose.yaml": text, **{f"../e{at}.env": "A=1\n" for at in range(n)}}


@shape
def mounted_weights(n: int) -> str | Files:
    return services(n, 'image: ghcr.io/ggml-org/llama.cpp:server, volumes: ["./m@.gguf:/models/m@.gguf"]', 0)


@shape
def services_without_a_network(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0], network_mode: none")


@shape
def services_in_the_default_network(n: int) -> str | Files:
    """Of which the first half has none, so that it is looked for in all of them."""
    half = each(n // 2, "  h@: {image: nginx, network_mode: host}\n")
    return (
        f"services:\n{half}" + each(n // 2, "  s@: {image: nginx, models: [m0], networks: [default]}\n") + declared(1)
    )


@shape
def ports_in_ranges(n: int) -> str | Files:
    users = each(n, '  s@: {image: nginx, environment: {A_URL: "http://o:2@/v1"}}\n')
    ports = each(n, '"2@-2%:3@-3%"', ", ")
    return f"services:\n{users}  o: {{image: nginx, ports: [{ports}]}}\n"


@shape
def services_of_a_file_that_extends(n: int) -> str | Files:
    """A word in the file makes it possible that services share what is written once."""
    body = "image: nginx, models: [m0], environment: {M0_URL: http://localhost:12434/v1}"
    return "# extends\n" + services(n, body)


@shape
def included_files_with_grants(n: int) -> str | Files:
    text = "include:\n" + each(n, "  - a@.yaml\n") + "services:\n  s: {image: nginx}\n" + declared(1)
    one = "services:\n  a@:\n    image: nginx\n    environment:\n      OPENAI_BASE_URL: http://localhost:12434/v1\n"
    return {"compose.yaml": text, **{f"a{at}.yaml": one.replace("@", str(at)) for at in range(n)}}


# Of the files that a project names: each is read once, or its repetitions are bounded.


@shape
def documents(n: int) -> str | Files:
    return services(n, "image: nginx, environment: [A=1]") + "---\nservices: {}\n" * n


@shape
def services_that_are_taken_out(n: int) -> str | Files:
    return "services:\n  s: {image: nginx}\n" + each(n, "  s@: !reset {image: nginx}\n")


@shape
def labels_that_are_taken_out(n: int) -> str | Files:
    base = app("    labels: {" + each(n, "l@: a", ", ") + "}\n")
    over = "services:\n  s:\n    labels:\n      <<: [&a {x: y}" + ", *a" * n + "]\n"
    return {"compose.yaml": base, "compose.override.yaml": over + each(n, "      l@: !reset a\n")}


@shape
def documents_that_are_refused(n: int) -> str | Files:
    return "services: {a: {image: 1}}\n" + "---\nservices: {}\n" * n


@shape
def services_of_one_env_file(n: int) -> str | Files:
    return {"compose.yaml": services(n, "image: nginx, env_file: a.env"), "a.env": each(n, "A@=@\n")}


@shape
def services_of_one_env_file_with_variables(n: int) -> str | Files:
    return {"compose.yaml": services(n, "image: nginx, env_file: a.env"), "a.env": "A=$B\n"}


@shape
def env_files_that_git_ignores(n: int) -> str | Files:
    ignored = each(n, "a@\n*b@\nc@*\n")
    return {"compose.yaml": services(n, "image: nginx, env_file: x/y@.env"), ".gitignore": ignored, ".git/HEAD": ""}


@shape
def includes_of_one_file(n: int) -> str | Files:
    entries = each(n, " - {path: a.yaml, project_directory: d@}\n")
    return {"compose.yaml": f"include:\n{entries}", "a.yaml": services(3, "image: nginx")}


@shape
def includes_with_one_env_file(n: int) -> str | Files:
    entries = each(n, " - {path: a@.yaml, env_file: a.env}\n")
    parts = {f"a{at}.yaml": "services: {}\n" for at in range(n)}
    return {"compose.yaml": f"include:\n{entries}", "a.env": each(n, "A@=@\n"), **parts}


@shape
def one_config_of_all_services(n: int) -> str | Files:
    return services(n, "image: nginx, configs: [c]") + '  \nconfigs: {c: {content: "' + each(n, "http://h@ ") + '"}}\n'


@shape
def addresses_in_one_word(n: int) -> str | Files:
    return 'services: {s: {image: nginx, command: ["' + "http://a/" * n + "x" * n + '"]}}\n'


def built(models_declared: int, context: Files, models: str = "m0") -> Files:
    """A service that is built of some files; its code reads a variable that nothing sets."""
    files = {f"app/{name}": text for name, text in context.items()}
    body = f"    build: app\n    models: [{models}]\n"
    start = {"app/Dockerfile": "FROM python:3\n", "app/main.py": 'import os\nos.environ["OTHER"]\n'}
    return {"compose.yaml": "services:\n  s:\n" + body + declared(models_declared), **start, **files}


@shape
def exceptions_in_a_dockerignore(n: int) -> str | Files:
    folders = {f"d{at}/a.txt": "" for at in range(n)}
    return built(1, {".dockerignore": "d*\n" + each(n, "!e@/a\n"), **folders})


@shape
def names_of_an_import(n: int) -> str | Files:
    return built(1, {"a.py": each(n, "from os import environ as a@\n") + each(n, 'a@["A"]\n')})


@shape
def one_import_of_many_parts(n: int) -> str | Files:
    return built(1, {"a.py": "import " + "a." * n + "a\n"})


@shape
def one_object_taken_apart_often(n: int) -> str | Files:
    return built(1, {"a.js": "const {" + "a," * n + "}" + "=process.env}" * n + "\n"})


@shape
def names_looked_for_in_files(n: int) -> str | Files:
    data = {f"data/{at}.txt": "M0_URL1 " * 50 for at in range(n)}
    return built(n, data, each(n, "m@", ", "))


@shape
def stages_of_a_dockerfile(n: int) -> str | Files:
    return built(1, {"Dockerfile": "FROM a AS s0\n" + each(n, "FROM s@ AS s%\n")})


@shape
def options_of_an_instruction(n: int) -> str | Files:
    return built(1, {"Dockerfile": "FROM a\nCMD " + "--a " * n + "echo $A\n"})


@shape
def here_documents_that_never_end(n: int) -> str | Files:
    return built(1, {"Dockerfile": "FROM a\n" + "RUN <<E\n" * n})

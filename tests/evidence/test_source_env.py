"""What code reads: what is certain is found, what only looks alike is not, and what cannot be seen is said."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from modellint.evidence.build_context import ContextLimits
from modellint.evidence.languages import RUN_TIME
from modellint.evidence.mentions import standing
from modellint.evidence.source_env import Code, read_code

# A language's file, code, the names that it reads, and why it may read others. `~X` is a name that is kept aside.
Case = tuple[str, str, str, str]

PYTHON = [
    ('import os\nos.environ["X"]', "X", ""),
    ("os.environ['X']", "X", ""),
    ('os.environ.get("X")', "X", ""),
    ('os.environ.get("X", "default")', "X", ""),
    ('os.environ.get(\n    "X",\n    "default",\n)', "X", ""),
    ('os . environ["X"]', "", ""),
    ('os.environ.setdefault("X", "y")', "X", ""),
    ('os.environ.pop("X", None)', "X", ""),
    ('os.getenv("X") or os.getenv("Y", "d")', "X Y", ""),
    ('os.getenv(key="X")', "X", ""),
    ('if "X" in os.environ: pass', "X", ""),
    ('if "X" not in os.environ: pass', "X", ""),
    ("from os import environ\nenviron['X']", "X", ""),
    ('from os import getenv, path\ngetenv("X")', "X", ""),
    ('from os import (\n    environ as env,\n    getenv as g,\n)\nenv["X"]; g("Y"); env.get("Z")', "X Y Z", ""),
    ('from os import *\nenviron["X"]', "X", ""),
    ('from decouple import config\nconfig("X", default=1, cast=int)', "X", ""),
    ('from environs import Env\nenv = Env()\nenv.str("X"); env("Y"); env.int("Z", 1); env.read_env()', "X Y Z", ""),
    ('import environ\nenv = environ.Env()\nenv("X"); env.bool("Y", default=False)', "X Y", ""),
    ('@click.option("--url", envvar="X")', "X", ""),
    ('typer.Option("u", envvar=["X", "Y"], show_envvar=True)', "X Y", ""),
    ('parser.add("--url", env_var="X")', "X", ""),
    ('f"{os.environ["X"]}/v1" + f\'{os.getenv("Y")}\'', "X Y", ""),
    ("rf\"{os.environ['X']}\"", "X", ""),
    ('f"""\n{os.environ["X"]}\n"""', "X", ""),
    ("os.environ['A.B-c']", "A.B-c", ""),
    # not read, or not surely
    ('# os.getenv("OLD")', "~OLD", ""),
    ("'''os.getenv(\"OLD\")'''", "~OLD", ""),
    ('"""\nexample:\n    os.environ["OLD"]\n"""\nos.environ["X"]', "X ~OLD", ""),
    ("print('set os.environ[\"OLD\"] first')", "~OLD", ""),
    ("\"it's\" # os.getenv('OLD')\nos.getenv('X')", "X ~OLD", ""),
    ("'#'; os.getenv('X')", "X", ""),
    ("print('{os.environ[\"OLD\"]}'.format())", "~OLD", ""),
    ("f'{a} os.environ[\"OLD\"]'", "~OLD", ""),
    ('request.environ["REQUEST_METHOD"]', "", ""),
    ('environ["wsgi.input"]', "", ""),
    ('def app(environ, start): return environ["X"]', "", ""),
    ('myos.environ["X"]; self.os.environ["Y"]; os.environment["Z"]', "", ""),
    ('getenv("X")', "", ""),
    ('config("X")', "~X", ""),
    ('config("x")', "", ""),
    ('app.config("X")', "", ""),
    ('env("X"); env.str("Y")', "~X ~Y", ""),
    ('settings.env("X"); myenv("Y")', "", ""),
    ("os.environ.update(A='x')", "", ""),
    ('os.environ["X"] = "y"', "~X", ""),
    ('if "X" not in os.environ:\n    os.environ["X"] = ask()', "~X", ""),
    ('os.environ["X"] == "y"', "X", ""),
    ('os.environ["X"] = os.environ["Y"]', "Y ~X", ""),
    ('patch.dict("os.environ", {"X": "y"})', "", ""),
    # opaque
    ("os.environ[name]", "", RUN_TIME),
    ('os.environ[f"{prefix}_URL"]', "", RUN_TIME),
    ('os.environ["A" + b]', "", RUN_TIME),
    ("os.environ.get(name, None)", "", RUN_TIME),
    ("os.getenv(name)", "", RUN_TIME),
    ('os.getenv("A" if b else "C")', "", RUN_TIME),
    ("map(os.getenv, names)", "", RUN_TIME),
    ("dict(os.environ)", "", RUN_TIME),
    ("for key in os.environ: pass", "", RUN_TIME),
    ("for key, value in os.environ.items(): pass", "", RUN_TIME),
    ("env = os.environ.copy()", "", RUN_TIME),
    ("run(command, env={**os.environ, 'A': 'b'})", "", RUN_TIME),
    ("name in os.environ", "", RUN_TIME),
    ("import os as system\nsystem.environ['X']", "", RUN_TIME),
    ("from os import environ\nload(environ)", "", RUN_TIME),
    ("from os import getenv\ngetenv(name)", "", RUN_TIME),
    ("from decouple import config\nconfig(name)", "", RUN_TIME),
    ("with env.prefixed('APP_'): pass", "", RUN_TIME),
    ("@click.option('--url', envvar=NAME)", "", RUN_TIME),
    ("cli(auto_envvar_prefix='APP')", "", RUN_TIME),
    ("app.config.from_prefixed_env()", "", RUN_TIME),
    ("os.path.expandvars(text)", "", RUN_TIME),
    ("from starlette.config import Config\nconfig = Config('.env')\nconfig('X')", "X", RUN_TIME),
    ("from dynaconf import Dynaconf", "", "dynaconf"),
    ("import hydra", "", "hydra"),
    ("from omegaconf import OmegaConf", "", "hydra"),
    ("# os.environ[name]", "", ""),
    ("'os.environ[name]'", "", ""),
]
SETTINGS = [
    (
        "from pydantic_settings import BaseSettings\n"
        "class Settings(BaseSettings):\n"
        '    """What is set.\n\n    note: nothing\n    """\n'
        "    model_config = SettingsConfigDict(env_file='.env')\n"
        "    x: str\n"
        "    y_z: int = 1\n"
        "    kind: ClassVar[str] = 'a'\n"
        "    _private: str\n\n"
        "    def method(self) -> str:\n"
        "        inner: str = 'x'\n"
        "        return inner\n"
        "other: str = 'x'\n",
        "X Y_Z ~NOTE",
    ),
    (
        "class S(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='app_')\n"
        "    x: str\n"
        "    y: str = Field('d', validation_alias='LLM_URL', description='z')\n",
        "APP_X LLM_URL",
    ),
    ("class S(BaseSettings):\n    x: str = Field(alias=AliasChoices('A', 'B'), default='c')\n", "A B"),
    ("class S(BaseSettings):\n    x: str = Field(\n        default='d',\n        env=['A', 'B'],\n    )\n", "A B"),
    ("class S(Mixin, BaseSettings, extra='x'):\n    x: str\n    class Config:\n        env_prefix = 'P_'\n", "P_X"),
    ("class S(BaseSettings):\n    x: str\n    class Config:\n        env_prefix = PREFIX\n", ""),
    ("class S(BaseSettings): pass", ""),
    ("settings: BaseSettings = make()", ""),
]
JAVASCRIPT = [
    ("process.env.X", "X", ""),
    ('process.env["X"]', "X", ""),
    ("process.env['X']", "X", ""),
    ("process.env[`X`]", "X", ""),
    ("process.env?.X; process.env.Y!; process?.env", "X Y", ""),
    ("process.env!.X; process.env?.['Y']", "X Y", ""),
    ("const x = process.env\n  .X;", "X", ""),
    ("globalThis.process.env.X; global.process.env.Y", "X Y", ""),
    ("const { A, B: b = 'x' } = process.env;", "A B", ""),
    ("const {\n  A,\n  B,\n} = process.env", "A B", ""),
    ("const { A = f(x, y) } = process.env", "~A ~y", ""),
    ("if ('X' in process.env) {}", "X", ""),
    ("typeof process !== 'undefined' && process.env && process.env.X", "X", ""),
    ("process.env.X ??= 'y'; process.env.Y || 'z'", "X Y", ""),
    ("if (process.env.X === 'y') {}", "X", ""),
    ("const f = () => process.env.X", "X", ""),
    ("`${process.env.X}/v1`", "X", ""),
    ("`a ${b} ${process.env['X'] ?? 'c'}`", "X", ""),
    ("import.meta.env.VITE_X; import.meta.env['VITE_Y']", "VITE_X VITE_Y", ""),
    ("import.meta.env.MODE + import.meta.env.BASE_URL", "", ""),
    ('Deno.env.get("X"); Deno.env.has("Y"); Deno.env.set("Z", "z")', "X Y", ""),
    ("Bun.env.X", "X", ""),
    ('import { env } from "$env/dynamic/private";\nenv.X; env["Y"]', "X Y", ""),
    ("import { env as e } from '$env/dynamic/public'\ne.X", "X", ""),
    ("import { A, B as c } from '$env/static/private'", "A B", ""),
    ("import { env } from 'node:process';\nconst a = env.X", "X", ""),
    ("import { argv, env } from 'process';\nenv.X", "X", ""),
    (
        "import { ConfigService } from '@nestjs/config';\n"
        "this.configService.get<string>('X'); config.getOrThrow('Y'); map.get('Z')",
        "X Y",
        "",
    ),
    # not read, or not surely
    ("// process.env.OLD", "~OLD", ""),
    ("/* process.env.OLD\n */ process.env.X", "X ~OLD", ""),
    ("'process.env.OLD'", "~OLD", ""),
    ('throw new Error("set process.env.OLD")', "~OLD", ""),
    ("`set process.env.OLD`", "~OLD", ""),
    ("`${a} process.env.OLD`", "~OLD", ""),
    ("'http://x'; process.env.X", "X", ""),
    ("<p>Don't</p>\n{process.env.X}", "X", ""),
    ("myprocess.env.X; this.process.env.X; $process.env.X; process.envX; process.environment.X", "", ""),
    ("env.X; ctx.env.X; c.env['X']", "", ""),
    ("import { env } from './env';\nenv.X", "", ""),
    ("process.env.X = 'y'", "~X", ""),
    ("process.env['X'] = 'y'", "~X", ""),
    ("import.meta.environment.X", "", ""),
    ("config.get('X')", "", ""),
    ("DefinePlugin({ 'process.env.X': 1 })", "~X", ""),
    # opaque
    ("process.env[name]", "", RUN_TIME),
    ("process.env[`${prefix}_URL`]", "", RUN_TIME),
    ("spawn(x, { env: { ...process.env, A: 'b' } })", "", RUN_TIME),
    ("const env = process.env;", "", RUN_TIME),
    ("const { A, ...rest } = process.env", "", RUN_TIME),
    ("schema.parse(process.env)", "", RUN_TIME),
    ("Object.keys(process.env)", "", RUN_TIME),
    ("process.env.hasOwnProperty(name)", "", RUN_TIME),
    ("name in process.env", "", RUN_TIME),
    ("Deno.env.toObject()", "", RUN_TIME),
    ("Deno.env.get(name)", "", RUN_TIME),
    ("import * as env from '$env/static/private'", "", RUN_TIME),
    ('import { env } from "$env/dynamic/private";\nload(env)', "", RUN_TIME),
    ("import { cleanEnv } from 'envalid'", "", RUN_TIME),
    ("const config = require('config')", "", RUN_TIME),
    ("const { createEnv } = await import('@t3-oss/env-nextjs')", "", RUN_TIME),
    ("new Option('-u').env('APP'); // commander", "", RUN_TIME),
    ("const c = useRuntimeConfig()", "", "Nuxt's runtime configuration"),
    ("// process.env[name]", "", ""),
]
GO = [
    ('os.Getenv("X")', "X", ""),
    ("os.Getenv(`X`)", "X", ""),
    ('v, ok := os.LookupEnv("X")', "X", ""),
    ('syscall.Getenv("X")', "X", ""),
    ('type C struct {\n\tURL string `json:"url" env:"X,required" envDefault:"y"`\n\tB int `env:"Y"`\n}', "X Y", ""),
    ('B string `envconfig:"X"`', "X", ""),
    ('&cli.StringFlag{EnvVars: []string{"X", "Y"}}', "X Y", ""),
    ('Sources: cli.EnvVars("X", "Y")', "X Y", ""),
    ('EnvVar: "X",', "X", ""),
    ('// os.Getenv("OLD")', "~OLD", ""),
    ('/* os.Getenv("OLD") */', "~OLD", ""),
    ('fmt.Println("os.Getenv(`OLD`)")', "~OLD", ""),
    ('`\nos.Getenv("OLD")\n`', "~OLD", ""),
    ('"http://x"; os.Getenv("X")', "X", ""),
    ('\'"\'; os.Getenv("X")', "X", ""),
    ('myos.Getenv("X"); cfg.Getenv("X"); Getenv("X"); os.GetenvX("X")', "", ""),
    ('os.Setenv("X", "y"); os.Getenv("X")', "~X", ""),
    ("os.Getenv(name)", "", RUN_TIME),
    ('os.Getenv("A" + b)', "", RUN_TIME),
    ("get := os.Getenv", "", RUN_TIME),
    ("os.LookupEnv(key)", "", RUN_TIME),
    ("os.Environ()", "", RUN_TIME),
    ("os.ExpandEnv(s)", "", RUN_TIME),
    ("os.Expand(s, f)", "", RUN_TIME),
    ('DB DB `envPrefix:"DB_"`', "", RUN_TIME),
    ('import "github.com/spf13/viper"', "", "viper"),
    ('import (\n\t"os"\n\t"github.com/kelseyhightower/envconfig"\n)', "", "envconfig"),
    ('import "github.com/knadh/koanf/v2"', "", "koanf"),
]
JVM = [
    ('System.getenv("X")', "X", ""),
    ('System.getenv()["X"] ?: "y"', "X", ""),
    ('System.getenv().getOrDefault("X", "y")', "X", ""),
    ('System.getenv().get("X")', "X", ""),
    ('"${System.getenv("X")}"', "X", ""),
    ('@Value("${X}") String a;', "X", ""),
    ('@Value("${X:http://y}") String a;', "X", ""),
    ('@Value(value = "${A:${B}}") String a;', "A B", ""),
    ('@Value("\\${X}") lateinit var a: String', "X", ""),
    ('@Value("${app.base-url}") String a;', "~APP_BASE_URL ~APP_BASEURL", ""),
    ("@Value(\"#{systemEnvironment['X']}\") String a;", "X", ""),
    ('env.getProperty("app.url")', "~APP_URL", ""),
    ('sys.env("X"); sys.env.get("Y"); sys.env.getOrElse("Z", "z")', "X Y Z", ""),
    ('Properties.envOrElse("X", "y")', "X", ""),
    ("System.env.X; System.env['Y']", "X Y", ""),
    ('// System.getenv("OLD")', "~OLD", ""),
    ('/**\n * System.getenv("OLD")\n */', "~OLD", ""),
    ('"""\nSystem.getenv("OLD")\n"""', "~OLD", ""),
    ('log("System.getenv(\\"OLD\\")")', "", ""),
    ('MySystem.getenvs("X"); System.getProperty("X")', "", ""),
    ("System.getenv()", "", RUN_TIME),
    ("System.getenv(name)", "", RUN_TIME),
    ("System.getenv().forEach((k, v) -> f(k, v));", "", RUN_TIME),
    ("import static java.lang.System.getenv;", "", RUN_TIME),
    ("sys.env.foreach(f)", "", RUN_TIME),
    ('@ConfigurationProperties(prefix = "app")', "", "Spring properties"),
    ("package a;\nimport io.quarkus.runtime.Quarkus;", "", "Quarkus"),
    ("package a;\nimport io.micronaut.http.annotation.Get;", "", "Micronaut"),
]
CSHARP = [
    ('Environment.GetEnvironmentVariable("X")', "X", ""),
    ('Environment.GetEnvironmentVariable("X", EnvironmentVariableTarget.Process)', "X", ""),
    ('Configuration["X"]', "X", ""),
    ('builder.Configuration["A:B"]', "A__B", ""),
    ('_configuration["A:B"]; config["C"]', "A__B C", ""),
    ('configuration.GetValue<string>("A:B")', "A__B", ""),
    ('configuration.GetSection("A").Get<Options>()', "A", ""),
    ('$"{Environment.GetEnvironmentVariable("X")}/v1"', "X", ""),
    ('// Environment.GetEnvironmentVariable("OLD")', "~OLD", ""),
    ('"{Environment.GetEnvironmentVariable("', "", ""),
    ('Configuration["X"] = "y"', "~X", ""),
    ('reconfigure["X"]; property.GetValue<string>("X")', "", ""),
    ("Environment.GetEnvironmentVariable(name)", "", RUN_TIME),
    ("Environment.GetEnvironmentVariables()", "", RUN_TIME),
    ("Environment.ExpandEnvironmentVariables(s)", "", RUN_TIME),
    ("new ConfigurationBuilder().AddEnvironmentVariables()", "", "the configuration of .NET"),
    ("WebApplication.CreateBuilder(args)", "", "the configuration of .NET"),
    ("Host.CreateApplicationBuilder(args)", "", "the configuration of .NET"),
    ("Kernel.CreateBuilder()", "", ""),
]
RUBY = [
    ('ENV["X"]', "X", ""),
    ("ENV['X']", "X", ""),
    ('ENV.fetch("X")', "X", ""),
    ('ENV.fetch("X", "y")', "X", ""),
    ("ENV.fetch('X') { 'y' }", "X", ""),
    ('ENV.fetch "X", "y"', "X", ""),
    ('ENV.dig("X")', "X", ""),
    ('ENV.key?("X")', "X", ""),
    ('ENV["X"] ||= "y"', "X", ""),
    ('::ENV["X"]', "X", ""),
    ("\"#{ENV['X']}/v1\"", "X", ""),
    ('# ENV["OLD"]', "~OLD", ""),
    ("'set ENV[\"OLD\"]'", "~OLD", ""),
    ('MYENV["X"]; Foo::ENV["X"]; self.ENV["X"]; ENVX["X"]', "", ""),
    ('ENV["X"] = "y"', "~X", ""),
    ('ENV["X"] == "y"', "X", ""),
    ("ENV[name]", "", RUN_TIME),
    ('ENV["#{prefix}_URL"]', "", RUN_TIME),
    ("ENV.to_h", "", RUN_TIME),
    ("ENV.each { |k, v| f(k, v) }", "", RUN_TIME),
    ("ENV.update('A' => 'b')", "", ""),
]
RUST = [
    ('std::env::var("X")', "X", ""),
    ('env::var_os("X").unwrap()', "X", ""),
    ('env!("X"); option_env!("Y")', "X Y", ""),
    ('dotenvy::var("X")', "X", ""),
    ('#[arg(long, env = "X", default_value = "y")]\nurl: String', "X", ""),
    ('#[clap(long, env="X")]', "X", ""),
    ('Arg::new("u").env("X")', "X", ""),
    ('#[envconfig(from = "X")]', "X", ""),
    ("fn f<'a>(x: &'a str) { env::var(\"X\") }", "X", ""),
    ('\'"\'; env::var("X")', "X", ""),
    ('// env::var("OLD")', "~OLD", ""),
    ('"env::var(OLD)"', "", ""),
    ('/* env::var("OLD") */', "~OLD", ""),
    ('let env = "production";', "", ""),
    ('Command::new("a").env("X", "y")', "", ""),
    ('myenv::var("X")', "X", ""),
    ("env::var(name)", "", RUN_TIME),
    ("env::vars()", "", RUN_TIME),
    ("for (k, v) in std::env::vars_os() {}", "", RUN_TIME),
    ("use std::env::var;", "", RUN_TIME),
    ("use std::env::{args, var};", "", RUN_TIME),
    ("#[arg(long, env)]", "", RUN_TIME),
    ("use envy::from_env;", "", "envy"),
    ("use figment::Figment;", "", "figment"),
    ('config::Environment::with_prefix("APP")', "", "the config crate"),
]
PHP = [
    ("<?php getenv('X');", "X", ""),
    ('<?php getenv("X", true);', "X", ""),
    ("<?php $_ENV['X'] ?? 'y';", "X", ""),
    ("<?php $_SERVER['X'];", "X", ""),
    ("<?php return ['url' => env('X', 'y')];", "X", ""),
    ("<?php Env::get('X');", "X", ""),
    ("<?php #[Autowire(env: 'X')] string $a;", "X", ""),
    ("<?php $c->parameters()->set('a', '%env(string:X)%');", "X", ""),
    ("<?php \"{$_ENV['X']}/v1\";", "X", ""),
    ("<?php // getenv('OLD')", "~OLD", ""),
    ("<?php # getenv('OLD')", "~OLD", ""),
    ("<?php /* getenv('OLD') */", "~OLD", ""),
    ("<?php echo \"getenv('OLD')\";", "~OLD", ""),
    ("<?php $this->getenv('X'); A::getenv('X'); mygetenv('X'); $env('X'); $a->env('X');", "", ""),
    ("<?php $_ENV['X'] = 'y';", "~X", ""),
    ("<?php getenv($name);", "", RUN_TIME),
    ("<?php getenv();", "", RUN_TIME),
    ("<?php $_ENV[$name];", "", RUN_TIME),
    ("<?php foreach ($_ENV as $k => $v) {}", "", RUN_TIME),
    ("<?php env($name);", "", RUN_TIME),
]
ELIXIR = [
    ('System.get_env("X")', "X", ""),
    ('System.get_env("X", "y")', "X", ""),
    ('System.get_env "X"', "X", ""),
    ('System.fetch_env!("X")', "X", ""),
    ('System.fetch_env("X")', "X", ""),
    ('"#{System.get_env("X")}/v1"', "X", ""),
    ('# System.get_env("OLD")', "~OLD", ""),
    ('@doc """\nSystem.get_env("OLD")\n"""', "~OLD", ""),
    ('System.get_environment("X")', "", ""),
    ("System.get_env()", "", RUN_TIME),
    ("System.get_env(name)", "", RUN_TIME),
    ("Enum.map(names, &System.get_env/1)", "", RUN_TIME),
]
FILES = [
    ("application.yml", "url: ${X:http://y}\nkey: ${Y}\nb: ${app.url}\n# c: ${OLD}\n", "X Y ~OLD", ""),
    ("src/main/resources/a.properties", "url=${X}\n#b=${OLD}\n", "X ~OLD", ""),
    ("application.conf", 'url = "http://y"\nurl = ${?X}\n# a = ${OLD}\nb = "${NO}"\n', "X ~OLD ~NO", ""),
    ("config/database.yml", "url: <%= ENV['X'] %>\nport: <%= ENV.fetch('Y', 1) %>\nENV: test\n", "X Y", ""),
    ("config/services.yaml", "parameters:\n  url: '%env(string:X)%'\n  # b: '%env(OLD)%'\n", "X ~OLD", ""),
    ("other.yml", "url: ${X}\n", "", ""),
    ("a.vue", "<template>it's</template>\n<script>\nconst x = import.meta.env.VITE_X\n</script>\n", "VITE_X", ""),
    ("a.svelte", "<!-- process.env.OLD -->\n<script>\nprocess.env.X\n</script>\n", "X ~OLD", ""),
    ("a.astro", "---\nconst x = import.meta.env.X;\n---\n", "X", ""),
    ("a.mjs", "process.env.X", "X", ""),
    ("a.cts", "process.env.X", "X", ""),
    ("build.kts", 'System.getenv("X")', "X", ""),
    ("a.groovy", "def u = 'http://y'; System.getenv('X')", "X", ""),
    ("config.ru", "ENV['X']", "X", ""),
    ("a.d.ts", "process.env.X", "", ""),
    ("a.min.js", "process.env.X", "", ""),
    ("a.cpp", 'getenv("X")', "", "contains C++ code"),
    ("app.jar", "PK", "", "contains a compiled program"),
    ("run.sh", "echo $X", "", ""),
]
LANGUAGES = {
    "py": PYTHON, "ts": JAVASCRIPT, "go": GO, "java": JVM, "cs": CSHARP, "rb": RUBY, "rs": RUST, "php": PHP,
    "ex": ELIXIR,
}  # fmt: skip
CASES: list[Case] = [
    *((f"a.{ending}", code, names, opaque) for ending, cases in LANGUAGES.items() for code, names, opaque in cases),
    *(("a.py", code, names, "pydantic settings") for code, names in SETTINGS),
    *FILES,
]


def lay(folder: Path, files: Mapping[str, str | bytes]) -> str:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def names_of(code: Code) -> set[str]:
    return {*code.reads, *(f"~{name}" for name in code.aside)}


@pytest.mark.parametrize(("name", "text", "names", "opaque"), CASES)
def test_code(tmp_path: Path, name: str, text: str, names: str, opaque: str) -> None:
    code = read_code(lay(tmp_path, {name: text}))
    assert names_of(code) == set(names.split())
    assert code.opaque == opaque
    assert code.complete


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, names, _ in CASES if names])
def test_a_span_covers_a_name(tmp_path: Path, name: str, text: str) -> None:
    """Or the field of a class of settings, which is the name in lower case and without a prefix."""
    code = read_code(lay(tmp_path, {name: text}))
    for variable, span in code.reads.items():
        assert variable.endswith(span.text.upper().replace(":", "__")) or span.text == variable
        assert span.source.private
        assert span.source.path == os.path.normpath(tmp_path / name)


@pytest.mark.parametrize(("name", "text", "names", "opaque"), CASES)
def test_other_code_around_does_not_matter(tmp_path: Path, name: str, text: str, names: str, opaque: str) -> None:
    """CRLF, a byte order mark, and other text that is not ASCII."""
    if "\n" in text and name.endswith((".yml", ".properties", ".conf")):
        pytest.skip("the first line counts")
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + "\r\né = 'ü'\r\n".encode()
    code = read_code(lay(tmp_path, {name: data}))
    assert set(code.reads) == {word for word in names.split() if not word.startswith("~")}
    assert code.opaque == opaque


def test_where_first(tmp_path: Path) -> None:
    files = {"b/z.py": "import os\nx = os.getenv('X')\n", "c.py": "os.getenv('Y')\n\n é = os.environ['X']\n"}
    code = read_code(lay(tmp_path, files))
    assert code.reads["X"].source.path == str(tmp_path / "c.py")
    assert code.reads["X"].first == (3, 18)
    assert (code.reads["X"].source is code.reads["Y"].source, code.files) == (True, 2)


def test_paths_are_normalised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"app/src/a.py": "os.getenv('X')"})
    monkeypatch.chdir(tmp_path)
    assert read_code("./app/").reads["X"].source.path == str(Path("app/src/a.py"))


def test_tests_and_examples_are_kept_aside(tmp_path: Path) -> None:
    files = {
        "a.py": "os.getenv('A'); os.getenv('B')",
        "tests/a.py": "os.getenv('B'); os.getenv('T'); dict(os.environ)\nimport openai",
        "examples/a.py": "os.getenv('E')",
        "b.test.ts": "process.env.J",
    }
    code = read_code(lay(tmp_path, files))
    assert (set(code.reads), code.opaque, code.implicit, code.files) == ({"A", "B"}, "", {}, 1)
    assert {"T", "E", "J", "OPENAI_BASE_URL"} <= code.aside


def test_an_example_may_be_the_program(tmp_path: Path) -> None:
    assert read_code(lay(tmp_path, {"a.py": "", "examples/a.py": "dict(os.environ)"})).opaque == RUN_TIME


SDKS = [
    ({"a.py": "from openai import OpenAI"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"a.py": "import os, openai"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"a.py": "def f():\n    import openai"}, "OPENAI_API_KEY", "the OpenAI SDK"),
    ({"a.py": "from langchain_openai import ChatOpenAI"}, "OPENAI_API_BASE", "LangChain"),
    ({"a.py": "import ollama"}, "OLLAMA_HOST", "the Ollama client"),
    ({"a.py": "from litellm import completion"}, "OLLAMA_API_BASE", "LiteLLM"),
    ({"a.py": "from litellm import completion"}, "HOSTED_VLLM_API_BASE", "LiteLLM"),
    ({"a.py": "from anthropic import Anthropic"}, "ANTHROPIC_BASE_URL", "the Anthropic SDK"),
    ({"a.py": "from google import genai"}, "GOOGLE_GEMINI_BASE_URL", "the Gen AI SDK"),
    ({"a.py": "import transformers"}, "HF_ENDPOINT", "huggingface_hub"),
    ({"a.py": "from crewai import Agent"}, "OPENAI_API_BASE", "CrewAI"),
    ({"a.py": "from llama_index.llms.openai import OpenAI"}, "OPENAI_API_BASE", "LlamaIndex"),
    ({"a.ts": "import OpenAI from 'openai';"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"a.js": "const { OpenAI } = require('openai')"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"a.ts": 'import { openai } from "@ai-sdk/openai"'}, "OPENAI_BASE_URL", "the AI SDK"),
    ({"a.go": 'import "github.com/openai/openai-go/v2/option"'}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"requirements.txt": "# x\nopenai>=1\n"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"requirements.txt": "langchain-openai==1\n"}, "OPENAI_API_BASE", "LangChain"),
    (
        {"pyproject.toml": '[project]\ndependencies = [\n  "x[y]",\n  "openai>=1",\n]\n'},
        "OPENAI_BASE_URL",
        "the OpenAI SDK",
    ),
    ({"pyproject.toml": '[tool.poetry.dependencies]\nopenai = "^1"\n'}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"package.json": '{"dependencies": {"a": "1", "openai": "^5"}}'}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"go.mod": "require (\n\tgithub.com/openai/openai-go/v2 v2.1.0\n)\n"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"Gemfile": "source 'x'\ngem 'openai'\n"}, "OPENAI_BASE_URL", "the OpenAI SDK"),
    ({"pom.xml": "<groupId>org.springframework.boot</groupId>"}, "SPRING_AI_OPENAI_BASE_URL", "Spring Boot"),
    ({"A.java": "package a;\nimport org.springframework.boot.X;"}, "SPRING_AI_OPENAI_BASE_URL", "Spring Boot"),
]


@pytest.mark.parametrize(("files", "name", "sdk"), SDKS)
def test_what_an_sdk_reads(tmp_path: Path, files: dict[str, str], name: str, sdk: str) -> None:
    code = read_code(lay(tmp_path, files))
    assert code.sdk(name) == sdk
    assert (code.sdk("LLM_URL"), code.opaque, code.reads) == ("", "", {})


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "from .openai import client\nfrom app.openai import x\nfrom app import openai"},
        {"a.py": "import openai_tools"},
        {"a.py": "# import openai"},
        {"a.ts": "import x from './openai'; import y from '@/openai'; import z from 'openai-edge'"},
        {"a.go": 'import "example.com/openai"'},
        {"requirements.txt": "openai-whisper\n# openai\n-r openai.txt\n"},
        {"pyproject.toml": '[project]\nname = "openai"\nkeywords = ["openai"]\ndependencies = []\n'},
        {"package.json": '{"name": "openai", "keywords": ["openai"]}'},
        {"Gemfile": "gem 'ruby-openai'\n"},
    ],
)
def test_no_sdk(tmp_path: Path, files: dict[str, str]) -> None:
    code = read_code(lay(tmp_path, files))
    assert (code.implicit, code.aside) == ({}, frozenset())


@pytest.mark.parametrize(
    "files",
    [
        {"requirements-dev.txt": "openai\n"},
        {"pyproject.toml": '[dependency-groups]\ndev = ["openai"]\n'},
        {"pyproject.toml": '[project.optional-dependencies]\nx = [\n  "openai",\n]\n'},
        {"package.json": '{"devDependencies": {"openai": "^5"}}'},
        {"go.mod": "require github.com/openai/openai-go v1.0.0 // indirect\n"},
        {"examples/a.py": "import openai"},
        {"a.py": "import openai\nopenai.OpenAI(base_url=url)"},
        {"a.ts": "import OpenAI from 'openai'\nnew OpenAI({ baseURL })"},
        {"a.py": "import openai\nos.environ['OPENAI_BASE_URL'] = url"},
        {"a.py": "import smolagents"},
        {"Cargo.toml": '[dependencies]\nasync-openai = { version = "1", features = ["x"] }\n'},
    ],
)
def test_an_sdk_that_may_not_read(tmp_path: Path, files: dict[str, str]) -> None:
    code = read_code(lay(tmp_path, files))
    assert code.sdk("OPENAI_BASE_URL") == ""
    assert "OPENAI_BASE_URL" in code.aside


@pytest.mark.parametrize(
    ("files", "opaque"),
    [
        ({"pom.xml": "<groupId>io.quarkus</groupId>"}, "Quarkus"),
        ({"build.gradle.kts": 'implementation("io.micronaut:micronaut-http")'}, "Micronaut"),
        ({"package.json": '{"dependencies": {"n8n": "1"}}'}, "n8n"),
        ({"requirements.txt": "apache-airflow==3\n"}, "Airflow"),
        ({"requirements.txt": "langflow\n"}, "Langflow"),
        ({"package.json": '{"dependencies": {"flowise-components": "1"}}'}, "Flowise"),
        ({"go.mod": "require github.com/spf13/viper v1.0.0\n"}, "viper"),
    ],
)
def test_a_framework_that_configures_itself(tmp_path: Path, files: dict[str, str], opaque: str) -> None:
    assert read_code(lay(tmp_path, files)).opaque == opaque


def test_what_may_be_read(tmp_path: Path) -> None:
    files = {"a.py": "import transformers\nos.getenv('X')  # os.getenv('OLD')", "tests/a.py": "os.getenv('T')"}
    code = read_code(lay(tmp_path, files))
    assert [code.may_read(name) for name in ("X", "OLD", "T", "HF_HOME", "OPENAI_BASE_URL")] == [True] * 5
    assert not code.may_read("LLM_URL")


@pytest.mark.parametrize(
    "files",
    [{"a.py": "dict(os.environ)"}, {"README.md": "x"}, {"tests/a.py": ""}, {"a.py": b"x\0"}, {"a.c": "", "a.py": ""}],
)
def test_anything_may_be_read(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert read_code(lay(tmp_path, files)).may_read("LLM_URL")


@pytest.mark.parametrize(
    ("files", "aside"),
    [
        ({"a.py": 'require("LLM_URL")'}, True),
        ({"a.py": "", "conf/app.yaml": "api_base: os.environ/LLM_URL\n"}, True),
        ({"a.py": "", "settings.json": '{"url": "${LLM_URL}"}'}, True),
        ({"a.py": "", ".env": "OPENAI_BASE_URL=${LLM_URL}\n"}, True),
        ({"a.py": "", "README.md": "LLM_URL"}, False),
        ({"a.py": "", "data.json": "LLM_URL" + "x" * 70_000}, False),
        ({"a.py": "LLM_MODEL"}, False),
    ],
)
def test_names_that_stand_somewhere(tmp_path: Path, files: dict[str, str], aside: bool) -> None:
    lay(tmp_path, files)
    assert ("LLM_URL" in read_code(str(tmp_path), names=["LLM_URL"]).aside) is aside
    assert read_code(str(tmp_path)).aside == frozenset()


def test_limits(tmp_path: Path) -> None:
    lay(tmp_path, {f"{number}.py": f"os.getenv('X{number}')" for number in range(5)})
    code = read_code(str(tmp_path), limits=ContextLimits(files=2))
    assert (set(code.reads), code.complete, code.files) == ({"X0", "X1"}, False, 2)


def test_code_that_a_program_wrote_is_not_believed(tmp_path: Path) -> None:
    code = read_code(lay(tmp_path, {"a.js": "x" * 6_000 + ";process.env.X"}))
    assert (code.reads, code.complete) == ({}, False)
    (tmp_path / "a.js").write_text("x" * 6_000 + ";process")
    assert read_code(str(tmp_path)).complete


def test_a_context_of_its_own(tmp_path: Path) -> None:
    files = {".dockerignore": "old", "Dockerfile.dockerignore": "new", "old/a.py": "os.getenv('OLD')"}
    lay(tmp_path, files)
    assert set(read_code(str(tmp_path)).reads) == {"OLD"}
    assert not read_code(str(tmp_path), "other/Dockerfile").reads


SIZE = 500_000
HOSTILE = {
    "process.env.": ("a.ts", "process.env."),
    "process.env.A lines": ("a.ts", "process.env.A\n"),
    "process.env lines": ("a.ts", "process.env\n"),
    "open destructuring": ("a.ts", "{a,}=process.env\n"),
    "imports of process": ("a.ts", "import {env} from 'process'\n"),
    "from process": ("a.ts", "from 'process'\n"),
    "$env": ("a.ts", "import{a,b}from'$env/static/private'\n"),
    "open template": ("a.ts", "`${process.env.A\n"),
    "open block comment": ("a.ts", "/* process.env.A\n"),
    "stars": ("a.ts", "process.env.A /*" + "*" * 4_000 + "\n"),
    "escaped quotes": ("a.ts", "'\\'process.env.A\n"),
    "backslashes": ("a.ts", "'" + "\\" * 4_000 + "\nprocess.env.A\n"),
    "angle brackets": ("a.vue", "<!-- process.env.A -\n"),
    "config.get": ("a.ts", "@nestjs/config ConfigService onfig.get<\n"),
    "os.environ[": ("a.py", "os.environ[\n"),
    "os.environ blanks": ("a.py", "os.environ" + " " * 4_000 + "\n"),
    "os.environ.get( lines": ("a.py", "os.environ.get(\n\n\n"),
    "in os.environ": ("a.py", "'A' in " + " " * 180 + "os.environ\n"),
    "triple quotes": ("a.py", '"""os.environ["A"]\n'),
    "f-strings": ("a.py", "f'''{os.environ['A']\n"),
    "imports from os": ("a.py", "from os import environ, (getenv\n"),
    "from os import": ("a.py", "from os import environ as e\nenviron e"),
    "settings": ("a.py", "class A(BaseSettings):\n  a: b = Field(alias=\n"),
    "settings in one line": ("a.py", "class A(" + "BaseSettings," * 300 + "\n"),
    "blank settings": ("a.py", "class A(BaseSettings):\n" + "\n" * 5_000),
    "envvar": ("a.py", "envvar=['a',\n"),
    "env": ("a.py", "env "),
    "quotes": ("a.py", "'\"env\n"),
    "Getenv": ("a.go", "os.Getenv(`\n"),
    "tags": ("a.go", '`env:"A'),
    "EnvVars": ("a.go", "EnvVars: []string{\n"),
    "getenv": ("A.java", "System.getenv()\n  \n"),
    "placeholders": ("A.java", '@Value("${A:' + "${B:" * 100 + '")\n'),
    "configuration": ("a.cs", "Configuration[\n"),
    "ENV": ("a.rb", "ENV.fetch(\n"),
    "attributes": ("a.rs", "#[arg(a, b\n"),
    "raw strings": ("a.rs", "\"env::var('\n"),
    "braces": ("a.rs", "use std::env::{a, b,\n"),
    "%env(": ("a.php", "%env(a:b:\n"),
    "$_ENV": ("a.php", "$_ENV[\n"),
    "get_env": ("a.ex", "System.get_env(\n"),
    "dollars": ("application.yml", "${A:\n"),
    "requirements": ("requirements.txt", "a"),
    "sections": ("pyproject.toml", "[project]\ndependencies=[\n'a'\n"),
    "packages": ("package.json", '"dependencies":{"a'),
    "modules": ("go.mod", "a"),
    "dotted modules": ("go.mod", "a.b/"),
    "gems": ("Gemfile", "\ngem\n"),
    "imports": ("b.py", "import " + "a, " * 1_000 + "\n"),
    "froms": ("b.ts", "from '" + "a" * 1_000 + "\n"),
    "quoted paths": ("b.go", '"a.b/c' + "/d" * 1_000 + "\n"),
    "control characters": ("a.py", "\x01\x02os.environ['A']\n"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_survived(tmp_path: Path, name: str) -> None:
    """Within bounds that only another order of growth breaks."""
    file, unit = HOSTILE[name]
    folder = lay(tmp_path, {file: (unit * (SIZE // len(unit) + 1))[:SIZE]})
    start = time.monotonic()
    read_code(folder, names=["LLM_URL"])
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("data", "names", "complete"),
    [
        (b"x = '\xff\xfe'\nos.getenv('X')\n", {"X"}, True),
        (b"os.getenv('X')\xed\xa0\x80", {"X"}, True),
        (b"os.getenv('X')\0", set[str](), False),
        ("os.getenv('X')".encode("utf-16"), set[str](), False),
        (b"", set[str](), True),
        (b"\r" * 100 + b"os.getenv('X')", {"X"}, True),
    ],
)
def test_data_that_is_no_utf8(tmp_path: Path, data: bytes, names: set[str], complete: bool) -> None:
    code = read_code(lay(tmp_path, {"a.py": data}))
    assert (set(code.reads), code.complete) == (names, complete)


def test_nothing_but_names_comes_out(tmp_path: Path) -> None:
    secret = "hunter2-secret"
    files = {
        "a.py": f"# {secret}\nimport openai\nos.getenv('X', '{secret}')\nprint('{secret}')",
        "a.ts": f"const {{ A = '{secret}' }} = process.env; process.env.B ?? `{secret}`",
        "requirements.txt": f"--extra-index-url https://{secret}@host\nopenai\n",
        "application.yml": f"password: ${{P:{secret}}}\n",
    }
    code = read_code(lay(tmp_path, files), names=["LLM_URL"])
    said = [*code.reads, *code.aside, *code.implicit, *code.implicit.values(), code.opaque, repr(code.reads)]
    assert not any(secret in text for text in said)
    assert all(span.source.private for span in code.reads.values())


@pytest.mark.parametrize(
    "files",
    [
        {"a.js": ("const {" + "a," * 400 + "}" + "=process.env}" * 80 + "\n") * 20},
        {"a.py": "".join(f"from os import environ as a{number}\n" for number in range(21))},
        {"a.js": "".join(f'import {{env as a{number}}} from "process"\n' for number in range(21))},
    ],
)
def test_what_only_a_program_writes_proves_nothing(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert not read_code(str(tmp_path)).complete


def test_many_names_are_looked_up_at_once() -> None:
    names = {f"N{number}".encode(): f"N{number}" for number in range(1_000)} | {b"A.B": "A.B"}
    assert standing(names, b"N1 N2x $N3 xN4 {N5}") == [b"N1", b"N3", b"N5", b"A.B"]
    assert standing({b"A.B": "", b"N1": "", b"N2": ""}, b"A.B xN1 N1 N2_") == [b"A.B", b"N1"]

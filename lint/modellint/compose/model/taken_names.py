"""Variables that mean something to the programs of a container before any application reads them.

Names only: a value that a grant injects is a model's reference or an address, and both are of the kind that these
programs take for a file to load, a folder to look in, or a server to ask.
"""

from __future__ import annotations

_LOADER = "the dynamic loader reads"
_TLS = "TLS libraries read"
_PROXY = "HTTP clients read"
_INSTALLER = "the package installer reads"
_TRUST = "as what to trust"
_TEMPORARY = "as the directory for temporary files"

# Who reads the names, and as what.
_READERS: tuple[tuple[str, str, str], ...] = (
    (_LOADER, "as libraries to load into every program", "LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES"),
    (
        _LOADER, "as directories of libraries",
        "LD_LIBRARY_PATH LD_ORIGIN_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH DYLD_FRAMEWORK_PATH",
    ),
    (
        _LOADER, "as one of its switches",
        "LD_BIND_NOW LD_BIND_NOT LD_DEBUG LD_DEBUG_OUTPUT LD_DYNAMIC_WEAK LD_HWCAP_MASK LD_POINTER_GUARD LD_PROFILE"
        " LD_PROFILE_OUTPUT LD_SHOW_AUXV LD_TRACE_LOADED_OBJECTS LD_USE_LOAD_BIAS LD_VERBOSE LD_WARN GLIBC_TUNABLES",
    ),
    ("the C library reads", "as files to load", "GCONV_PATH LOCPATH NLSPATH"),
    ("every shell and program reads", "as the directories of programs", "PATH"),
    ("every shell and program reads", "as the user's home directory", "HOME"),
    ("every shell and program reads", _TEMPORARY, "TMPDIR"),
    ("a shell reads", "as a script to run at its start", "BASH_ENV ENV ZDOTDIR"),
    ("a shell reads", "as one of its settings", "IFS CDPATH SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND GLOBIGNORE SHELL"),
    ("Python reads", "as code or directories of code", "PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUSERBASE"),
    ("Python reads", "as a module to load", "PYTHONBREAKPOINT PYTHONWARNINGS"),
    ("Node.js reads", "as options or directories of code", "NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE"),
    ("Java reads", "as options or directories of code", "JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH"),
    ("Ruby reads", "as options or directories of code", "RUBYOPT RUBYLIB GEM_HOME GEM_PATH BUNDLE_GEMFILE"),
    ("Perl reads", "as options or directories of code", "PERL5OPT PERL5LIB PERLLIB PERL5DB"),
    ("PHP reads", "as directories of settings, which specify code", "PHPRC PHP_INI_SCAN_DIR"),
    (".NET reads", "as code to load", "DOTNET_STARTUP_HOOKS DOTNET_ROOT CORECLR_PROFILER_PATH CORECLR_PROFILER"),
    ("Lua reads", "as code or directories of code", "LUA_INIT LUA_PATH LUA_CPATH"),
    (
        "git reads", "as programs to run or settings that specify them",
        "GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS GIT_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_EXEC_PATH"
        " GIT_TEMPLATE_DIR GIT_CONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_PARAMETERS GIT_DIR GIT_WORK_TREE",
    ),
    ("many programs read", "as a program to run", "EDITOR VISUAL PAGER LESSOPEN BROWSER SSH_ASKPASS SUDO_ASKPASS"),
    (
        _INSTALLER, "as where packages come from",
        "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CONFIG_FILE UV_INDEX_URL UV_EXTRA_INDEX_URL UV_INDEX"
        " UV_DEFAULT_INDEX NPM_CONFIG_REGISTRY npm_config_registry GOPROXY",
    ),
    (
        _PROXY, "as the proxy of every request",
        "HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy",
    ),
    (_PROXY, "as the hosts that need no proxy", "NO_PROXY no_proxy"),
    (
        _TLS, _TRUST,
        "SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS AWS_CA_BUNDLE",
    ),
    (_TLS, "as settings and code to load", "OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES"),
)  # fmt: skip
_MEANINGS = {name: (who, what) for who, what, names in _READERS for name in names.split()}
_FUNCTION = "BASH_FUNC_"
_GIT_CONFIG = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_COUNT")


def taken_meaning(name: str) -> tuple[str, str] | None:
    """Who reads a variable of this name (`Python reads`), and as what; None for any other. Case counts."""
    if name.startswith(_FUNCTION) and name.endswith("%%"):
        return "bash reads", "as a function, which replaces a command"
    if name.startswith(_GIT_CONFIG):
        return "git reads", "as programs to run or settings that specify them"
    return _MEANINGS.get(name)


def runs_code(name: str) -> bool:
    """Whether who sets a variable of this name can have programs run code of theirs."""
    who, what = taken_meaning(name) or ("", "")
    return bool(who) and who not in (_PROXY, _INSTALLER) and what not in (_TRUST, _TEMPORARY)

"""llama.cpp's own parser of command lines, reached through ctypes: xllamacpp has classes for it, but no command line.

xllamacpp's shared object exports the C++ function `common_params_parse`, which fills the C++ struct `common_params`.
Its class `CommonParams` holds that struct by value, right behind the head of a Python object. So the parser can be let
loose on it, and every flag means what it means to llama-server, down to the words of an error.

None of that is promised by anybody. Therefore the version is pinned, and before the parser sees the real words, two
checks have to hold: numbers written through the class are found where the struct should begin, and a command line that
was parsed comes back out of the class. Where they do not hold, nothing is guessed: `UnknownLibrary`.
"""

from __future__ import annotations

import ctypes
import importlib
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "xllamacpp"
_PARSE = "_Z19common_params_parseiPPcR13common_params13llama_examplePFviS0_E"  # the mangled name, so its parameters too
_LOG, _FLUSH = "_Z15common_log_mainv", "_Z16common_log_flushP10common_log"
_SERVER = 12  # llama_example::LLAMA_EXAMPLE_SERVER: which flags are allowed, and llama-server's defaults
_HEAD = object.__basicsize__  # what stands before the struct: reference count and type
_NEAR = 64  # bytes: both numbers are among the first fields of the struct
_NUMBERS = (0x12345678, 0x0BADCAFE)
_TRIAL = ("-m", "x.gguf", "--port", "4321", "--ctx-size", "2048", "--temp", "0.25", "-np", "3", "--embeddings")


class UnknownLibrary(Exception):
    """The library is not laid out as expected."""


def parse(words: Sequence[str]) -> Any:
    """A `CommonParams` as llama-server's command line describes it, or None: then llama.cpp has said why.

    Raises `UnknownLibrary`, and `ImportError` where there is no xllamacpp.
    """
    library, extension = importlib.import_module(PACKAGE), importlib.import_module(f"{PACKAGE}.{PACKAGE}")
    _check_head(library.CommonParams())
    try:
        function = ctypes.CDLL(extension.__file__)[_PARSE]
    except AttributeError:
        raise UnknownLibrary("it does not export a command-line parser") from None
    function.restype = ctypes.c_bool
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    trial = library.CommonParams()
    if not _fill(function, trial, _TRIAL) or _read(trial) != ("x.gguf", 4321, 2048, 0.25, 3, True):
        raise UnknownLibrary("a parsed command line cannot be read back")
    params = library.CommonParams()
    return params if _fill(function, params, words) else None


def flush() -> None:
    """Have llama.cpp write what it logged: a thread of its own does that, and would lose it when the process ends."""
    try:
        library = ctypes.CDLL(importlib.import_module(f"{PACKAGE}.{PACKAGE}").__file__)
        log, write = library[_LOG], library[_FLUSH]
    except (ImportError, AttributeError):
        return
    log.restype, log.argtypes = ctypes.c_void_p, []
    write.restype, write.argtypes = None, [ctypes.c_void_p]
    write(log())


def _check_head(params: Any) -> None:
    params.n_ctx, params.n_predict = _NUMBERS
    size = min(_NEAR, type(params).__basicsize__ - _HEAD)
    start = ctypes.string_at(id(params) + _HEAD, max(size, 0))
    if not all(struct.pack("<i", number) in start for number in _NUMBERS):
        raise UnknownLibrary("its parameters are not where they are expected")


def _fill(function: Any, params: Any, words: Sequence[str]) -> bool:
    given = [b"llama-server", *(word.encode("utf-8", "surrogateescape") for word in words)]
    array = (ctypes.c_char_p * (len(given) + 1))(*given, None)
    return bool(function(len(given), ctypes.cast(array, ctypes.c_void_p), id(params) + _HEAD, _SERVER, None))


def _read(params: Any) -> tuple[object, ...]:
    # The floats are exact: 0.25 is a power of two.
    return (
        params.model.path, params.port, params.n_ctx, params.sampling.temp, params.n_parallel, params.embedding,
    )  # fmt: skip

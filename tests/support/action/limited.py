"""Run a program that may make no namespaces: `python limited.py PROGRAM WORD…`.

A filter answers `unshare` with EPERM, as the seccomp profile does that Docker gives its containers.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

UNSHARE = {"x86_64": 272, "aarch64": 97}
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


class Instruction(ctypes.Structure):
    """`struct sock_filter`."""

    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction)))


def refuse_namespaces() -> None:
    """From here on, for this process and all that it starts."""
    steps = (Instruction * 4)(
        Instruction(0x20, 0, 0, 0),  # the number of the system call
        Instruction(0x15, 0, 1, UNSHARE[platform.machine()]),
        Instruction(0x06, 0, 0, REFUSE),
        Instruction(0x06, 0, 0, ALLOW),
    )
    library = ctypes.CDLL(None, use_errno=True)
    for words in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SECCOMP, FILTER, ctypes.byref(Program(4, steps)), 0, 0)):
        if library.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse_namespaces()
    os.execvp(sys.argv[1], sys.argv[1:])

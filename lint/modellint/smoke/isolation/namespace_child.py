"""Run as a file, by a fresh interpreter: enter a new network namespace, listen in it, and become another program.

    python -I -S namespace_child.py CONTROL PARENT {"count": 2, "avoid": [8080]}

CONTROL is the number of a socket to the process PARENT. Over it go, in this order: from here the listening sockets
(SCM_RIGHTS) with their ports; from PARENT the program and its environment, until it closes its half; from here an error
if that program cannot be run. Nothing of modellint is imported, since nothing of it is on the path here.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_SET_PARENT_DEATH_SIGNAL, _SET_SECURE_BITS, _SET_NO_NEW_PRIVILEGES = 1, 28, 38
_ROOT_IS_NOBODY_LOCKED = 0b11
_SET_INTERFACE_FLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40
_LONGEST_ORDER = 8 << 20
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Do all of it; an error is told over the control socket with the step at which it came up."""
    control, parent = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    control.set_inheritable(False)  # the program gets nothing but its three files
    order = json.loads(sys.argv[3])
    step = "start"
    try:
        _die_with(parent)
        step = "namespace"
        _enter()
        _die_with(parent)  # a change of credentials may have undone it
        step = "loopback"
        _raise_loopback()
        step = "listen"
        listeners = _listen(order["count"], frozenset(order["avoid"]))
        ports = [listener.getsockname()[1] for listener in listeners]
        _hand_over(control, ports, listeners)
        for listener in listeners:
            listener.close()
        program = json.loads(_all_of(control))
        step = "program"
        _give_up_privileges()
        os.execve(program["words"][0], program["words"], program["environment"])
    except OSError as error:
        control.sendall(json.dumps({"step": step, "errno": error.errno or 0}).encode())
    except ValueError:  # PARENT is gone, or no process can have such an environment
        control.sendall(json.dumps({"step": step, "errno": 0}).encode())
    os._exit(1)


def _call(name: str, *words: int) -> None:
    """Call a function of the C library that answers 0. Raises `OSError`."""
    if getattr(_libc, name)(*(ctypes.c_ulong(word) for word in words)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _die_with(parent: int) -> None:
    """Let the kernel kill this process, whatever it has become, when the parent ends, even by SIGKILL."""
    _call("prctl", _SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it has ended before that call
        os._exit(1)


def _enter() -> None:
    """A new network namespace; where that is not allowed, in a new user namespace, which is allowed it."""
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", _NEW_NET)
    except PermissionError:
        _call("unshare", _NEW_USER | _NEW_NET)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


def _listen(count: int, avoid: frozenset[int]) -> list[socket.socket]:
    """Listeners on ports of the kernel's choice, except those that a probe is to find closed."""
    listeners: list[socket.socket] = []
    refused: list[socket.socket] = []  # held, so that they are not offered again
    while len(listeners) < count:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        if listener.getsockname()[1] in avoid:
            refused.append(listener)
            continue
        listener.listen(64)
        listeners.append(listener)
    for listener in refused:
        listener.close()
    return listeners


def _hand_over(control: socket.socket, ports: list[int], listeners: list[socket.socket]) -> None:
    data = json.dumps({"ports": ports}).encode()
    if listeners:
        socket.send_fds(control, [data], [listener.fileno() for listener in listeners])
    else:
        control.sendall(data)


def _all_of(control: socket.socket) -> bytes:
    """What the parent says until it closes its half; nothing, and so no JSON, if the parent is gone."""
    data = bytearray()
    while len(data) <= _LONGEST_ORDER and (part := control.recv(1 << 16)):
        data += part
    return bytes(data)


def _give_up_privileges() -> None:
    """The next program gets no capability, not even as root: it cannot go back to the namespace it came from."""
    _call("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    try:
        _call("prctl", _SET_SECURE_BITS, _ROOT_IS_NOBODY_LOCKED, 0, 0, 0)
    except PermissionError:
        if os.geteuid() == 0:  # any other user loses its capabilities with the next program anyway
            raise


if __name__ == "__main__":
    main()

"""Test, in a child process, whether this machine allows network namespaces; this is never guessed."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from modellint.smoke.isolation.namespace import RefusedError, open_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTINGS = {
    "apparmor": "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "clone": "/proc/sys/kernel/unprivileged_userns_clone",
    "users": "/proc/sys/user/max_user_namespaces",
    "networks": "/proc/sys/user/max_net_namespaces",
}
_STEPS = {
    "start": "cannot start a process to test for network namespaces",
    "namespace": "the kernel does not allow a network namespace",
    "loopback": "cannot enable the loopback interface in the new network namespace",
    "listen": "nothing can listen in the new network namespace",
}


class Capability(NamedTuple):
    """Whether services can be isolated; if not, why, in words."""

    ok: bool
    reason: str


def find_capability() -> Capability:
    """Make a namespace with a listener, throw it away, and say whether that worked."""
    if not sys.platform.startswith("linux"):
        return Capability(False, f"network namespaces exist only on Linux, and this is {sys.platform}")
    try:
        with open_namespace(1):
            return Capability(True, "")
    except RefusedError as error:
        return Capability(False, explain(error.step, error.number, read_settings()))


def read_settings() -> dict[str, str]:
    """The kernel's settings that forbid namespaces, those that there are."""
    found: dict[str, str] = {}
    for name, path in _SETTINGS.items():
        try:
            with open(path, encoding="ascii") as file:
                found[name] = file.read(64).strip()
        except (OSError, ValueError):
            continue
    return found


def explain(step: str, number: int, settings: Mapping[str, str]) -> str:
    """Why there is no namespace. The settings only help to explain a refusal: they are no reason to expect one."""
    what = _STEPS.get(step, _STEPS["start"])
    why = os.strerror(number) if number else "the test process did not respond as expected"
    if step in ("namespace", "loopback") and number in (errno.EPERM, errno.EACCES):
        if settings.get("clone") == "0":
            why = "unprivileged users cannot create them (sysctl kernel.unprivileged_userns_clone is 0)"
        elif settings.get("apparmor") == "1":
            why = "AppArmor restricts them (sysctl kernel.apparmor_restrict_unprivileged_userns is 1)"
        else:
            why = f"{why} (in a container, the cause can be the seccomp profile or a missing CAP_SYS_ADMIN)"
    elif step == "namespace" and number in (errno.ENOSPC, errno.EUSERS):
        none = [
            f"user.max_{name}_namespaces"
            for name, key in (("user", "users"), ("net", "networks"))
            if settings.get(key) == "0"
        ]
        why = (
            f"sysctl {none[0]} is 0"
            if none
            else "the limit of network namespaces is reached (sysctl user.max_net_namespaces)"
        )
    elif number in (errno.ENOSYS, errno.EINVAL):
        why = "this kernel does not support them"
    return f"{what}: {why}"

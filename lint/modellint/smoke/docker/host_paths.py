"""What lies at the paths that a project mounts, and how much memory its containers may use on this machine."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from modellint.files import disk
from modellint.smoke.docker.rights import DEVICES, DOCKER_SOCKET, HOST_FILES, HostPath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The same on every machine, or nearly so, and no secret.
_COMMON = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
# Where an engine listens, besides what DOCKER_HOST says. Who can connect there can do all that root can.
_SOCKETS = (
    "/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
    "/run/crio/crio.sock",
)  # fmt: skip
_OF_USER = (".docker/run/docker.sock", ".docker/desktop/docker.sock", ".rd/docker.sock", ".colima/default/docker.sock")
_SHARE = 2  # a container may use one half of this machine's memory


def looking(folder: str, environ: Mapping[str, str]) -> Callable[[str], HostPath | None]:
    """What there is at a path, for a project in a folder; `environ` says where the engine is."""
    sockets, doors = _sockets(environ), _doors()

    def look(path: str) -> HostPath | None:
        try:
            mode = os.stat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            # The engine may see another file system than this process does.
            return HostPath(os.path.realpath(path), (HOST_FILES,), there=False) if disk.foreign(path, folder) else None
        except OSError:  # this user must not see it, or a part of the way to it; the engine, which is root, may
            return HostPath(path, (HOST_FILES,))
        except ValueError:  # a path that there cannot be
            return None
        real = os.path.realpath(path)
        if stat.S_ISSOCK(mode):
            return HostPath(real, (DOCKER_SOCKET,))
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            return HostPath(real, (DEVICES,))
        rights = [] if path in _COMMON or not disk.foreign(path, folder) else [HOST_FILES]
        if any(disk.inside(each, real) for each in (*sockets, *(doors if rights else ()))):
            rights.append(DOCKER_SOCKET)  # a folder that is mounted read-only does not keep anybody from connecting
        return HostPath(real, tuple(rights), stat.S_ISDIR(mode))

    return look


def _doors() -> list[str]:
    """Every socket with a path at which a program of this machine listens, such as systemd's or containerd's own."""
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
            found = {line.rstrip("\n").partition(" /")[2] for line in file}
    except OSError:
        return []
    return sorted(f"/{each}" for each in found if each)


def most_memory() -> int:
    """How many bytes one container may use; 0 where the machine does not say how many it has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _SHARE
    except (AttributeError, OSError, ValueError):
        return 0


def _sockets(environ: Mapping[str, str]) -> list[str]:
    home, runtime = os.path.expanduser("~"), environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    host = environ.get("DOCKER_HOST", "")
    found = [*_SOCKETS, *(os.path.join(home, each) for each in _OF_USER)]
    found += [os.path.join(runtime, "docker.sock"), os.path.join(runtime, "podman", "podman.sock")]
    found += [host.removeprefix("unix://")] if host.startswith("unix://") else []
    return list(filter(os.path.exists, found))

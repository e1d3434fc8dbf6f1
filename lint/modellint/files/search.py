"""Find the Compose files below a directory: one per directory, except what Git ignores and does not track.

No symbolic link to a folder is followed. What the search comes upon and leaves out is said.
"""

from __future__ import annotations

import os

from modellint.files import disk
from modellint.files.disk import DEFAULT_NAMES, LeftOut, Unreadable
from modellint.files.repositories import repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.files.gitignore import Ignored

_DEPENDENCIES = frozenset((".tox", ".venv", "node_modules", "site-packages", "__pycache__"))
_OF_REPOSITORIES = frozenset((".git", ".hg", ".svn"))
_OF_A_REPOSITORY = "it is in a directory that a version control system uses for its own files"
_OF_OTHERS = "it is in a directory of dependencies"
_OF_UNKNOWN = "it is a directory of dependencies, and it is unknown what Git tracks in it"
_GITIGNORE = ".gitignore"


def project_files(path: str, lost: list[Unreadable], left_out: list[LeftOut]) -> list[str]:
    """The Compose files that a path on the command line stands for; raises `Unreadable` where there is none.

    Folders below it that cannot be read are added to `lost`, and what is passed over to `left_out`.
    """
    if not disk.is_folder(path):
        return [path]
    if disk.strays(path):
        raise Unreadable(path, "is behind a symbolic link that leads out of its repository; use the directory itself")
    search = _Search()
    search.below(path)
    search.look_at_ignored()
    search.look_into_dependencies()
    found = sorted(os.path.join(folder, _first(names)) for folder, names in search.found.items())
    lost.extend(search.lost)
    left_out.extend(search.left_out)
    if not found and not search.lost:
        what = f"contains no Compose file ({', '.join(DEFAULT_NAMES)})"
        raise Unreadable(path, f"{what} that is not excluded" if search.left_out else what)
    return found


class _Search:
    """What was met on the way."""

    __slots__ = ("dependencies", "found", "ignored", "left_out", "lost")

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {}  # the names of the Compose files in each folder
        self.ignored: dict[str, dict[str, str]] = {}  # by repository: full paths, and how they are named here
        self.dependencies: dict[str, dict[str, str]] = {}  # the folders of them, in the same way
        self.left_out: list[LeftOut] = []
        self.lost: list[Unreadable] = []

    def below(self, top: str) -> None:
        """Walk all folders."""
        root = repository(os.path.abspath(top))
        waiting: list[tuple[str, Ignored | None, str]] = [(top, _ignored_above(top, root), root)]
        while waiting:
            here, ignored, root = waiting.pop()
            names: set[str] = set()
            folders: list[str] = []
            dependencies: list[str] = []
            try:
                with os.scandir(here) as listing:
                    for entry in listing:
                        if entry.name == ".git":
                            root = os.path.abspath(here)
                        if entry.is_symlink():
                            self._add_link(entry.path, top)
                            names.add(entry.name)
                        elif not entry.is_dir(follow_symlinks=False):
                            names.add(entry.name)
                        elif entry.name in _DEPENDENCIES:
                            dependencies.append(entry.path)
                        elif entry.name not in _OF_REPOSITORIES:
                            folders.append(entry.path)
                        elif entry.name != ".git" and (path := disk.first_of(DEFAULT_NAMES, entry.path)):
                            self._leave(path, _OF_A_REPOSITORY)
            except OSError as error:
                self.lost.append(Unreadable(here, disk.reason_of(error)))
                continue
            for path in dependencies:  # by now it is known whether a repository begins here
                self.dependencies.setdefault(root, {})[os.path.abspath(path)] = path
            if _GITIGNORE in names:
                ignored = _with(ignored, here)
            chosen = [name for name in DEFAULT_NAMES if name in names]
            if ignored is not None:
                chosen = [name for name in chosen if not self._ignores(ignored, os.path.join(here, name), root, False)]
                folders = [path for path in folders if not self._ignores(ignored, path, root, True)]
            waiting.extend((path, ignored, root) for path in folders)
            if chosen:
                self.found.setdefault(here, set()).update(chosen)

    def look_at_ignored(self) -> None:
        """Take in what git tracks although a `.gitignore` names it: git itself never ignores that.

        Where it cannot be known what git tracks, nothing is left out.
        """
        for root, passed in self.ignored.items():
            from modellint.files.git_index import tracked

            at_hand = {found for path in passed.values() if (found := _compose_file(path))}
            names = tracked(root, DEFAULT_NAMES) if root else []
            kept = at_hand
            if names is not None:
                kept = {shown for name in names if (shown := _shown(os.path.join(root, name), passed))}
            for path in kept:
                self._take(path)
            for path in at_hand - kept:
                if os.path.dirname(path) not in self.found:
                    self._leave(path, "Git ignores it and does not track it")

    def look_into_dependencies(self) -> None:
        """Say what is left out of the folders of dependencies: what lies directly in one, and what git tracks below it.

        What is tracked is the project's own, whatever the folder is called. No search goes there: it may be huge.
        """
        for root, folders in self.dependencies.items():
            from modellint.files.git_index import tracked

            names = tracked(root, DEFAULT_NAMES, _DEPENDENCIES) if root else []
            left = {path for folder in folders.values() if (path := disk.first_of(DEFAULT_NAMES, folder))}
            left.update(shown for name in names or () if (shown := _shown(os.path.join(root, name), folders)))
            for path in sorted(path for path in left if os.path.lexists(path)):
                self._leave(path, _OF_OTHERS)
            for folder in sorted(folders.values()) if names is None else ():
                self._leave(folder, _OF_UNKNOWN)

    def _ignores(self, ignored: Ignored, path: str, root: str, is_folder: bool) -> bool:
        if not ignored(path, is_folder):
            return False
        self.ignored.setdefault(root, {})[os.path.abspath(path)] = path
        return True

    def _take(self, path: str) -> None:
        folder, name = os.path.split(path)
        if not _DEPENDENCIES.isdisjoint(folder.split(os.sep)):
            self._leave(path, _OF_OTHERS)
        elif os.path.lexists(path):
            self.found.setdefault(folder, set()).add(name)

    def _add_link(self, path: str, top: str) -> None:
        """Note a link to a folder elsewhere. One that is named as a Compose file is refused when it is read."""
        if os.path.basename(path) not in DEFAULT_NAMES and os.path.isdir(path) and disk.foreign(path, top):
            self._leave(path, "it is a symbolic link to a directory outside the repository")

    def _leave(self, path: str, reason: str) -> None:
        self.left_out.append(LeftOut(os.path.normpath(path), reason))


def _compose_file(path: str) -> str:
    """A Compose file as it is; of a folder the one that it holds, empty where it holds none."""
    return disk.first_of(DEFAULT_NAMES, path) if os.path.isdir(path) else path


def _shown(path: str, passed: dict[str, str]) -> str:
    """A full path as it is named here; empty where neither it nor a folder above it was passed over."""
    here = path
    while here not in passed:
        above: str = os.path.dirname(here)
        if above == here:
            return ""
        here = above
    return passed[here] + path[len(here) :]


def _first(names: set[str]) -> str:
    return next(name for name in DEFAULT_NAMES if name in names)


def _ignored_above(folder: str, root: str) -> Ignored | None:
    """What the `.gitignore` files above a folder leave out of it; nothing where they leave out the folder itself."""
    ignored: Ignored | None = None
    here = os.path.abspath(folder)
    above: list[str] = []
    while root and here != root:
        here = os.path.dirname(here)
        above.append(here)
    for path in reversed(above):
        if os.path.isfile(os.path.join(path, _GITIGNORE)):
            ignored = _with(ignored, path)
    return None if ignored is not None and ignored(os.path.abspath(folder), is_folder=True) else ignored


def _with(ignored: Ignored | None, folder: str) -> Ignored:
    from modellint.files.gitignore import Ignored

    return (ignored or Ignored()).below(folder)

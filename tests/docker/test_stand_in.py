"""What stands in for a service: this machine's Python, in an image that has nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from modellint.smoke.docker import placeholder_image as module
from modellint.smoke.docker.placeholder_image import interpreter, make_image, mounts, stand_in, variables
from support.docker.doubles import calls, double, engine_of, unbounded


def test_the_interpreter_runs_without_any_package() -> None:
    show = "import sys; print(sys.path, sys.flags.utf8_mode)"
    done = subprocess.run([*interpreter(), "-c", show], env={}, capture_output=True, text=True, check=True)
    assert "site-packages" not in done.stdout
    assert done.stdout.endswith(" 1\n")


def test_the_mounts() -> None:
    found = mounts()
    assert all(Path(each).is_dir() for each in found)
    assert len(set(found)) == len(found)
    real = os.path.realpath(sys.executable)
    assert any(real.startswith(f"{each}/") for each in found)
    for each in found:
        assert not any(each != other and f"{each}/".startswith(f"{other}/") for other in found)


def test_mounts_that_lie_in_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None twice; a folder whose name only begins like another's is another; and what is not there is not mounted."""
    for name in ("usr/lib", "usr-local", "python/bin"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(module, "_SYSTEM", (f"{tmp_path}/usr", f"{tmp_path}/usr/lib", f"{tmp_path}/missing"))
    monkeypatch.setattr(sys, "base_prefix", f"{tmp_path}/usr-local")
    monkeypatch.setattr(sys, "base_exec_prefix", f"{tmp_path}/usr-local")
    monkeypatch.setattr(sys, "executable", f"{tmp_path}/python/bin/python")
    assert mounts() == (f"{tmp_path}/python/bin", f"{tmp_path}/usr", f"{tmp_path}/usr-local")


def test_a_folder_of_the_system_inside_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter below `/usr` needs no mount of its own, whichever is named first."""
    (tmp_path / "usr/python/bin").mkdir(parents=True)
    monkeypatch.setattr(module, "_SYSTEM", (f"{tmp_path}/usr/python/bin", f"{tmp_path}/usr"))
    for name in ("base_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, name, f"{tmp_path}/usr/python")
    monkeypatch.setattr(sys, "executable", f"{tmp_path}/usr/python/bin/python")
    assert mounts() == (f"{tmp_path}/usr",)


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    assert variables() == {}
    monkeypatch.setenv("LD_LIBRARY_PATH", "/x")
    monkeypatch.setenv("SECRET", "y")
    assert variables() == {"LD_LIBRARY_PATH": "/x"}
    made = stand_in("image")
    assert (made.image, made.mounts, made.variables) == ("image", mounts(), {"LD_LIBRARY_PATH": "/x"})
    assert made.user == f"{os.getuid()}:{os.getgid()}"


def test_the_image(tmp_path: Path) -> None:
    """An archive with nothing in it, and no file of it is on the disk."""
    environ = double(tmp_path, {"'import - the-name'": f"cat > {tmp_path}/given"})
    assert make_image(engine_of(environ), "the-name", unbounded) == ""
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "given").read_bytes())) as archive:
        assert archive.getnames() == []
    assert calls(tmp_path) == ["import - the-name"]


def test_an_image_that_cannot_be_made(tmp_path: Path) -> None:
    environ = double(tmp_path, {"import*": "echo 'no space left on device' >&2; exit 1"})
    assert make_image(engine_of(environ), "x", unbounded) == "no space left on device"

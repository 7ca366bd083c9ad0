"""Where Python, its libraries and what a system tells every program stand: all that a confined process may read."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from pathlib import Path

from ctgeval.confinement.landlock import READ, READ_DIR, RUN, WRITE_FILE

# Parts of a prefix, never the whole: an environment may have been made inside the dossier itself.
_OF_A_PREFIX = ("bin", "lib", "lib64", "libexec", "share", "pyvenv.cfg", "python")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
# Systems whose libraries stand elsewhere, each in a folder of its own.
_STORES = ("/nix/store", "/gnu/store")
_TOLD_TO_ALL = (
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/os-release", "/etc/ssl/openssl.cnf",
    "/usr/share/locale", "/usr/share/zoneinfo", "/usr/lib/ssl",
    "/dev/urandom", "/dev/random", "/dev/zero",
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage",
)  # fmt: skip
_PACKAGES = {"site-packages", "dist-packages"}


def readable() -> list[str]:
    """Return the files and folders that any confined process may read, sorted."""
    return sorted({*_python(), *_LIBRARIES, *_STORES, *_TOLD_TO_ALL, *_told_libraries(), *_homebrew()})


def holds(folder: Path) -> bool:
    """Whether a folder lies in what every confined process may read, and would therefore be open to them."""
    wanted = folder.resolve()
    return any(wanted.is_relative_to(Path(path).resolve()) for path in readable())


def reading() -> list[tuple[str, int]]:
    """Return the rights of a process that only reads; the empty device can also be written."""
    return [*((path, READ) for path in readable()), ("/dev/null", READ | WRITE_FILE)]


def running() -> list[tuple[str, int]]:
    """Return the rights of a process that must also start Python."""
    programs = (*_LIBRARIES, *_STORES, *_python(), *_homebrew())
    # A new process finds the package by listing the folder that holds it, and reads nothing else there.
    parent = str(Path(__file__).resolve().parents[2])
    # It also counts its own threads, before it is confined in turn.
    return [*reading(), *((path, RUN) for path in sorted(programs)), (parent, READ_DIR), ("/proc", READ_DIR)]


def _python() -> set[str]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found = {os.path.join(prefix, part) for prefix in prefixes for part in _OF_A_PREFIX}  # noqa: PTH118 texts
    interpreter = Path(sys.executable)
    found |= {str(interpreter), str(interpreter.resolve())}
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found |= {path for name in names if (path := sysconfig.get_path(name))}
    # A checkout puts its whole folder on the path: of it, the package alone is given.
    found |= {path for path in sys.path if Path(path).name in _PACKAGES or path.endswith(".zip")}
    found |= {site.getusersitepackages()} if site.ENABLE_USER_SITE else set()
    return found | {str(Path(__file__).resolve().parents[1])}


def _told_libraries() -> set[str]:
    return {path for path in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path.startswith("/")}


def _homebrew() -> set[str]:
    return {str(parent) for parent in Path(sys.base_prefix).resolve().parents if parent.name == ".linuxbrew"}

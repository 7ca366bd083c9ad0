"""Landlock at each version that a system may offer, and what is told where there is none."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ctgeval import confinement
from ctgeval.confinement import landlock, places, seccomp

# One child for each version: a process can't come back from its confinement.
_EACH = """\
import json, os, socket, sys
from ctgeval.confinement import landlock
folder = sys.argv[1]
server = socket.create_server(("127.0.0.1", 0))
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "fait"
for version in range(1, landlock.abi() + 1):
    child = os.fork()
    if not child:
        own = f"{folder}/{version}"
        rights = [(own, landlock.WRITE), (f"{folder}/lu.txt", landlock.READ), (f"{folder}/absent", landlock.READ)]
        landlock.restrict(rights, ports=(1,), version=version)
        print(json.dumps({
            "version": version,
            "lire": tried(lambda: open(f"{folder}/lu.txt").close()),
            "lire ailleurs": tried(lambda: open(f"{folder}/secret.txt").close()),
            "lister": tried(lambda: os.listdir(folder)),
            "ecrire": tried(lambda: open(f"{own}/a.txt", "w").close()),
            "ecrire ailleurs": tried(lambda: open(f"{folder}/lu.txt", "w").close()),
            "creer l'absent": tried(lambda: open(f"{folder}/absent", "w").close()),
            "lancer": tried(lambda: os.execv("/bin/true", ["true"])),
            "joindre": tried(lambda: socket.socket().connect(server.getsockname())),
            "signaler": tried(lambda: os.kill(os.getppid(), 0)),
        }), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, encoding="utf-8", check=False)


def test_each_version_guarantees_what_is_told_of_it(tmp_path: Path) -> None:
    for name in ("lu.txt", "secret.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    for version in range(1, landlock.abi() + 1):
        (tmp_path / str(version)).mkdir()
    ran = python("-c", _EACH, str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [one["version"] for one in told] == list(range(1, landlock.abi() + 1))
    for one in told:
        expected = landlock.guarantees(one["version"])
        assert "fichiers" in expected
        assert (one["lire"], one["ecrire"]) == ("fait", "fait")
        refused = ("lire ailleurs", "lister", "ecrire ailleurs", "creer l'absent", "lancer")
        assert {one[name] for name in refused} == {"PermissionError"}
        assert (one["joindre"] == "PermissionError") == ("tcp" in expected)
        assert (one["signaler"] == "PermissionError") == ("signaux" in expected)


def test_guarantees_only_grow_with_the_version() -> None:
    assert landlock.guarantees(0) == frozenset()
    assert landlock.guarantees(1) == {"fichiers"}
    assert landlock.guarantees(4) == {"fichiers", "tcp"}
    assert landlock.guarantees(9) == {"fichiers", "tcp", "signaux"}
    assert landlock._known(1) == 0x1FFF
    assert landlock._known(5) == 0xFFFF


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "mips64")])
def test_a_system_without_it_says_so_and_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, machine: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    landlock.abi.cache_clear()
    try:
        assert confinement.available() == "processus séparé"
        assert confinement.guarantees() == frozenset()
        assert not seccomp.available()
        assert confinement.confine_worker(tmp_path) == "processus séparé"
        assert confinement.confine_notebook(tmp_path, tmp_path) == "processus séparé"
        with pytest.raises(OSError, match="n’offre pas Landlock"):
            landlock.restrict([], ports=None)
    finally:
        landlock.abi.cache_clear()


def test_a_process_with_threads_is_not_confined_by_half() -> None:
    ran = python(
        "-c",
        "import threading, time\nfrom ctgeval.confinement import landlock\n"
        "threading.Thread(target=time.sleep, args=(0.5,)).start()\nlandlock.restrict([], ports=None)",
    )
    said = "plusieurs fils d’exécution" if landlock.abi() else "n’offre pas Landlock"
    assert ran.returncode == 1
    assert said in ran.stderr


def test_what_any_process_reads_is_neither_a_home_nor_a_checkout() -> None:
    readable = [Path(path) for path in places.readable()]
    package = Path(confinement.__file__).resolve().parents[1]
    for folder in (Path.home(), package.parent, package.parent / "data", Path("/"), Path("/etc"), Path("/proc")):
        assert not any(folder.resolve() == path or folder.resolve().is_relative_to(path) for path in readable), folder
    assert confinement.holds(package / "report")
    assert not confinement.holds(package.parent / "data" / "demo")


def test_a_worker_reaches_its_own_folder_and_no_other(tmp_path: Path) -> None:
    own = tmp_path / "racine"
    own.mkdir()
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    (own / "essai_ouvrier.py").write_text(
        "import sys\nfrom pathlib import Path\nPath('fait.txt').write_text('x')\n"
        "try:\n    print(Path('../secret.txt').read_text(), sys.argv[1:])\nexcept OSError as error:\n"
        "    print(type(error).__name__, sys.argv[1:])\n",
        encoding="utf-8",
    )
    ran = subprocess.run(
        [sys.executable, "-m", "ctgeval.confinement.worker", "essai_ouvrier"],
        cwd=own, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    told = "PermissionError" if landlock.abi() else "x"
    assert ran.stdout.split() == [told, "[]"]
    assert (own / "fait.txt").exists()

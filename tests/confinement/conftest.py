"""A dossier, the bilan of another audience, and a notebook that tries everything to read them."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ctgeval.report.kernels import best

CANARY = "canari-7919"
VICTIMS = ("ecrite", "tronquee", "effacee", "mode", "nommee")
_PARAMETERS = new_code_cell('release = ""', metadata={"tags": ["parameters"]})
_CELL = (Path(__file__).parent / "hostile.txt").read_text(encoding="utf-8")
# Run in a process of its own: it may first make the system look like one without Landlock, which is for good.
_RUNNER = """\
import errno, json, os, sys
from pathlib import Path
from ctgeval import confinement
from ctgeval.confinement import landlock, seccomp
from ctgeval.report.build import opened_pool
from ctgeval.report.pool import Task
told = json.loads(sys.argv[1])
if told["ancien"]:
    seccomp.refuse((444, 445, 446), error=errno.ENOSYS)
    landlock.abi.cache_clear()
kept = open(told["secret"], "rb")
os.set_inheritable(kept.fileno(), True)
root = Path(told["racine"])
pool = opened_pool(told["noyaux"], root, hidden=Path(told["dossier"]))
Path(told["su"]).write_text(json.dumps(told["connu"] | {"coordinateur": os.getpid(), "descripteur": kept.fileno()}))
reply = pool.run(Task(Path(told["carnet"]), root / "bilan-0", {"release": "release"}, 120.0))
print(json.dumps({"niveau": confinement.available(), "garanties": sorted(confinement.guarantees()), "reponse": reply}))
pool.close()
"""


@dataclass
class Outcome:
    """What a hostile notebook obtained: each attempt with what it gave, and the state of the places afterwards."""

    level: str
    guarantees: frozenset[str]
    attempts: dict[str, str]
    folder: Path
    connections: list[str]
    reply: dict[str, Any] = field(repr=False)


class Listener:
    """A server on this machine, which notes who reaches it."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[str] = []
        self.local = folder / "service.sock"
        self._sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
        self._sockets[1].bind(("127.0.0.1", 0))
        self.tcp, self.udp = (one.getsockname()[1] for one in self._sockets)
        if hasattr(socket, "AF_UNIX"):
            self._sockets.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            self._sockets[2].bind(str(self.local))
            self._sockets[2].listen()
        for one in self._sockets:
            one.settimeout(0.2)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._follow, args=(one,)) for one in self._sockets]
        for thread in self._threads:
            thread.start()

    def _follow(self, one: socket.socket) -> None:
        while not self._over.is_set():
            try:
                if one.type == socket.SOCK_DGRAM:
                    one.recvfrom(100)
                else:
                    one.accept()[0].close()
                self.heard.append(f"{one.family.name} {one.type.name}")
            except TimeoutError:
                continue

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()


def _laid_out(folder: Path) -> dict[str, str]:
    """Make a dossier, a person's home, two bilans and files that a notebook could harm; return where they are."""
    dossier = folder / "maison" / "dossier été"
    places = {
        "secret": dossier / "sources" / "familles.csv",
        "cle": folder / "maison" / ".ssh" / "id_ed25519",
        "voisin": folder / "ra{cine.__class__}" / "bilan-1" / "travail" / "release" / "canari.txt",
        "coordination": folder / "ra{cine.__class__}" / "bilan-0" / "execute.ipynb",
        **{
            f"victime_{name}": folder / "victimes" / name
            for name in ("ecrite", "tronquee", "effacee", "mode", "nommee")
        },
    }
    for path in places.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY, encoding="utf-8")
    release = folder / "ra{cine.__class__}" / "bilan-0" / "travail" / "release"
    release.mkdir(parents=True)
    (release / "chiffres.txt").write_text("chiffre publie", encoding="utf-8")
    if os.name != "nt":
        (release / "lien.csv").symlink_to(places["secret"])
        (release / "dossier").symlink_to(dossier)
    found = {name: str(path) for name, path in places.items()}
    return found | {"dossier": str(dossier), "maison": str(folder / "maison"), "dehors": str(folder)}


@pytest.fixture(scope="package", params=["process", "fork"])
def attack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bool], Outcome]]:
    """A function that runs the hostile notebook, on this system or as on one without Landlock."""
    if request.param == "fork" and best() != "fork":
        pytest.skip("no process may fork safely on this system")
    done: dict[bool, Outcome] = {}

    def run(old: bool) -> Outcome:
        if old not in done:
            done[old] = _attacked(tmp_path_factory.mktemp("attaque"), old=old, kernels=request.param)
        return done[old]

    return run


def _attacked(folder: Path, *, old: bool, kernels: str) -> Outcome:
    known = _laid_out(folder)
    notebooks = folder / "carnets"
    notebooks.mkdir()
    # What the attacker knows is in the text of its notebook: the worst case is that it guessed everything.
    su = folder / "ra{cine.__class__}" / "bilan-0" / "travail" / "su.json"
    content = new_notebook(cells=[_PARAMETERS, new_code_cell(_CELL)])
    content.metadata["ctgeval"] = {"parametres": {"release": {"type": "texte"}}}
    nbformat.write(content, notebooks / "hostile.ipynb")
    listener = Listener(folder)
    told = {
        "ancien": old, "secret": known["secret"], "racine": str(folder / "ra{cine.__class__}"), "su": str(su),
        "dossier": known["dossier"], "noyaux": kernels, "carnet": str(notebooks / "hostile.ipynb"),
        "connu": known | {"tcp": listener.tcp, "udp": listener.udp, "local": str(listener.local), "mot": CANARY}
        | {"carnets": str(notebooks)},
    }  # fmt: skip
    environment = os.environ | {
        "HOME": str(folder / "maison"), "CTGEVAL_DOSSIER": known["dossier"], "MOT_DE_PASSE": CANARY,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), str(folder / "maison")]),
    }  # fmt: skip
    try:
        ran = subprocess.run(
            [sys.executable, "-c", _RUNNER, json.dumps(told)],
            env=environment, cwd=known["dossier"], capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
    finally:
        listener.close()
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout.splitlines()[-1])
    found = re.search(r"RESULTAT ([A-Za-z0-9+/=]+)", answer["reponse"].get("html", ""))
    assert found, answer["reponse"]
    return Outcome(
        level=answer["niveau"],
        guarantees=frozenset(answer["garanties"]),
        attempts=json.loads(base64.b64decode(found.group(1))),
        folder=folder,
        connections=listener.heard,
        reply=answer["reponse"],
    )

"""Reports kept behind an address: a folder of the dossier is what counts, and the address receives a copy of it.

All is made, looked at and written in the ledger as ever, in ``.ctgeval/depots``; then what changed is copied, each file
whole: withdrawn pages go first, pages come next, then their sheets, the indexes last. What could not be copied is told,
and copied the next time.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from ctgeval import config as configuration
from ctgeval.config import PRIVATE
from ctgeval.errors import ReportError
from ctgeval.report import lock, manifest
from ctgeval.report.cluster import places
from ctgeval.report.files import checked_name, digest, write_whole

__all__ = ["MARK", "Depot", "followed", "looked_up", "mirror", "opened"]

MARK = "ctgeval-depot.json"
"""File that says of which dossier a place holds the reports."""
_LOCK = f"{PRIVATE}/depot.verrou"
_FOLDER = f"{PRIVATE}/depots"
_STATE = "etat.json"
_INDEX = "index.html"
_SHEET = ".manifest.json"
_NOT_YET = ""

_P = ParamSpec("_P")
_Told = TypeVar("_Told")


def mirror(url: str, folder: Path) -> Path:
    """Return the folder of a dossier where the reports for an address are."""
    name = hashlib.sha256(url.rstrip("/").encode("utf-8")).hexdigest()[:16]
    return folder / _FOLDER / name / "bilans"


class Depot:
    """The reports of a dossier that go to an address.

    Parameters
    ----------
    place : Place
        Where they go.
    path : Path
        Where they are.
    owner : str
        Mark of the dossier, which only its secret gives.
    """

    def __init__(self, place: places.Place, path: Path, owner: str) -> None:
        self._place = place
        self.path = path
        self._owner = owner
        self._state = path.parent / _STATE

    @property
    def url(self) -> str:
        """The address."""
        return self._place.shown

    def recognise(self) -> None:
        """Make sure that the place is this dossier's, and take back what it holds when this machine has nothing of it.

        Raises
        ------
        OSError
            When it can't be reached.
        ReportError
            When it holds the reports of another dossier, or anything else.
        """
        there = self._place.files()
        if there and MARK not in there:
            raise ReportError(
                "Cette adresse contient déjà des fichiers que ctgeval n’y a pas déposés.",
                value=self.url,
                remedy="Donnez l’adresse d’un dossier vide, ou qui n’existe pas encore.",
            )
        if MARK in there and json.loads(self._place.read(MARK)).get("dossier") != self._owner:
            raise ReportError(
                "Cette adresse reçoit déjà les bilans d’un autre dossier.",
                value=self.url,
                remedy="Donnez à chaque dossier une adresse à lui, par exemple un sous-dossier de celle-ci.",
            )
        if not self.path.exists() and there:
            self._take_back([name for name in there if name != MARK])
        self.path.mkdir(parents=True, exist_ok=True)

    def _take_back(self, names: list[str]) -> None:
        """Copy here what the place holds: frozen versions are nowhere else when this folder was lost."""
        known = {}
        for name in sorted(names):
            for part in name.split("/"):
                checked_name(part)
            data = self._place.read(name)
            write_whole(self.path / name, data)
            known[name] = hashlib.sha256(data).hexdigest()
        self._remember(known)

    def told(self, failed: Mapping[str, str]) -> str:
        """Return in French what became of the copy."""
        if not failed:
            return f"Déposé à {self.url}, dont une copie reste dans {self.path}."
        name, reason = min(failed.items())
        return (
            f"Tout est fait dans {self.path}, mais {len(failed)} fichier(s) de {self.url} n’ont pas pu être mis à "
            f"jour : {name} ({reason})."
        )

    def missed(self, page: Path, failed: Mapping[str, str]) -> dict[str, Any]:
        """Return what becomes of the entry of a bilan whose page, or what goes with it, could not be copied."""
        sheet = page.relative_to(self.path).with_suffix(_SHEET).as_posix()
        for name in sorted({sheet, *self._spoken_of(sheet)} & failed.keys()):
            return {"status": "echec", "message": f"Produit, mais pas déposé à {self.url} : {name}, {failed[name]}."}
        return {}

    def _spoken_of(self, name: str) -> set[str]:
        """Return the files that a sheet or an index speaks of."""
        folder, _, base = name.rpartition("/")
        if base == _INDEX:
            return {path.relative_to(self.path).as_posix() for path in (self.path / folder).rglob("*")}
        if not base.endswith(_SHEET):
            return set()
        told = manifest.read(self.path / name)
        spoken = [told["html"], *manifest.files(told)] if told else []
        return {f"{folder}/{one['fichier']}" for one in spoken}

    def push(self) -> dict[str, str]:
        """Copy to the place what changed, and return, for each file that could not be, why.

        Raises
        ------
        ReportError
            When the place can't be reached any more: nothing was copied.
        """
        try:
            return self._pushed()
        except OSError as error:
            raise _unreachable(self.url, error) from error

    def _pushed(self) -> dict[str, str]:
        here = {
            path.relative_to(self.path).as_posix(): digest(path)
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        there, known = self._place.files(), self._known()
        if MARK not in there and here:
            self._place.write(MARK, json.dumps({"dossier": self._owner}).encode("ascii"))
        changed = [
            name
            for name, sha256 in here.items()
            if known.get(name) != sha256 or there.get(name) != (self.path / name).stat().st_size
        ]
        # Written before the first copy: a page that a killed program had copied can still be withdrawn.
        self._remember(known | dict.fromkeys(changed, _NOT_YET))
        known, failed = self._known(), dict[str, str]()
        for name in sorted(known.keys() - here.keys()):
            self._do(name, failed, functools.partial(self._place.remove, name)) and known.pop(name)
        for name in sorted(changed, key=_rank):
            if self._spoken_of(name) & failed.keys():
                failed[name] = "ce qu’il accompagne n’a pas pu être déposé"
            elif self._do(name, failed, functools.partial(self._copy, name)):
                known[name] = here[name]
        self._remember(known)
        return failed

    def _copy(self, name: str) -> None:
        self._place.write(name, (self.path / name).read_bytes())

    @staticmethod
    def _do(name: str, failed: dict[str, str], work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as error:
            failed[name] = error.strerror or str(error)
        return name not in failed

    def _known(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._state.read_text(encoding="utf-8"))["fichiers"])
        except FileNotFoundError:
            return {}

    def _remember(self, known: Mapping[str, str]) -> None:
        told = {"adresse": self.url, "fichiers": dict(sorted(known.items()))}
        write_whole(self._state, json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8"))


def _rank(name: str) -> tuple[int, str]:
    base = name.rpartition("/")[2]
    return (2 if base == _INDEX else 1 if base.endswith(_SHEET) else 0), name


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Depot]:
    """Hold the reports of a dossier that go to an address: one command at a time.

    Parameters
    ----------
    url : str
        See `places.opened`.
    folder : Path
        The dossier.

    Raises
    ------
    ParameterError, ReportError
        When the address can't be used or reached, or is another dossier's: nothing is done.
    """
    place = places.opened(url)
    with lock.hold(folder, file=_LOCK):
        owner = hmac.new(manifest.secret(folder, create=True), b"depot", hashlib.sha256).hexdigest()
        depot = Depot(place, mirror(url, folder), owner)
        try:
            depot.recognise()
        except OSError as error:
            raise _unreachable(depot.url, error) from error
        yield depot


def _unreachable(url: str, error: OSError) -> ReportError:
    return ReportError(
        f"Cette adresse ne peut pas être jointe : {error.strerror or error}.",
        value=url,
        remedy="Vérifiez l’adresse, le réseau et vos droits d’accès, puis relancez la même commande.",
    )


def followed(
    *, told: Callable[[_Told, Depot, Mapping[str, str]], _Told]
) -> Callable[[Callable[Concatenate[str | Path, _P], _Told]], Callable[Concatenate[str | Path, _P], _Told]]:
    """Let a command that writes in a folder of reports (``out``) write behind an address too.

    Its first argument is the dossier.

    Parameters
    ----------
    told : callable
        Makes its result tell what became of the copy.
    """

    def followed_(
        function: Callable[Concatenate[str | Path, _P], _Told],
    ) -> Callable[Concatenate[str | Path, _P], _Told]:
        @functools.wraps(function)
        def called(dossier_path: str | Path, /, *args: _P.args, **options: _P.kwargs) -> _Told:
            out = places.local(str(options.get("out", "")))
            if not places.is_url(out):
                return function(dossier_path, *args, **_going(options, out))
            folder = configuration.folder_of(dossier_path).resolve()
            configuration.load(folder)
            with opened(out, folder) as depot:
                result = function(dossier_path, *args, **_going(options, depot.path))
                return told(result, depot, depot.push())

        return called

    return followed_


def _going(options: Any, out: str | Path) -> Any:
    return options | {"out": out} if "out" in options else options


def looked_up(out: str | Path, folder: Path) -> Path:
    """Return the folder where the reports that go to ``out`` are, for a command that only reads them.

    Parameters
    ----------
    out : str or Path
        A folder, or an address.
    folder : Path
        The dossier.
    """
    place = places.local(str(out))
    return mirror(place, folder) if places.is_url(place) else Path(place)

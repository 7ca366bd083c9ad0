"""What ``ctgeval comparer`` is given: a page, its sheet, the name of a bilan, a release; and the figures behind it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval import config as configuration, french
from ctgeval.confidentiality import Release
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.errors import ParameterError, suggestion
from ctgeval.report import manifest, origin
from ctgeval.report.cluster import depot
from ctgeval.report.compare import Comparison, compare
from ctgeval.report.files import digest
from ctgeval.report.withdraw import own

__all__ = ["Compared", "Target", "compare_bilans"]

_DESCRIPTION = "release.json"
_SHEET = ".manifest.json"
_STATE = re.compile(r"\s*\([^()]*\)\s*$")


@dataclass(frozen=True, slots=True)
class Target:
    """A bilan, or a release: what it is called, who reads it, the territory it is about, the day it was made."""

    name: str
    audience: str
    territoire: str
    day: str
    release: Release


@dataclass(frozen=True, slots=True)
class Compared:
    """Two targets, and what differs."""

    before: Target
    after: Target
    result: Comparison


def compare_bilans(
    before: str,
    after: str,
    *,
    dossier: str | Path = ".",
    out: str | Path = "reports",
    audience: str | None = None,
    everywhere: bool = False,
    across: bool = False,
) -> Compared:
    """Compare two bilans, by the figures that the readers of each were given.

    Parameters
    ----------
    before, after : str
        The earlier one, and the later one: path of a page, of its sheet, of the folder of a release; name of a file
        (``epci-200070035-bilan-annuel-2025-v1``); or as ``ctgeval etat`` writes it (``bilan_annuel, EPCI-200070035,
        2025``).
    dossier : str or Path
        The dossier that keeps the releases of its bilans; not needed between two folders.
    out : str or Path
        Folder of the reports, where names are looked for.
    audience : str, optional
        Whose bilans a name means.
    everywhere : bool
        All the territories that the releases know, not only the one that the bilans are about.
    across : bool
        Whether two audiences may be compared; only what both were told is then given.

    Raises
    ------
    ParameterError
        When a target is not found, or several are; when nothing tells what its figures were; for two audiences, or two
        territories, unless the option says so.
    ConfidentialityError, DossierError, ReportError
        When the ledger, ``ctg.toml`` or a release can't be used.
    """
    finder = _Finder(Path(dossier), depot.looked_up(out, Path(dossier)), audience)
    with finder:
        first, second = finder.find(before), finder.find(after)
    if first.audience != second.audience and not across:
        raise ParameterError(
            f"Ces deux bilans n’ont pas les mêmes lecteurs ({first.audience} ; {second.audience}) : leur comparaison "
            "montrerait aux uns ce qui n’est donné qu’aux autres.",
            value=f"{first.name} ; {second.name}",
            remedy="Comparez deux bilans d’un même public, ou ajoutez --entre-publics : seuls les chiffres donnés aux "
            "deux sont alors montrés.",
        )
    places = {one.territoire for one in (first, second)} - {""}
    if len(places) > 1 and not everywhere:
        raise ParameterError(
            "Ces deux bilans ne sont pas ceux du même territoire.",
            value=" ; ".join(sorted(places)),
            remedy="Comparez deux bilans d’un même territoire, ou ajoutez --partout pour tous ceux que leurs lecteurs "
            "connaissent.",
        )
    geo = "" if everywhere or not places else places.pop()
    hidden = first.audience != second.audience
    return Compared(first, second, compare(first.release, second.release, geo=geo, hidden=hidden))


class _Finder(contextlib.ExitStack):
    """Finds targets; the dossier and its ledger are opened for the first that needs them."""

    def __init__(self, folder: Path, out: Path, audience: str | None) -> None:
        super().__init__()
        self._folder = configuration.folder_of(folder).resolve()
        self._out = out
        self._audience = audience
        self._ledger: Ledger | None = None

    def find(self, name: str) -> Target:
        path = Path(name)
        if path.is_dir():
            return _folder(path)
        if path.is_file():
            return self._page(path)
        return self._named(name)

    def _opened(self) -> Ledger:
        if not (self._folder / configuration.FILE_NAME).is_file():
            raise ParameterError(
                "Il n’y a pas de dossier ici, qui garde les chiffres de ses bilans.",
                file=configuration.FILE_NAME,
                value=str(self._folder),
                remedy="Dites où il est avec --dossier, ou comparez deux dossiers de versions diffusables.",
            )
        if self._ledger is None:
            self._ledger = self.enter_context(Ledger.open(self._folder, write=False))
        return self._ledger

    def _page(self, path: Path) -> Target:
        stem = path.name.removesuffix(_SHEET).removesuffix(".html")
        told, page = manifest.read(path.with_name(f"{stem}{_SHEET}")), path.with_name(f"{stem}.html")
        if not _speaks(told) or told["html"]["fichier"] != page.name:
            raise ParameterError(
                "Ce fichier n’est pas un bilan avec sa fiche de production.",
                file=path.name,
                remedy="Donnez la page d’un bilan (.html) à côté de laquelle est restée sa fiche (.manifest.json).",
            )
        if page.is_file() and digest(page) != told["html"]["sha256"]:
            raise ParameterError(
                "Cette page a été modifiée depuis qu’elle a été produite : ses chiffres ne sont plus ceux de sa fiche.",
                file=page.name,
                remedy="Reproduisez-la avec « ctgeval construire --force ».",
            )
        return self._target(told)

    def _named(self, name: str) -> Target:
        ledger = self._opened()
        every = list(own(self._out, configuration.load(self._folder), ledger))
        found = [told for told in every if _meant(told, name, self._audience)]
        if len(found) == 1:
            return self._target(found[0])
        if not found:
            known = sorted({_label(told) for told in every} | {manifest.page_name(told) for told in every})
            raise ParameterError(
                "Aucun bilan produit ne porte ce nom.",
                value=name,
                remedy=suggestion(name, known)
                or "« ctgeval etat » liste les bilans ; dites où ils sont avec --dossier et --out.",
            )
        raise ParameterError(
            f"Plusieurs bilans portent ce nom ({len(found)}).",
            value=name,
            remedy=f"Dites lequel : {french.enumeration([manifest.page_name(told) for told in found], 'ou')}.",
        )

    def _target(self, told: Mapping[str, Any]) -> Target:
        release = origin.release(self._opened(), self._folder, told)
        name = manifest.page_name(told)
        if release is None:
            raise ParameterError(
                "Le dossier n’a plus les chiffres dont ce bilan est fait, ou ne les a plus tels qu’ils étaient.",
                file=name,
                remedy="Donnez le dossier qui l’a produit (--dossier), avec son sous-dossier « .ctgeval » ; une page "
                "faite par une version antérieure de ctgeval est à reproduire.",
            )
        return Target(name, told["audience"], told["parametres"]["territoire"], told["date"], release)


def _folder(path: Path) -> Target:
    if not (path / _DESCRIPTION).is_file():
        raise ParameterError(
            "Ce dossier n’est pas une version diffusable d’un bilan (release).",
            value=str(path),
            remedy="Donnez une page, sa fiche, le nom d’un bilan, ou le dossier fait par dossier.release(...).",
        )
    release = Release.load(path)
    partner = str(release.meta.get("partenaire") or "")
    audience = french.slug(f"{release.audience} {partner}" if partner else release.audience)
    return Target(path.name, audience, "", "", release)


def _speaks(told: Mapping[str, Any]) -> bool:
    """Tell whether a sheet says all that is read here: it may have been put there by hand."""
    page, named = told.get("html"), told.get("parametres")
    return (
        isinstance(page, dict)
        and isinstance(named, dict)
        and isinstance(told.get("registre", {}), dict)
        and ("figee" not in told or manifest.frozen(told))
        and all(isinstance(page.get(name), str) for name in ("fichier", "sha256"))
        and all(isinstance(one, str) for one in (told.get("audience"), told.get("date"), named.get("territoire")))
    )


def _meant(told: Mapping[str, Any], name: str, audience: str | None) -> bool:
    if audience is not None and told["audience"] != audience and not told["audience"].startswith(f"{audience}-"):
        return False
    place = manifest.page_name(told)
    files = {place, told["html"]["fichier"], place.partition("/")[2]}
    if name in files or f"{name}.html" in files:
        return True
    # As the list of bilans writes them: a frozen version is none of those.
    parts = [part.strip() for part in _STATE.sub("", name).split(",")]
    return "figee" not in told and parts == _parts(told)[: len(parts)]


def _parts(told: Mapping[str, Any]) -> list[str]:
    return [told["bilan"], told["parametres"]["territoire"], told["parametres"]["periode"]]


def _label(told: Mapping[str, Any]) -> str:
    return ", ".join(_parts(told))

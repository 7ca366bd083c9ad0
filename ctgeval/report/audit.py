"""Look again at everything that was ever published: the ledger, what it gives away, and the files themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import config as configuration
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.confidentiality.rules import threshold
from ctgeval.dossier import Dossier
from ctgeval.errors import CtgevalError
from ctgeval.report import manifest, origin, past, plan, scan
from ctgeval.report.cluster import depot
from ctgeval.report.scan.hits import Hit
from ctgeval.report.withdraw import INTERNAL, own

if TYPE_CHECKING:
    from ctgeval.config import Config

__all__ = ["PARTS", "AuditReport", "Finding", "Part", "audit"]

PARTS = ("registre", "attaque", "fichiers")
_NOT_COMPARED = "non_compare"
_REMEDY = "Corrigez le carnet ou le texte, reproduisez le bilan (« ctgeval construire »), ou retirez-le."
_AWAY = "Déplacez ce fichier hors du dossier de ce public, puis relancez « ctgeval construire »."
_REMEDIES = {
    "autre_public": _AWAY,
    "etranger": _AWAY,
    "modifie": "Reproduisez ce bilan : « ctgeval construire --force ».",
    "illisible": "Ôtez ce fichier, ou enregistrez-le dans un format que l’outil lit.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to mend: what it is, where, and what to do, in French."""

    message: str
    file: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the looks.

    Parameters
    ----------
    name : str
        One of `PARTS`.
    checked : dict of str to int
        How many of what were looked at.
    findings : tuple of Finding
        What was found.
    notes : tuple of str
        What could not be looked at, or is worth knowing, in French.
    """

    name: str
    checked: dict[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was found in everything that was ever published, part by part."""

    parts: tuple[Part, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return tuple(finding for part in self.parts for finding in part.findings)


def audit(dossier_path: str | Path, *, out: str | Path = "reports") -> AuditReport:
    """Audit what a dossier has published; nothing is written.

    Parameters
    ----------
    dossier_path : str or Path
        The dossier: its folder, or its ``ctg.toml``.
    out : str or Path
        Folder of the reports, or the address that receives a copy of it: the folder that is copied is looked at.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used.
    """
    folder = configuration.folder_of(dossier_path).resolve()
    config = configuration.load(folder)
    out = depot.looked_up(out, folder)
    try:
        with Ledger.open(folder, write=False) as ledger:
            forms = ledger.verify()
            register = _register(ledger, out, config, forms)
            return AuditReport((register, _attacked(ledger, folder, config), _files(ledger, folder, out, config)))
    except CtgevalError as error:
        told = error.problem
        broken = Part(name="registre", checked={}, findings=(_finding(told.message, told.file, told.remedy),))
        silent = Part(
            name="attaque",
            checked={},
            findings=(),
            notes=("Rien n’a pu être attaqué : le registre ne dit plus ce qui a été publié.",),
        )
        return AuditReport((broken, silent, _files(None, folder, out, config)))


def _finding(message: str, file: str = "", remedy: str = "") -> Finding:
    return Finding(message=message, file=file, remedy=remedy)


# -- the ledger ---------------------------------------------------------------------------------------------------


def _register(ledger: Ledger, out: Path, config: Config, forms: int) -> Part:
    findings = list(_unlike(ledger, out, config))
    checked = {"versions": len(ledger.releases), "chiffres": forms, "pages": len(ledger.pages)}
    return Part(name="registre", checked=checked, findings=tuple(findings))


def _unlike(ledger: Ledger, out: Path, config: Config) -> Iterator[Finding]:
    """Yield what the reports and the ledger tell differently."""
    for told in own(out, config, ledger):
        name = manifest.page_name(told)
        there, withdrawn = (out / name).is_file(), manifest.withdrawal(told)
        folder = name.rpartition("/")[0]
        beside = {
            path: (out / path).is_file() for path in (f"{folder}/{one['fichier']}" for one in manifest.files(told))
        }
        for path, still in beside.items():
            if still and withdrawn:
                yield _finding(
                    "Ce bilan est retiré, et l’un de ses fichiers est encore là.",
                    path,
                    "Relancez « ctgeval retirer », ou supprimez ce fichier.",
                )
            elif there and not still and not withdrawn:
                yield _finding("Ce fichier d’un bilan publié n’est plus là.", path, "Relancez « ctgeval construire ».")
        seal = told.get("registre", {}).get("sceau", "")
        known = ledger.page(name)
        if there and (withdrawn or (known is not None and known.state == "withdrawn" and known.sha256 == _sha(told))):
            yield _finding(
                "Ce bilan est retiré, et son fichier est encore là.",
                name,
                "Relancez « ctgeval retirer », ou supprimez ce fichier.",
            )
        if not there and not withdrawn and (known is None or known.state != "withdrawn"):
            yield _finding(
                "Ce bilan n’est plus là, et rien ne dit qu’il est retiré.",
                name,
                "Relancez « ctgeval construire », ou dites à ses lecteurs qu’il est retiré : « ctgeval retirer ».",
            )
        if told["audience"] == INTERNAL or withdrawn or not there:
            continue
        if seal and not ledger.knows(seal):
            yield _finding(
                "Le registre ne connaît pas ce bilan : un autre registre, ou un registre perdu, l’a inscrit.",
                name,
                "Remettez le dossier « .ctgeval » de votre dernière sauvegarde, ou retirez ce bilan de la diffusion.",
            )
        elif not seal:
            yield _finding(
                "Ce bilan a été publié sans être inscrit au registre (par une version précédente de ctgeval).",
                name,
                "Reproduisez-le avec « ctgeval construire » ; le registre ne saura pas ce qui en a déjà été lu.",
            )


def _sha(told: dict[str, Any]) -> str:
    return str(told["html"].get("sha256", ""))


# -- the attack ---------------------------------------------------------------------------------------------------


def _attacked(ledger: Ledger, folder: Path, config: Config) -> Part:
    dossier = Dossier(folder, config)
    rule, known = public_rule(config), dossier.catalogue

    def limit(indicator: str) -> float:
        return float(threshold(known[indicator], rule, known) if indicator in known else rule.threshold)

    seen = past.attack(ledger.records(), limit=limit, declared=dossier.measures)
    findings = tuple(
        _finding(
            f"De tout ce qui a été publié, on peut déduire {_said(one)} : {one.indicator}, {one.geo}, "
            f"{one.time_period}.",
            f"{one.release.audience}, version du {one.release.day}",
            "Retirez le bilan qui la livre (« ctgeval retirer »), et ne publiez plus de chiffre qui la recoupe.",
        )
        for one in seen.disclosed
    )
    notes = []
    if seen.masked > seen.attacked:
        notes.append(f"Cases masquées qu’aucun autre chiffre publié ne recoupe : {seen.masked - seen.attacked}.")
    if seen.revised:
        notes.append(
            f"Mesures dont les chiffres publiés ont été révisés depuis : {seen.revised} ; la dernière version seule a "
            "été attaquée."
        )
    checked = {"masquees": seen.masked, "attaquees": seen.attacked}
    return Part(name="attaque", checked=checked, findings=findings, notes=tuple(notes))


def _said(one: past.Disclosed) -> str:
    """Tell what is known of a masked count without telling it."""
    return "la valeur exacte d’une case masquée" if one.exact else "qu’une case masquée est sous le seuil"


# -- the files ----------------------------------------------------------------------------------------------------


def _files(ledger: Ledger | None, folder: Path, out: Path, config: Config) -> Part:
    """Scan the folder of each audience, each page beside the release that it was made from."""
    asked = {job.folder for job in plan.jobs(config, folder)}
    mine = list(own(out, config, ledger)) if ledger is not None else []
    folders = sorted(asked | {told["audience"] for told in mine})
    machine = scan.here(folder, out)
    findings: list[Finding] = []
    notes: list[str] = []
    looked = 0
    for audience in folders:
        place = out / audience
        looked += sum(1 for path in place.rglob("*") if path.is_file()) if place.is_dir() else 0
        hits = scan.folder(place, audience=audience, release=None, machine=machine)
        sheets = {
            name.removeprefix(f"{audience}/"): told
            for told in mine
            if told["audience"] == audience
            for name in _names(told)
        }
        for hit in hits:
            release = origin.release(ledger, folder, sheets[hit.file]) if hit.file in sheets else None
            if hit.kind != _NOT_COMPARED:
                findings.append(_told(audience, hit))
            elif release is None:
                notes.append(f"{audience}/{hit.file} : {scan.KINDS[_NOT_COMPARED]}.")
            else:
                path = place / hit.file
                found = scan.document(
                    hit.file,
                    path.read_bytes(),
                    audience=audience,
                    release=release,
                    machine=machine,
                    about=scan.about(path),
                ).hits
                findings += [_told(audience, one) for one in found if one not in hits]
    return Part(name="fichiers", checked={"documents": looked}, findings=tuple(findings), notes=tuple(notes))


def _names(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the page of a sheet and the files beside it, from the folder of all reports."""
    page = manifest.page_name(told)
    yield page
    yield from (f"{page.rpartition('/')[0]}/{one['fichier']}" for one in manifest.files(told))


def _told(audience: str, hit: Hit) -> Finding:
    message = scan.KINDS[hit.kind]
    what = f" ({hit.what})" if hit.what else ""
    where = f", {hit.where}" if hit.where else ""
    remedy = _REMEDIES.get(hit.kind, _REMEDY)
    return _finding(f"{message[0].upper()}{message[1:]}{what}{where}.", f"{audience}/{hit.file}", remedy)

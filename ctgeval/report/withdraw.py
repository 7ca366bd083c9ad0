"""Withdraw a bilan: the page goes, its index and its sheet say so, the ledger remembers what was read.

Written first in the ledger, or in the sheet of a bilan of the team, which the ledger does not know; then done. A
program killed between the two is finished by the next command that builds or withdraws (`finish`). The frozen version
that is the same page goes with it; an earlier one stays, until it is withdrawn by its own name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import config as configuration
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.config import drafts
from ctgeval.errors import ParameterError, ReportError
from ctgeval.report import lock, manifest, plan, reasons, site
from ctgeval.report.cluster import depot
from ctgeval.report.files import place
from ctgeval.report.plan import Job

if TYPE_CHECKING:
    from ctgeval.config import Config

__all__ = ["Withdrawn", "finish", "own", "withdraw"]

INTERNAL = "interne"
_SHEET = ".manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What became of a bilan that was withdrawn.

    Parameters
    ----------
    bilan, audience, territoire, periode : str
        Which one; ``audience`` is the folder of its readers.
    path : Path
        Where it was.
    index : Path
        The index that says so.
    day, reason : str
        ISO day of the withdrawal, and its reason.
    already : bool
        Whether it was withdrawn before; the day and the reason are then those of that time.
    left : tuple of str
        Places of its frozen versions that still stand.
    """

    bilan: str
    audience: str
    territoire: str
    periode: str
    path: Path
    index: Path
    day: str
    reason: str
    already: bool
    left: tuple[str, ...] = ()


def _deposited(told: Withdrawn, place: depot.Depot, failed: Mapping[str, str]) -> Withdrawn:
    """Refuse to say that a bilan is withdrawn as long as a copy of it may stand elsewhere."""
    if failed:
        raise ReportError(place.told(failed), remedy="Relancez la commande : seul ce qui manque sera refait.")
    return told


@depot.followed(told=_deposited)
def withdraw(
    dossier_path: str | Path,
    bilan: str,
    reason: str,
    *,
    out: str | Path = "reports",
    audience: str | None = None,
    territoire: str | None = None,
    periode: str | None = None,
    date: dt.date | None = None,
) -> Withdrawn:
    """Withdraw one bilan.

    Parameters
    ----------
    dossier_path : str or Path
        The dossier: its folder, or its ``ctg.toml``.
    bilan : str
        Name of its notebook, or of its file (``epci-200070035-bilan-annuel-2025.html``); a frozen version has a name of
        file only (``epci-200070035-bilan-annuel-2025-v1.html``).
    reason : str
        Why; readers of its index see it.
    out : str or Path
        Folder of the reports, or the address that receives a copy of it.
    audience, territoire, periode : str, optional
        Which one, where the name fits several.
    date : datetime.date, optional
        Day of the withdrawal; today by default.

    Raises
    ------
    ParameterError
        When the reason can't be printed, or when no bilan, or several, are meant.
    DossierError
        When ``ctg.toml`` can't be used.
    ConfidentialityError
        When the ledger was changed outside ctgeval, or when the reason tells of a person.
    ReportError
        When a file can't be written or removed; or when another builder is at work.
    """
    told_reason = reasons.checked(reason, of="du retrait")
    folder = configuration.folder_of(dossier_path).resolve()
    config = configuration.load(folder)
    day = (date or dt.date.today()).isoformat()  # noqa: DTZ011 the day where the evaluator is
    with lock.hold(folder) as held, Ledger.open(folder) as ledger:
        finish(ledger, Path(out), config)
        every = list(own(Path(out), config, ledger))
        found = [
            told for told in every if _meant(told, bilan, audience=audience, territoire=territoire, periode=periode)
        ]
        told = _current(every, _only(found, bilan))
        page = manifest.page_name(told)
        before = manifest.withdrawal(told)
        copies = _copies(every, told)
        if not before:
            held.check()
            for one in (told, *copies):
                _write(ledger, Path(out), one, day=day, reason=told_reason)
        for one in (told, *copies):
            _remove(Path(out), one)
        index = _reindexed(Path(out), config, folder, told)
    return Withdrawn(
        bilan=told["bilan"],
        audience=told["audience"],
        territoire=told["parametres"]["territoire"],
        periode=told["parametres"]["periode"],
        path=place(Path(out), *page.split("/")),
        index=index,
        day=before.get("date", day),
        reason=before.get("motif", told_reason),
        already=bool(before),
        left=tuple(manifest.page_name(one) for one in _versions(every, told) if one not in copies),
    )


def own(out: Path, config: Config, ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield the sheets of the bilans that this dossier published: those of its ledger, those of its convention.

    Parameters
    ----------
    out : Path
        Folder of the reports, where several dossiers may publish.
    config : Config
        Of the dossier.
    ledger : Ledger
        Of the dossier.
    """
    name = site.convention(config.territoire.nom or config.territoire.code)
    for path in sorted((*out.glob(f"*/*{_SHEET}"), *out.glob(f"*/{manifest.VERSIONS}/*{_SHEET}"))):
        told = manifest.read(path)
        if _sound(told, path) and (
            told["convention"] == name or ledger.knows(told.get("registre", {}).get("sceau", ""))
        ):
            yield told


def _sound(told: dict[str, Any], path: Path) -> bool:
    """Tell whether a sheet speaks of the page beside it: another may have been put there, or changed, by hand."""
    page, named = told.get("html"), told.get("parametres")
    frozen = path.parent.name == manifest.VERSIONS
    texts = [told.get(name) for name in ("bilan", "audience", "convention", "etat", "titre", "nom")]
    return (
        isinstance(page, dict)
        and isinstance(named, dict)
        and all(isinstance(text, str) for text in (*texts, named.get("territoire"), named.get("periode")))
        and path.name == f"{str(page.get('fichier')).removesuffix('.html')}{_SHEET}"
        and told["audience"] == (path.parent.parent if frozen else path.parent).name
        and (manifest.frozen(told) if frozen else "figee" not in told)
        and isinstance(told.get("registre", {}), dict)
    )


def finish(ledger: Ledger, out: Path, config: Config) -> None:
    """End the withdrawals that a kill interrupted: whatever is written as withdrawn is no longer there to be read.

    Parameters
    ----------
    ledger : Ledger
        Of the dossier.
    out : Path
        Folder of the reports.
    config : Config
        Of the dossier.

    Raises
    ------
    ReportError
        When a file can't be written or removed.
    """
    every = list(own(out, config, ledger))
    for told in every:
        known, gone = ledger.page(manifest.page_name(told)), manifest.withdrawal(told)
        if known is not None and known.state == "withdrawn" and not gone:
            # A sheet that tells of that withdrawal already is the one of a later version.
            if len(manifest.withdrawals(told)) >= len(known.withdrawals):
                continue
            gone = {"date": known.day, "motif": known.reason}
            _mark(out, told, day=known.day, reason=known.reason)
        if gone:
            _remove(out, told)
            for copy in _copies(every, told):
                _write(ledger, out, copy, day=gone["date"], reason=gone["motif"])
                _remove(out, copy)


def _meant(
    told: dict[str, Any], bilan: str, *, audience: str | None, territoire: str | None, periode: str | None
) -> bool:
    file = str(told["html"]["fichier"])
    # A frozen version is meant by its own name: its notebook means the present page.
    names = {file, file.removesuffix(".html"), manifest.page_name(told)}
    named = bilan in names or (bilan == told["bilan"] and "figee" not in told)
    read_by = audience is None or told["audience"] == audience or told["audience"].startswith(f"{audience}-")
    wanted = ((territoire, told["parametres"]["territoire"]), (periode, told["parametres"]["periode"]))
    return named and read_by and all(value is None or value == found for value, found in wanted)


def _only(found: list[dict[str, Any]], bilan: str) -> dict[str, Any]:
    if len(found) == 1:
        return found[0]
    if not found:
        raise ParameterError(
            "Aucun bilan publié ne répond à cette demande : rien n’a été retiré.",
            value=bilan,
            remedy="Donnez le nom de son carnet ou de son fichier, et le dossier de sortie avec --out ; "
            "« ctgeval etat » liste les bilans.",
        )
    names = " ; ".join(
        f"--audience {told['audience']} --territoire {told['parametres']['territoire']} "
        f"--periode {told['parametres']['periode']}"
        for told in found
    )
    raise ParameterError(
        f"Plusieurs bilans publiés portent ce nom ({len(found)}) : rien n’a été retiré.",
        value=bilan,
        remedy=f"Dites lequel : {names}.",
    )


def _versions(every: list[dict[str, Any]], told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sheets of the standing frozen versions of the bilan that a sheet speaks of, itself apart."""
    file = told["figee"]["de"] if "figee" in told else told["html"]["fichier"]
    return [
        one
        for one in every
        if one is not told
        and "figee" in one
        and (one["audience"], one["figee"]["de"]) == (told["audience"], file)
        and not manifest.withdrawal(one)
    ]


def _copies(every: list[dict[str, Any]], told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sheets of the frozen versions that are the same page, and must go with it."""
    same = told["html"].get("sha256")
    return [] if "figee" in told else [one for one in _versions(every, told) if one["html"]["sha256"] == same]


def _current(every: list[dict[str, Any]], told: dict[str, Any]) -> dict[str, Any]:
    """Return the sheet of the present page when it is the frozen version that is meant: both go, or neither."""
    return next((one for one in every if not manifest.withdrawal(one) and told in _copies(every, one)), told)


def _write(ledger: Ledger, out: Path, told: dict[str, Any], *, day: str, reason: str) -> None:
    """Write that a page is withdrawn: in the ledger first, which knows nothing of the team's, then in its sheet."""
    if told["audience"] != INTERNAL:
        ledger.withdraw(manifest.page_name(told), reason, day=day)
    _mark(out, told, day=day, reason=reason)


def _mark(out: Path, told: dict[str, Any], *, day: str, reason: str) -> None:
    """Write in the sheet of a bilan that it is withdrawn."""
    sheet = place(out, *f"{manifest.page_name(told).removesuffix('.html')}{_SHEET}".split("/"))
    manifest.write(sheet, told | {"retrait": {"date": day, "motif": reason}})


def _remove(out: Path, told: dict[str, Any]) -> None:
    page = place(out, *manifest.page_name(told).split("/"))
    folder = manifest.page_name(told).rpartition("/")[0]
    beside = [place(out, *f"{folder}/{one['fichier']}".split("/")) for one in manifest.files(told)]
    try:
        for path in (*beside, page):
            path.unlink(missing_ok=True)
        for parent in {path.parent for path in beside} - {page.parent}:
            with contextlib.suppress(FileNotFoundError):
                parent.rmdir()
    except OSError as error:
        raise ReportError(
            f"Ce bilan est inscrit comme retiré, mais son fichier n’a pas pu être ôté : {drafts.refusal(error)}.",
            file=page.name,
            remedy="Fermez-le s’il est ouvert, vérifiez les droits d’écriture, puis relancez la même commande.",
        ) from error


def _reindexed(out: Path, config: Config, folder: Path, told: dict[str, Any]) -> Path:
    """Write the index of its readers again, even when ``ctg.toml`` asks for no bilan for them any more."""
    asked = [job for job in plan.jobs(config, folder) if job.folder == told["audience"]]
    return site.write_index(out, asked or [_job(told)], name=config.territoire.nom or config.territoire.code)


def _job(told: dict[str, Any]) -> Job:
    audience, _, partner = told["audience"].partition("-")
    return Job(
        bilan=told["bilan"],
        audience=audience,
        partner=partner,
        territoire=told["parametres"]["territoire"],
        periode=told["parametres"]["periode"],
        etat=told["etat"],
        formats=("html",),
        fictional=told["fictif"],
    )

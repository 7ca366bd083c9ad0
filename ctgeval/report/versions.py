"""The versions of a bilan that were validated, presented or published: frozen, kept, and each revision has its reason.

As soon as ``etat`` is more than a draft, the page and its sheet are copied into the folder ``versions`` of their
readers, under a number, and no build touches them again. The page of such a bilan stays what its last version is until
``motif_revision`` says why there must be another one. A version goes by ``ctgeval retirer`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import french
from ctgeval.errors import ReportError
from ctgeval.report import manifest, reasons
from ctgeval.report.files import digest, place, write_whole

if TYPE_CHECKING:
    from ctgeval.report.cases import Case

__all__ = [
    "DRAFT",
    "FOLDER",
    "Version",
    "held",
    "intact",
    "keep",
    "kept",
    "listed",
    "pending",
    "reason",
    "told_of",
    "unexplained",
]

FOLDER = manifest.VERSIONS
DRAFT = "brouillon"
NEW_STATE = "Nouvelle étape de validation"
_SHEET = ".manifest.json"
_NAME = re.compile(r"(?P<slug>[a-z0-9-]+)-v(?P<number>[1-9][0-9]{0,4})\.manifest\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A frozen version.

    Parameters
    ----------
    number : int
        From 1 on.
    page, sheet : Path
        Where it is; the page of a withdrawn version is gone.
    told : mapping
        Its sheet.
    """

    number: int
    page: Path
    sheet: Path
    told: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Of its page."""
        return str(self.told["html"]["sha256"])

    @property
    def etat(self) -> str:
        """Where its validation stood."""
        return str(self.told["etat"])

    @property
    def motif(self) -> str:
        """Why it took the place of the one before; empty for the first one."""
        return str(self.told["figee"]["motif"])

    @property
    def day(self) -> str:
        """ISO date on which it was frozen."""
        return str(self.told["figee"]["date"])

    @property
    def withdrawal(self) -> dict[str, str]:
        """Day and reason of its withdrawal; empty for a version that stands."""
        return manifest.withdrawal(self.told)


def kept(folder: Path, slug: str = "") -> dict[str, tuple[Version, ...]]:
    """Return the versions that the folder of an audience keeps, by name of bilan, the first one first.

    Parameters
    ----------
    folder : Path
        ``reports/copil``; nothing when it does not exist.
    slug : str
        Only those of that bilan.
    """
    found: dict[str, list[Version]] = {}
    for path in (folder / FOLDER).glob(f"{slug or '*'}-v*{_SHEET}"):
        name, told = _NAME.fullmatch(path.name), manifest.read(path)
        if name and manifest.frozen(told) and told["figee"]["numero"] == int(name["number"]):
            page = path.with_name(f"{path.name.removesuffix(_SHEET)}.html")
            one = Version(number=int(name["number"]), page=page, sheet=path, told=told)
            found.setdefault(name["slug"], []).append(one)
    return {slug: tuple(sorted(each, key=lambda one: one.number)) for slug, each in sorted(found.items())}


def held(case: Case) -> Version | None:
    """Return the version that a bilan stays at, until a reason is given for another one; nothing for a draft."""
    if case.job.etat == DRAFT or not case.versions:
        return None
    last = case.versions[-1]
    # A withdrawal is a reason, and so is a step of the validation.
    if last.withdrawal or last.etat != case.job.etat or _new_reason(case):
        return None
    return last


def intact(case: Case, version: Version) -> bool:
    """Tell whether the page of a bilan and the version that it stays at are both there, the same, as they were."""
    told = manifest.read(case.manifest)
    return (
        bool(told)
        and _digests(told) == _digests(version.told)
        and manifest.whole(case.page.parent, told)
        and manifest.whole(version.page.parent, version.told)
    )


def pending(case: Case) -> bool:
    """Tell whether the page of a bilan is made and not yet frozen: a build was killed in between."""
    return case.job.etat != DRAFT and held(case) is None and case.up_to_date and not case.withdrawal


def reason(case: Case) -> str:
    """Return why the bilan gets a new version, as readers will see it; empty for the first version.

    Raises
    ------
    ParameterError, ConfidentialityError
        When the author's reason can't be shown.
    """
    told = _new_reason(case)
    if told:
        return reasons.checked(told, of="de la révision")
    if not case.versions:
        return ""
    return case.versions[-1].withdrawal.get("motif", NEW_STATE)


def unexplained(case: Case, version: Version, changed: str) -> ReportError:
    """Return the refusal of a new version for which the author gives no reason.

    Parameters
    ----------
    case : Case
        The bilan.
    version : Version
        The one that it stays at.
    changed : str
        What changed since, in French.
    """
    used = f" ; « {case.job.motif_revision} » a déjà servi" if case.job.motif_revision else ""
    return ReportError(
        f"Ce bilan est figé (version {version.number} du {french.date(version.day)}) : {changed}, mais aucun motif de "
        f"révision n’est donné{used}.",
        file="ctg.toml",
        key="bilan.motif_revision",
        remedy="Écrivez motif_revision dans son bloc [[bilan]], en une phrase que les lecteurs verront, puis relancez "
        "« ctgeval construire ».",
    )


def told_of(version: Version, changed: str) -> str:
    """Return in French that a bilan stays at a version although something changed, and what to do about it."""
    return (
        f"version {version.number} du {french.date(version.day)} ; depuis, {changed} : pour la réviser, écrivez "
        "motif_revision dans son bloc [[bilan]]"
    )


def keep(case: Case, *, day: str) -> Version | None:
    """Freeze the page of a bilan, or put back what is missing of the version that it stays at.

    Parameters
    ----------
    case : Case
        A bilan whose page is made; nothing is done for a draft.
    day : str
        ISO date.

    Returns
    -------
    Version or None
        The version at which the bilan stays; nothing for a draft.

    Raises
    ------
    ReportError
        When a file can't be written, or when nothing is left of the version that the bilan must stay at.
    ParameterError, ConfidentialityError
        When the author's reason can't be shown.
    """
    if case.job.etat == DRAFT:
        return None
    # Another builder may have frozen one since this one began.
    folder, slug = case.page.parent, case.job.slug
    now = replace(case, versions=kept(folder, slug).get(slug, ()))
    version = held(now)
    if version is None:
        return _freeze(now, day=day)
    _mend(now, version)
    return version


def _freeze(case: Case, *, day: str) -> Version:
    number, page, sheet = _free(case)
    told = manifest.read(case.manifest)
    told["html"] = told["html"] | {"fichier": page.name}
    # In a folder of the version, under their own names: one may speak of another.
    beside = [(one, {**one, "fichier": f"{page.stem}/{one['fichier']}"}) for one in manifest.files(told)]
    told["fichiers"] = [kept_ for _, kept_ in beside]
    told["figee"] = {"numero": number, "date": day, "motif": reason(case), "de": case.page.name}
    # What was withdrawn before this version is told by the sheets of those.
    told.pop("retraits", None)
    data = case.page.read_bytes()
    copies = [(kept_["fichier"], (case.page.parent / one["fichier"]).read_bytes()) for one, kept_ in beside]
    # The notes first: the next build ends by itself what a kill leaves of the rest, and could not write them again.
    notes = {"format": manifest.FORMAT, "cle": case.key, "composants": dict(case.made_from)}
    manifest.write(manifest.version_notes_path(case.folder, case.job, number), notes)
    # Then the sheet: a page that no sheet speaks of would be taken for a stranger's.
    manifest.write(sheet, told)
    for name, copied in copies:
        write_whole(place(sheet.parent, *name.split("/")), copied)
    write_whole(page, data)
    return Version(number=number, page=page, sheet=sheet, told=told)


def _free(case: Case) -> tuple[int, Path, Path]:
    """Return the next number with its two places: what is there is never written over, whatever it is."""
    number = case.versions[-1].number if case.versions else 0
    while True:
        number += 1
        folder, name = (case.page.parent.parent, case.job.folder, FOLDER), f"{case.job.slug}-v{number}"
        page, sheet = place(*folder, f"{name}.html"), place(*folder, f"{name}{_SHEET}")
        if not page.exists() and not sheet.exists():
            return number, page, sheet


def _mend(case: Case, version: Version) -> None:
    """Make the page of a bilan and its version the same again, from the one that is as it was."""
    if manifest.whole(version.page.parent, version.told):
        if not intact(case, version):
            now = manifest.read(case.manifest)
            earlier = [*manifest.withdrawals(now), *filter(None, [manifest.withdrawal(now)])]
            told = {name: value for name, value in version.told.items() if name != "figee"}
            told["html"] = told["html"] | {"fichier": case.page.name}
            told["fichiers"] = [{**one, "fichier": _bare_name(one)} for one in manifest.files(version.told)]
            for one in manifest.files(version.told):
                data = (version.page.parent / one["fichier"]).read_bytes()
                write_whole(place(case.page.parent, _bare_name(one)), data)
            write_whole(case.page, version.page.read_bytes())
            manifest.write(case.manifest, told | ({"retraits": earlier} if earlier else {}))
    elif _same_beside(case, version):
        for one in manifest.files(version.told):
            data = (case.page.parent / _bare_name(one)).read_bytes()
            write_whole(place(version.page.parent, *one["fichier"].split("/")), data)
        write_whole(version.page, case.page.read_bytes())
    else:
        raise ReportError(
            f"La version {version.number} de ce bilan, figée le {french.date(version.day)}, a été modifiée ou "
            "supprimée à la main, et sa page aussi.",
            file=version.page.name,
            remedy="Remettez ce fichier de votre dernière sauvegarde, ou retirez cette version avec « ctgeval retirer "
            f"{version.page.name} ».",
        )


def _same_beside(case: Case, version: Version) -> bool:
    """Tell whether the page of a bilan and the files beside it are all that a version was."""
    return digest(case.page) == version.sha256 and all(
        digest(case.page.parent / _bare_name(one)) == one["sha256"] for one in manifest.files(version.told)
    )


def _bare_name(one: Mapping[str, Any]) -> str:
    """Return the name of a file of a version, without its folder."""
    return str(one["fichier"]).rpartition("/")[2]


def _digests(told: Mapping[str, Any]) -> list[str]:
    return [str(told["html"]["sha256"]), *sorted(one["sha256"] for one in manifest.files(told))]


def _new_reason(case: Case) -> str:
    """Return the author's reason, unless it explained an earlier version: one reason, one revision."""
    told = case.job.motif_revision.strip()
    return "" if told in {version.motif for version in case.versions} else told


def listed(versions: Iterable[Version]) -> list[dict[str, Any]]:
    """Return what an index tells of the versions of a bilan, the last one first: those that stand or were withdrawn.

    Parameters
    ----------
    versions : iterable of Version
        See `kept`.
    """
    return [
        {
            "numero": one.number,
            "lien": f"{FOLDER}/{one.page.name}",
            "version": one.told["version"],
            "date": one.day,
            "motif": _bare(one.motif),
            "retrait": {name: _bare(text) for name, text in one.withdrawal.items()},
            "formats": manifest.links(one.told, folder=f"{FOLDER}/"),
        }
        for one in sorted(versions, key=lambda one: -one.number)
        if one.withdrawal or manifest.whole(one.page.parent, one.told)
    ]


def _bare(text: str) -> str:
    """Return a reason without its final full stop: the index puts one."""
    return text.rstrip().removesuffix(".")

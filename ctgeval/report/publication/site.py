"""Write the public site: a folder that any server can hold as it is, and an archive of it, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval import config as configuration
from ctgeval.errors import ParameterError, ReportError
from ctgeval.report import html, lint, lock, manifest, plan, program, scan, site
from ctgeval.report.files import place, write_whole
from ctgeval.report.formats.archive import packed
from ctgeval.report.publication.catalogue import LICENCE, catalogue
from ctgeval.report.publication.chosen import AUDIENCE, Chosen, Left, chosen

__all__ = ["Publication", "publish"]

_MARK = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What was published.

    Parameters
    ----------
    folder, archive : Path
        The site, and the archive of it.
    pages : tuple of str
        Its bilans, from the folder.
    left : tuple of Left
        The bilans for everybody that are not in it, and why.
    changed : bool
        Whether the site is not what it was before.
    """

    folder: Path
    archive: Path
    pages: tuple[str, ...]
    left: tuple[Left, ...]
    changed: bool


def publish(
    dossier_path: str | Path,
    *,
    out: str | Path = "reports",
    to: str | Path = "publication",
    date: dt.date | None = None,
) -> Publication:
    """Write the public site of a dossier, whole or not at all.

    Parameters
    ----------
    dossier_path : str or Path
        The dossier: its folder, or its ``ctg.toml``.
    out : str or Path
        Folder of the reports, where the published versions are frozen.
    to : str or Path
        Folder of the site; it is replaced as a whole.
    date : datetime.date, optional
        Day of the publication; today by default.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used.
    ParameterError
        When nothing is published yet, or when ``to`` holds something else than a site made here.
    ConfidentialityError
        When something must not go out.
    ReportError, PageRefused
        When a file can't be written; when some readers could not use a page.
    """
    folder = configuration.folder_of(dossier_path).resolve()
    config = configuration.load(folder)
    root, target = Path(out), Path(to)
    _refuse_strangers(target, folder)
    day = (date or dt.date.today()).isoformat()  # noqa: DTZ011 the day where the evaluator is
    with lock.hold(folder):
        found, left = chosen(config, plan.jobs(config, folder), root)
        if not found:
            raise ParameterError(
                "Aucun bilan n’est à publier : " + (" ; ".join(f"{one.slug} : {one.reason}" for one in left) or
                "ctg.toml ne demande aucun bilan pour les habitants") + ".",
                file="ctg.toml",
                remedy='Un bilan se publie avec audience = "habitants", etat = "publie", date et instance, puis '
                "« ctgeval construire ».",
            )  # fmt: skip
        parts = _parts(found, name=config.territoire.nom or config.territoire.code, day=_day(target, found, day))
        _scanned(parts, folder, target)
        changed = _told(target) != parts[_MARK]
        if changed:
            _replaced(target, parts)
        archive = target.with_name(f"{target.name}.zip")
        data = packed({f"{target.name}/{name}": content for name, content in parts.items()})
        if not archive.is_file() or archive.read_bytes() != data:
            write_whole(archive, data)
    pages = tuple(f"bilans/{one.version.page.name}" for one in found)
    return Publication(folder=target, archive=archive, pages=pages, left=left, changed=changed)


def _told(target: Path) -> bytes:
    try:
        return (target / _MARK).read_bytes()
    except OSError:
        return b""


def _day(target: Path, found: Sequence[Chosen], today: str) -> str:
    """Return the day to print: that of the site that is there, as long as it tells the same versions."""
    try:
        told = json.loads(_told(target))
        same = told["format"] == _FORMAT and told["versions"] == _versions(found)
    except (ValueError, KeyError, TypeError):
        return today
    return str(told["date"]) if same else today


def _versions(found: Sequence[Chosen]) -> dict[str, str]:
    return {one.version.page.name: one.version.sha256 for one in found}


def _refuse_strangers(target: Path, dossier: Path) -> None:
    """Refuse a folder that this command did not make: it would be replaced."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ParameterError("Ce n’est pas un dossier.", value=str(target), remedy="Donnez un dossier avec --vers.")
    if dossier.is_relative_to(target.resolve()):
        raise ParameterError(
            "Le site serait écrit par-dessus le dossier de la convention.",
            value=str(target),
            remedy="Donnez un dossier à part avec --vers.",
        )
    if target.is_dir() and any(target.iterdir()) and not _ours(target):
        raise ParameterError(
            "Ce dossier contient autre chose qu’un site fait par ctgeval : il serait effacé.",
            value=str(target),
            remedy="Donnez un dossier vide, ou qui n’existe pas encore, avec --vers.",
        )


def _ours(target: Path) -> bool:
    """Tell whether a folder is a site that this command made."""
    try:
        return bool(json.loads(_told(target)).get("fait_par") == "ctgeval publier")
    except (ValueError, AttributeError):
        return False


def _parts(found: Sequence[Chosen], *, name: str, day: str) -> dict[str, bytes]:
    """Return every file of the site, by its name from the folder."""
    parts: dict[str, bytes] = {}
    for one in found:
        base = one.version.page.parent
        for file in one.files:
            parts[f"bilans/{file['fichier']}"] = place(base, *str(file["fichier"]).split("/")).read_bytes()
    title = site.convention(name)
    fictional = any(one.version.told["fictif"] for one in found)
    shell = {"ctg": title, "date": day, "mention": site.MENTION if fictional else ""}
    pages = {
        "index.html": html.page("publication.html.j2", {**shell, "bilans": [_entry(one) for one in found]}),
        "accessibilite.html": html.page("accessibilite.html.j2", {**shell, **_checks(parts)}),
    }
    for content in pages.values():
        faults = lint.check(content)
        if faults:
            raise lint.refusal(faults, notebook="")
    parts |= pages
    parts["licence.txt"] = _licence(title).encode("utf-8")
    parts["catalogue.json"] = _json(catalogue(found, publisher=name, title=title, day=day))
    parts[_MARK] = _json(
        {
            "format": _FORMAT,
            "fait_par": "ctgeval publier",
            "convention": title,
            "date": day,
            "versions": _versions(found),
            "fichiers": [
                {"fichier": path, "sha256": hashlib.sha256(content).hexdigest(), "octets": len(content)}
                for path, content in sorted(parts.items())
            ],
        }
    )
    return parts


def _entry(one: Chosen) -> dict[str, Any]:
    told = one.version.told
    return {
        "lien": f"bilans/{one.version.page.name}",
        "titre": told["titre"],
        "nom": told["nom"],
        "periode": told["parametres"]["periode"],
        "instance": one.body,
        "valide_le": one.day,
        "deliberation": one.deliberation,
        "version": one.version.number,
        "motif": one.version.motif,
        "formats": manifest.links(told, folder="bilans/"),
        "tableaux": [
            {"lien": f"bilans/{file['fichier']}", "nom": str(file["fichier"]).rpartition("/")[2]}
            for file in one.files
            if str(file["fichier"]).endswith(".csv")
        ],
    }


def _checks(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """Run the checks that the declaration of accessibility tells, on the pages that are about to be published."""
    pages = [content for path, content in parts.items() if path.endswith(".html") and "diapositives" not in path]
    return {
        "pages": len(pages),
        "regles": len(lint.RULES),
        "defauts": sum(len(lint.check(content)) for content in pages),
        "outil": program.versions()["ctgeval"],
    }


def _licence(title: str) -> str:
    return (
        f"{title}\n\nLes bilans et les tableaux de ce dossier sont publiés sous la Licence Ouverte 2.0 (Etalab) :\n"
        f"{LICENCE}\n\nChaque fichier dit de quelles sources viennent ses chiffres ; une source garde sa licence, que "
        "le tableau des sources de chaque bilan rappelle.\n"
    )


def _json(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _scanned(parts: Mapping[str, bytes], dossier: Path, target: Path) -> None:
    """Look for what must not go out in the files made here; those of the bilans were looked at when they were."""
    machine = scan.here(dossier, target)
    hits = [
        hit
        for path, content in parts.items()
        if not path.startswith("bilans/")
        for hit in scan.document(path, content, audience=AUDIENCE, machine=machine).hits
    ]
    if scan.blocking(hits):
        raise scan.refusal(scan.blocking(hits))


def _replaced(target: Path, parts: Mapping[str, bytes]) -> None:
    """Put a whole folder in place of another: what a server reads meanwhile is the earlier one or the new one."""
    token = secrets.token_hex(6)
    made, old = (target.with_name(f".{target.name}.{token}.{end}") for end in ("neuf", "ancien"))
    try:
        for name, content in parts.items():
            write_whole(made / name, content)
        if target.exists():
            target.rename(old)
        made.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise ReportError(
            f"Le site n’a pas pu être écrit : {error.strerror or error}. Celui d’avant est resté en place.",
            file=target.name,
            remedy="Vérifiez que ce dossier est accessible en écriture et qu’aucun de ses fichiers n’est ouvert.",
        ) from error
    finally:
        for left in (made, old):
            if left.exists():
                shutil.rmtree(left, ignore_errors=True)

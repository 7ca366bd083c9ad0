"""Make a new dossier: a commented ``ctg.toml``, ``suivi.xlsx``, folders, and the checklist of files to get."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval import programme, sources, territory
from ctgeval.config import FILE_NAME
from ctgeval.config.notebooks import OWN_NOTEBOOKS, notebooks
from ctgeval.config.places import same_name
from ctgeval.errors import DossierError
from ctgeval.french import plural
from ctgeval.indicators import own
from ctgeval.programme import evaluation, rules
from ctgeval.sources.workbook import write_workbook
from ctgeval.surveys import declaration

if TYPE_CHECKING:
    from ctgeval.sources import Format
    from ctgeval.territory import Reference

_LEVELS = ("EPCI", "COM", "DEP", "REG")
_UNSIGNED = """\
# Convention : retirez les « # » et complétez. Sans elle, seul un diagnostic peut être fait.
# « debut » est le premier jour couvert : la valeur de départ des indicateurs est prise avant lui.
# [convention]
# signature = {year}-09-30
# debut = {year}-01-01
# fin = {end}-12-31
# signataires = ["CC ...", "Caf de ...", "MSA ..."]"""
_SIGNED = """\
# « debut » est le premier jour couvert : la valeur de départ des indicateurs est prise avant lui.
[convention]
# Date de signature, si elle diffère du début :
# signature = {start}
debut = {start}
{fin}
# Par exemple ["CC ...", "Caf de ...", "MSA ..."].
signataires = []"""
_WORKBOOK_NOTES = (
    "Commencez par les feuilles « actions », « cibles » et « observations ».",
    "Les autres se remplissent quand elles servent : une feuille vide n’empêche aucun bilan.",
    "Un onglet par tableau. N’ajoutez ni titre au-dessus des colonnes, ni ligne de total, ni cellule fusionnée.",
    "Une valeur inconnue reste vide : n’écrivez pas 0.",
    "Aucune donnée sur une personne : des totaux seulement.",
)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: the files, and the code of the territory (empty when it is still to be written)."""

    files: tuple[Path, ...]
    code: str


def make(folder: Path, *, code: str | None, name: str | None, start: dt.date | None, end: dt.date | None) -> Made:
    """Make a dossier, whole or not at all.

    Parameters
    ----------
    folder : Path
        Where; it must not exist, or be empty.
    code, name : str or None
        Territory; one is found from the other, both are checked together.
    start, end : date or None
        First and last day of the convention.

    Raises
    ------
    DossierError
        When the folder is not empty or can't be written, the name is not that of the code or is that of no
        territory, or the end is before the start.
    UnknownTerritory
        When no territory has the code.
    """
    _refuse_used(folder)
    if start and end and end < start:
        raise DossierError(
            f"La fin de la convention ({end}) est avant son début ({start}).", remedy="Corrigez l’une des deux dates."
        )
    reference = territory.reference.load()
    year = max(reference.years)
    geo, official = _territory(reference, year, code, name)
    contents = {
        FILE_NAME: _configuration(geo, official, year=year, start=start, end=end),
        "LISEZ-MOI.md": _checklist(official),
        evaluation.FILE_NAME: _template("evaluation.toml.txt"),
        rules.FILE_NAME: _template("regles.toml.txt"),
        own.FILE_NAME: _template("indicateurs.toml.txt"),
        declaration.FILE_NAME: _template("enquetes.toml.txt"),
    }
    try:
        return Made(_written(folder, contents), geo)
    except OSError as error:
        raise DossierError(
            "Le dossier ne peut pas être créé ici.",
            file=str(folder),
            value=error.strerror or type(error).__name__,
            remedy="Vérifiez les droits d’écriture et la place disponible, ou choisissez un autre emplacement.",
        ) from error


def make_notebook(folder: Path, name: str) -> Path:
    """Make a notebook of the author's own in a dossier: parameterized, thin, and accepted as it is.

    Parameters
    ----------
    folder : Path
        Of the dossier.
    name : str
        Of the notebook: letters without accents, digits, ``_``.

    Raises
    ------
    DossierError
        When there is no dossier there, the name can't be used or is taken, or nothing can be written.
    """
    if not (folder / FILE_NAME).is_file():
        raise DossierError(
            "Il n’y a pas de dossier ici.", file=str(folder), remedy="Créez-le d’abord : ctgeval init DOSSIER."
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        raise DossierError(
            "Ce nom de carnet ne convient pas.",
            value=name,
            remedy="Employez des lettres minuscules sans accent, des chiffres et « _ », par exemple bilan_jeunesse.",
        )
    path = folder / OWN_NOTEBOOKS / f"{name}.ipynb"
    if name in notebooks(folder) or path.exists():
        raise DossierError("Un carnet porte déjà ce nom.", value=name, remedy="Choisissez un autre nom.")
    text = _template("carnet.ipynb.txt").replace("NOM_DU_CARNET", name)
    text = text.replace("TITRE_DU_CARNET", name.replace("_", " ").capitalize())
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DossierError(
            "Le carnet ne peut pas être écrit ici.",
            file=str(path),
            value=error.strerror or type(error).__name__,
            remedy="Vérifiez les droits d’écriture et la place disponible.",
        ) from error
    return path


def _refuse_used(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DossierError("Un fichier porte déjà ce nom.", file=str(folder), remedy="Choisissez un autre nom.")
    if folder.is_dir() and any(folder.iterdir()):
        raise DossierError(
            "Ce dossier n’est pas vide : rien n’y a été écrit.",
            file=str(folder),
            remedy="Donnez le nom d’un dossier nouveau ou vide.",
        )


def _written(folder: Path, contents: dict[str, str]) -> tuple[Path, ...]:
    created: list[Path] = []
    try:
        for place in (folder, folder / "sources", folder / "textes"):
            missing = [part for part in (place, *place.parents) if not part.exists()]
            place.mkdir(parents=True, exist_ok=True)
            created += reversed(missing)
        created.append(folder / "suivi.xlsx")
        write_workbook(folder / "suivi.xlsx", programme.SCHEMAS, readme_lines=_WORKBOOK_NOTES)
        for name, text in contents.items():
            created.append(folder / name)
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except BaseException:
        for path in reversed(created):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise
    return tuple(path for path in created if path.is_file())


def _territory(reference: Reference, year: int, code: str | None, name: str | None) -> tuple[str, str]:
    if code:
        geo = _prefixed(code)
        official = reference.name(geo, year)
        if name and not same_name(name, official):
            raise DossierError(
                f"Le code {geo} est celui de « {official} », pas de « {name} ».",
                remedy="Donnez l’un des deux seulement : l’autre sera retrouvé.",
            )
        return geo, name or official
    return _named(reference, year, name) if name else ("", "")


def _prefixed(code: str) -> str:
    text = code.strip().upper()
    if len(text) == 9 and text.isdigit():
        return territory.codes.epci(text)
    if len(text) == 5 and text.isalnum():
        return territory.codes.commune(text)
    return str(territory.codes.parse(text))


def _named(reference: Reference, year: int, name: str) -> tuple[str, str]:
    for level in _LEVELS:
        places = reference.territories(level, year)
        found = [
            (str(geo), str(other))
            for geo, other in zip(places["geo"], places["name"], strict=True)
            if same_name(name, str(other))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise DossierError(
                f"{len(found)} territoires s’appellent « {name} ».",
                remedy=f"Donnez le code avec --territoire : {', '.join(geo for geo, _ in found[:5])}.",
            )
    close = reference.near(name)
    raise DossierError(
        f"Aucun territoire ne s’appelle « {name} » au 1er janvier {year}.",
        remedy=f"Noms proches : {', '.join(close)}." if close else "Donnez son code avec --territoire.",
    )


def _template(name: str) -> str:
    return (files("ctgeval.cli") / "templates" / name).read_text(encoding="utf-8")


def _configuration(code: str, name: str, *, year: int, start: dt.date | None, end: dt.date | None) -> str:
    if start:
        fin = f"fin = {end}" if end else f"# fin = {start.year + 4}-12-31"
        convention = _SIGNED.format(start=start, fin=fin)
    else:
        convention = _UNSIGNED.format(year=year, end=end.year if end else year + 4)
    return _template("ctg.toml.txt").format(
        code=json.dumps(code),
        name=json.dumps(name, ensure_ascii=False),
        year=year,
        keep=year + 5,
        period=year - 1,
        convention=convention,
        sources="".join(
            _source_block(key, one, year) for key, one in sorted(sources.formats().items()) if one.producer
        ),
    )


def _source_block(key: str, one: Format, year: int) -> str:
    lines = [
        f"# {one.label} ({one.periodicity}) :",
        "# [[source]]",
        f'# cle = "{key.replace(".", "-").replace("_", "-")}"',
        '# fichier = "sources/nom-du-fichier.csv"',
        f'# format = "{key}"',
        f'# producteur = "{one.producer}"',
        f'# licence = "{one.licence}"',
        f"# mise_a_jour = {year - 1}-11-30",
        '# diffusion = "ouverte"',
    ]
    return "\n".join(lines) + "\n#\n"


def _checklist(name: str) -> str:
    lines = []
    for key, one in sorted(sources.formats().items()):
        if not one.producer:
            continue
        cover = " ".join(one.coverage[level] for level in one.coverage)
        origin = ", ".join(filter(None, (one.producer, one.licence)))
        lines.append(
            f"- [ ] **{one.label}** ({origin}). Périodicité : {one.periodicity} ; publication "
            f"{plural(one.lag_years, 'an')} après. Format : `{key}`. {cover}"
        )
    title = f"Dossier CTG : {name}" if name else "Dossier CTG"
    return _template("LISEZ-MOI.md").format(title=title, formats="\n".join(lines))

"""SCDL: grants awarded by local authorities (``scdl.subventions``).

One row for each grant. Amounts are kept to the cent, those in kind apart, and summed for the authority that awards them
when it is an EPCI or a commune of the geography: a row of an EPCI tells what the EPCI itself awards. A beneficiary
without a number of establishment or of association may be a person: neither its name nor the object is kept.

References
----------
Schéma SCDL « subventions », 2.1 (OpenDataFrance); arrêté du 17 novembre 2017 on the essential data of grants.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ctgeval.french import fold, number, plural
from ctgeval.sources import listing, names
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["FORMAT"]

NAME = "scdl.subventions"
_MONEY, _KIND, _BOTH = "numeraire", "nature", "mixte"
_MEASURES = {
    ("COM", _MONEY): "subventions_attribuees_communes",
    ("COM", _KIND): "aides_nature_communes",
    ("EPCI", _MONEY): "subventions_attribuees_epci",
    ("EPCI", _KIND): "aides_nature_epci",
}
_GRANTER, _GRANTER_ID = ("nomAttribuant", "nom attribuant"), ("idAttribuant", "id attribuant", "siretAttribuant")
_DATE = ("dateConvention", "date convention")
_BENEFICIARY, _BENEFICIARY_ID = ("nomBeneficiaire", "nom beneficiaire"), ("idBeneficiaire", "id beneficiaire")
_RNA = ("rnaBeneficiaire", "rna beneficiaire")
_OBJECT, _AMOUNT, _NATURE = ("objet",), ("montant",), ("nature",)
_TEXTS: dict[str, tuple[str, ...]] = {
    "reference": ("referenceDecision", "reference decision"),
    "conditions": ("conditionsVersement", "conditions versement"),
    "versements": ("datesPeriodeVersement", "datesVersement", "dates periode versement"),
    "part": ("pourcentageSubvention", "pourcentage subvention"),
    "dispositif": ("dispositifAide", "dispositif aide"),
}
_SIRET = re.compile(r"\d{14}|\d{9}")
_ASSOCIATION = re.compile(r"W\d[0-9A-Z]\d{7}", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_COMMUNE_OF = re.compile(
    r"^(?:la )?(?:commune|ville|mairie|municipalite)(?: nouvelle)? (?:de la |de l|du |des |de |d)? ?"
)
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ].*)?"),
    re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})(?: .*)?"),
)


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    id_column, date_column = grid.require(*_GRANTER_ID), grid.require(*_DATE)
    amount_column = grid.require(*_AMOUNT)
    granter_column, nature_column = grid.find(*_GRANTER), grid.find(*_NATURE)
    rejections = Rejections(grid)
    siren = _sirens(rejections, id_column)
    days = _days(rejections, date_column)
    amounts, finer = listing.amounts(rejections, amount_column, options=options, required=True)
    listing.refuse_repeated(rejections, [], what="cette subvention")
    nature = _natures(grid, nature_column)
    geo, geography = _granters(siren, listing.texts(grid, granter_column), days, options.reference)
    person, masked = _beneficiaries(grid)
    good = ~rejections.bad
    levels = np.array([code.partition("-")[0] for code in geo.tolist()], dtype=object)
    sums = [
        listing.Sum(measure, amounts, among=(levels == level) & (nature == kind))
        for (level, kind), measure in _MEASURES.items()
    ]
    found = {name: grid.find(*headers) for name, headers in _TEXTS.items()}
    columns = {
        "attribuant": listing.texts(grid, granter_column),
        "attribuant_siren": siren,
        "geo": geo,
        "date": days,
        **masked,
        "montant": amounts,
        "nature": nature,
        **{name: listing.texts(grid, column) for name, column in found.items()},
    }
    read = [id_column, date_column, amount_column, granter_column, nature_column, *found.values()]
    read += [grid.find(*headers) for headers in (_BENEFICIARY, _BENEFICIARY_ID, _RNA, _OBJECT)]
    return listing.result(
        rejections,
        format=NAME,
        observed=listing.summed(
            rejections,
            sums,
            key=options.key,
            geo=geo,
            periods=np.array([day[:4] for day in days.tolist()], dtype=object),
            geography=geography,
        ),
        tables={"subventions": listing.frame(rejections, columns, read=[name for name in read if name])},
        notes=[
            _masked(int((good & person).sum())),
            _outside(geo, good, options.reference),
            _apart(nature, amounts, good, told=nature_column is not None),
            f"Montants écrits plus finement que le centime, arrondis : {number(finer)}." if finer else "",
            _negative(amounts, good),
            FORMAT.coverage["EPCI"],
        ],
    )


def _sirens(rejections: Rejections, column: str) -> Texts:
    """Return the SIREN of each authority; rows whose number is empty, damaged or not one are rejected."""
    cells = [re.sub(r"[\s.]", "", cell.removesuffix(".0")) for cell in listing.texts(rejections.grid, column).tolist()]
    known = {cell: _why_not(cell) for cell in set(cells)}
    for place, cell in enumerate(cells):
        if known[cell] and not rejections.bad[place]:
            rejections.add(place, column, known[cell])
    return np.array(["" if known[cell] else cell[:9] for cell in cells], dtype=object)


def _why_not(cell: str) -> str:
    if not cell:
        return "Il manque le numéro SIRET de l’attribuant."
    if _SCIENTIFIC.fullmatch(cell):
        return "Un tableur a transformé ce numéro SIRET en nombre : ses derniers chiffres sont perdus."
    if not _SIRET.fullmatch(cell):
        return "Ce n’est pas un numéro SIRET (14 chiffres)."
    if not _luhn(cell[:9]):
        return "Ce numéro SIRET est faux : sa clé de contrôle ne correspond pas."
    return ""


def _luhn(digits: str) -> bool:
    """Check the key of a SIREN (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _days(rejections: Rejections, column: str) -> Texts:
    """Return the dates as ``2023-06-27``, or the year alone where the file gives no more."""
    cells = listing.texts(rejections.grid, column).tolist()
    known = {cell: _day(cell) for cell in set(cells)}
    days = np.array([known[cell] for cell in cells], dtype=object)
    reason = "La date de la convention ne se lit pas (AAAA-MM-JJ ou JJ/MM/AAAA)."
    rejections.add_all((days == "") & ~rejections.bad, column, reason)
    return days


def _day(cell: str) -> str:
    if re.fullmatch(r"(?:19|20)\d\d", cell):
        return cell
    for form in _DAYS:
        if match := form.fullmatch(cell):
            try:
                day = dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                return ""
            return day.isoformat() if 1900 <= day.year <= 2100 else ""
    return ""


def _natures(grid: Grid, column: str | None) -> Texts:
    """Return the nature of each grant; an empty one is money, as nearly all are."""
    cells = listing.texts(grid, column).tolist()
    known: dict[str, str] = {}
    for cell in set(cells):
        text = fold(cell)
        # Files that lost their accents write « num?raire ».
        money, kind = bool(re.search(r"num.{0,3}raire|argent|financ", text)), "nature" in text
        known[cell] = _BOTH if money and kind else _KIND if kind else _MONEY if money or not text else _BOTH
    return np.array([known[cell] for cell in cells], dtype=object)


def _granters(
    siren: Texts, granters: Texts, days: Texts, reference: Reference | None
) -> tuple[Texts, npt.NDArray[np.float64]]:
    """Return the territory of each authority, and the year of its code.

    The SIREN of an EPCI is its code. That of a commune begins by 21 and its département, without its Insee code: the
    commune is found by its name.
    """
    geo = np.full(len(siren), "", dtype=object)
    geography = np.full(len(siren), np.nan)
    if reference is None:
        return geo, geography
    known: dict[tuple[str, str, str], tuple[str, float]] = {}
    for place, asked in enumerate(zip(siren.tolist(), granters.tolist(), (day[:4] for day in days), strict=True)):
        if asked not in known:
            known[asked] = _territory(*asked, reference) if asked[0] and asked[2] else ("", np.nan)
        geo[place], geography[place] = known[asked]
    return geo, geography


def _territory(siren: str, granter: str, year: str, reference: Reference) -> tuple[str, float]:
    day = int(year)
    epci = f"EPCI-{siren}"
    if any(reference.exists(epci, one) for one in reference.years):
        return epci, float(day)
    name = names.key(granter)
    if siren.startswith("21") and (head := _COMMUNE_OF.match(name)):
        dep = siren[2:4]
        deps = {"20": ("2A", "2B"), "97": tuple(f"97{rank}" for rank in "12346")}.get(dep, (dep,))
        found = [names.commune(name[head.end() :], one, day, reference) for one in deps]
        right = [one for one in found if one.geo]
        if len(right) == 1:
            return right[0].geo, float(right[0].geography or day)
    return "", np.nan


def _beneficiaries(grid: Grid) -> tuple[npt.NDArray[np.bool_], dict[str, Texts]]:
    """Return who may be a person, and what is kept of beneficiaries: of those, nothing."""
    column, id_column, rna_column = (grid.find(*headers) for headers in (_BENEFICIARY, _BENEFICIARY_ID, _RNA))
    ids = [re.sub(r"[\s.]", "", cell.removesuffix(".0")) for cell in listing.texts(grid, id_column).tolist()]
    rnas = [re.sub(r"\s", "", cell) for cell in listing.texts(grid, rna_column).tolist()]
    known = np.array([bool(_SIRET.fullmatch(one) or _ASSOCIATION.fullmatch(one)) for one in ids], dtype=bool)
    known |= np.array([bool(_ASSOCIATION.fullmatch(one)) for one in rnas], dtype=bool)
    kept = {
        "beneficiaire": listing.texts(grid, column),
        "beneficiaire_id": np.array([one or rna for one, rna in zip(ids, rnas, strict=True)], dtype=object),
        "objet": listing.texts(grid, grid.find(*_OBJECT)),
    }
    return ~known, {name: np.where(known, cells, "") for name, cells in kept.items()}


def _masked(count: int) -> str:
    if not count:
        return ""
    return (
        f"Bénéficiaires sans numéro SIRET ni numéro d’association, qui peuvent être des personnes : {number(count)}. "
        "Leur nom et l’objet de la subvention ne sont pas gardés ; le montant compte."
    )


def _outside(geo: Texts, good: npt.NDArray[np.bool_], reference: Reference | None) -> str:
    count = int((good & (geo == "")).sum())
    if not count:
        return ""
    why = "n’est ni un EPCI ni une commune de la géographie" if reference is not None else "ne peut être reconnu"
    return (
        f"{plural(count, 'subvention')} dont l’attribuant {why} : dans la table « subventions », et dans aucun total."
    )


def _apart(nature: Texts, amounts: npt.NDArray[np.float64], good: npt.NDArray[np.bool_], *, told: bool) -> str:
    if not told:
        return "La colonne « nature » est absente : toutes les aides sont lues comme versées en argent."
    both = good & (nature == _BOTH)
    if not both.any():
        return ""
    return (
        f"Aides en argent et en nature à la fois, ou d’une nature inconnue : {number(int(both.sum()))}, pour "
        f"{number(float(np.nansum(amounts[both])), 2)} euros. Elles ne sont dans aucun total."
    )


def _negative(amounts: npt.NDArray[np.float64], good: npt.NDArray[np.bool_]) -> str:
    count = int((good & (amounts < 0)).sum())
    return f"Montants négatifs (annulations, reversements), déduits des totaux : {number(count)}." if count else ""


FORMAT = Format(
    name=NAME,
    label="Subventions attribuées par les collectivités (SCDL)",
    producer="Collectivités territoriales",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=1,
    coverage={
        "COM": "Seules les subventions publiées sont dans le fichier, en général au-delà de 23 000 euros par an et "
        "par bénéficiaire.",
        "EPCI": "Seules les subventions publiées sont dans le fichier, en général au-delà de 23 000 euros par an et "
        "par bénéficiaire ; la ligne d’un EPCI ne compte que celles qu’il attribue lui-même.",
    },
    minimum_population=None,
    measures=tuple(sorted(_MEASURES.values())),
    read=_read,
)

"""The fictional ground: a CC of 35 communes, its four neighbours, and their geography from 2017 to 2026.

No commune and no EPCI of France has any of these names. No code of a commune begins with 99, and no SIREN of an EPCI
with 2499: the two digits after 24 are those of a département.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from demo import witnesses

YEARS = range(2017, 2027)
DEPARTEMENT = ("DEP-99", "Ombrenne")
CC = ("EPCI-249900001", "CC du Val d'Arvelle")
NEIGHBOURS = (
    ("EPCI-249900002", "CC des Sources de l'Ombrenne"),
    ("EPCI-249900003", "CC du Plateau de Varcelles"),
    ("EPCI-249900004", "CC des Bois de Mornave"),
    ("EPCI-249900005", "CC Rives de Lautrine"),
)
GROUPS = (
    ("GRP-haute-arvelle", "Haute-Arvelle"),
    ("GRP-tressonne", "Pays de Tressonne"),
    ("GRP-sorvanne", "Plaine de Sorvanne"),
)
MERGER_YEAR = 2023
MERGER = ("99104", ("99104", "99109", "99112"), "Bellouze-en-Arvelle")


@dataclass(frozen=True, slots=True)
class Commune:
    """One fictional commune: its number, its name, where it is, its inhabitants in 2018 and their yearly growth."""

    code: str
    name: str
    epci: str
    group: str
    population: int
    growth: float


# Name and inhabitants in 2018, by former CC; the first of each is its main town.
_HOME = (
    (
        ("Montarvel", 3942),
        ("Courvaude", 812),
        ("Saint-Avelin-des-Bois", 655),
        ("Bellouze", 731),
        ("Pierrebrune-sur-Arvelle", 1124),
        ("Chantemouche", 288),
        ("Villorge", 493),
        ("Roche-Vernaie", 176),
        ("Fontévire", 342),
        ("La Vaudrelle", 567),
        ("Les Ormelles", 921),
        ("Saint-Hilon", 214),
        ("Haut-Grisolier", 97),
    ),
    (
        ("Tressonne-le-Bourg", 2366),
        ("Sourdevielle", 704),
        ("Marchebrune", 455),
        ("Saint-Ormin", 1018),
        ("Vaucelin", 386),
        ("Lussardes", 241),
        ("Auvrelles", 618),
        ("Boisjolain", 163),
        ("La Chapelle-Tressonne", 879),
        ("Pontaurel", 1286),
        ("Quinçard", 118),
        ("Ventelle", 529),
    ),
    (
        ("Sorvanne", 1987),
        ("Brizelle", 473),
        ("Saint-Levien", 746),
        ("Nouzeillac", 302),
        ("Terrebelle", 1093),
        ("Vieilval", 227),
        ("Maisonvert", 584),
        ("Lantenais", 141),
        ("Pré-Vallonné", 668),
        ("Cressonvault", 412),
        ("Grand-Aubrel", 836),
        ("Champ-Vermeil", 88),
    ),
)
# fmt: off
_AWAY = (
    (
        ("Ombrenne-les-Sources", 3120), ("Hautecressine", 640), ("Saint-Bronel", 415), ("Vermeuil-aux-Bois", 287),
        ("La Noiraude", 930), ("Clairsonge", 1210), ("Bassolière", 356), ("Mérandes", 522), ("Fougerolaine", 748),
    ),
    (
        ("Varcelles", 2890), ("Plan-Varcelles", 512), ("Saint-Émeric-du-Plateau", 1043), ("Grandsoulage", 377),
        ("Tournemire-le-Sec", 198), ("Orgevaine", 861), ("Rochaubert", 629), ("La Bruyante", 451),
        ("Pélissonne", 1334),
    ),
    (
        ("Mornave", 4015), ("Mornave-la-Forêt", 733), ("Saint-Oltin", 284), ("Boucharolles", 966),
        ("Les Hautes-Fagnes", 541), ("Chênemort", 173), ("Villardouce", 1148), ("Taillebrou", 402),
        ("Sansoulan", 615),
    ),
    (
        ("Lautrine", 3560), ("Rivelautre", 824), ("Saint-Fulcien", 468), ("Port-Aumerle", 1502),
        ("Sablonceau", 339), ("Courbe-Rive", 697), ("Gué-de-Lautrine", 1076), ("Aumeraie", 251), ("Batelande", 583),
    ),
)
# fmt: on
_GROWTH_HOME = (-0.0035, -0.0060, 0.0015)
_GROWTH_AWAY = (-0.0040, -0.0015, -0.0055, 0.0020)


def _communes() -> Iterator[Commune]:
    number = 99101
    for (group, _), names, growth in zip(GROUPS, _HOME, _GROWTH_HOME, strict=True):
        for name, population in names:
            yield Commune(str(number), name, CC[0], group, population, growth)
            number += 1
    for index, ((epci, _), names, growth) in enumerate(zip(NEIGHBOURS, _AWAY, _GROWTH_AWAY, strict=True)):
        number = 99201 + 100 * index
        for name, population in names:
            yield Commune(str(number), name, epci, "", population, growth)
            number += 1


COMMUNES: tuple[Commune, ...] = tuple(_communes())


def in_year(year: int) -> Iterator[tuple[Commune, str]]:
    """Yield the communes that exist at 1 January of a year, with the name they bear then."""
    code, merged, name = MERGER
    for commune in COMMUNES:
        if year < MERGER_YEAR or commune.code not in merged:
            yield commune, commune.name
        elif commune.code == code:
            yield commune, name


def parts(commune: Commune, year: int) -> tuple[Commune, ...]:
    """Return the communes of 2017 whose ground is that of a commune of ``year``."""
    code, merged, _ = MERGER
    if year >= MERGER_YEAR and commune.code == code:
        return tuple(other for other in COMMUNES if other.code in merged)
    return (commune,)


def geography() -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of the three tables of ``geographie/``, header first, by name of file."""
    territories: list[tuple[str, ...]] = [("annee", "code", "nom", "type")]
    members: list[tuple[str, ...]] = [("annee", "territoire", "commune")]
    for year in YEARS:
        territories.append((str(year), *DEPARTEMENT, "DEP"))
        territories += [(str(year), code, name, "EPCI") for code, name in (CC, *NEIGHBOURS)]
        territories += [(str(year), code, name, "GRP") for code, name in GROUPS]
        for commune, name in in_year(year):
            geo = f"COM-{commune.code}"
            territories.append((str(year), geo, name, "COM"))
            members += [
                (str(year), territory, geo) for territory in (DEPARTEMENT[0], commune.epci, commune.group) if territory
            ]
        if year >= witnesses.FIRST_GEOGRAPHY:
            territories.append((str(year), *witnesses.DEPARTEMENT, "DEP"))
            territories += [(str(year), code, name, "EPCI") for code, name in witnesses.EPCIS]
            for number, name, epci in witnesses.communes():
                geo = f"COM-{number}"
                territories.append((str(year), geo, name, "COM"))
                members += [(str(year), witnesses.DEPARTEMENT[0], geo), (str(year), epci, geo)]
    code, merged, _ = MERGER
    events: list[tuple[str, ...]] = [("code_avant", "code_apres", "date_effet", "type")]
    events += [(f"COM-{before}", f"COM-{code}", f"{MERGER_YEAR}-01-01", "fusion") for before in merged]
    return {"territoires": territories, "membres": members, "evenements": events}

"""The twenty-four fictional EPCI of the next département that the ``[[impact]]`` designs compare the CC with.

Chosen before any result, of populations near that of the CC; nothing is planted there. No commune of France has any of
these names, no code of a commune begins with 96, and no SIREN of an EPCI with 2496.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

DEPARTEMENT = ("DEP-96", "Lévrine")
SOURCE = "caf-levrine"
# Their communes are known from the geography of the last census on: nothing older is needed of them.
FIRST_GEOGRAPHY = 2025
# Two communes each: the seat and the rest of the ground, named for the needs of the fiction.
_NAMES = (
    ("Lévrincourt", "Petite-Lévrine"), ("Aubrisolle", "Combaubrise"), ("Marvenac-le-Neuf", "Vieux-Marvenac"),
    ("Sautrelle", "Rocsautre"), ("Corbenaille", "Val-Corbenaille"), ("Tamarsoule", "Hautamarre"),
    ("Brévillonne", "Brévillonnette"), ("Ondrecourt-la-Vive", "Ondrecourt-la-Basse"), ("Festelmont", "Plan-Festel"),
    ("Palanzelle", "Palanzac-sous-Roche"), ("Rouvrasque", "Rouvrasquette"), ("Guernaillac", "Guernette-aux-Bois"),
    ("Valsembre", "Sembrenoire"), ("Mirecolles", "Mirelande-Haute"), ("Esparlonde", "Sparlondine"),
    ("Dorvignelle", "Dorvasque"), ("Hautesquive", "Basse-Esquive"), ("Jarcenoise", "Jarcenat-le-Pré"),
    ("Kermolande", "Molandine"), ("Lussembois", "Lussembelle"), ("Nanterolle", "Nanterive-sur-Orge-Blanche"),
    ("Pellegarde-en-Lévrine", "Pellebrise"), ("Quintemare", "Petite-Quintemare"), ("Tresquivelle", "Trescombe-Noire"),
)  # fmt: skip
EPCIS = tuple((f"EPCI-2496{rank:05d}", f"CC de {names[0]}") for rank, names in enumerate(_NAMES, start=1))
_TWO = 2


def _stream(key: str) -> random.Random:
    return random.Random(f"temoins|{key}")


def _noise(key: str, width: float) -> float:
    stream = _stream(key)
    return (sum(stream.random() for _ in range(12)) - 6.0) * width


def _level(epci: str) -> int:
    """Inhabitants of 2018: near the 26 000 of the CC, so that comparing them is fair."""
    return round(26_500 * (1.0 + (_stream(f"niveau|{epci}").random() - 0.5) * 0.30))


def _inhabitants(epci: str, year: int) -> int:
    return round(_level(epci) * 0.9965 ** (year - 2018) * (1.0 + _noise(f"pop|{epci}|{year}", 0.002)))


def communes() -> Iterator[tuple[str, str, str]]:
    """Yield the code, the name and the EPCI of each commune."""
    number = 96101
    for (epci, _), names in zip(EPCIS, _NAMES, strict=True):
        for name in names:
            yield str(number), name, epci
            number += 1


def commune_population(code: str, epci: str, year: int) -> int:
    """Return the inhabitants of a commune: three fifths at the seat, the rest beside it."""
    whole = _inhabitants(epci, year)
    seat = round(whole * 0.6)
    return seat if int(code) % _TWO else whole - seat


def counts(years: range) -> Iterator[tuple[str, str, str, int]]:
    """Yield the measure, the EPCI, the year and the count: smooth trends, their noise, and no action."""
    for rank, (epci, _) in enumerate(EPCIS):
        supply_share = 0.126 + 0.005 * (rank % 9)
        reached = 0.135 + 0.004 * (rank % 8)
        drift = 0.0
        for year in years:
            people = _inhabitants(epci, year)
            under_3 = round(people * 0.0255 * 0.9785 ** (year - 2018) * (1.0 + _noise(f"e02|{epci}|{year}", 0.008)))
            # Places come and go: a move stays, as an opening or a closing does.
            drift += _noise(f"places|{epci}|{year}", 0.0155)
            places = round(_level(epci) * 0.0255 * supply_share * (1.0 + drift))
            young = round(people * 0.08 * 0.997 ** (year - 2018))
            yield "enfants_0_2", epci, str(year), under_3
            yield "places_eaje", epci, str(year), places
            yield "jeunes_11_17", epci, str(year), young
            yield "jeunes_accueillis", epci, str(year), round(young * reached * (1 + _noise(f"j|{epci}|{year}", 0.03)))

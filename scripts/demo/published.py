"""The fictional files in the formats of the producers: census, Filosofi, coverage of early-childhood care."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from demo import witnesses
from demo.figures import CENSUSES, EPCIS, home, inhabitants, noise, on_ground, total
from demo.places import COMMUNES, in_year, parts

INCOME_YEARS = range(2018, 2022)
_INCOME = {"EPCI-249900001": 20_150, "EPCI-249900002": 20_480, "EPCI-249900003": 19_620, "EPCI-249900004": 19_980,
           "EPCI-249900005": 20_890}  # fmt: skip
# Deciles and quartiles as shares of the median, as they are in a rural EPCI.
_QUANTILES = {"Q1": 0.768, "Q3": 1.271, "D1": 0.583, "D2": 0.712, "D3": 0.813, "D4": 0.907, "D6": 1.092, "D7": 1.202,
              "D8": 1.352, "D9": 1.624}  # fmt: skip
_SHARES = {"PACT": 61.2, "PTSA": 52.6, "PCHO": 2.6, "PBEN": 6.0, "PPEN": 37.1, "PPAT": 9.6, "PPSOC": 5.5, "PPFAM": 2.2,
           "PPMINI": 2.1, "PPLOGT": 1.2, "PIMPOT": -13.4}  # fmt: skip
# Under this number of households, a commune is absent from the file; under the next, its cells are empty.
_ABSENT, _SECRET = 50, 200


def population() -> list[Sequence[str]]:
    """Return the panel of municipal populations, each census on the communes of two years later."""
    rows: list[Sequence[str]] = [("CODGEO", "LIBGEO", "millesime_rp", "annee_geo", "POP", "source")]
    by_commune: dict[str, list[Sequence[str]]] = {}
    for census in CENSUSES:
        geography = census + 2
        for commune, name in in_year(geography):
            count = sum(inhabitants(part, census) for part in parts(commune, geography))
            by_commune.setdefault(commune.code, []).append(
                (commune.code, name, str(census), str(geography), str(count), "fictif")
            )
    census = CENSUSES[-1]
    for number, name, epci in witnesses.communes():
        count = witnesses.commune_population(number, epci, census)
        by_commune[number] = [(number, name, str(census), str(census + 2), str(count), "fictif")]
    return [*rows, *(row for code in sorted(by_commune) for row in by_commune[code])]


def _header(year: int) -> tuple[str, ...]:
    two = f"{year % 100:02d}"
    return (
        "CODGEO", "LIBGEO", f"NBMEN{two}", f"NBPERS{two}", f"NBUC{two}", f"Q1{two}", f"Q2{two}", f"Q3{two}", "Q3_Q1",
        *(f"D{rank}{two}" for rank in (1, 2, 3, 4, 6, 7, 8, 9)), "RD", f"S80S20{two}", f"GI{two}",
        *(f"{name}{two}" for name in _SHARES),
    )  # fmt: skip


def _decimal(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace(".", ",")


def _income_row(code: str, name: str, key: str, people: int, median: int) -> tuple[str, ...]:
    quantiles = {rank: 10 * round(median * share / 10) for rank, share in _QUANTILES.items()}
    households = round(people / 2.17)
    return (
        code, name, str(households), str(people), _decimal(people / 1.42, 1), str(quantiles["Q1"]), str(median),
        str(quantiles["Q3"]), str(quantiles["Q3"] - quantiles["Q1"]),
        *(str(quantiles[f"D{rank}"]) for rank in (1, 2, 3, 4, 6, 7, 8, 9)),
        _decimal(quantiles["D9"] / quantiles["D1"], 1), _decimal(3.5 + noise(f"s80|{key}", 0.1), 1),
        _decimal(0.243 + noise(f"gini|{key}", 0.004), 3),
        *(_decimal(share + noise(f"{part}|{key}", 0.15), 1) for part, share in _SHARES.items()),
    )  # fmt: skip


def income_by_epci(year: int) -> list[Sequence[str]]:
    """Return the Filosofi file of the EPCI for one year."""
    rows: list[Sequence[str]] = [_header(year)]
    for epci, name in EPCIS:
        trend = _INCOME[epci] * 1.021 ** (year - 2018)
        median = 10 * round(trend * (1.0 + noise(f"filo|{epci}|{year}", 0.003)) / 10)
        rows.append(_income_row(epci.removeprefix("EPCI-"), name, f"{epci}|{year}", total(epci, year) - 300, median))
    return rows


def income_by_commune(year: int) -> list[Sequence[str]]:
    """Return the Filosofi file of the communes: the smallest are absent, small ones have empty cells (secret)."""
    header = _header(year)
    rows: list[Sequence[str]] = [header]
    for commune in COMMUNES:
        people = inhabitants(commune, year)
        households = round(people / 2.17)
        if households < _ABSENT:
            continue
        median = 10 * round(_INCOME[commune.epci] * 1.06 * (1.0 + noise(f"filo|{commune.code}|{year}", 0.05)) / 10)
        row = _income_row(commune.code, commune.name, f"{commune.code}|{year}", people, median)
        shown: tuple[str, ...] = ("",)
        if households < 5 * _SECRET:
            shown = ("CODGEO", "LIBGEO", "NB", "Q2")[: 3 if households < _SECRET else 4]
        rows.append(tuple(cell if name.startswith(shown) else "" for name, cell in zip(header, row, strict=True)))
    return rows


STRUCTURE_YEAR = 2022
# Shares of the inhabitants by age, men then women, as they are in a rural EPCI that grows old.
_AGES = (("0014", 79, 76), ("1529", 71, 64), ("3044", 82, 81), ("4559", 106, 105), ("6074", 107, 113), ("7589", 43, 57),
         ("90P", 4, 12))  # fmt: skip


def structure() -> list[Sequence[str]]:
    """Return the census of the communes by sex and age: the bands of each add up to its municipal population."""
    two = f"{STRUCTURE_YEAR % 100:02d}"
    names = [f"P{two}_{sex}{age}" for sex in "HF" for age, _, _ in _AGES]
    rows: list[Sequence[str]] = [("CODGEO", "LIBGEO", *names)]
    for commune in home():
        key = f"{commune.code}|{STRUCTURE_YEAR}"
        men = [share * (1.0 + noise(f"age|H{age}|{key}", 0.06)) for age, share, _ in _AGES]
        women = [share * (1.0 + noise(f"age|F{age}|{key}", 0.06)) for age, _, share in _AGES]
        shares = [*men, *women]
        people, whole = on_ground(commune, STRUCTURE_YEAR), sum(shares)
        edges = [round(people * sum(shares[:rank]) / whole) for rank in range(len(shares) + 1)]
        counts = [str(after - before) for before, after in pairwise(edges)]
        rows.append((commune.code, commune.name, *counts))
    return rows


_TOWNS = ("99101", "99114", "99126", "99201", "99301", "99401", "99501")


def coverage() -> list[Sequence[str]]:
    """Return the coverage rates of the main towns, with their components: the overall rate is their sum."""
    rows: list[Sequence[str]] = [
        (
            "Date référence", "Numéro commune", "Nom commune", "Numéro EPCI", "Nom EPCI", "Numéro Département",
            "Nom Département", "Taux de couv EAJE PSU", "Taux de couv hors EAJE PSU", "Taux de couv EAJE - ensemble",
            "Taux de couv préscolarisation", "Taux de couv assistantes maternelles", "Taux de couv salarié à domicile",
            "Taux de couv accueil individuel - ensemble", "Taux de couv global",
        )
    ]  # fmt: skip
    names = dict(EPCIS)
    for commune in (commune for commune in COMMUNES if commune.code in _TOWNS):
        for year in range(2018, 2024):
            key = f"{commune.code}|{year}"
            psu = round(31.0 + noise(f"town|{commune.code}", 4.0) + noise(f"psu|{key}", 0.6), 1)
            other = round(1.6 + noise(f"other|{key}", 0.2), 1)
            school = round(3.0 + noise(f"school|{key}", 0.3), 1)
            minders = round(29.5 - 1.4 * (year - 2018) + noise(f"minders|{key}", 0.7), 1)
            at_home = round(0.5 + noise(f"home|{key}", 0.1), 1)
            together, individual = psu + other, minders + at_home
            numbers = (psu, other, together, school, minders, at_home, individual, together + school + individual)
            rows.append(
                (
                    str(year), commune.code, commune.name.upper(), commune.epci.removeprefix("EPCI-"),
                    names[commune.epci].upper(), "99", "OMBRENNE", *(f"{number:.1f}" for number in numbers),
                )
            )  # fmt: skip
    return rows

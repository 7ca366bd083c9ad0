"""The figures of the fictional territory: a smooth trend, some noise, and effects planted on purpose.

Everything is drawn from `SEED`, one stream for each series, so that adding a series changes no other. Each planted
effect can be left out (``effects=()``): `check` compares the two worlds and so proves what ``EFFETS.md`` says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from demo import witnesses
from demo.places import CC, COMMUNES, DEPARTEMENT, GROUPS, NEIGHBOURS, Commune, in_year, parts

SEED = 20220930
PERIMETER = 2025
CENSUSES = range(2015, 2024)
COUNTS = range(2018, 2025)
HALF_YEARS = tuple(f"{year}-S{half}" for year in range(2021, 2026) for half in (1, 2))
PARTNER_START = "2022-S1"
EPCIS = (CC, *NEIGHBOURS)


@dataclass(frozen=True, slots=True)
class Effect:
    """One planted effect: which action, on which measure, since when, where, how much, in French."""

    key: str
    action: str
    indicator: str
    measure: str
    since: str
    where: str
    size: str


EFFECTS = (
    Effect("micro-creche-tressonne", "A01", "PE02", "places_eaje", "2023", "Tressonne-le-Bourg (COM-99114)",
           "+12 places"),
    Effect("micro-creche-sorvanne", "A02", "PE02", "places_eaje", "2024", "Sorvanne (COM-99126)", "+12 places"),
    Effect("guichet-unique", "A03", "PE09", "demandes_accueil_sans_solution", "2024-S1", "toute la CC",
           "−9 demandes sans solution pour 100 demandes"),
    Effect("rpe-itinerant", "A04", "PE07", "familles_rpe", "2023-S2", "les communes de la Plaine de Sorvanne",
           "+45 % de familles"),
    Effect("metier-assmat", "A05", "PE04", "assistantes_maternelles_55_plus", "2023", "toute la CC",
           "−1,2 point par an à partir de 2023"),
    Effect("mercredis", "A07", "EN02", "journees_enfants_alsh", "2023-S2",
           "les accueils de loisirs de Tressonne et itinérant", "+18 % de journées-enfants"),
    Effect("evs-sorvanne", "A14", "AV04", "usagers_avs", "2023", "toute la CC", "+260 usagers"),
    Effect("france-services-mobile", "A19", "AD01", "demandes_france_services", "2024-S1", "toute la CC",
           "+30 % de demandes"),
    Effect("france-services-mobile-acces", "A19", "AD03", "population_plus_20_min_france_services", "2023",
           "toute la CC", "−1 450 habitants à plus de 20 minutes"),
)  # fmt: skip
NULL_ACTION = ("A11", "JE01", "jeunes_accueillis")
ALL = frozenset(effect.key for effect in EFFECTS)
STRUCTURES = (
    ("ALSH de Montarvel", 4100),
    ("ALSH de Tressonne", 2350),
    ("ALSH de Sorvanne", 1780),
    ("ALSH itinérant", 640),
)
DEPARTEMENT_STOCKS = (
    "enfants_0_2",
    "places_eaje",
    "enfants_3_11",
    "assistantes_maternelles",
    "assistantes_maternelles_55_plus",
)
MISSING_RETURN = ("ALSH de Sorvanne", "2024-S2")


Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """One row of ``observations.csv``."""

    measure: str
    geo: str
    period: str
    value: str
    source: str
    structure: str = ""
    remark: str = ""


def noise(key: str, width: float) -> float:
    """Return a reproducible draw around 0, nearly normal, of standard deviation ``width``."""
    stream = random.Random(f"{SEED}|{key}")
    return (sum(stream.random() for _ in range(12)) - 6.0) * width


def inhabitants(commune: Commune, year: int) -> int:
    """Return the municipal population of a commune of 2017 in a census year."""
    trend = commune.population * (1.0 + commune.growth) ** (year - 2018)
    return max(40, round(trend * (1.0 + noise(f"pop|{commune.code}|{year}", 0.004))))


def on_ground(commune: Commune, year: int) -> int:
    """Return the population of the ground of a commune of `PERIMETER`."""
    return sum(inhabitants(part, year) for part in parts(commune, PERIMETER))


def home() -> tuple[Commune, ...]:
    """Return the communes of the CC in the perimeter of the dossier."""
    return tuple(commune for commune, _ in in_year(PERIMETER) if commune.epci == CC[0])


def total(epci: str, year: int) -> int:
    """Return the population of an EPCI, the sum of its communes."""
    return sum(inhabitants(commune, year) for commune in COMMUNES if commune.epci == epci)


def children(commune: Commune, year: int, share: float, drift: float, key: str) -> int:
    """Return the children of an age group, a share of the population that drifts by the year."""
    expected = on_ground(commune, year) * share * (1.0 + drift) ** (year - 2018)
    return max(0, round(expected * (1.0 + noise(f"{key}|{commune.code}|{year}", 0.05))))


def _half(period: str) -> float:
    year, half = period.split("-S")
    return int(year) + (int(half) - 1) / 2


# Places at 31 December 2018, by commune: the supply before the convention.
_PLACES = {"99101": 44, "99114": 20, "99126": 16, "99105": 12, "99123": 10}
_FIRST_EPCI_SHARES = {"places": (0.118, 0.131, 0.102, 0.124), "assmat": (0.0059, 0.0063, 0.0052, 0.0068)}


def places(commune: Commune, year: int, effects: frozenset[str]) -> int:
    """Return the crèche places of a commune at 31 December."""
    count = _PLACES.get(commune.code, 0)
    if commune.code == "99114" and year >= 2023 and "micro-creche-tressonne" in effects:
        count += 12
    if commune.code == "99126" and year >= 2024 and "micro-creche-sorvanne" in effects:
        count += 12
    return count


def childminders(commune: Commune, year: int) -> int:
    """Return the childminders at work in a commune: fewer each year."""
    expected = on_ground(commune, year) * 0.0061 * 0.962 ** (year - 2018)
    return max(0, round(expected * (1.0 + noise(f"am|{commune.code}|{year}", 0.10))))


def older_share(year: int, effects: frozenset[str]) -> float:
    """Return the share of childminders of 55 and over expected in the CC."""
    share = 0.372 + 0.011 * (year - 2018)
    if "metier-assmat" in effects:
        share -= 0.012 * max(0, year - 2022)
    return share


def yearly(effects: frozenset[str] = ALL) -> Iterator[Count]:
    """Yield the yearly counts: supply and children by commune, and by EPCI for the neighbours."""
    for year in COUNTS:
        remark = "provisoire" if year == COUNTS[-1] else ""
        minders = 0
        for commune in home():
            geo, text = f"COM-{commune.code}", str(year)
            yield Count("enfants_0_2", geo, text, str(children(commune, year, 0.0262, -0.021, "e02")), "caf-ombrenne",
                        remark=remark)  # fmt: skip
            yield Count("places_eaje", geo, text, str(places(commune, year, effects)), "caf-ombrenne")
            minders += childminders(commune, year)
        older = round(minders * (older_share(year, effects) + noise(f"am55|{year}", 0.004)))
        cc, population = CC[0], total(CC[0], year)
        yield Count("assistantes_maternelles", cc, str(year), str(minders), "caf-ombrenne", remark=remark)
        yield Count("assistantes_maternelles_55_plus", cc, str(year), str(older), "caf-ombrenne", remark=remark)
        age_3_11 = sum(children(commune, year, 0.094, -0.012, "e311") for commune in home())
        age_11_17 = sum(children(commune, year, 0.081, -0.004, "e1117") for commune in home())
        yield Count("enfants_3_11", cc, str(year), str(age_3_11), "caf-ombrenne", remark=remark)
        yield Count("jeunes_11_17", cc, str(year), str(age_11_17), "caf-ombrenne", remark=remark)
        yield Count("places_alsh", cc, str(year), str(196 + (12 if year >= 2020 else 0) + (24 if year >= 2023 else 0)),
                    "service-enfance")  # fmt: skip
        yield Count(
            "jeunes_accueillis", cc, str(year), str(young_people(cc, 312, year)), "service-enfance", remark=remark
        )
        yield from _neighbours(year, remark)
        yield from _social_life(year, effects, population)


def young_people(epci: str, level: float, year: int) -> int:
    """Return the young people of 11 to 17 received: no action changes it."""
    return round(level * (1.0 + noise(f"jeunes|{epci}|{year}", 0.03)))


def _neighbours(year: int, remark: str) -> Iterator[Count]:
    for index, (epci, _) in enumerate(NEIGHBOURS):
        people = total(epci, year)
        under_3 = round(people * 0.0255 * 0.982 ** (year - 2018) * (1.0 + noise(f"e02|{epci}|{year}", 0.015)))
        age_3_11 = round(people * 0.093 * 0.988 ** (year - 2018) * (1.0 + noise(f"e311|{epci}|{year}", 0.008)))
        minders = round(people * _FIRST_EPCI_SHARES["assmat"][index] * 0.965 ** (year - 2018))
        older = round(minders * (0.36 + 0.009 * (year - 2018) + noise(f"am55|{epci}|{year}", 0.006)))
        supply = round(people * 0.0255 * _FIRST_EPCI_SHARES["places"][index]) + (
            10 if index == 1 and year > 2021 else 0
        )
        for measure, count, note in (
            ("enfants_0_2", under_3, remark),
            ("places_eaje", supply, ""),
            ("enfants_3_11", age_3_11, remark),
            ("assistantes_maternelles", minders, remark),
            ("assistantes_maternelles_55_plus", older, remark),
            ("jeunes_11_17", round(people * 0.08 * 0.997 ** (year - 2018)), remark),
            ("jeunes_accueillis", young_people(epci, total(epci, 2018) * 0.08 * (0.12 + 0.015 * index), year), remark),
        ):
            yield Count(measure, epci, str(year), str(count), "caf-ombrenne", remark=note)


def coverage(epci: str, year: int) -> float:
    """Return the published overall coverage rate of an EPCI: kept level at home by the new places."""
    index = [code for code, _ in EPCIS].index(epci)
    start, slope = ((58.4, -0.15), (55.1, -0.9), (61.7, -0.6), (49.8, -1.1), (57.3, -0.8))[index]
    return round(start + slope * (year - 2018) + noise(f"taux|{epci}|{year}", 0.45), 1)


def coverage_counts() -> Iterator[Count]:
    """Yield the published coverage rates of the EPCI and of the département."""
    for year in range(2018, 2024):
        rates = [coverage(epci, year) for epci, _ in EPCIS]
        for (epci, _), rate in zip(EPCIS, rates, strict=True):
            yield Count("taux_couverture_global", epci, str(year), french(rate), "caf-ombrenne")
        # The rate of the département is published too; a reader must never find it by a mean of the EPCI.
        weights = [total(epci, year) for epci, _ in EPCIS]
        whole = sum(rate * weight for rate, weight in zip(rates, weights, strict=True)) / sum(weights)
        yield Count("taux_couverture_global", DEPARTEMENT[0], str(year), french(round(whole + 1.2, 1)), "caf-ombrenne")


def french(number: float) -> str:
    """Return a number with one decimal and a comma, as a workbook in French saves it."""
    return f"{number:.1f}".replace(".", ",")


def _social_life(year: int, effects: frozenset[str], population: int) -> Iterator[Count]:
    cc = CC[0]
    covered = {"99101", "99105", "99111"} | ({"99126", "99130", "99128", "99132"} if year >= 2023 else set())
    users = round(1480 * 1.004 ** (year - 2018) * (1.0 + noise(f"avs|{year}", 0.015)))
    if "evs-sorvanne" in effects and year >= 2023:
        users += 260
    far = round(population * 0.126 * (1.0 + noise(f"fs|{year}", 0.01)))
    if "france-services-mobile-acces" in effects and year >= 2023:
        far -= 1450
    reached = sum(on_ground(commune, year) for commune in home() if commune.code in covered)
    for measure, count, source in (
        ("structures_avs", 3 if year >= 2023 else 2, "caf-ombrenne"),
        ("population_couverte_avs", reached, "caf-ombrenne"),
        ("usagers_avs", users, "structures-avs"),
        ("population_plus_20_min_france_services", far, "france-services"),
    ):
        yield Count(measure, cc, str(year), str(count), source)


def half_yearly(effects: frozenset[str] = ALL) -> Iterator[Count]:
    """Yield the half-yearly counts of the partners, with what they withhold and what they never sent."""
    cc = CC[0]
    for period in HALF_YEARS:
        when = _half(period)
        remark = "provisoire" if period == HALF_YEARS[-1] else ""
        if period >= PARTNER_START:
            yield from _relay(period, effects, remark)
            yield from _parents(period, remark)
            yield from _rights(period, effects, remark)
        asked = round(168 * (1.0 + 0.012 * (when - 2021)) * (1.0 + noise(f"dem|{period}", 0.03)))
        unmet = 0.335 + 0.006 * (when - 2021) + noise(f"sans|{period}", 0.008)
        if "guichet-unique" in effects and when >= 2024:
            unmet -= 0.09
        yield Count("demandes_accueil", cc, period, str(asked), "relais-petite-enfance", remark=remark)
        yield Count("demandes_accueil_sans_solution", cc, period, str(round(asked * unmet)), "relais-petite-enfance",
                    remark=remark)  # fmt: skip
        for name, base in STRUCTURES:
            days = leisure_days(name, base, period, effects)
            if (name, period) != MISSING_RETURN:
                yield Count("journees_enfants_alsh", cc, period, str(days), "service-enfance", name, remark)


def leisure_days(name: str, base: int, period: str, effects: frozenset[str]) -> int:
    """Return the child-days of one centre in a half-year: summer makes the second one heavier."""
    season = 1.16 if period.endswith("S2") else 0.88
    count = base * season * (1.0 + noise(f"alsh|{name}|{period}", 0.025))
    if "mercredis" in effects and _half(period) >= 2023.5 and name in ("ALSH de Tressonne", "ALSH itinérant"):
        count *= 1.18
    return round(count)


def families(commune: Commune, period: str, effects: frozenset[str]) -> int:
    """Return the different families of a commune that came to the early-childhood relay in a half-year."""
    expected = on_ground(commune, 2021) * 0.0075
    if "rpe-itinerant" in effects and commune.group == GROUPS[2][0] and _half(period) >= 2023.5:
        expected *= 1.45
    return max(0, round(expected + noise(f"rpe|{commune.code}|{period}", 0.35)))


def _relay(period: str, effects: frozenset[str], remark: str) -> Iterator[Count]:
    counts = {commune.code: families(commune, period, effects) for commune in home()}
    for code, count in counts.items():
        # Since 2024 the relay keeps its small counts to itself; before, it gave them all.
        withheld = period >= "2024-S1" and 0 < count < 5
        yield Count("familles_rpe", f"COM-{code}", period, "<5" if withheld else str(count), "relais-communes",
                    remark="Retenu par le relais" if withheld else remark)  # fmt: skip
    yield Count("familles_rpe", CC[0], period, str(sum(counts.values())), "relais-petite-enfance", remark=remark)


def _parents(period: str, remark: str) -> Iterator[Count]:
    cc = CC[0]
    sessions = 38 + round(noise(f"laep|{period}", 2.0))
    for measure, count in (
        ("seances_laep", sessions),
        ("heures_laep", sessions * 3),
        ("familles_laep", 61 + round(noise(f"laepf|{period}", 4.0))),
        ("presences_laep", sessions * 7 + round(noise(f"laepp|{period}", 9.0))),
        ("participations_parents", 214 + round(18 * (_half(period) - 2022) + noise(f"parents|{period}", 12.0))),
    ):
        yield Count(measure, cc, period, str(count), "service-enfance", remark=remark)


def _rights(period: str, effects: frozenset[str], remark: str) -> Iterator[Count]:
    asked = 2140 * (1.0 + 0.02 * (_half(period) - 2022)) * (1.0 + noise(f"fsd|{period}", 0.02))
    if "france-services-mobile" in effects and period >= "2024-S1":
        asked *= 1.30
    solved = round(round(asked) * (0.812 + noise(f"fsr|{period}", 0.006)))
    yield Count("demandes_france_services", CC[0], period, str(round(asked)), "france-services", remark=remark)
    yield Count("demandes_resolues_premier_contact", CC[0], period, str(solved), "france-services", remark=remark)


def whole_departement(rows: Sequence[Count]) -> Iterator[Count]:
    """Yield the rows of the département: the sum of its five EPCI, for the stocks that the Caf counts."""
    sums: dict[tuple[str, str], int] = {}
    remarks: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.measure in DEPARTEMENT_STOCKS:
            remarks[row.measure, row.period] = row.remark
            sums[row.measure, row.period] = sums.get((row.measure, row.period), 0) + int(row.value)
    for (measure, period), count in sums.items():
        yield Count(measure, DEPARTEMENT[0], period, str(count), "caf-ombrenne", remark=remarks[measure, period])


def counts(effects: frozenset[str] = ALL) -> list[Count]:
    """Return every row of ``observations.csv``, in order."""
    by_year = list(yearly(effects))
    elsewhere = [
        Count(measure, epci, year, str(count), witnesses.SOURCE)
        for measure, epci, year, count in witnesses.counts(COUNTS)
    ]
    return [*by_year, *whole_departement(by_year), *coverage_counts(), *half_yearly(effects), *elsewhere]


def numbers(rows: Sequence[Count]) -> dict[Key, float]:
    """Return the rows as numbers, by measure, territory, period and structure; a withheld count is taken for 2."""
    return {
        (row.measure, row.geo, row.period, row.structure): float(row.value.replace("<5", "2").replace(",", "."))
        for row in rows
    }


def percent(known: Mapping[Key, float], part: str, whole: str, period: str) -> float:
    """Return the share of a count of the CC in another, in hundredths."""
    return 100 * known[(part, CC[0], period, "")] / known[(whole, CC[0], period, "")]

"""The budget of the fictional programme, in whole cents: planned, then spent, with who pays what.

What the CC itself pays is no line: it is the *reste à charge*, derived from the rest. What was given in kind (rooms,
time of volunteers) is told apart, at what it is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from demo.figures import noise

YEARS = range(2022, 2026)
CAF, MSA, STATE = "Caf de l'Ombrenne", "MSA de l'Ombrenne", "État"
DEPARTEMENT, TOWNS = "Département de l'Ombrenne", "Communes"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action was to cost: euros by year from ``first``, and the shares of its funders in hundredths."""

    action: str
    first: int
    euros: tuple[int, ...]
    item: str
    shares: tuple[tuple[str, int], ...]


PLANS = (
    Plan("A01", 2022, (64_000, 212_000, 148_500, 151_000), "Bâtiment et personnel", ((CAF, 52), (MSA, 6), (TOWNS, 8))),
    Plan("A02", 2023, (58_000, 236_400, 149_800), "Bâtiment et personnel", ((CAF, 54), (MSA, 6), (TOWNS, 7))),
    Plan("A03", 2023, (18_600, 21_400, 21_900), "Personnel", ((CAF, 45), (DEPARTEMENT, 15))),
    Plan("A04", 2023, (24_300, 38_700, 39_200), "Personnel et véhicule", ((CAF, 50), (MSA, 10))),
    Plan("A05", 2022, (3_200, 6_400, 6_400, 6_800), "Communication", ((DEPARTEMENT, 30), (CAF, 20))),
    Plan("A06", 2023, (12_000, 18_000), "Étude et aide à l'installation", ((CAF, 60),)),
    Plan("A07", 2023, (31_200, 62_800, 64_100), "Personnel", ((CAF, 38), (STATE, 12))),
    Plan("A08", 2022, (9_800, 6_200), "Prestation", ((STATE, 40),)),
    Plan("A09", 2022, (7_400, 21_800, 22_300, 22_600), "Personnel", ((CAF, 33), (TOWNS, 10))),
    Plan("A10", 2022, (4_800, 9_600, 9_600, 9_600), "Bourses", ((CAF, 35), (MSA, 15))),
    Plan("A11", 2022, (8_900, 46_300, 47_100, 47_800), "Personnel et véhicule", ((CAF, 40), (MSA, 8))),
    Plan("A12", 2024, (15_000, 15_000), "Bourses", ((CAF, 30), (DEPARTEMENT, 30))),
    Plan("A13", 2022, (14_200, 29_600, 30_100, 30_400), "Personnel", ((CAF, 58), (MSA, 8))),
    Plan("A14", 2022, (38_500, 44_200, 43_100, 43_700), "Subvention", ((CAF, 46), (MSA, 10), (TOWNS, 6))),
    Plan("A15", 2022, (6_100, 9_300, 9_500, 9_700), "Prestation", ((CAF, 60),)),
    Plan("A16", 2023, (7_800, 10_400, 10_600), "Subvention", ((CAF, 50), (MSA, 10))),
    Plan("A17", 2022, (2_400, 8_700, 8_900, 9_100), "Personnel", ((CAF, 30),)),
    Plan("A18", 2024, (9_000, 18_000), "Prestation", ((CAF, 40), (DEPARTEMENT, 30))),
    Plan("A19", 2022, (12_400, 96_800, 71_300, 72_600), "Véhicule et personnel", ((STATE, 48), (CAF, 10), (MSA, 5))),
    Plan("A20", 2022, (33_400, 36_200, 36_900, 37_600), "Personnel", ((STATE, 62), (DEPARTEMENT, 8))),
    Plan("A21", 2022, (1_200, 4_800, 4_800, 4_900), "Locaux", ((CAF, 50),)),
    Plan("A22", 2024, (3_600, 11_400), "Formation", ((CAF, 40), (MSA, 10))),
    Plan("A23", 2022, (21_300, 26_400, 26_900, 27_500), "Personnel", ((CAF, 50),)),
    Plan("A24", 2022, (5_600, 6_100, 6_300, 7_200), "Événement", ((CAF, 30), (MSA, 10))),
    Plan("A25", 2023, (4_900, 5_200), "Animation", ((CAF, 40), (STATE, 10))),
)
ASKED = {("A18", 2025), ("A12", 2025), ("A22", 2025)}
STOPPED = {("A06", 2024): 0.0, ("A12", 2024): 0.0, ("A12", 2025): 0.0, ("A18", 2024): 0.0, ("A18", 2025): 0.0}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of ``budget.csv``; the amount is in cents, ``kind`` is ``nature`` for what is not money."""

    action: str
    year: int
    nature: str
    item: str
    funder: str
    status: str
    cents: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Gift:
    """What an action received in kind each year from ``first``: euros, what it was, and from whom."""

    action: str
    first: int
    euros: tuple[int, ...]
    item: str
    giver: str


GIFTS = (
    Gift("A04", 2023, (640, 1_920, 1_920), "Salles prêtées aux haltes du relais", TOWNS),
    Gift("A14", 2022, (2_400, 4_800, 4_800, 4_800), "Ancienne école prêtée", TOWNS),
    Gift("A17", 2023, (3_150, 3_600, 3_840), "Heures de bénévoles valorisées", ""),
)


def lines() -> Iterator[Line]:
    """Yield the lines of the budget by action and year, then what was given in kind."""
    yield from _money()
    for gift in GIFTS:
        for offset, euros in enumerate(gift.euros):
            yield Line(
                gift.action, gift.first + offset, "recette", gift.item, gift.giver, "realise", euros * 100, "nature"
            )


def _money() -> Iterator[Line]:
    for plan in PLANS:
        for offset, euros in enumerate(plan.euros):
            year = plan.first + offset
            planned = euros * 100
            carried_out = STOPPED.get((plan.action, year), 0.97 + noise(f"budget|{plan.action}|{year}", 0.035))
            spent = round(planned * carried_out)
            yield Line(plan.action, year, "depense", plan.item, "", "prevu", planned)
            if spent:
                yield Line(plan.action, year, "depense", plan.item, "", "realise", spent)
            for funder, share in plan.shares:
                yield Line(plan.action, year, "recette", "Subvention", funder, "prevu", planned * share // 100)
                if (plan.action, year) in ASKED:
                    yield Line(plan.action, year, "recette", "Subvention", funder, "sollicite", planned * share // 100)
                elif spent:
                    granted = spent * share // 100
                    # In the last year the MSA has paid its instalment only: the balance comes later.
                    late = year == YEARS[-1] and funder == MSA
                    if late:
                        yield Line(plan.action, year, "recette", "Subvention", funder, "acquis", granted)
                    paid = granted * 70 // 100 if late else granted
                    yield Line(plan.action, year, "recette", "Subvention", funder, "verse", paid)


def amount(cents: int) -> str:
    """Return an amount in euros, with a comma and two decimals."""
    return f"{cents // 100},{cents % 100:02d}"

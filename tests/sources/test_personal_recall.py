"""How much personal data is found: five hundred columns of each way of writing it, and none missed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ctgeval.sources.personal_data import find

CASES = 500
GIVEN = ("Camille", "Marie", "Hugo", "Louis", "Jeanne", "Fatima", "Mohamed", "Chloé", "Jean-Pierre", "Inès")
SURNAMES = ("Martin", "Bernard", "Dubois", "Robert", "Leroy", "Moreau", "Roux", "Nguyen", "Diallo", "Benali", "Traoré")
MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "sept.", "oct.", "novembre", "déc.")
Draw = Callable[[random.Random], str]


def nir(rng: random.Random, *, corsica: bool = True) -> tuple[str, str]:
    part = rng.choice(("2A", "2B")) if corsica and rng.random() < 0.1 else f"{rng.choice((16, 33, 75, 79, 86, 87)):02d}"
    born, rank = f"{rng.randint(30, 99)}{rng.randint(1, 12):02d}", f"{rng.randint(1, 600):03d}{rng.randint(1, 600):03d}"
    body = f"{rng.choice('12')}{born}{part}{rank}"
    return body, f"{97 - int(body.replace('2A', '19').replace('2B', '18')) % 97:02d}"


def spelled_nir(mark: str, before_key: str) -> Draw:
    def draw(rng: random.Random) -> str:
        body, key = nir(rng)
        parts = (body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:])
        return f"{mark.join(parts)}{before_key}{key}"

    return draw


def nir_as_number(rng: random.Random) -> str:
    return str(float("".join(nir(rng, corsica=False))))


def phone(pattern: str) -> Draw:
    def draw(rng: random.Random) -> str:
        digits = f"{rng.choice('123456')}{rng.randint(0, 10**8 - 1):08d}"
        rest = iter(digits)
        return "".join(next(rest) if letter == "d" else letter for letter in pattern)

    return draw


def iban(mark: str, *, lower: bool = False) -> Draw:
    def draw(rng: random.Random) -> str:
        account = "".join(rng.choice("0123456789") for _ in range(23))
        text = f"FR{98 - int(account + '152700') % 97:02d}{account}"
        text = mark.join(text[place : place + 4] for place in range(0, len(text), 4))
        return text.lower() if lower else text

    return draw


def birth(pattern: str) -> Draw:
    def draw(rng: random.Random) -> str:
        year, month, day = rng.randint(1930, 2012), rng.randint(1, 12), rng.randint(1, 28)
        return pattern.format(y=year, yy=year % 100, m=month, d=day, month=MONTHS[month - 1])

    return draw


def mail(rng: random.Random) -> str:
    return (
        f"{rng.choice(('m.dupont', 'x_y', 'jean-paul'))}{rng.randint(0, 99)}@{rng.choice(('orange.fr', 'a.b-c.org'))}"
    )


def person(pattern: str) -> Draw:
    return lambda rng: pattern.format(
        given=rng.choice(GIVEN), name=rng.choice(SURNAMES), NAME=rng.choice(SURNAMES).upper()
    )


WRITTEN: tuple[tuple[str, str, Draw], ...] = (
    ("nir", "col", spelled_nir("", "")),
    ("nir", "col", spelled_nir(" ", " ")),
    ("nir", "col", spelled_nir(".", ".")),
    ("nir", "col", spelled_nir("\u00a0", "/")),
    ("nir", "col", spelled_nir("-", "-")),
    ("nir", "col", nir_as_number),
    ("nir", "texte", lambda rng: f"voir le dossier {''.join(nir(rng))}, incomplet"),
    ("courriel", "col", mail),
    ("courriel", "texte", lambda rng: f"écrire à {mail(rng)} avant mardi"),
    ("telephone", "col", phone("0d dd dd dd dd")),
    ("telephone", "col", phone("0d.dd.dd.dd.dd")),
    ("telephone", "col", phone("0d/dd/dd/dd/dd")),
    ("telephone", "col", phone("0d\u202fdd\u202fdd\u202fdd\u202fdd")),
    ("telephone", "col", phone("0ddddddddd")),
    ("telephone", "col", phone("0ddd ddd ddd")),
    ("telephone", "col", phone("+33 d dd dd dd dd")),
    ("telephone", "col", phone("+33 (0)d dd dd dd dd")),
    ("telephone", "col", phone("0033ddddddddd")),
    ("telephone", "Téléphone", phone("ddddddddd.0")),
    ("telephone", "N° de tél. portable", phone("33ddddddddd")),
    ("iban", "col", iban("")),
    ("iban", "col", iban(" ")),
    ("iban", "col", iban("\u00a0")),
    ("iban", "col", iban("-", lower=True)),
    ("naissance", "col", birth("{d:02d}/{m:02d}/{y}")),
    ("naissance", "col", birth("{y}-{m:02d}-{d:02d} 00:00:00")),
    ("naissance", "col", birth("{d}.{m}.{y}")),
    ("naissance", "col", birth("{d} {month} {y}")),
    ("naissance", "date_naissance", birth("{d:02d}/{m:02d}/{yy:02d}")),
    ("naissance", "Né(e) le", birth("{d:02d}{m:02d}{y}")),
    ("naissance", "DDN", birth("{y}{m:02d}{d:02d}")),
    ("nom", "col", person("{given} {name}")),
    ("nom", "col", person("{NAME}, {given}")),
    ("nom", "Nom du bénéficiaire", person("{NAME} {given}")),
    ("nom", "Référente", person("Mme {name}")),
    ("nom", "Nom de famille", person("{NAME}")),
    ("prenom", "col", person("{given}")),
)


@pytest.mark.parametrize(("kind", "header", "draw"), WRITTEN)
def test_none_of_five_hundred_columns_is_missed(kind: str, header: str, draw: Draw) -> None:
    rng = random.Random(20)  # noqa: S311 the same draws each time
    columns = {f"{header} {rank}": [draw(rng) for _ in range(60)] for rank in range(CASES // 20)}
    if kind not in {"nom", "prenom", "naissance"}:
        # What identifies by itself is found in a column of three cells too.
        columns |= {f"{header} {rank} seul": [draw(rng) for _ in range(3)] for rank in range(CASES)}
    elif header != "col":
        columns |= {f"{header} {rank} seul": [draw(rng) for _ in range(6)] for rank in range(CASES)}
    found = {finding.column: finding.kind for finding in find(columns)}
    missed = {name: cells[:3] for name, cells in columns.items() if name not in found}
    assert not missed
    assert set(found.values()) == {kind}

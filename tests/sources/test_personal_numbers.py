"""Numbers of persons are told from other codes by their key and by their form, at one cell in a hundred too."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from ctgeval.sources.personal_data import find
from tests.examples import sample

Draw = Callable[[random.Random], str]


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 invented data


def nir(rng: random.Random, place: str = "") -> list[str]:
    """Draw the parts of a number, key included."""
    born = [rng.choice("12"), f"{rng.randint(0, 99):02d}", f"{rng.randint(1, 12):02d}"]
    parts = [*born, place or f"{rng.randint(1, 95):02d}", f"{rng.randint(1, 990):03d}", f"{rng.randint(1, 999):03d}"]
    body = int("".join(parts).upper().replace("2A", "19").replace("2B", "18"))
    return [*parts, f"{97 - body % 97:02d}"]


def written(mark: str = "", *, key: bool = True, place: str = "") -> Draw:
    return lambda rng: mark.join(nir(rng, place)[: 7 if key else 6])


def as_number(pattern: str, *, key: bool = True) -> Draw:
    return lambda rng: pattern.format(float(written(key=key)(rng)))


def wrong(rng: random.Random) -> str:
    digits = list(written()(rng))
    place = rng.randrange(15)
    digits[place] = str((int(digits[place]) + rng.randint(1, 9)) % 10)
    return "".join(digits)


def luhn(size: int) -> Draw:
    """Draw a SIREN (9) or a SIRET (14) with its right key."""

    def draw(rng: random.Random) -> str:
        digits = [rng.randint(0, 9) for _ in range(size - 1)]
        doubled = [digit * (2 - rank % 2) for rank, digit in enumerate(reversed(digits))]
        return "".join(map(str, digits)) + str(-sum(digit - 9 * (digit > 9) for digit in doubled) % 10)

    return draw


FORMS: dict[str, Draw] = {
    "15 digits": written(), "spaces": written(" "), "dots": written("."), "no-break spaces": written("\u00a0"),
    "13 digits": written(key=False), "13 digits, spaces": written(" ", key=False),
    "2A": written(place="2A"), "2b": written(place="2b"), "2A, no key": written(place="2A", key=False),
    "float": as_number("{!r}"), "float, 13 digits": as_number("{!r}", key=False), "1.85e+14": as_number("{:.2e}"),
    "1.85E+014": lambda rng: as_number("{:.2E}")(rng).replace("+14", "+014"),
    "1,85E+14": lambda rng: as_number("{:.2E}")(rng).replace(".", ","),
    "all digits": as_number("{:.14e}"), "sentence": lambda rng: f"dossier {written()(rng)}, à revoir",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_one_per_cent_of_social_security_numbers_is_found(form: str) -> None:
    rng = drawing(7)
    around: list[Callable[[], str]] = [lambda: f"{rng.randint(1000, 95999):05d}", lambda: luhn(14)(rng)]
    first = list(FORMS).index(form) % 2
    for others in (around * 2)[first : first + sample(1, 2)]:
        cells = [others() for _ in range(9_900)] + [FORMS[form](rng) for _ in range(100)]
        rng.shuffle(cells)
        assert {finding.kind for finding in find({"remarque": cells})} == {"nir"}


CODES: dict[str, Draw] = {
    "one wrong digit": wrong,
    "one wrong digit, spaces": lambda rng: re.sub(r"^(.)(..)(..)(..)(...)(...)", r"\1 \2 \3 \4 \5 \6 ", wrong(rng)),
    "SIRET": luhn(14), "SIRET as floats": lambda rng: f"{float(luhn(14)(rng)):.2e}", "SIREN": luhn(9),
    "commune": lambda rng: f"{rng.randint(1, 95):02d}{rng.randint(1, 700):03d}",
    "IRIS": lambda rng: f"{rng.randint(1, 95):02d}{rng.randint(1, 700):03d}{rng.randint(101, 2000):04d}",
    "13 digits": lambda rng: str(rng.randint(10**12, 10**13 - 1)),
    "15 digits": lambda rng: str(rng.randint(10**14, 10**15 - 1)),
    "milliseconds": lambda rng: str(rng.randint(1_262_300_000_000, 1_774_000_000_000)),
    "letters and digits": lambda rng: f"FR{rng.randint(10, 99)}" + "".join(rng.choices("0123456789ABCDEFGH", k=23)),
    "UAI": lambda rng: f"0{rng.randint(860000, 869999)}{rng.choice('ABCDEFGH')}",
    "RNA": lambda rng: f"W{rng.randint(10**8, 10**9 - 1)}",
    "decimals": lambda rng: f"entre {rng.random():.15f} et 1",
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_other_codes_are_nobody_s(code: str) -> None:
    for seed in range(sample(5, 20)):
        rng = drawing(seed)
        # Fifteen digits drawn alone have the form and the key of a number once in 200 times: then it is one.
        for size in (1_000,) if code == "15 digits" else (1, 3, 1_000):
            assert find({"code": [CODES[code](rng) for _ in range(size)]}) == (), f"seed {seed}"


@pytest.mark.parametrize("header", ["NIR", "N° SÉCU", "NUMSECU", "n° de sécurité sociale"])
def test_a_header_that_says_so_needs_no_key(header: str) -> None:
    rng = drawing(1)
    assert [finding.kind for finding in find({header: [wrong(rng) for _ in range(10)]})] == ["nir"]


@pytest.mark.parametrize("cell", ["+262 692 12 34 56", "00596696123456", "(06.12.34.56.78)", "tél.0612345678"])
def test_numbers_of_overseas_and_numbers_among_signs_are_dialled(cell: str) -> None:
    assert [finding.kind for finding in find({"remarque": [cell] * 4})] == ["telephone"]

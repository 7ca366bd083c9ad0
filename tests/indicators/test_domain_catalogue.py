"""The 76 indicators of the domain, typed from its document: kind, direction, unit, grain and periodicity of each."""

from __future__ import annotations

import pytest

from ctgeval import indicators, measures

# Kind: C contexte, M moyens, R réalisation, T résultat, I impact, P processus. Direction: + higher, - lower, n neutral.
# Unit: % rate in per cent, /100 or /1000 rate for so many, nb anything that is counted, EUR, pts. Grain: E EPCI,
# C commune, S structure. Periodicity: A annual, S half-yearly, T quarterly, Q five-yearly, QA one or the other.
DOMAIN = """
PE01 C + /100 EC A | PE02 R + /100 E A | PE03 M + nb EC A | PE04 C - % E A | PE05 T + % S A | PE06 P n % S A
PE07 R + nb S S | PE08 T + % S A | PE09 T - % E S | PE10 R + nb E A | PE11 R + nb E A
EN01 R + /100 E A | EN02 R + nb S T | EN03 R + nb S A | EN04 T n % E A | EN05 R + nb S A | EN06 P + % E A
EN07 C n nb CE A
JE01 R + % E A | JE02 C - % E Q | JE03 R n nb E A | JE04 R + nb E A | JE05 R + nb E A | JE06 M + nb E A
PA01 R + nb S A | PA02 R + nb S A | PA03 R + % E A | PA04 R + nb S S | PA05 T + % S A | PA06 C n % E QA
PA07 R + nb E A
AV01 M + nb E A | AV02 T + % E A | AV03 T + nb S A | AV04 R + % S A | AV05 C + /1000 EC A | AV06 R + nb E A
AV07 C + /1000 E Q
AD01 R + nb S T | AD02 T + % S T | AD03 T - % CE A | AD04 C n nb EC A | AD05 C n % EC A | AD06 R + nb E A
AD07 R + nb S T | AD08 T + % S A | AD09 T + % E A
CO01 C - % E A | CO02 C + EUR E A | CO03 C - % E A | CO04 C - nb EC T
LO01 C n % E A | LO02 C - % EC QA | LO03 T + % E A | LO04 M + nb E A
HA01 C n nb E A | HA02 T + % E A | HA03 R + % E A | HA04 C n nb E A
MO01 C n % E Q | MO02 R + nb E T | MO03 I - % E A | MO04 C n % E Q
SE01 C n % EC Q | SE02 C n % E Q | SE03 R + % E A
PI01 R + % E S | PI02 R + % E S | PI03 M n % E A | PI04 M + % E A | PI05 P + % E S | PI06 P + % E A
PI07 P n pts E A | PI08 T + % E A | PI09 R + mixed E T | PI10 R + mixed E A
"""
SPLIT = {"PA01": "ab", "PA02": "ab", "AV03": "ab", "AD07": "ab", "PI09": "abc", "PI10": "ab"}
SPLIT_UNITS = {"PI09a": "%", "PI09b": "nb", "PI09c": "nb", "PI10a": "nb", "PI10b": "%"}

KINDS = {
    "C": "contexte",
    "M": "moyens",
    "R": "realisation",
    "T": "resultat",
    "I": "impact",
    "P": "processus",
}
DIRECTIONS = {"+": "higher", "-": "lower", "=": "maintain", "n": "neutral"}
GRAINS = {"E": "EPCI", "C": "COM", "S": "structure"}
PERIODS = {"A": "annuelle", "S": "semestrielle", "T": "trimestrielle", "Q": "quinquennale"}
ROWS = [tuple(cell.split()) for line in DOMAIN.strip().splitlines() for cell in line.split("|")]


def unit_of(item: indicators.Indicator) -> str:
    """Return the kind of a unit, as the document writes it."""
    if item.unit.startswith("EUR"):
        return "EUR"
    if " pour 100 " in item.unit:
        return "/100"
    if " pour 1 000 " in item.unit:
        return "/1000"
    return {"%": "%", "points": "pts"}.get(item.unit, "nb")


def test_the_document_has_76_indicators() -> None:
    assert len(ROWS) == len({row[0] for row in ROWS}) == 76


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_indicator_is_as_the_document_says(row: tuple[str, ...]) -> None:
    id, kind, direction, unit, grain, periodicity = row
    for name in [id + suffix for suffix in SPLIT.get(id, "")] or [id]:
        item = indicators.catalogue()[name]
        assert item.kind == KINDS[kind]
        assert item.direction == DIRECTIONS[direction]
        assert unit_of(item) == SPLIT_UNITS.get(name, unit)
        assert {GRAINS[one] for one in grain} & set(item.grain), name
        assert item.periodicity in {PERIODS[one] for one in periodicity}
    assert id in SPLIT or id + "a" not in indicators.catalogue()


@pytest.mark.parametrize("row", [row for row in ROWS if row[3].startswith(("%", "/"))], ids=lambda row: row[0])
def test_a_rate_has_the_factor_of_its_unit(row: tuple[str, ...]) -> None:
    item = indicators.catalogue()[row[0]]
    factor = {"%": 100, "/100": 100, "/1000": 1000}[row[3]]
    if item.published:
        assert measures.get(item.published).factor == factor
    else:
        assert (bool(item.denominator), item.factor) == (True, factor)


def caveats(id: str) -> str:
    """Return what is to be kept in mind of an indicator, as one text."""
    return " ".join(indicators.catalogue()[id].caveats)


def test_every_indicator_has_caveats() -> None:
    assert all(item.caveats for item in indicators.catalogue().values())


@pytest.mark.parametrize("id", ["AD04", "AD05", "CO03", "LO01", "HA01", "HA04"])
def test_the_files_of_the_caf_leave_the_msa_out_and_are_rounded(id: str) -> None:
    assert "MSA" in caveats(id)
    assert "zéro publié" in caveats(id)
    assert "géographie" in caveats(id)


def test_what_a_source_does_not_allow_is_told() -> None:
    for item in indicators.catalogue().values():
        if "Filosofi" in item.source:
            assert "2021" in caveats(item.id)
        if item.source.startswith("Insee, recensement") and item.periodicity == "quinquennale":
            assert "moins de cinq ans" in caveats(item.id)
        if "offre_theorique" in item.limits and item.published:
            assert "communes voisines" in caveats(item.id)
    assert "Offre théorique" in caveats("PE01")
    assert "employée" in caveats("PE01")


def test_distinct_persons_are_never_added_and_attendances_are_not_persons() -> None:
    for item in indicators.catalogue().values():
        kinds = {measures.get(name).kind for name in item.numerator_measures}
        if "distinct" in kinds and not item.denominator and item.unit not in {"canaux", "paires"}:
            assert "ne s’additionnent pas" in caveats(item.id), item.id
        if "presences" in item.limits:
            assert "non des" in caveats(item.id) or "comptées" in caveats(item.id), item.id

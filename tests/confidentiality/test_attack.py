"""Releases of random dossiers, made the whole way from their files, resist one who reads all of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ctgeval.confidentiality import Release
from ctgeval.dossier import Dossier
from tests.confidentiality.attacker import Atom, System, base_of_interval

COMMUNES = tuple(f"COM-9810{number}" for number in range(1, 9))
GROUNDS = {
    "GRP-nord": COMMUNES[:3], "GRP-sud": COMMUNES[3:6], "EPCI-298000001": COMMUNES[:6], "EPCI-298000002": COMMUNES[6:],
    "DEP-98": COMMUNES, **{commune: (commune,) for commune in COMMUNES},
}  # fmt: skip
HALVES = ("2024-S1", "2024-S2")
SPANS = {"2024": HALVES, "2024-S1": HALVES[:1], "2024-S2": HALVES[1:]}
FLOWS, STOCKS = ("naissances", "demandes_france_services", "demandes_resolues_premier_contact"), (
    "enfants_0_2", "assistantes_maternelles", "assistantes_maternelles_55_plus",
)  # fmt: skip
PARTS = {
    "demandes_resolues_premier_contact": "demandes_france_services",
    "assistantes_maternelles_55_plus": "assistantes_maternelles",
}
INDICATORS = {
    "PO02": ("naissances", ""), "PE02": ("places_eaje", "enfants_0_2"), "PE03": ("assistantes_maternelles", ""),
    "PE04": ("assistantes_maternelles_55_plus", "assistantes_maternelles"), "AD01": ("demandes_france_services", ""),
    "AD02": ("demandes_resolues_premier_contact", "demandes_france_services"),
}  # fmt: skip
THRESHOLD = 5
CTG = """\
[territoire]
code = "EPCI-298000001"
nom = "CC d'Essai"
perimetre = 2024
reference = "geographie"
[territoire.groupements]
"GRP-nord" = ["COM-98101", "COM-98102", "COM-98103"]
"GRP-sud" = ["COM-98104", "COM-98105", "COM-98106"]
[comparaison]
territoires = ["EPCI-298000002", "DEP-98"]
[publication]
seuil = { personnes = 5, sensible = 11 }
[[source]]
cle = "ouvert"
diffusion = "ouverte"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
[[source]]
cle = "signe"
diffusion = "convention"
convention = "essai"
finalite = "essai"
conservation_jusqu_au = 2030-01-01
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
[[source]]
cle = "bureau"
diffusion = "interne"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
"""


@dataclass(frozen=True)
class World:
    """What is true, and which lines the coordinator has."""

    truth: dict[tuple[str, str, str], int]
    lines: list[str]
    silent: dict[str, set[str]]


def world(seed: int) -> World:
    """Draw counts, then which territories, periods and sources tell them."""
    draw = random.Random(seed)  # noqa: S311
    silences: dict[str, set[str]] = {}
    truth: dict[tuple[str, str, str], int] = {}
    low, high = draw.choice([(0, 12), (3, 30), (0, 60)])
    for measure in (*FLOWS, *STOCKS):
        for commune, half in product(COMMUNES, HALVES if measure in FLOWS else ("2024",)):
            top = truth[PARTS[measure], commune, half] if measure in PARTS else draw.randint(low, high)
            truth[measure, commune, half] = draw.randint(0, top) if measure in PARTS else top
    places = {commune: draw.choice([0, 0, 3, 10]) for commune in COMMUNES}
    lines = ["mesure;territoire;periode;valeur;source;structure;sexe;age;remarque"]
    for whole in (*(name for name in (*FLOWS, *STOCKS) if name not in PARTS),):
        spans = list(SPANS) if whole in FLOWS else ["2024"]
        named = [whole, *(part for part, other in PARTS.items() if other == whole)]
        silent = set(draw.sample(COMMUNES, draw.choice([0, 0, 1, 2])))
        silences |= dict.fromkeys(named, silent)
        kept_spans = draw.choice([spans, spans[1:] or spans, spans[:2]])
        totals = [geo for geo in GROUNDS if geo not in COMMUNES and draw.random() < 0.6]
        detail = draw.choice(["ouvert", "ouvert", "signe", "bureau"])
        for geo, span in product([*COMMUNES, *totals], kept_spans):
            if geo in silent:
                continue
            source = detail if geo in COMMUNES else draw.choice(["ouvert", "ouvert", "signe"])
            for measure in named:
                count = sum(truth[cell] for cell in cells(measure, geo, span))
                if measure == "assistantes_maternelles" and draw.random() < 0.3 and count:
                    first = draw.randint(0, count)
                    lines += [
                        f"{measure};{geo};{span};{value};{source};{name};;;"
                        for name, value in (("A", first), ("B", count - first))
                    ]
                else:
                    lines.append(f"{measure};{geo};{span};{count};{source};;;;")
        if whole == "enfants_0_2":
            for geo in [*COMMUNES, *totals]:
                lines.append(f"places_eaje;{geo};2024;{sum(places[one] for one in GROUNDS[geo])};ouvert;;;;")
    return World(truth, lines, silences)


def cells(measure: str, geo: str, span: str) -> list[tuple[str, str, str]]:
    return [(measure, one, half) for one in GROUNDS[geo] for half in (SPANS[span] if measure in FLOWS else ("2024",))]


def write(folder: Path, drawn: World) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    geography = folder / "geographie"
    geography.mkdir(parents=True)
    (geography / "geographie.toml").write_text(
        'titre = "Essai"\nsource = "essai"\nlicence = "essai"\nmise_a_jour = 2025-01-01\nfictif = true\n', "utf-8"
    )
    names = {"EPCI-298000001": "CC d'Essai"}
    places = [f"2024;{geo};{names.get(geo, geo)};{geo.partition('-')[0]}" for geo in GROUNDS]
    (geography / "territoires.csv").write_text("\n".join(["annee;code;nom;type", *places]), "utf-8")
    members = [f"2024;{geo};{one}" for geo, ground in GROUNDS.items() if geo not in COMMUNES for one in ground]
    (geography / "membres.csv").write_text("\n".join(["annee;territoire;commune", *members]), "utf-8")
    (folder / "ctg.toml").write_text(CTG, "utf-8")
    (folder / "observations.csv").write_text("\n".join(drawn.lines) + "\n", "utf-8")


def published(dossier: Dossier, drawn: World) -> System:
    """Everything that the readers of all bilans but the office's can write down."""
    system = System([(*key, "") for key in drawn.truth])
    for part, whole in PARTS.items():
        for name, commune, half in drawn.truth:
            if name == part:
                system.part([(part, commune, half, "")], [(whole, commune, half, "")])
    for audience in ("copil", "habitants"):
        rows = dossier.release(audience).results
        for row in rows[rows["value"].notna() & rows["indicator"].isin(list(INDICATORS))].itertuples():
            measure, base = INDICATORS[row.indicator]
            known = [(measure, row.numerator)] if base == "" else []
            if base:
                bottom = sum(drawn.truth[cell] for cell in told_of(base, row, drawn))
                told = row.value > 0
                if pd.notna(row.ci_high):
                    # Whoever reads the interval of a share knows how many it was made from, even when it is 0 %.
                    read = base_of_interval(row.value / 100, row.ci_low / 100, row.ci_high / 100)
                    assert round(read) == bottom, row
                    told = True
                known = [(measure, row.value * bottom / 100), *([(base, bottom)] if told else [])]
            for name, count in known:
                if name != "places_eaje":
                    ground = told_of(name, row, drawn)
                    assert round(count) == sum(drawn.truth[one] for one in ground), row
                    system.know([(*one, "") for one in ground], round(count))
    return system


def told_of(measure: str, row: Any, drawn: World) -> list[tuple[str, str, str]]:
    """Cells that a row sums: of a partial one, those of the communes that answered."""
    left_out = drawn.silent[measure] if row.completeness < 1 and row.geo not in COMMUNES else set()
    return [cell for cell in cells(measure, row.geo, row.time_period) if cell[1] not in left_out]


def atoms(measure: str, geo: str, span: str) -> list[Atom]:
    return [(*key, "") for key in cells(measure, geo, span)]


def secrets(drawn: World) -> Iterator[tuple[str, str, str]]:
    for measure, geo in product((*FLOWS, *STOCKS), GROUNDS):
        for span in SPANS if measure in FLOWS else ("2024",):
            if 0 < sum(drawn.truth[cell] for cell in cells(measure, geo, span)) < THRESHOLD:
                yield measure, geo, span


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attaque") / "dossier"


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_no_small_count_is_proved_small_from_all_the_releases(place: Path, seed: int) -> None:
    drawn = world(seed)
    write(place, drawn)
    system = published(Dossier.open(place), drawn)
    for secret in secrets(drawn):
        assert system.greatest(atoms(*secret)) >= THRESHOLD - 1e-6, secret


@pytest.mark.parametrize("audience", ["copil", "habitants"])
def test_demo_keeps_its_small_bases(demo: Dossier, demo_release: Callable[[str], Release], audience: str) -> None:
    """Even one who knows every shown base, of communes, former CCs and the EPCI, can't bound a hidden one."""
    true = demo.indicators("PE02").set_index(["geo", "time_period"])["denominator"]
    rows = demo_release(audience).results.query("indicator == 'PE02'").set_index(["geo", "time_period"])
    shown = rows["value"].notna()
    small = [key for key in rows.index if 0 < true[key] < THRESHOLD]
    assert small
    assert shown.any()
    for year in sorted({year for _, year in small}):
        grounds = {geo: demo.margins.get(geo, (geo,)) for geo, period in rows.index if period == year}
        atoms_of = {geo: [("enfants_0_2", one, year, "") for one in ground] for geo, ground in grounds.items()}
        system = System(sorted({atom for group in atoms_of.values() for atom in group}))
        for geo, group in atoms_of.items():
            if shown[geo, year] and not pd.isna(true[geo, year]):
                system.know(group, float(true[geo, year]))
        for geo, period in small:
            if period == year:
                assert not shown[geo, year]
                assert system.greatest(atoms_of[geo]) >= THRESHOLD, (geo, year)

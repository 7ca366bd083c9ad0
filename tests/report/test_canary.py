"""A whole build on figures that must not go out: no byte for anybody but the office may hold one of them."""

from __future__ import annotations

import base64
import datetime as dt
import html
import importlib
import re
import shutil
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pandas as pd
import pytest

from ctgeval.confidentiality import Release
from ctgeval.dossier import Dossier
from ctgeval.report import scan
from ctgeval.report.scan.cells import compare
from ctgeval.report.scan.facts import Facts
from ctgeval.report.scan.formats import read

build = importlib.import_module("ctgeval.report.build").build

PLACE, NEIGHBOUR = "EPCI-200070035", "EPCI-200070043"
COMMUNE, OTHER = "COM-86078", "COM-86194"
CANARIES = (7919, 7907, 7901, 7883, 7879, 7877)
CELLS = (
    ("PO02", PLACE, "2022"), ("PO02", PLACE, "2023"), ("PO02", PLACE, "2024"), ("PO02", COMMUNE, "2024"),
    ("PO02", OTHER, "2024"), ("PA06", PLACE, "2024"),
)  # fmt: skip
AUDIENCES = ("cotech", "copil", "habitants", "partenaire")
SOURCE = """\
[[source]]
cle = "{0}"
titre = "Fichier {0}"
diffusion = "{1}"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
"""
AGREEMENT = 'convention = "essai"\nfinalite = "essai"\nconservation_jusqu_au = 2030-01-01\n'
BILAN = '[[bilan]]\ncarnet = "{}"\naudience = "{}"\nperiode = "2024"\n'
OBSERVATIONS = f"""\
mesure;territoire;periode;valeur;source;structure
naissances;{PLACE};2022;7919;ouvert;
naissances;{PLACE};2023;7907;ouvert;
naissances;{PLACE};2024;7901;ouvert;
naissances;{COMMUNE};2024;7883;signe;
naissances;{OTHER};2024;7879;bureau;
familles_monoparentales;{PLACE};2024;7877;ouvert;
familles;{PLACE};2024;15000;ouvert;
structures_avs;{PLACE};2024;2;ouvert;
"""
TARGETS = f"""\
indicateur;territoire;periode_reference;valeur_reference;periode_cible;valeur_cible;tolerance
PO02;{PLACE};2022;7919;2026;7919;0
PO02;{PLACE};2023;7907;2027;;
"""
TEXT = (
    f"Naissances : {{{{PO02:valeur}}}}, {{{{PO02:reference}}}}, {{{{PO02@{COMMUNE}:valeur}}}}, {{{{PA06:valeur}}}}.\n"
)
ACTIONS = """\
id;axe;objectif;intitule;pilote;debut;fin;etat;etat_date;avancement_pct
A01;Petite enfance;Essai;Deux lieux;CC;2022-03-01;2023-12-31;en_cours;2022-03-15;20
"""
_SPACES = "  \u00a0\u202f\u2009.,'’"
_SIGHT = re.compile(
    "|".join(rf"(?<![\w.,+/=]){one // 1000}[{_SPACES}]?{one % 1000:03d}(?![\w+/=])" for one in CANARIES)
)
_DATA = re.compile(rb"data:[^,\"'<>]*,[^\"'<>\s]*")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("canari")
    dossier, out = folder / "dossier", folder / "bilans"
    (dossier / "textes" / "bilan_annuel").mkdir(parents=True)
    (dossier / "textes" / "bilan_annuel" / "synthese.md").write_text(TEXT, "utf-8")
    bilans = [BILAN.format("bilan_annuel", name) for name in ("interne", *AUDIENCES)]
    bilans = [text + ('partenaire = "caf"\n' if '"partenaire"' in text else "") for text in bilans]
    parts = [
        f'[territoire]\ncode = "{PLACE}"\nnom = "CC du Civraisien en Poitou"\nperimetre = 2024\n',
        '[convention]\nsignature = 2022-01-01\ndebut = 2022-01-01\nfin = 2026-12-31\nsignataires = ["CC"]\n',
        f'[comparaison]\nterritoires = ["{NEIGHBOUR}"]\n',
        '[indicateurs]\nretenus = ["PO02", "PA06"]\n',
        "[publication]\nseuil = { personnes = 10000, sensible = 10000 }\n",
        SOURCE.format("ouvert", "ouverte"),
        SOURCE.format("signe", "convention") + AGREEMENT,
        SOURCE.format("bureau", "interne"),
        *bilans,
    ]
    (dossier / "ctg.toml").write_text("\n".join(parts), "utf-8")
    tables = {"observations": OBSERVATIONS, "cibles": TARGETS, "actions": ACTIONS}
    for name, content in tables.items():
        (dossier / f"{name}.csv").write_text(content, "utf-8")
    report = build(dossier, out=out, jobs=2, date=dt.date(2025, 6, 1))
    assert not report.failed, [entry.message for entry in report.failed]
    return dossier, out


def contents(path: Path) -> Iterator[str]:
    """Everything that a file says: its text, unescaped, and what its data links hold."""
    raw = path.read_bytes()
    yield html.unescape(raw.decode("utf-8", "replace"))
    for link in _DATA.findall(raw):
        head, _, body = html.unescape(link.decode()).partition(",")
        data = unquote_to_bytes(body)
        yield (base64.b64decode(data) if head.endswith("base64") else data).decode("utf-8", "replace")


def seen(path: Path) -> set[str]:
    return {found for text in contents(path) for found in _SIGHT.findall(text)}


def test_canaries_are_recognised_where_they_may_be(built: tuple[Path, Path]) -> None:
    _, out = built
    pages = list((out / "interne").glob("*.html"))
    assert set().union(*(seen(page) for page in pages))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_published_byte_holds_a_canary(built: tuple[Path, Path], audience: str) -> None:
    _, out = built
    folders = [folder for folder in out.iterdir() if folder.name.startswith(audience)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert {path.name: found for path in files if (found := seen(path))} == {}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_release_holds_a_canary(built: tuple[Path, Path], audience: str) -> None:
    dossier, _ = built
    files = list((dossier / ".ctgeval" / "releases" / audience).rglob("*.*"))
    assert files
    doubles = [struct.pack("<d", one) for one in CANARIES]
    for path in files:
        raw = path.read_bytes()
        assert not any(packed in raw for packed in doubles), path.name
        told = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else raw.decode("utf-8")
        assert not re.search("|".join(map(str, CANARIES)), told), path.name


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_page_names_the_dossier_nor_a_source_of_the_office(built: tuple[Path, Path], audience: str) -> None:
    dossier, out = built
    for folder in (folder for folder in out.iterdir() if folder.name.startswith(audience)):
        for path in folder.rglob("*.*"):
            told = "\n".join(contents(path))
            assert str(dossier) not in told
            assert str(dossier.parent) not in told
            assert "Fichier bureau" not in told
            assert ("Fichier signe" in told) <= (audience in {"cotech", "copil"})


def released(dossier: Path, audience: str) -> Release:
    (folder,) = (dossier / ".ctgeval" / "releases" / audience).iterdir()
    return Release.load(folder)


def folders(out: Path, audience: str) -> list[Path]:
    return [folder for folder in out.iterdir() if folder.name.startswith(audience)]


@pytest.mark.parametrize("audience", [*AUDIENCES, "interne"])
def test_the_scan_finds_nothing_in_what_was_built(built: tuple[Path, Path], audience: str) -> None:
    dossier, out = built
    (folder,) = folders(out, audience)
    assert scan.folder(folder, audience=folder.name, release=released(dossier, audience)) == ()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_masked_cell_of_a_page_is_watched(built: tuple[Path, Path], audience: str) -> None:
    dossier, out = built
    facts = Facts.of(released(dossier, audience))
    (page,) = (path for folder in folders(out, audience) for path in folder.glob("epci-*.html"))
    filled = 0
    for grid in read(".html", page.read_bytes()).grids:
        for rank, row in enumerate(grid.rows):
            for place, cell in enumerate(row):
                if place and "non diffusable" in cell:
                    told = (*row[:place], "3", *row[place + 1 :])
                    (hit, *_), _ = compare(
                        [replace(grid, rows=(*grid.rows[:rank], told, *grid.rows[rank + 1 :]))], facts
                    )
                    assert (hit[0], row[0][:60] in hit[1]) == ("masque", True)
                    filled += 1
    assert filled >= 2


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_tables_of_the_team_are_not_those_of_a_release(built: tuple[Path, Path], audience: str) -> None:
    dossier, out = built
    facts = Facts.of(released(dossier, audience))
    (page,) = (out / "interne").glob("epci-*.html")
    shown = 0
    for grid in read(".html", page.read_bytes()).grids:
        for row in grid.rows:
            for cell in row[1:]:
                if _SIGHT.search(cell):
                    single = replace(grid, rows=((row[0], *(one if one == cell else "" for one in row[1:])),))
                    assert compare([single], facts)[0], (grid.where, row[0], cell)
                    shown += 1
    assert shown >= 4


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_scan_finds_each_canary_wherever_it_is_put(built: tuple[Path, Path], audience: str) -> None:
    dossier, out = built
    release = released(dossier, audience)
    known = scan.private(Dossier.open(dossier), release)
    (page,) = (path for folder in folders(out, audience) for path in folder.glob("epci-*.html"))
    plain = page.read_text("utf-8")

    def found(text: str) -> set[str]:
        told = scan.document(page.name, text.encode(), audience=audience, release=release, secrets=known.secrets)
        return {hit.kind for hit in told.hits}

    assert found(plain) == set()
    marked = release.results[release.results["conf_status"] == "C"]
    held = set(zip(marked["indicator"], marked["geo"], marked["time_period"], strict=True))
    names = dict(zip(release.territories["geo"], release.territories["name"], strict=True))
    for canary, (indicator, geo, period) in zip(CANARIES, CELLS, strict=True):
        if geo == OTHER:
            # Of a commune out of the territory nothing is computed: there is no cell to compare with.
            continue
        shown = f"{canary // 1000}\u202f{canary % 1000}"
        if (indicator, geo, period) not in held:
            # A cell of a source of others: its indicator and its place make it known.
            shown = f"Naissances domiciliées, {names.get(geo, geo)} : {shown}"
        assert found(plain.replace("</main>", f"<p>{shown}</p></main>")) == {"secret"}
        drawn = f'<svg role="img" aria-label="{shown}"><text>a</text></svg></main>'
        assert found(plain.replace("</main>", drawn)) == {"secret"}
        assert found(plain.replace("</body>", f"<!-- {shown} --></body>")) == {"secret"}


def test_a_page_of_the_team_beside_the_others_stops_what_comes_next(built: tuple[Path, Path], tmp_path: Path) -> None:
    dossier, out = built
    shutil.copytree(out / "habitants", tmp_path / "bilans" / "habitants")
    (page,) = (out / "interne").glob("epci-*.html")
    shutil.copy(page, tmp_path / "bilans" / "habitants" / "bilan-complet.html")
    (published,) = (tmp_path / "bilans" / "habitants").glob("epci-*.html")
    before = published.read_bytes()
    report = build(dossier, out=tmp_path / "bilans", audience="habitants", force=True, date=dt.date(2025, 6, 2))
    (failed,) = report.failed
    assert "bilan-complet.html" in failed.message
    assert "Déplacez ce fichier" in failed.message
    assert published.read_bytes() == before


def test_structures_are_told(built: tuple[Path, Path]) -> None:
    dossier, _ = built
    tables = [pd.read_parquet(path) for path in (dossier / ".ctgeval/releases/habitants").rglob("results.parquet")]
    assert all((table["value"] == 2).any() for table in tables)

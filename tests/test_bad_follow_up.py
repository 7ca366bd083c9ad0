"""Bad input in the follow-up: each fault is told with its place and its remedy, and the rest of the bilan is built.

A copy of the follow-up of the demo gets one bad row in each of the coordinator's tables and one bad entry in each of
its declarations. What is read of it is compared with what the sound demo gives: no figure moves, and each section says
what it had to leave out.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import ctgeval
from ctgeval import cli
from ctgeval.confidentiality import Release
from ctgeval.dossier import Dossier
from ctgeval.followup import missing
from ctgeval.programme import SCHEMAS
from ctgeval.render import open_page, wording

DEMO = Path(__file__).parents[1] / "data" / "demo"
FOLLOW_UP = tuple(name for name, schema in SCHEMAS.items() if not schema.essential)

# table: the bad row (cells by column), the column at fault, and what the message says of it.
ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    "actions": (
        {"id": "A01", "axe": "Jeunesse", "intitule": "Tout autre chose", "etat": "en_cours", "etat_date": "2022-03-15"},
        "id",
        "répète la ligne 2",
    ),
    "fiches": ({"action": "A99", "moyens_humains_etp": "-2"}, "moyens_humains_etp", "négatifs"),
    "jalons": ({"action": "A01", "intitule": "Fin", "prevu_le": "31/02/2024"}, "prevu_le", "calendrier"),
    "liens": ({"action": "A01", "indicateur": "PE04", "nature": "peut-être"}, "nature", "valeur prévue"),
    "budget": (
        {"action": "A01", "exercice": "2024", "nature": "depense", "statut": "realise", "montant": "-1000000"},
        "montant",
        "négatif",
    ),
    "partenaires": ({"id": "caf", "nom": "Autre Caf"}, "id", "répète la ligne 3"),
    "instances": (
        {"id": "COPIL-2025-9", "type": "COPIL", "date": "2025-06-01", "invites": "huit"},
        "invites",
        "nombre",
    ),
    "contributions": ({"id": "AT99", "atelier": "AT-2022-1"}, "texte", "obligatoire"),
    "participation": (
        {"id": "REU-9", "date": "2025-06-01", "type": "Réunion", "presences": "1", "personnes_distinctes": "5000"},
        "personnes_distinctes",
        "plus de personnes",
    ),
    "propositions": (
        {"id": "P99", "origine": "Réunion", "date": "2924-01-01", "texte": "Un banc."},
        "date",
        "entre 1990",
    ),
    "communication": (
        {"canal": "Lettre d’information", "periode": "2025-S1", "mesure": "taux d’ouverture", "valeur": "900"},
        "valeur",
        "100 %",
    ),
    "evenements": (
        {"id": "JOURNEE-9", "date": "2025-06-01", "intitule": "Journée", "presences": "12,5"},
        "presences",
        "entier",
    ),
    "journal": ({"date": "hier", "type": "levier", "texte": "T"}, "date", "date lisible"),
    "recommandations": (
        {"id": "R99", "date": "2025-01-01", "origine": "COTECH", "texte": "T", "etat": "oubliée"},
        "etat",
        "valeur prévue",
    ),
    "jugements": (
        {
            "indicateur": "QL01",
            "territoire": "EPCI-249900001",
            "date": "2025-01-01",
            "niveau": "n",
            "juge_par": "COTECH",
        },
        "motif",
        "obligatoire",
    ),
}
ENTRIES = {
    "evaluation.toml": '\n[[question]]\nid = "Q99"\n',
    "regles.toml": '\n[[regle]]\nid = "RG99"\ntexte = "T"\nquand = { seuil_bas = 3, seuil_haut = 4 }\n',
    "enquetes.toml": '\n[[enquete]]\nid = "sans-source"\ntitre = "T"\nrecrutement = "volontaire"\nsource = "nulle"\n',
    "indicateurs.toml": '\n[LC99]\nlabel = "Sans formule"\n',
}
SECTIONS = {
    "actions": "actions",
    "budget": "budget",
    "partenariat": "partnership",
    "ateliers": "workshops",
    "participation": "participation",
    "communication": "communication",
    "evenement": "event",
    "journal": "journal",
    "recommandations": "recommendations",
    "qualitatif": "qualitative",
    "evaluation": "evaluation",
    "enquetes": "surveys",
}


def _append(path: Path, cells: dict[str, str]) -> int:
    """Add a row to a CSV table, and return its line."""
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    header = text.splitlines()[0].split(";")
    row = io.StringIO(newline="")
    csv.writer(row, delimiter=";", lineterminator="\n").writerow([cells.get(name, "") for name in header])
    path.write_text(text + row.getvalue(), encoding="utf-8")
    return text.count("\n") + 1


@dataclass(frozen=True)
class Spoiled:
    """The demo with a bad row in each table, what is wrong in it, and what two audiences are given."""

    folder: Path
    lines: dict[str, int]
    dossier: Dossier
    problems: pd.DataFrame
    releases: dict[str, Release]
    pages: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    folder = tmp_path_factory.mktemp("abîmé") / "demo"
    _light(folder)
    lines = {name: _append(folder / f"{name}.csv", cells) for name, (cells, _, _) in ROWS.items()}
    for name, text in ENTRIES.items():
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)
    dossier = ctgeval.open(folder)
    releases = {audience: dossier.release(audience) for audience in ("interne", "habitants")}
    pages = {}
    for audience, release in releases.items():
        page = open_page(release, periode="2025")
        pages[audience] = {key: _plain(str(getattr(page, name)())) for key, name in SECTIONS.items()}
    return Spoiled(folder, lines, dossier, dossier.problems(), releases, pages)


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").replace("\u202f", " ").split())


@pytest.mark.parametrize("name", FOLLOW_UP)
def test_a_bad_row_is_told_with_its_place_and_its_remedy_and_blocks_nothing(spoiled: Spoiled, name: str) -> None:
    _, column, told = ROWS[name]
    found = spoiled.problems[spoiled.problems["severity"].eq("partiel") & spoiled.problems["file"].eq(f"{name}.csv")]
    (row,) = found.to_dict("records")
    assert (row["row"], row["column"]) == (spoiled.lines[name], column)
    assert told in row["message"]
    assert row["remedy"]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_bad_entry_is_told_with_its_key_and_blocks_nothing(spoiled: Spoiled, name: str) -> None:
    found = spoiled.problems[spoiled.problems["severity"].eq("partiel") & spoiled.problems["file"].eq(name)]
    assert len({key.partition(".")[0] for key in found["key"]}) == 1
    assert spoiled.dossier.set_aside[name] == 1
    assert found["key"].str.len().gt(0).all()
    assert found["remedy"].str.len().gt(0).all()


def test_nothing_blocks_and_what_is_set_aside_comes_before_what_is_worth_knowing(spoiled: Spoiled) -> None:
    severities = spoiled.problems["severity"].tolist()
    assert set(severities) == {"partiel", "avertissement"}
    assert severities == sorted(severities, key=["partiel", "avertissement"].index)
    spoiled.dossier.require_sound()


def test_a_row_set_aside_counts_nowhere(spoiled: Spoiled, demo: Dossier) -> None:
    sound = demo.tables
    for name in FOLLOW_UP:
        pd.testing.assert_frame_equal(spoiled.dossier.tables[name].frame, sound[name].frame)


@pytest.mark.parametrize("audience", ["interne", "habitants"])
@pytest.mark.parametrize("name", FOLLOW_UP)
def test_each_section_says_what_it_left_out(spoiled: Spoiled, audience: str, name: str) -> None:
    sentence = _plain(f"1 {wording.catalogue()['ecartees'][f'{name}_une']}")
    for section in missing.SECTIONS[name]:
        text = spoiled.pages[audience][section]
        assert sentence in text
        place = f"{name}.csv, ligne {spoiled.lines[name]}"
        assert (place in text) == (audience == "interne")


@pytest.mark.parametrize("section", ["evaluation", "recommandations", "enquetes"])
def test_each_declaration_left_out_is_said_to_be_missing(spoiled: Spoiled, section: str) -> None:
    name = {"evaluation": "questions", "recommandations": "regles", "enquetes": "enquetes"}[section]
    sentence = _plain(f"1 {wording.catalogue()['ecartees'][f'{name}_une']}")
    assert sentence in spoiled.pages["interne"][section]
    assert sentence in spoiled.pages["habitants"][section]


def test_an_action_whose_id_is_given_twice_is_marked(spoiled: Spoiled) -> None:
    for audience in ("interne", "habitants"):
        text = spoiled.pages[audience]["actions"]
        assert "Ouvrir une micro-crèche à Tressonne-le-Bourg (à vérifier)" in text
        assert "est décrite deux fois à la même date" in text
        assert "Tout autre chose" not in text


def test_outside_the_team_nobody_is_told_a_file_a_line_or_a_value(spoiled: Spoiled) -> None:
    table = spoiled.releases["habitants"].table("set_aside")
    assert table["place"].eq("").all()
    told = " ".join(table["sentence"])
    assert ".csv" not in told
    assert ".toml" not in told
    assert not re.search(r"\bligne \d", told)
    assert "5000" not in told


def test_a_sound_dossier_says_nothing_of_the_kind(demo: Dossier) -> None:
    assert demo.set_aside == {}


def test_every_sentence_of_what_may_be_set_aside_is_written() -> None:
    words = wording.catalogue()["ecartees"]
    for name in (*FOLLOW_UP, "questions", "regles", "enquetes"):
        assert {f"{name}_une", f"{name}_plusieurs", f"{name}_rien"} <= words.keys()
    assert set(missing.SECTIONS) == set(FOLLOW_UP)
    assert {one for sections in missing.SECTIONS.values() for one in sections} <= set(SECTIONS)


# -- at the command line -----------------------------------------------------------------------------------------------

CONFIGURATION = """
[territoire]
code = "COM-86194"
nom = "Poitiers"
perimetre = 2024

[[source]]
cle = "caf"
fichier = "caf.csv"
format = "caf.taux_couverture"
producteur = "Cnaf"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2022-11-30
diffusion = "ouverte"

[[bilan]]
carnet = "bilan_annuel"
audience = "habitants"
periode = "2021"
"""
CAF = (
    "Date référence;Numéro commune;Nom commune;Taux de couv EAJE - ensemble;Taux de couv global\n"
    "2021;86194;POITIERS;20;53\n"
)
BUDGET = (
    "action;exercice;nature;statut;montant\nA1;2021;depense;realise;100\nA1;2021;depense;realise;-5\n"
    "A1;21;depense;realise;7\n"
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in {"ctg.toml": CONFIGURATION, "caf.csv": CAF, "budget.csv": BUDGET}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_check_lists_what_is_set_aside_apart_and_exits_0(small: Path) -> None:
    done = CliRunner().invoke(cli.main, ["verifier", str(small)])
    assert done.exit_code == 0, done.output
    heading = "À corriger : ces lignes sont écartées, le reste du bilan se fait (2)"
    assert heading in done.output
    assert done.output.index(heading) < done.output.index("À savoir")
    assert "ligne 3" in done.output
    assert "négatif" in done.output
    english = CliRunner().invoke(cli.main, ["check", str(small), "--lang", "en"])
    assert "these rows are set aside" in english.output
    told = json.loads(CliRunner().invoke(cli.main, ["verifier", str(small), "--json"]).output)
    assert told["ok"]
    assert [one["severity"] for one in told["problems"]].count("partiel") == 2


def test_the_build_goes_on_and_says_in_one_line_what_it_left_out(small: Path) -> None:
    out = small / "rapports"
    done = CliRunner().invoke(cli.main, ["construire", str(small), "--out", str(out), "--date", "2026-01-15"])
    assert done.exit_code == 0, done.output
    assert "budget.csv (2)" in done.output
    (page,) = (path for path in out.rglob("*.html") if path.name != "index.html")
    assert "2 lignes du budget n’ont pas pu être prises en compte : ces totaux sont incomplets." in _plain(
        page.read_text(encoding="utf-8")
    )


# -- hostile edits -----------------------------------------------------------------------------------------------------


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), delimiter=";"))


def _write(path: Path, rows: list[list[str]], *, encoding: str = "utf-8", separator: str = ";") -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding, errors="replace"))


def _without_a_required_column(name: str, path: Path) -> None:
    rows = _rows(path)
    gone = rows[0].index([column.name for column in SCHEMAS[name].columns if column.required][-1])
    _write(path, [[cell for rank, cell in enumerate(row) if rank != gone] for row in rows])


def _with_another_column(_: str, path: Path) -> None:
    rows = _rows(path)
    _write(path, [[*rows[0], "couleur"], *([*row, "x"] for row in rows[1:])])


def _with_an_open_quote(_: str, path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + '"ouvert;a\n', encoding="utf-8")


def _ten_thousand_rows(name: str, path: Path) -> None:
    rows, key = _rows(path), SCHEMAS[name].key
    place = rows[0].index(key[0]) if key else None
    many = [list(rows[1 + rank % (len(rows) - 1)]) for rank in range(10_000)]
    if place is not None:
        for rank, row in enumerate(many):
            row[place] += f"-{rank}"
    _write(path, [rows[0], *many])


def _cells(kinds: tuple[str, ...], value: str) -> Callable[[str, Path], None]:
    """Write a value in every cell of some kinds of the first row."""

    def edit(name: str, path: Path) -> None:
        rows = _rows(path)
        for column in SCHEMAS[name].columns:
            if column.kind in kinds and column.name in rows[0]:
                rows[1][rows[0].index(column.name)] = value
        _write(path, rows)

    return edit


NUMBERS = ("nombre", "entier", "montant", "pourcentage")
EDITS: dict[str, Callable[[str, Path], None]] = {
    "colonne absente": _without_a_required_column,
    "colonne de trop": _with_another_column,
    "fichier vide": lambda _, path: _write(path, []),
    "en-tête seul": lambda _, path: _write(path, _rows(path)[:1]),
    "BOM": lambda _, path: _write(path, _rows(path), encoding="utf-8-sig"),
    "cp1252": lambda _, path: _write(path, _rows(path), encoding="cp1252"),
    "utf-16": lambda _, path: _write(path, _rows(path), encoding="utf-16"),
    "virgules": lambda _, path: _write(path, _rows(path), separator=","),
    "ligne en double": lambda _, path: _write(path, [*_rows(path), _rows(path)[1]]),
    "colonne en double": lambda _, path: _write(path, [[*row, row[0]] for row in _rows(path)]),
    "ligne courte": lambda _, path: _write(path, [_rows(path)[0], _rows(path)[1][:1], *_rows(path)[2:]]),
    "ligne longue": lambda _, path: _write(path, [_rows(path)[0], [*_rows(path)[1], "a", "b"], *_rows(path)[2:]]),
    "guillemet ouvert": _with_an_open_quote,
    "31 février": _cells(("date",), "31/02/2024"),
    "date à venir": _cells(("date",), "2035-01-01"),
    "date lointaine": _cells(("date",), "2924-01-01"),
    "id avec espaces": _cells(("code",), "A 01 é"),
    "id en HTML": _cells(("code",), "<script>alert(1)</script>"),
    "id en formule": _cells(("code",), "=1+1"),
    "id inconnu": _cells(("code",), "ZZ99"),
    "indicateur inconnu": _cells(("indicateur",), "ZZ99"),
    "territoire inconnu": _cells(("territoire",), "COM-00000"),
    "négatif": _cells(NUMBERS, "-3"),
    "énorme": _cells(NUMBERS, "9" * 30),
    "texte": _cells(NUMBERS, "beaucoup"),
    "120": _cells(("pourcentage",), "120"),
    "120 %": _cells(("pourcentage",), "120 %"),
    "choix": _cells(("choix",), "peut-être"),
    "période": _cells(("periode",), "2024-S5"),
    "HTML": _cells(("texte",), "<img src=x onerror=alert(1)> « {accolades} {{PE01:valeur}} %s"),
    "formule": _cells(("texte",), "=cmd|' /C calc'!A0"),
    "long": _cells(("texte",), "mot " * 20_000),
    "lien": _cells(("lien",), "javascript:alert(1)"),
    "liste": _cells(("texte",), "Caf de l’Ombrenne; ;;"),
    "10 000 lignes": _ten_thousand_rows,
}


def _light(folder: Path) -> Path:
    """Copy the follow-up of the demo without the files of producers, which take the time."""
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns(".ctgeval", "sources", "textes", "enquetes*"))
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition("# -- Fichiers, dans")
    kept = head + rest[rest.index("[[bilan]]") :]
    kept = re.sub(r"\[\[impact\]\].*?(?=\n\[\[bilan|\Z)", "", kept, flags=re.DOTALL)
    kept = re.sub(r"\[comparaison\]\n.*?\n\n", "", kept, flags=re.DOTALL)
    (folder / "ctg.toml").write_text(kept, encoding="utf-8")
    for name in ("observations", "cibles"):
        _write(folder / f"{name}.csv", _rows(folder / f"{name}.csv")[:1])
    return folder


# What each of these edits spoils of a table must be told: the kinds of columns that it writes in.
TOLD: dict[str, tuple[str, ...]] = {
    "colonne absente": ("*",),
    "colonne en double": ("*",),
    "ligne longue": ("*",),
    "guillemet ouvert": ("*",),
    "31 février": ("date",),
    "date lointaine": ("date",),
    "négatif": ("entier",),
    "énorme": NUMBERS,
    "texte": NUMBERS,
    "120": ("pourcentage",),
    "120 %": ("pourcentage",),
    "choix": ("choix",),
    "période": ("periode",),
    "lien": ("lien",),
}


def _untold(found: pd.DataFrame, edits: dict[str, str]) -> list[str]:
    """Return the edits that nobody is told of."""
    silent = []
    for name, edit in edits.items():
        kinds = {column.kind for column in SCHEMAS[name].columns} | {"*"}
        if kinds & set(TOLD.get(edit, ())) and not found["file"].eq(f"{name}.csv").any():
            silent.append(f"{name}: {edit}")
    return silent


def _wrong(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the problems of a dossier, and what is wrong in the way it is told, released and shown."""
    dossier = ctgeval.open(folder)
    found = dossier.problems()
    told = found[found["severity"].ne("avertissement")].to_dict("records")
    wrong = [str(row) for row in told if row["severity"] == "bloquant"]
    wrong += [str(row) for row in told if not (row["message"] and row["file"] and row["remedy"])]
    for audience in ("interne", "habitants"):
        page = open_page(dossier.release(audience), periode="2025")
        for name in SECTIONS.values():
            html = str(getattr(page, name)())
            if re.search(r"<script>alert|<img src=x|href=.javascript|\bNaN\b|\bnan\b", html):
                wrong.append(f"{audience} {name}")
    return found, wrong


@pytest.mark.torture
@pytest.mark.parametrize("rank", range(len(EDITS)) if os.environ.get("CTGEVAL_TORTURE") else (11,))
def test_hostile_edits_are_told_and_the_rest_is_built(tmp_path: Path, rank: int) -> None:
    """Each table gets another edit, and each campaign turns them by one: all of them meet all the tables."""
    folder = _light(tmp_path / "demo")
    names = list(EDITS)
    edits = {name: names[(rank + place) % len(names)] for place, name in enumerate(FOLLOW_UP)}
    for name, edit in edits.items():
        EDITS[edit](name, folder / f"{name}.csv")
    found, wrong = _wrong(folder)
    assert wrong == []
    assert _untold(found, edits) == []

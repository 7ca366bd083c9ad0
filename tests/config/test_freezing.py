"""Freezing the comparators in ``ctg.toml``: one list added, every other byte as it was."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import ctgeval
from ctgeval.cli.inspection import problems
from ctgeval.config import freezing
from ctgeval.errors import DossierError

Write = Callable[..., Path]
CHOSEN = [("EPCI-200070043", "CC Vienne et Gartempe : 38\u202f830 habitants (26\u202f926) ; distance 1,41"),
          ("EPCI-200071082", "CC « Commentry » # une ligne\nsur deux")]  # fmt: skip
COVERAGE = (
    "Date référence;Numéro commune;Nom commune;Numéro EPCI;Nom EPCI;Numéro Département;Nom Département;"
    "Taux de couv EAJE PSU;Taux de couv hors EAJE PSU;Taux de couv EAJE - ensemble;Taux de couv préscolarisation;"
    "Taux de couv assistantes maternelles;Taux de couv salarié à domicile;"
    "Taux de couv accueil individuel - ensemble;Taux de couv global\n"
    "2018;86194;POITIERS;200069854;CU GRAND POITIERS;86;VIENNE;28.1;1.9;30.0;2.6;30.8;0.4;31.2;63.8\n"
)
REASONS = ["Liste figée par ctgeval le 28 novembre 2026, avant tout résultat. " * 3, "Méthode."]
SIMILAR = (
    'territoires = ["EPCI-200070043"]',
    'methode = "similaires"  # choix du COPIL\nnombre = 3\nhors_voisins = true',
)


def frozen(text: bytes) -> bytes:
    return freezing.with_territories(text, CHOSEN, reasons=REASONS)


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    "section",
    [
        b"[comparaison]  # pour comparer\nmethode = 'similaires' # ici\nnombre = 10\n\n# apres\n[publication]\n",
        b'  [ comparaison ]\n  nombre = 10\n  methode="similaires"',
        b"[comparaison]\nterritoires = []  # vide\nmethode = \"similaires\"\n[indicateurs]\nretenus = ['PE01']\n",
        b'[comparaison]\nmethode = "similaires"\nterritoires = [ ]\n',
    ],
)
def test_every_other_byte_is_kept(bom: bytes, end: bytes, section: bytes) -> None:
    before = (
        bom + b"# l\xc3\xa9gende\n[territoire]\nmethode_a_part = 1\n".replace(b"\n", end) + section.replace(b"\n", end)
    )
    after = frozen(before)
    old, new = before.splitlines(), after.splitlines()
    empty = [line for line in old if line.strip().startswith(b"territoires")]
    kept = iter(new)
    assert all(line in kept for line in old if line not in empty), "lines of before, in their order"
    assert after.startswith(bom)
    assert after.count(b"\n") == after.count(end)
    told = tomllib.loads(after.decode("utf-8-sig"))
    assert told["comparaison"]["territoires"] == [code for code, _ in CHOSEN]
    added = [line for line in new if line not in old]
    assert all(line.strip().startswith((b"#", b"territoires = [", b'"EPCI-', b"]")) for line in added)


def test_a_dotted_key_is_completed_too() -> None:
    after = frozen(b'comparaison.methode = "similaires"\n[territoire]\ncode = "COM-86082"\n')
    assert tomllib.loads(after.decode())["comparaison"]["territoires"] == [code for code, _ in CHOSEN]


@pytest.mark.parametrize(
    "text",
    [
        b'comparaison = { methode = "similaires" }\n',
        b'[comparaison]\nmethode = """\nsimilaires"""\n',
        b'[autre]\nmethode = "similaires"\n[comparaison]\n"methode" = "similaires"\n',
    ],
)
def test_a_section_that_can_not_be_completed_gives_the_list_to_paste(text: bytes) -> None:
    with pytest.raises(DossierError, match=r'territoires = \["EPCI-200070043"') as caught:
        frozen(text)
    assert caught.value.problem.remedy.startswith("Écrivez vous-même dans [comparaison]")


def test_a_frozen_list_is_never_touched() -> None:
    with pytest.raises(DossierError, match="jamais refaite"):
        frozen(b'[comparaison]\nmethode = "similaires"\nterritoires = ["EPCI-200070043"]\n')


def test_a_broken_file_is_left_alone() -> None:
    with pytest.raises(DossierError, match="pas lisible"):
        frozen(b"[comparaison\n")


def test_verifier_freezes_once_and_says_it(dossier: Write) -> None:
    folder = dossier(SIMILAR)
    place = folder / "ctg.toml"
    (folder / "sources" / "txcouv.csv").write_text(COVERAGE, encoding="utf-8")
    text = place.read_text(encoding="utf-8")
    opened = ctgeval.open(folder)
    assert "ctgeval verifier" in str(opened.problems()["remedy"].tolist())
    assert opened.config.comparaison.territoires == ()
    assert opened.similar().geos == ctgeval.open(folder).similar().geos
    assert place.read_text(encoding="utf-8") == text, "opening and choosing write nothing"
    found = [problem for problem in problems(folder) if problem.key.startswith("comparaison")]
    assert [problem.key for problem in found] == ["comparaison.territoires"]
    assert "viennent d’être choisis et figés" in found[0].message
    after = place.read_bytes()
    again = ctgeval.open(folder)
    assert again.config.comparaison.territoires == opened.similar().geos
    assert len(again.config.comparaison.territoires) == 3
    assert [problem for problem in problems(folder) if problem.key.startswith("comparaison")] == []
    assert again.freeze_comparators() is again
    assert place.read_bytes() == after
    assert "distance" in after.decode()


def test_the_date_is_that_of_the_caller(dossier: Write) -> None:
    folder = dossier(SIMILAR)
    (folder / "sources" / "txcouv.csv").write_text(COVERAGE, encoding="utf-8")
    ctgeval.open(folder).freeze_comparators(date=dt.date(2025, 3, 1))
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    assert "\n# Liste figée par ctgeval le 1er mars 2025, avant tout résultat." in text


@pytest.mark.parametrize("lock", ["", ".~lock.ctg.toml#", ".ctg.toml.swp"])
def test_a_file_that_can_not_be_written_stops_the_build(dossier: Write, lock: str, tmp_path: Path) -> None:
    folder = dossier(SIMILAR)
    (folder / "sources" / "txcouv.csv").write_text(COVERAGE, encoding="utf-8")
    place = folder / "ctg.toml"
    before = place.read_bytes()
    if lock:
        (folder / lock).touch()
    else:
        place.chmod(0o444)
    with pytest.raises(DossierError, match="ne peut pas être écrit") as caught:
        ctgeval.build(folder, out=tmp_path / "reports")
    assert "EPCI-" in caught.value.problem.remedy
    assert not any(tmp_path.rglob("*.html"))
    blocking = [problem for problem in problems(folder) if problem.severity == "bloquant"]
    assert [problem.key for problem in blocking] == ["comparaison.territoires"]
    assert place.read_bytes() == before
    assert not list(folder.glob(".ctg.toml.*tmp"))


def test_nothing_is_frozen_on_inputs_that_are_wrong(dossier: Write) -> None:
    folder = dossier(SIMILAR)
    before = (folder / "ctg.toml").read_bytes()
    found = problems(folder)
    assert any(problem.severity == "bloquant" for problem in found), "the source is not a file of the Caf"
    assert "comparaison.methode" in [problem.key for problem in found]
    assert (folder / "ctg.toml").read_bytes() == before


def test_a_file_that_changes_meanwhile_is_left_alone(dossier: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dossier(SIMILAR)
    place = folder / "ctg.toml"
    made = freezing.with_territories

    def meanwhile(data: bytes, *args: object, **options: object) -> bytes:
        place.write_bytes(data + b"# une autre main\n")
        return made(data, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(freezing, "with_territories", meanwhile)
    with pytest.raises(DossierError, match="vient de changer"):
        freezing.freeze(folder, CHOSEN, reasons=REASONS)
    assert place.read_bytes().endswith(b"# une autre main\n")


def test_a_linked_file_is_written_where_it_lies_and_keeps_its_rights(dossier: Write, tmp_path: Path) -> None:
    folder = dossier(SIMILAR)
    real = tmp_path / "ailleurs.toml"
    (folder / "ctg.toml").rename(real)
    real.chmod(0o640)
    (folder / "ctg.toml").symlink_to(real)
    freezing.freeze(folder, CHOSEN, reasons=REASONS)
    assert (folder / "ctg.toml").is_symlink()
    assert b"EPCI-200071082" in real.read_bytes()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (("nombre = 3", 'variables = ["populations"]'), "comparaison.variables[1]", "« population »"),
        (("nombre = 3", 'exclure = ["EPCI-200070034"]'), "comparaison.exclure[1]", "EPCI-200070035"),
        (("hors_voisins = true", 'hors_voisins = "oui"'), "comparaison.hors_voisins", "true ou false"),
    ],
)
def test_wrong_options_are_told_at_their_place(dossier: Write, change: tuple[str, str], key: str, said: str) -> None:
    folder = dossier(SIMILAR, change)
    found = {problem.key: problem for problem in problems(folder)}
    assert said in str(found[key])
    assert found[key].severity == "bloquant"

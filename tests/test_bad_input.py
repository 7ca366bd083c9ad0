"""Bad input at the command line: one clear French message, exit code 1, nothing lost, earlier reports untouched."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from click.testing import CliRunner, Result

from ctgeval import cli

CONFIGURATION = """
[territoire]
code = "COM-86194"
nom = "Poitiers"
perimetre = 2024

[[source]]
cle = "caf"
fichier = "sources/{file}"
format = "{format}"
producteur = "Cnaf"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2022-11-30
diffusion = "ouverte"

[[bilan]]
carnet = "diagnostic"
audience = "copil"
periode = "2021"
"""
HEADER = "Date référence;Numéro commune;Nom commune;Taux de couv EAJE - ensemble;Taux de couv global"
GOOD = f"{HEADER}\n2020;86194;POITIERS;20.0;55.0\n2021;86194;POITIERS;20.1;53.1\n"
INCOME = "CODGEO;LIBGEO;NBMEN18;Q218;PBEN18\n86194;Poitiers;{menages};{mediane};{part}\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A dossier that was built once, and its reports."""
    folder, out = tmp_path_factory.mktemp("dossier à l’épreuve"), tmp_path_factory.mktemp("rapports")
    _write(folder, "couverture.csv", GOOD.encode())
    assert _run("construire", folder, out).exit_code == 0
    return folder, out


def _write(folder: Path, name: str, content: bytes, *, format: str = "caf.taux_couverture") -> None:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / name).write_bytes(content)
    (folder / "ctg.toml").write_text(CONFIGURATION.format(file=name, format=format), encoding="utf-8")


def _run(verb: str, folder: Path, out: Path | None = None) -> Result:
    options = ["--out", str(out), "--date", "2026-01-15"] if out else []
    return CliRunner().invoke(cli.main, [verb, str(folder), *options])


def _snapshot(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def _lying_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("couverture.csv", GOOD)
    content = bytearray(buffer.getvalue())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 2_000_000_000)
    return bytes(content)


CASES: dict[str, tuple[str, bytes, str, str]] = {
    "fichier vide": ("vide.csv", b"", "caf.taux_couverture", "vide"),
    "gzip tronqué": (
        "tronque.csv.gz",
        gzip.compress(GOOD.encode() * 50)[:-40],
        "caf.taux_couverture",
        "tronqu|incomplet",
    ),
    "binaire": ("binaire.csv", bytes(range(256)) * 40, "caf.taux_couverture", "texte|tableau|binaire"),
    "colonne absente": ("sans.csv", GOOD.replace("Numéro commune", "Ville").encode(), "caf.taux_couverture", "commune"),
    "en-tête en double": (
        "double.csv",
        GOOD.replace("Taux de couv EAJE - ensemble", "Taux de couv global").encode(),
        "caf.taux_couverture",
        "deux fois|double|répét",
    ),
    "code inconnu": ("inconnu.csv", GOOD.replace("86194", "86999").encode(), "caf.taux_couverture", "86999"),
    "infini": ("infini.csv", GOOD.replace("53.1", "inf").encode(), "caf.taux_couverture", "inf"),
    "pas un nombre": ("nan.csv", GOOD.replace("53.1", "NaN").encode(), "caf.taux_couverture", "NaN"),
    "effectif négatif": (
        "FILO2018_DISP_COM.csv",
        INCOME.format(menages="-12", mediane="19560", part="2,3").encode(),
        "insee.filosofi",
        "négati",
    ),
    "part au-dessus de 100": (
        "FILO2018_DISP_COM.csv",
        INCOME.format(menages="1200", mediane="19560", part="723,4").encode(),
        "insee.filosofi",
        "723,4",
    ),
    "zip de 2 Go": ("bombe.zip", _lying_zip(), "caf.taux_couverture", "taille|Go|Mo|octets|volum"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("verb", ["verifier", "construire"])
def test_a_bad_source_is_told_and_touches_nothing(built: tuple[Path, Path], case: str, verb: str) -> None:
    folder, out = built
    name, content, format, told = CASES[case]
    before = _snapshot(out)
    _write(folder, name, content, format=format)
    result = _run(verb, folder, out if verb == "construire" else None)
    assert result.exit_code == 1, result.output
    assert _mentions(result.output, name)
    assert any(_mentions(result.output, word) for word in told.split("|"))
    assert "Traceback" not in result.output
    assert "→" in result.output or "remède" in result.output.lower() or "à faire" in result.output.lower()
    assert _snapshot(out) == before


def _mentions(output: str, word: str) -> bool:
    return word.lower() in " ".join(output.lower().replace("\n", " ").split())


def _formulas_without_values(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("observations")
        for column, name in enumerate(("mesure", "territoire", "periode", "valeur", "source")):
            sheet.write_string(0, column, name)
        for column, text in enumerate(("places_eaje", "COM-86194", "2021")):
            sheet.write_string(1, column, text)
        sheet.write_formula(1, 3, "=6*7", None, "")
        sheet.write_string(1, 4, "caf")


def _locked(path: Path) -> None:
    path.write_bytes(b"")
    path.with_name("~$suivi.xlsx").write_bytes(b"\x05Agent" + b" " * 160)


@pytest.mark.parametrize(("make", "told"), [(_formulas_without_values, "D2"), (_locked, "suivi.xlsx")])
def test_a_bad_workbook_is_told_and_touches_nothing(
    built: tuple[Path, Path], make: Callable[[Path], None], told: str
) -> None:
    folder, out = built
    before = _snapshot(out)
    _write(folder, "couverture.csv", GOOD.encode())
    make(folder / "suivi.xlsx")
    try:
        result = _run("construire", folder, out)
    finally:
        for path in folder.glob("*suivi.xlsx"):
            path.unlink()
    assert result.exit_code == 1, result.output
    assert _mentions(result.output, told)
    assert "Traceback" not in result.output
    assert _snapshot(out) == before

"""What several keys say together is checked, and against the files of the dossier."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import config
from ctgeval.errors import Problem

Write = Callable[..., Path]

CONVENTION = 'diffusion = "convention"\nconvention = "Caf 86"\nfinalite = "CTG"\nconservation_jusqu_au = 2027-12-31'


def told(folder: Path) -> dict[str, Problem]:
    return {problem.key: problem for problem in config.check(folder)[1]}


@pytest.mark.parametrize(
    ("change", "key", "said", "severity"),
    [
        (("fin = 2026-12-31", "fin = 2021-12-31"), "convention.fin", "avant son début", "bloquant"),
        (("signature = 2022", "signature = 2028"), "convention.signature", "après sa fin", "avertissement"),
        (("sensible = 11", "sensible = 4"), "publication.seuil.sensible", "plus bas", "bloquant"),
        (("personnes = 5", "personnes = 2"), "publication.seuil.personnes", "petits effectifs", "avertissement"),
        (('periode = "2025"', 'periode = "2025-S3"'), "bilan[1].periode", "2025-S3", "bloquant"),
        (('audience = "copil"', 'audience = "partenaire"'), "bilan[1].partenaire", "lequel", "bloquant"),
        (
            ('audience = "copil"', 'audience = "copil"\npartenaire = "x"'),
            "bilan[1].partenaire",
            "effet",
            "avertissement",
        ),
        (('formats = ["html"]', 'formats = ["epub"]'), "bilan[1].formats[1]", "« html »", "bloquant"),
        (('formats = ["html"]', 'formats = ["datapackage"]'), "bilan[1].formats[1]", "habitants", "bloquant"),
        (('etat = "brouillon"', 'etat = "publie"'), "bilan[1].etat", "« date »", "avertissement"),
        (
            (
                'etat = "brouillon"',
                f'etat = "publie"\ndate = 2026-01-15\ninstance = "COPIL"\nmotif_revision = "{"x" * 301}"',
            ),
            "bilan[1].motif_revision",
            "trop long",
            "bloquant",
        ),
        (
            (
                'etat = "brouillon"',
                'etat = "publie"\ndate = 2026-01-15\ninstance = "COPIL"\nmotif_revision = "a\\u202eb"',
            ),
            "bilan[1].motif_revision",
            "ne s’impriment pas",
            "bloquant",
        ),
        (
            ('etat = "brouillon"', 'etat = "brouillon"\nmotif_revision = "Erreur"'),
            "bilan[1].motif_revision",
            "sans effet",
            "avertissement",
        ),
        (('"PE01", "AV04"', '"PE01", "PE01"'), "indicateurs.retenus[2]", "deux fois", "avertissement"),
        (("mise_a_jour = 2022-11-30\n", ""), "source[1].mise_a_jour", "mise à jour", "avertissement"),
        (('diffusion = "ouverte"\n', ""), "source[1].diffusion", "internes", "avertissement"),
        (('format = "caf.taux_couverture"\n', ""), "source[1].format", "sans « format »", "bloquant"),
        (
            ('territoires_comparaison = "comparaison"', 'territoires_comparaison = ["EPCI-200070035"]'),
            "impact[1].territoires_comparaison[1]",
            "à la fois",
            "bloquant",
        ),
        (
            ('territoires = ["EPCI-200070043"]', 'methode = "similaires"\nnombre = 10'),
            "comparaison.methode",
            "similaires",
            "avertissement",
        ),
    ],
)
def test_each_contradiction_is_told(
    dossier: Write, change: tuple[str, str], key: str, said: str, severity: str
) -> None:
    problems = told(dossier(change))
    assert list(problems) == [key]
    assert said in str(problems[key])
    assert problems[key].severity == severity


@pytest.mark.parametrize("missing", ["convention", "finalite", "conservation_jusqu_au"])
def test_a_source_under_agreement_says_which_why_and_until_when(dossier: Write, missing: str) -> None:
    kept = "\n".join(line for line in CONVENTION.splitlines() if not line.startswith(f"{missing} ="))
    assert list(told(dossier(('diffusion = "ouverte"', kept)))) == [f"source[1].{missing}"]


def test_a_source_under_agreement_that_says_all_is_accepted(dossier: Write) -> None:
    assert told(dossier(('diffusion = "ouverte"', CONVENTION))) == {}


def test_counts_of_a_partner_are_a_source_without_file(dossier: Write) -> None:
    found, problems = config.check(
        dossier(("[[impact]]", '[[source]]\ncle = "rpe"\nmise_a_jour = 2025-01-31\ndiffusion = "interne"\n[[impact]]'))
    )
    assert problems == []
    assert found is not None
    assert (found.sources[1].fichier, found.sources[1].format) == ("", "")


def test_two_sources_can_not_share_a_key(dossier: Write) -> None:
    again = '[[source]]\ncle = "caf-couverture"\nmise_a_jour = 2025-01-31\ndiffusion = "interne"\n[[impact]]'
    problems = told(dossier(("[[impact]]", again)))
    assert list(problems) == ["source[2].cle"]
    assert "n° 1" in problems["source[2].cle"].message


@pytest.mark.parametrize(
    ("change", "twin"),
    [
        ("", True),
        ('territoires = ["EPCI-200070035"]\n', True),
        ('territoires = ["EPCI-200070043"]\n', False),
        ('partenaire = "a"\n', False),
    ],
)
def test_the_same_bilan_twice_is_refused(dossier: Write, change: str, *, twin: bool) -> None:
    again = f'[[bilan]]\ncarnet = "bilan_annuel"\naudience = "copil"\nperiode = "2025"\n{change}[[bilan]]'
    problems = told(dossier(("[[bilan]]", again)))
    assert ("bilan[2]" in problems) is twin


def test_a_path_with_backslashes_accents_and_spaces_is_found(dossier: Write) -> None:
    folder = dossier(("sources/txcouv.csv", "sources\\\\Été 2022\\\\données.csv"))
    place = folder / "sources" / "Été 2022"
    place.mkdir()
    (place / unicodedata.normalize("NFD", "données.csv")).write_text("x", encoding="utf-8")
    found, problems = config.check(folder)
    assert problems == []
    assert found is not None
    assert (folder / found.sources[0].fichier).is_file()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../autre.csv", "n’est pas dans le dossier"),
        ("sources/../../autre.csv", "n’est pas dans le dossier"),
        ("/etc/hosts", "n’est pas dans le dossier"),
        ("C:/data/x.csv", "n’est pas dans le dossier"),
        ("//serveur/partage/x.csv", "n’est pas dans le dossier"),
        ("sources", "n’est pas un fichier"),
        (".", "n’est pas dans le dossier"),
        ("sources\\txcouv.csv", "caractère invisible"),
        ("sources/TXCOV.csv", "sources/txcouv.csv"),
        ("txcouv.csv", "sources/txcouv.csv"),
        ("sources/" + "x" * 5000, "fichier"),
    ],
)
def test_a_path_that_can_not_be_used_says_why(dossier: Write, path: str, said: str) -> None:
    folder = dossier(("sources/txcouv.csv", path))
    (folder.parent / "autre.csv").write_text("x", encoding="utf-8")
    problems = told(folder)
    assert list(problems) == ["source[1].fichier"]
    assert said in str(problems["source[1].fichier"])


def test_a_link_that_leaves_the_dossier_is_refused(dossier: Write) -> None:
    folder = dossier(("sources/txcouv.csv", "sources/lien.csv"))
    outside = folder.parent / "dehors.csv"
    outside.write_text("x", encoding="utf-8")
    (folder / "sources" / "lien.csv").symlink_to(outside)
    assert "n’est pas dans le dossier" in told(folder)["source[1].fichier"].message

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

VALID = """\
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024
[territoire.groupements]
"GRP-gencay" = ["COM-86103"]
[convention]
signature = 2022-09-30
debut = 2022-01-01
fin = 2026-12-31
signataires = ["CC du Civraisien en Poitou", "Caf de la Vienne"]
[[convention.avenant]]
date = 2024-06-01
objet = "Ajout d’un axe"
[comparaison]
territoires = ["EPCI-200070043"]
[indicateurs]
retenus = ["PE01", "AV04"]
[publication]
seuil = { personnes = 5, sensible = 11 }
[[source]]
cle = "caf-couverture"
fichier = "sources/txcouv.csv"
format = "caf.taux_couverture"
producteur = "Cnaf"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2022-11-30
diffusion = "ouverte"
[[impact]]
nom = "reseau"
action = "A07"
question = "Q2"
indicateur = "PE01"
territoires_concernes = { "EPCI-200070035" = 2023-01-01 }
territoires_comparaison = "comparaison"
[[bilan]]
carnet = "bilan_annuel"
audience = "copil"
periode = "2025"
formats = ["html"]
etat = "brouillon"
"""


@pytest.fixture
def dossier(tmp_path: Path) -> Callable[..., Path]:
    """Write a dossier whose ``ctg.toml`` is the valid one with some texts replaced, and return its folder."""

    def write(*changes: tuple[str, str], text: str = VALID, folder: str = "Dossier à l’essai") -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        place = tmp_path / folder
        (place / "sources").mkdir(parents=True)
        (place / "sources" / "txcouv.csv").write_text("x", encoding="utf-8")
        (place / "ctg.toml").write_text(text, encoding="utf-8")
        return place

    return write


@pytest.fixture(scope="session")
def dossier_text() -> str:
    """Text of a valid ``ctg.toml``."""
    return VALID

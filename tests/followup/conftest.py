"""A small dossier: one commune's worth of tables, written by each test that needs one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import ctgeval
from ctgeval.followup import Reader

CODE = "EPCI-200070035"
CONFIG = f"""\
[territoire]
code = "{CODE}"
perimetre = 2024
[convention]
signature = 2022-01-01
debut = 2022-01-01
fin = 2026-12-31
signataires = ["CC", "Caf"]
[indicateurs]
retenus = ["PE09"]
[[source]]
cle = "relais"
titre = "Comptages du relais"
producteur = "CC"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2026-02-01
diffusion = "ouverte"
[[bilan]]
carnet = "bilan_annuel"
audience = "copil"
periode = "2025"
"""
OBSERVATIONS = f"""\
mesure;territoire;periode;valeur;source
demandes_accueil;{CODE};2025-S2;100;relais
demandes_accueil_sans_solution;{CODE};2025-S2;24;relais
demandes_accueil;{CODE};2024-S2;100;relais
demandes_accueil_sans_solution;{CODE};2024-S2;20;relais
"""


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ctgeval.Dossier]:
    """Open a small dossier, with the files that a test adds."""

    def made(**files: str) -> ctgeval.Dossier:
        tmp_path = tmp_path_factory.mktemp("dossier")
        (tmp_path / "ctg.toml").write_text(CONFIG, encoding="utf-8")
        (tmp_path / "observations.csv").write_text(files.pop("observations", OBSERVATIONS), encoding="utf-8")
        for name, text in files.items():
            stem, _, ending = name.rpartition("_")
            (tmp_path / f"{stem}.{ending}").write_text(text, encoding="utf-8")
        return ctgeval.open(tmp_path)

    return made


@pytest.fixture(scope="module")
def reader() -> Callable[..., Reader]:
    """A reader who is shown the results of a dossier, or these with some of them masked."""

    def made(dossier: ctgeval.Dossier, audience: str, *, masked: str = "") -> Reader:
        results = dossier.indicators()
        if masked:
            hidden = results["time_period"].eq(masked)
            results = results.assign(conf_status=results["conf_status"].mask(hidden, "C"))
            for name in ("value", "low", "high", "numerator", "denominator"):
                results[name] = results[name].mask(hidden)
        return Reader(audience=audience, partner="", results=results, progress=dossier.progress_of(results))

    return made

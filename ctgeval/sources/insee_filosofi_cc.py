"""Insee: the *base chiffres clés* of Filosofi, ``cc_filosofi_2021_COM`` (``insee.filosofi_cc``).

The same figures and headers as the files of disposable income, with the poverty rate by age and tenure; it has every
commune, those under the threshold being ``s``.
"""

from __future__ import annotations

from pathlib import Path

from ctgeval.sources.insee_filosofi import FORMAT as FILOSOFI_FORMAT, read_filosofi
from ctgeval.sources.table import Format, Options, SourceTable

__all__ = ["FORMAT"]

NAME = "insee.filosofi_cc"


def _read(path: Path, options: Options) -> SourceTable:
    return read_filosofi(path, options, name=NAME, coverage=FORMAT.coverage)


FORMAT = Format(
    name=NAME,
    label="Revenus et pauvreté des ménages, chiffres clés (Filosofi)",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle, interrompue après 2021",
    lag_years=2,
    coverage={
        "COM": "Le fichier contient toutes les communes ; la médiane y est secrète au-dessous de 50 ménages fiscaux, "
        "le taux de pauvreté et les déciles au-dessous de 1 000.",
        "EPCI": "Le fichier contient tous les EPCI à fiscalité propre, dans leur périmètre de l’époque.",
        "DEP": "Le fichier contient les départements de France métropolitaine, de La Réunion et de la Martinique.",
        "REG": "Le fichier contient les régions de France métropolitaine, La Réunion et la Martinique.",
    },
    minimum_population=None,
    measures=FILOSOFI_FORMAT.measures,
    read=_read,
    vintages=FILOSOFI_FORMAT.vintages,
)

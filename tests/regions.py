"""A dossier of a federation, from the real files: the diagnostic of each of its EPCIs, for inhabitants.

Two ways of doing it: one dossier that asks for one bilan with many territories, as a Caf or a federation that
publishes the open data of its territories would; or a dossier per EPCI, as each convention keeps its own.
"""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

YEAR = 2024
FILES = {
    "insee": [f"FILO{year}_DISP_EPCI.csv.gz" for year in (2016, 2017, 2018)]
    + [f"FILO{year}_DISP_COM.csv.gz" for year in (2016, 2018)],
    "caf": ["txcouv_pe_com_2017_2021.csv"],
    "population": ["population_communes_2006_2023.csv.gz"],
}
_SOURCE = """
[[source]]
cle = "{key}"
fichier = "sources/{name}"
format = "{format}"
producteur = "{producer}"
licence = "Licence Ouverte 2.0"
mise_a_jour = {updated}
diffusion = "ouverte"
"""


def epcis(real_data: Path, departements: Iterable[str] = ()) -> dict[str, str]:
    """Return the code and the name of the EPCIs whose communes are in the real files, in the order of their codes."""
    wanted = set(departements)
    path = real_data / "geo" / "appartenance_epci_2008_2024.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["annee_geo"] == str(YEAR)]
    kept = {row["EPCI"]: row["LIBEPCI"] for row in rows if not wanted or row["DEP"] in wanted}
    return {f"EPCI-{code}": kept[code] for code in sorted(kept) if code.isdigit()}


def region(
    folder: Path, real_data: Path, territories: Iterable[str], *, code: str, name: str, files: Collection[str] = ()
) -> Path:
    """Write a dossier in a folder, whose one bilan is asked for these territories, and return the folder.

    With ``files``, only those; else all of `FILES`.
    """
    (folder / "sources").mkdir(parents=True)
    told = [f'[territoire]\ncode = "{code}"\nnom = "{name}"\nperimetre = {YEAR}\n']
    for place, names in FILES.items():
        for file in (one for one in names if not files or one in files):
            shutil.copy(real_data / place / file, folder / "sources")
            told.append(_source(file))
    listed = ", ".join(f'"{one}"' for one in territories)
    told.append(
        f'\n[[bilan]]\ncarnet = "diagnostic"\naudience = "habitants"\nperiode = "2023"\nterritoires = [{listed}]\n'
    )
    (folder / "ctg.toml").write_text("".join(told), encoding="utf-8")
    return folder


def _source(name: str) -> str:
    if name.startswith("FILO"):
        year, level = int(name[4:8]), name[14:17].lower()
        kind, producer, updated, key = "insee.filosofi", "Insee", f"{year + 3}-09-01", f"filosofi-{level}-{year}"
    elif name.startswith("txcouv"):
        kind, producer, updated, key = "caf.taux_couverture", "Cnaf", "2022-11-30", "caf-couverture"
    else:
        kind, producer, updated, key = "insee.population", "Insee", "2025-12-31", "insee-population"
    return _SOURCE.format(key=key, name=name, format=kind, producer=producer, updated=updated)

"""Make the figures of ``data/civraisien``: legal municipal populations, from published packages, nothing invented.

The npm package ``@etalab/decoupage-administratif`` (MIT; data of Insee and DGCL under Licence Ouverte 2.0) carries, in
each version, the municipal populations in force that year. Six of them are kept, from four versions::

    python scripts/make_civraisien.py                     # fetches the versions with `npm pack`
    python scripts/make_civraisien.py --packages DIR      # DIR/<version>/package/data/*.json, already unpacked
    python scripts/make_civraisien.py --proof PANEL       # also compares every figure with another panel of Insee's

The proof was run once on a panel put together by others from Insee's files: all the communes written here agree to
the unit, for the six censuses. Version 0.8.0 is left out: it carries RP2016 on the communes of 2020, and so gives
Valence-en-Poitou the population of Couhé alone.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "@etalab/decoupage-administratif"
OUTPUT = Path(__file__).resolve().parents[1] / "data" / "civraisien"
COLUMNS = ("CODGEO", "LIBGEO", "millesime_rp", "annee_geo", "POP", "source")


@dataclass(frozen=True, slots=True)
class Vintage:
    """One census in one version of the package: which file carries it, on the communes of which year."""

    census: int
    version: str
    file: str
    geography: int


VINTAGES = (
    Vintage(census=2018, version="1.1.1", file="epci", geography=2021),
    Vintage(census=2019, version="1.1.1", file="communes", geography=2021),
    Vintage(census=2020, version="2.3.1", file="communes", geography=2022),
    Vintage(census=2021, version="4.1.0", file="epci", geography=2024),
    Vintage(census=2022, version="4.1.0", file="communes", geography=2024),
    Vintage(census=2023, version="5.3.0", file="communes", geography=2025),
)
# The CC, its neighbours whose communes are the same in 2024 and in 2025, and the whole département.
EPCIS = ("200070035", "200070043", "200043628", "200043016", "200072049")
DEPARTEMENT = "86"


def read_json(packages: Path, version: str, name: str) -> list[dict[str, Any]]:
    """Return the list held by one file of one version of the package."""
    return json.loads((packages / version / "package" / "data" / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def populations(packages: Path, vintage: Vintage) -> dict[str, tuple[str, int]]:
    """Return the name and the municipal population of the communes kept, by code.

    Parameters
    ----------
    packages : Path
        Folder of the unpacked versions.
    vintage : Vintage
        Which census, from which file.

    Raises
    ------
    ValueError
        When a commune of the perimeter has no population in that file.
    """
    epcis = read_json(packages, vintage.version, "epci")
    communes = [
        commune
        for commune in read_json(packages, vintage.version, "communes")
        if commune.get("type") == "commune-actuelle"
    ]
    kept = {member["code"] for epci in epcis if epci["code"] in EPCIS for member in epci["membres"]}
    kept |= {commune["code"] for commune in communes if commune.get("departement") == DEPARTEMENT}
    counts: Mapping[str, int | None]
    if vintage.file == "epci":
        counts = {member["code"]: member.get("populationMunicipale") for epci in epcis for member in epci["membres"]}
    else:
        counts = {commune["code"]: commune.get("population") for commune in communes}
    names = {commune["code"]: commune["nom"] for commune in communes}
    found: dict[str, tuple[str, int]] = {}
    for code in sorted(kept):
        count = counts.get(code)
        if count is None:
            raise ValueError(f"{PACKAGE} {vintage.version}, {vintage.file}.json: commune {code} has no population")
        found[code] = (names[code], count)
    return found


def rows(packages: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the panel, by commune then by census."""
    by_commune: dict[str, list[dict[str, str]]] = defaultdict(list)
    for vintage in VINTAGES:
        for code, (name, count) in populations(packages, vintage).items():
            by_commune[code].append(
                {
                    "CODGEO": code,
                    "LIBGEO": name,
                    "millesime_rp": str(vintage.census),
                    "annee_geo": str(vintage.geography),
                    "POP": str(count),
                    "source": f"etalab {vintage.version}",
                }
            )
    for code in sorted(by_commune):
        yield from by_commune[code]


def panel_text(packages: Path) -> str:
    """Return the whole panel as CSV text."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(packages))
    return buffer.getvalue()


def disagreements(text: str, proof: Path, *, merged: Mapping[str, str]) -> list[str]:
    """Compare a panel with another one, which may be on the communes of an earlier year.

    Parameters
    ----------
    text : str
        The panel made here.
    proof : Path
        A panel with the same columns, plain or gzipped.
    merged : mapping of str to str
        Communes that joined another one: code before, code after.

    Returns
    -------
    list of str
        One line per commune and census that differs; a commune that only the panel made here holds is one too.
    """
    opener = gzip.open if proof.suffix == ".gz" else open
    with opener(proof, "rt", encoding="utf-8") as stream:
        known = {(row["CODGEO"], row["millesime_rp"]): float(row["POP"]) for row in csv.DictReader(stream)}
    ours = list(csv.DictReader(io.StringIO(text)))
    present = {(row["CODGEO"], row["millesime_rp"]) for row in ours}
    for before, after in merged.items():
        for (code, census), count in list(known.items()):
            if code == before and (before, census) not in present:
                known[(after, census)] += count
    found = []
    for row in ours:
        other = known.get((row["CODGEO"], row["millesime_rp"]))
        if other != float(row["POP"]):
            found.append(f"{row['CODGEO']} {row['LIBGEO']}, RP{row['millesime_rp']}: {row['POP']} here, {other} there")
    return found


def fetch(folder: Path) -> Path:
    """Fetch each version with ``npm pack`` and unpack it under ``folder/<version>``.

    Raises
    ------
    subprocess.CalledProcessError
        When npm can't fetch a version.
    """
    for version in sorted({vintage.version for vintage in VINTAGES}):
        target = folder / version
        target.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{version}"],
            cwd=target,
            check=True,
            capture_output=True,
            text=True,
        )
        with tarfile.open(target / packed.stdout.split()[-1]) as archive:
            archive.extractall(target, filter="data")
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Write ``sources/population_municipale.csv`` and return 1 when the proof finds a difference."""
    parser = argparse.ArgumentParser(description="Make the real figures of data/civraisien.")
    parser.add_argument("--packages", type=Path, help="folder of the versions already unpacked")
    parser.add_argument("--proof", type=Path, help="another panel to compare with (same columns, may be gzipped)")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        text = panel_text(options.packages or fetch(Path(scratch)))
    if options.proof:
        # Val-de-Comporté (2024) holds Saint-Macoux, whose population the earlier panel tells apart.
        differences = disagreements(text, options.proof, merged={"86231": "86247"})
        if differences:
            print("\n".join(differences), file=sys.stderr)
            return 1
        print(f"{text.count(chr(10)) - 1} figures agree with {options.proof.name}")
    target = options.out / "sources" / "population_municipale.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

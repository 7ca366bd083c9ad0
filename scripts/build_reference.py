"""Build the reference geography that travels in the package, from the npm package @etalab/decoupage-administratif.

Each version of that package holds one year of the official geographic code; seven of them make the years 2020 to 2026,
and the oldest also holds the history of communes. The result is the same to the byte for the same versions.

    python scripts/build_reference.py                     # fetches each version with ``npm pack``
    python scripts/build_reference.py --packages FOLDER   # FOLDER/<version>/package, already unpacked
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PACKAGE = "@etalab/decoupage-administratif"
VERSIONS = {2020: "0.8.0", 2021: "1.1.1", 2022: "2.3.1", 2023: "3.1.1", 2024: "4.1.0", 2025: "5.3.0", 2026: "6.0.0"}
UPDATED = "2026-03-09"
HISTORY_SINCE = "2006-01-01"
OUT = Path(__file__).parents[1] / "ctgeval" / "territory" / "data"

# Census whose figures a file repeats, by year of the version: found by comparing them with Insee's own tables
# (tests/territory/test_reference.py does it again). The geography of a figure is the year of its version.
CENSUS_OF_EPCI = {2021: 2018, 2024: 2021}
CENSUS_OF_COMMUNES = {2021: 2019, 2022: 2020, 2024: 2022, 2025: 2023}
# Mayotte's figures are those of 2017 whatever the version, and the overseas collectivities have their own dates.
UNDATED = ("975", "976", "977", "978", "98")

NOTES = [
    "Communes au 1er janvier ; celles de 2020 : celles de 2019, corrigées par la composition des EPCI de 2020.",
    "Composition des EPCI de 2026 : le paquet répète celle de 2025.",
    "Date d’effet des fusions postérieures à 2019 : le 1er janvier où elles apparaissent dans le paquet.",
    "Populations municipales : recensements 2018 à 2023, hors Mayotte et collectivités d’outre-mer.",
]

Link = tuple[str, str, str]


@dataclass(frozen=True)
class Version:
    """One year of the package, read lazily."""

    year: int
    folder: Path

    def _read(self, name: str) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = json.loads((self.folder / "data" / f"{name}.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def all_communes(self) -> list[dict[str, Any]]:
        """Communes of every type: current, delegated, associated, and arrondissements."""
        return self._read("communes")

    @cached_property
    def communes(self) -> dict[str, dict[str, Any]]:
        """Current communes by code."""
        return {row["code"]: row for row in self.all_communes if row["type"] == "commune-actuelle"}

    @cached_property
    def epci(self) -> list[dict[str, Any]]:
        """EPCI with their members."""
        return self._read("epci")

    @cached_property
    def epci_of(self) -> dict[str, str]:
        """EPCI of each commune that has one."""
        return {member["code"]: row["code"] for row in self.epci for member in row["membres"]}

    @cached_property
    def holders(self) -> dict[str, str]:
        """Current commune that holds the ground of a code that is no commune any more."""
        found = {
            row["code"]: row["chefLieu"]
            for row in self.all_communes
            if row["type"] in {"commune-deleguee", "commune-associee"}
        }
        for code, row in self.communes.items():
            found.update(dict.fromkeys(row.get("anciensCodes", ()), code))
        return found

    def departements(self) -> Iterator[tuple[str, str]]:
        """Yield the code and name of départements and overseas collectivities."""
        known = {row["code"]: row["nom"] for row in self._read("departements")}
        for row in self.communes.values():
            if "collectiviteOutremer" in row:
                known[row["collectiviteOutremer"]["code"]] = row["collectiviteOutremer"]["nom"]
        yield from sorted(known.items())

    def regions(self) -> Iterator[tuple[str, str]]:
        """Yield the code and name of régions, overseas collectivities left out."""
        yield from sorted((r["code"], r["nom"]) for r in self._read("regions") if r.get("zone") != "com")

    @property
    def history(self) -> list[dict[str, Any]]:
        """Events of communes, in the versions that have them."""
        return self._read("historique-communes")


def main() -> None:
    """Build the files and tell their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, help="folder of unpacked versions")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        packages = options.packages or fetch(Path(temporary))
        build(packages, options.out)
    for path in sorted(options.out.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def fetch(folder: Path) -> Path:
    """Download and unpack every version with npm."""
    for version in VERSIONS.values():
        name = subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{version}"], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()
        with tarfile.open(folder / name) as archive:
            archive.extractall(folder / version, filter="data")
    return folder


def build(packages: Path, out: Path) -> None:
    """Write the tables, their source sheet and the licence of the package."""
    versions = [Version(year, packages / version / "package") for year, version in VERSIONS.items()]
    current = current_communes(versions)
    out.mkdir(parents=True, exist_ok=True)
    write(out / "communes.parquet", commune_rows(versions, current), ("code", "name", "epci", "dep", "reg"))
    write(out / "territories.parquet", territory_rows(versions), ("geo", "name", "type"))
    links = sorted(history_links(versions[0].history) | yearly_links(versions, current))
    table = [(before, after, day, kind) for (day, before, after), kind in with_kinds(links)]
    save(out / "events.parquet", table, ("code_before", "code_after", "effective", "kind"))
    populations = sorted(population_rows(versions))
    save(out / "populations.parquet", populations, ("code", "census", "geography", "population"))
    sheet = {
        "titre": "Découpage administratif de la France",
        "source": f"Insee (code officiel géographique, populations légales) et DGCL (EPCI), par le paquet {PACKAGE}",
        "licence": "Licence Ouverte 2.0 pour les données, MIT pour le paquet",
        "mise_a_jour": UPDATED,
        "fictif": False,
        "paquets": {str(year): version for year, version in VERSIONS.items()},
        "notes": NOTES,
    }
    (out / "source.json").write_text(json.dumps(sheet, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(versions[-1].folder / "LICENSE", out / "LICENSE-decoupage-administratif.txt")


def current_communes(versions: list[Version]) -> dict[int, set[str]]:
    """Return the codes of the communes that exist on 1 January of each year.

    The package of 2020 lists the communes of 2019 with the EPCI of 2020: a commune that is in no EPCI and is gone in
    2021 had already merged, and a member that is not listed had been restored.
    """
    found = {version.year: set(version.communes) for version in versions}
    first, second = versions[:2]
    merged = {code for code in first.communes if code not in first.epci_of and code not in second.communes}
    found[first.year] = (found[first.year] - merged) | (set(first.epci_of) - found[first.year])
    return found


def commune_rows(versions: list[Version], current: dict[int, set[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield year and (code, name, EPCI, département, région) of each commune."""
    following = dict(pairwise(versions))
    for version in versions:
        for code in sorted(current[version.year]):
            row = version.communes.get(code) or following[version].communes[code]
            overseas = row.get("collectiviteOutremer", {}).get("code")
            dep = overseas or row["departement"]
            reg = "" if overseas or dep == row["region"] else row["region"]
            yield version.year, (code, row["nom"], version.epci_of.get(code, ""), dep, reg)


def territory_rows(versions: list[Version]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield year and (prefixed code, name, type) of EPCI, départements and régions."""
    for version in versions:
        for row in version.epci:
            yield version.year, (f"EPCI-{row['code']}", row["nom"].strip(), row["type"])
        for code, name in version.departements():
            yield version.year, (f"DEP-{code}", name, "DEP")
        for code, name in version.regions():
            yield version.year, (f"REG-{code}", name, "REG")


def population_rows(versions: list[Version]) -> Iterator[tuple[str, int, int, int]]:
    """Yield code, census, year of the code, and municipal population."""
    for version in versions:
        if version.year in CENSUS_OF_EPCI:
            for row in version.epci:
                for member in row["membres"]:
                    if not member["code"].startswith(UNDATED):
                        census = CENSUS_OF_EPCI[version.year]
                        yield member["code"], census, version.year, member["populationMunicipale"]
        if version.year in CENSUS_OF_COMMUNES:
            for code, row in version.communes.items():
                if "population" in row and not code.startswith(UNDATED):
                    yield code, CENSUS_OF_COMMUNES[version.year], version.year, row["population"]


def history_links(history: list[dict[str, Any]]) -> set[Link]:
    """Return (date, code before, code after) for every commune whose ground changed hands, kept codes included."""
    by_id = {row["id"]: row for row in history}

    def holder(identifier: str) -> str:
        row = by_id[identifier]
        return str(row["code"] if row["type"] == "COM" else row["pole"].split("-")[1].split("@")[0])

    links = set()
    for row in history:
        if row["type"] != "COM":
            continue
        if row.get("dateFin", "") >= HISTORY_SINCE and "successeur" in row:
            links.add((row["dateFin"], row["code"], holder(row["successeur"])))
        if row.get("dateDebut", "") >= HISTORY_SINCE and "predecesseur" in row:
            links.add((row["dateDebut"], holder(row["predecesseur"]), row["code"]))
    return only_changes(links)


def yearly_links(versions: list[Version], current: dict[int, set[str]]) -> set[Link]:
    """Return the same links between two yearly lists, dated 1 January of the second.

    The list of 2019, which the first version holds, is compared with that of 2020.
    """
    links = set()
    lists = [(versions[0], set(versions[0].communes)), *((version, current[version.year]) for version in versions)]
    for (old, before), (new, after) in pairwise(lists):
        day = f"{new.year}-01-01"
        holders = new.holders | (versions[1].holders if old is new else {})
        links |= {(day, code, holders[code]) for code in before - after}
        links |= {(day, old.holders[code], code) for code in after - before if code in old.holders}
        links |= {(day, code, code) for code in before & after}
    return only_changes(links)


def only_changes(links: Iterable[Link]) -> set[Link]:
    """Keep links between two codes, and the links of a code with itself that go with them."""
    kept = set(links)
    touched = {(day, code) for day, before, after in kept if before != after for code in (before, after)}
    return {(day, before, after) for day, before, after in kept if before != after or (day, before) in touched}


def with_kinds(links: list[Link]) -> Iterator[tuple[Link, str]]:
    """Yield each link with its kind: fusion, scission (the code before has several codes after), changement_de_code."""
    afters: dict[tuple[str, str], int] = defaultdict(int)
    befores: dict[tuple[str, str], int] = defaultdict(int)
    for day, before, after in links:
        afters[day, before] += 1
        befores[day, after] += 1
    for day, before, after in links:
        kind = "fusion" if befores[day, after] > 1 else "changement_de_code"
        yield (day, before, after), "scission" if afters[day, before] > 1 else kind


def write(path: Path, rows: Iterable[tuple[int, tuple[str, ...]]], names: tuple[str, ...]) -> None:
    """Write yearly rows as intervals of years: one row for each run of years in which nothing changed."""
    years: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for year, row in rows:
        years[row].append(year)
    table = [(*row, first, last) for row, found in sorted(years.items()) for first, last in runs(sorted(found))]
    save(path, table, (*names, "first", "last"))


def runs(years: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last year of each run of consecutive years."""
    first = last = years[0]
    for year in years[1:]:
        if year > last + 1:
            yield first, last
            first = year
        last = year
    yield first, last


def save(path: Path, rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> None:
    """Write a table as Parquet, small and always the same."""
    columns = {name: [row[position] for row in rows] for position, name in enumerate(names)}
    table = pa.table({name: _array(values) for name, values in columns.items()})
    pq.write_table(table, path, compression="zstd", compression_level=19, write_statistics=False)


def _array(values: list[Any]) -> pa.Array:
    return pa.array(values, type=pa.int32() if isinstance(values[0], int) else pa.string())


if __name__ == "__main__":
    main()

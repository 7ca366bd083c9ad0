"""Make the fictional figures of ``data/demo``, always the same bytes, and prove the effects planted in them.

::

    python scripts/make_demo.py                # writes data/demo
    python scripts/make_demo.py --out DIR      # writes elsewhere

It writes ``geographie/``, ``sources/``, ``observations.csv``, ``cibles.csv``, ``budget.csv`` and ``EFFETS.md``. The
configuration, the plan of actions, the journal and the texts are written by hand and are not touched.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from demo import figures, money, places, proof, published, targets

OUTPUT = Path(__file__).resolve().parents[1] / "data" / "demo"
FLAG = "Données fictives – CC0 ; producteur : ctgeval (données fictives)"


def csv_text(rows: Iterable[Sequence[str]], *, separator: str = ";") -> str:
    """Return rows as CSV text, header included."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def geography_toml() -> str:
    """Return the sheet of the fictional geography."""
    return (
        'titre = "Géographie fictive du Val d\'Arvelle et de ses voisins"\n'
        'source = "ctgeval (données fictives)"\n'
        'licence = "Données fictives – CC0"\n'
        "mise_a_jour = 2026-01-01\n"
        "fictif = true\n"
    )


def observation_rows() -> list[Sequence[str]]:
    """Return the rows of ``observations.csv``."""
    header = ("mesure", "territoire", "periode", "valeur", "source", "structure", "remarque")
    return [
        header,
        *((c.measure, c.geo, c.period, c.value, c.source, c.structure, c.remark) for c in figures.counts()),
    ]


def budget_rows() -> list[Sequence[str]]:
    """Return the rows of ``budget.csv``."""
    header = ("action", "exercice", "nature", "poste", "financeur", "statut", "montant", "apport")
    return [
        header,
        *((*_said(line), money.amount(line.cents), line.kind) for line in money.lines()),
    ]


def _said(line: money.Line) -> tuple[str, ...]:
    return line.action, str(line.year), line.nature, line.item, line.funder, line.status


def contents() -> dict[str, str]:
    """Return the text of each file made here, by its path in the dossier."""
    files = {f"geographie/{name}.csv": csv_text(rows) for name, rows in places.geography().items()}
    files["geographie/geographie.toml"] = geography_toml()
    files["sources/population_municipale.csv"] = csv_text(published.population(), separator=",")
    for year in published.INCOME_YEARS:
        files[f"sources/FILO{year}_DISP_EPCI.csv"] = csv_text(published.income_by_epci(year))
    files["sources/FILO2021_DISP_COM.csv"] = csv_text(published.income_by_commune(2021))
    files["sources/base_cc_evol_struct_pop_2022.csv"] = csv_text(published.structure())
    files["sources/txcouv_pe_com_2018_2023.csv"] = csv_text(published.coverage())
    files["observations.csv"] = csv_text(observation_rows())
    files["budget.csv"] = csv_text(budget_rows())
    files["cibles.csv"] = csv_text(targets.targets())
    files["EFFETS.md"] = proof.document(flag=FLAG)
    return files


def main(arguments: list[str] | None = None) -> int:
    """Write the files; return 1, and write nothing, when a planted effect is not found in the figures."""
    parser = argparse.ArgumentParser(description="Make the fictional figures of data/demo.")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    faults = proof.check()
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    for name, text in contents().items():
        target = options.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
